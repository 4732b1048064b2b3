"""Reward from what people like: by hand, and by the laws of an environment."""

import jax.numpy as jnp
import jax.random as jr
import pytest

from explora.core import ArgumentError, CombinationError
from explora.domains.views import Pleasing, seen
from explora.maths import LinearTaste
from explora.testing import Blanks, EnvironmentSuite, Trailblazer, Walk

WALK = Walk()
WIDE = WALK.space.cells + 1  # which cell it is in, and where the mark lies
LIKES_BEING_AHEAD = LinearTaste(
    jnp.zeros((WIDE,)).at[0].set(2.0), jnp.zeros((WIDE,)), jnp.ones((WIDE,)), jnp.zeros((WIDE, WIDE))
)


@pytest.mark.slow
class TestPleasing(EnvironmentSuite):
    """The laws of an environment hold for one that pleases."""

    def part(self):
        return Pleasing(WALK, LIKES_BEING_AHEAD)


def test_what_is_seen_is_written_as_numbers() -> None:
    found = seen(WALK.observation, {"place": jnp.array(2), "ahead": jnp.array([-1.0])})
    assert found.tolist() == [-1.0] + [float(cell == 2) for cell in range(WALK.space.cells)]


def test_every_step_earns_what_is_liked_and_its_share_of_the_old_reward() -> None:
    world = WALK.space.decode({"cells": ".....", "mark": 4, "toll": 0.05})
    state = WALK.reset(world, key=jr.key(0))
    for keep, expected in ((0.0, 2.0), (1.0, 2.0 - 0.05)):
        env = Pleasing(WALK, LIKES_BEING_AHEAD, keep=keep)
        on = env.step(world, state, jnp.array(1), key=jr.key(1))
        assert float(on.reward) == pytest.approx(expected)  # the mark lies ahead: liked with 2 · 1
        assert not bool(on.terminated)
    capped = Pleasing(WALK, LIKES_BEING_AHEAD, most=0.5, weight=3.0)
    assert float(capped.step(world, state, jnp.array(1), key=jr.key(1)).reward) == pytest.approx(1.5)
    assert capped.tasting(LinearTaste.unknown(WIDE)).step(world, state, jnp.array(1), key=jr.key(1)).reward == 0.0


def test_caution_takes_off_what_the_taste_is_unsure_of() -> None:
    world = WALK.space.decode({"cells": ".....", "mark": 4, "toll": 0.05})
    state = WALK.reset(world, key=jr.key(0))
    liking = LIKES_BEING_AHEAD
    unsure = LinearTaste(liking.weights, liking.centre, liking.scale, 0.5 * jnp.eye(WIDE))
    for caution in (0.0, 1.0, 2.0):
        on = Pleasing(WALK, unsure, caution=caution).step(world, state, jnp.array(1), key=jr.key(1))
        # one cell and the mark ahead are what is seen: a deviation of half the square root of two
        assert float(on.reward) == pytest.approx(2.0 - caution * 0.5 * 2**0.5, rel=1e-5)
    with pytest.raises(ArgumentError, match="caution"):
        Pleasing(WALK, unsure, caution=-1.0)


@pytest.mark.slow
def test_a_design_is_liked_once_at_its_end() -> None:
    studio = Trailblazer()
    names = studio.trails.feature_names
    taste = LinearTaste.unknown(len(names))
    muddy = LinearTaste(taste.weights.at[names.index("mud")].set(1.0), taste.centre, taste.scale, taste.root)
    env = Pleasing(studio, muddy, of=studio.trails)
    blank = env.space.sample(key=jr.key(0))
    state, rewards = env.reset(env.world(blank), key=jr.key(0)), []
    for action in (1, 2, 3):
        done = env.step(env.world(blank), state, jnp.array(action), key=jr.key(0))
        state, _ = done.state, rewards.append(float(done.reward))
    assert rewards == [0.0, 0.0, 2.0]
    with pytest.raises(CombinationError, match="features"):
        Pleasing(studio, muddy, of=Blanks())
