import dataclasses
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.adapters.stored import asking_parts
from explora.core import Experience, Status, Uniformly, fresh_lesson, record
from explora.domains.yardsticks import BitFlipping, BitRows
from explora.store.experience import write_episodes


@pytest.mark.slow
def test_who_is_told_what_whole_episodes_earned_earns_what_is_asked(tmp_path: Path):
    """Of what a random player did: told the best return there is it solves the task, told the worst it does not."""
    env = BitFlipping(BitRows(3))
    data = record(env, Uniformly(3), env.space.samples(1500, key=jr.key(0)), key=jr.key(1))
    write_episodes(tmp_path / "some.npz", data)
    parts = asking_parts(env, str(tmp_path / "some.npz"), "rcp", window=1)
    learner = dataclasses.replace(parts.learner, updates=300)
    lesson = fresh_lesson(parts.domain.space.samples(200, key=jr.key(2)), True)
    state = learner.init(parts.domain, key=jr.key(3))
    state = learner.update(state, lesson, Experience(np.full(200, Status.ANSWERED, np.int8), None), key=jr.key(4))
    assert state.ranges["skill"].tolist() == [-3, 0]

    def solved(skill) -> float:
        asked = eqx.tree_at(lambda r: r.tasks.skill, lesson, skill)
        asked = eqx.tree_at(lambda r: r.tasks.told, asked, asked.tasks.told.at[:, 3].set(True))
        return float(parts.domain.judge(learner.policy(state).greedy(), asked, key=jr.key(5)).solved.mean())

    best = jax.vmap(lambda task: parts.domain.optimal_return(parts.domain.world(task)))(lesson.tasks)
    assert solved(best) > 0.9
    assert solved(jnp.full((200,), -3.0)) < 0.5
