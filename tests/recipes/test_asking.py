"""Exploration by asking: who learns only what it was good for gets better at what it is asked."""

import dataclasses

import jax.random as jr
import numpy as np
import pytest

from explora.core import CombinationError, fresh_lesson, override
from explora.domains.yardsticks import BitFlipping, BitRows, Gamble
from explora.explorers import Beyond
from explora.loop import host_chunk, init
from explora.recipes import recipe, usual
from explora.testing import Quiz


def test_the_recipe_asks_for_goals_and_hides_them_from_what_is_seen():
    parts = recipe("asking").build(BitFlipping(BitRows(6)))
    assert parts.domain.conditions == ("horizon", "goal")
    assert not parts.domain.environment.shown
    assert isinstance(parts.explorer, Beyond)
    parts.check()
    wealth = recipe("asking").build(Gamble())
    assert wealth.domain.conditions == ("return", "horizon")
    assert "demands" in wealth.space.provides
    with pytest.raises(CombinationError, match="not played in time"):
        recipe("asking").build(Quiz())
    assert usual(Gamble()).name != "asking"


@pytest.mark.slow
def test_asking_gets_better_without_a_gradient_of_reward():
    parts = recipe("asking").build(BitFlipping(BitRows(6)))
    fields = {"explorer.rows": 16, "learner.updates": 20, "learner.batch": 64, "learner.net.body.window": 1}
    parts = override(parts, fields)
    state = init(parts, key=jr.key(0))
    lesson = fresh_lesson(parts.space.samples(100, key=jr.key(9)), False)

    def solved() -> float:
        policy = dataclasses.replace(parts.learner.policy(state.learner), sampled=False)
        return float(np.asarray(parts.domain.judge(policy, lesson, key=jr.key(1)).solved).mean())

    before = solved()
    state, _ = host_chunk(parts, state, root=jr.key(0), turns=30)
    assert before < 0.4
    assert solved() > 0.9
    assert int(state.explorer.count) > 0


def test_the_baseline_learns_values_in_hindsight():
    parts = recipe("her").build(BitFlipping(BitRows(6)))
    assert parts.domain.conditions == ("goal",)
    assert parts.learner.hindsight.strategy == "future"
    assert set(parts.domain.observation["seen"]) == {"bits"}
    wealth = recipe("her").build(Gamble())
    assert wealth.learner.hindsight.strategy == "none"
    with pytest.raises(CombinationError, match="nothing to achieve"):
        recipe("her").build(Quiz())


@pytest.mark.slow
def test_the_baseline_gets_better():
    parts = recipe("her").build(BitFlipping(BitRows(6)))
    parts = override(parts, {"learner.net.encoder.width": 64, "learner.net.core.width": 64, "learner.batch": 64})
    state = init(parts, key=jr.key(0))
    state, _ = host_chunk(parts, state, root=jr.key(0), turns=25)
    tasks = parts.space.samples(100, key=jr.key(1))
    policy = parts.learner.policy(parts.learner.publish(state.learner))
    outcome = parts.domain.judge(policy, fresh_lesson(tasks, False), key=jr.key(2))
    assert float(np.asarray(outcome.solved).mean()) > 0.9
