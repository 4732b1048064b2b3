"""Designing parameters one after the other."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.adapters import Choice, GymnasiumDomain, ParameterSpace, ParameterStudio, Real, Whole
from explora.core import ArgumentError, Parts, override
from explora.loop import host_chunk, init
from explora.recipes import recipe
from explora.testing import EnvironmentSuite

KEY = jr.key(0)
PARAMETERS = ParameterSpace((Real("force", 1.0, 100.0, log=True), Whole("poles", 1, 4), Choice("goal", ("up", "down"))))


class TestLaws(EnvironmentSuite):
    COUNT = 4
    LIMIT_IS_END = True

    def part(self):
        return ParameterStudio(PARAMETERS, bins=4, noise=2)


def test_by_hand():
    studio = ParameterStudio(PARAMETERS, bins=4, noise=2)
    world = studio.space.sample(key=KEY)
    state, ended = studio.reset(world, key=KEY), []
    for action in (3, 0, 2):
        step = studio.step(world, state, jnp.int32(action), key=KEY)
        state = step.state
        ended.append(bool(step.terminated))
        assert not bool(step.truncated | step.solved)
        assert float(step.reward) == 0.0
    assert ended == [False, False, True]
    made = PARAMETERS.values(studio.product(world, state))
    assert 100**0.75 <= made["force"] <= 100.0  # the last quarter of its logarithms
    assert made["poles"] == 1
    assert made["goal"] == "down"


def test_every_place_of_a_part_is_drawn():
    studio = ParameterStudio(PARAMETERS, bins=4)
    world = studio.space.sample(key=KEY)
    first = studio.reset(world, key=KEY)
    act = jax.vmap(lambda key: studio.step(world, first, jnp.int32(2), key=key).state.places[0])
    places = np.asarray(act(jr.split(KEY, 2000)))
    assert places.min() == pytest.approx(0.5, abs=0.01)
    assert places.max() == pytest.approx(0.75, abs=0.01)
    assert places.mean() == pytest.approx(0.625, abs=0.01)


def test_impossible_fields():
    with pytest.raises(ArgumentError, match="`bins`"):
        ParameterStudio(PARAMETERS, bins=1)


@pytest.mark.slow
def test_an_adversary_designs_somebody_elses_environment():
    poles = ParameterSpace((Real("gravity", 5.0, 15.0), Real("length", 0.25, 1.0, log=True)))
    parts = recipe("paired").build(GymnasiumDomain("CartPole-v1", poles, steps=24, max_steps=20, threshold=15.0))
    small = {"net.core.width": 8, "net.encoder.width": 8, "minibatches": 1, "epochs": 1}
    fields = {f"{at}.{name}": value for at in ("learner.learner", "explorer.designer") for name, value in small.items()}
    parts: Parts = override(parts, fields | {"explorer.rows": 4})
    state, log = host_chunk(parts, init(parts, key=KEY, budget=1e6), root=KEY, turns=2)
    assert int(state.turn) == 2
    assert int(state.spent.steps) > 2 * (2 * 4)  # designing and playing
    assert bool(np.isfinite(np.asarray(log.metrics["explorer/mean_score"])).all())
