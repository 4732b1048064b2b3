import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import Box, CombinationError, Discrete, Policy
from explora.learners import Noisy


class Always(Policy):
    """Does the same in each lane, whatever it sees, and is told who acts."""

    action: object

    def __call__(self, observations, memory, fresh, *, keys, who=None):
        lanes = fresh.shape[0]
        return jnp.broadcast_to(jnp.asarray(self.action), (lanes, *jnp.shape(self.action))), memory, {"who": who}


def said(policy, lanes, who=None):
    keys, none = jr.split(jr.key(0), lanes), jnp.zeros((lanes,), bool)
    return policy(jnp.zeros((lanes, 1)), (), none, keys=keys, who=who)


def test_as_many_actions_are_replaced_as_each_lane_wants():
    noise = jnp.repeat(jnp.array([0.0, 0.5, 1.0]), 2000)
    choices, _, report = said(Noisy(Always(jnp.int32(7)), noise, Discrete(4)), 6000, jnp.zeros(6000, jnp.int32))
    shares = (np.asarray(choices).reshape(3, -1) != 7).mean(1)
    assert shares[0] == 0.0 and shares[2] == 1.0 and shares[1] == pytest.approx(0.5, abs=0.04)  # noqa: PT018
    assert np.bincount(np.asarray(choices)[4000:], minlength=4) == pytest.approx([500] * 4, rel=0.2)
    assert report["who"].shape == (6000,)
    numbers, _, _ = said(Noisy(Always(jnp.array([9.0, 9.0])), jnp.float32(1.0), Box((2,), -2.0, 1.0)), 3000)
    assert numbers.shape == (3000, 2)
    assert float(numbers.min()) == pytest.approx(-2.0, abs=0.01)
    assert float(numbers.max()) == pytest.approx(1.0, abs=0.01)
    assert abs(np.corrcoef(np.asarray(numbers).T)[0, 1]) < 0.1


def test_numbers_without_bounds_cannot_be_drawn():
    with pytest.raises(CombinationError, match="bounded numbers"):
        Noisy(Always(jnp.zeros(1)), jnp.float32(0.5), Box((1,)))
