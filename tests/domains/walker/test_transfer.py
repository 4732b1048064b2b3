"""An agent that was trained in our physics alone, in Gymnasium's walker and in ours.

`agent.npz` holds the weights of the first member of a run of the recipe `poet` after 517 turns, 24-40-40-4 units with
tanh, layer by layer: matrix, then bias. It has never seen Box2D.
"""

from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.domains.walker import Walker

SIZES, SEEDS = (24, 40, 40, 4), 6
WEIGHTS = np.load(Path(__file__).parent / "agent.npz")["weights"]


def act(seen):
    """What the agent does, on what was seen `(…, 24)`."""
    at = 0
    for before, after in pairwise(SIZES):
        matrix = WEIGHTS[at : at + before * after].reshape(before, after)
        at += before * after
        seen = jnp.tanh(seen @ matrix + WEIGHTS[at : at + after])
        at += after
    return seen


@pytest.mark.slow
def test_an_agent_trained_here_walks_in_gymnasium():
    pytest.importorskip("Box2D")
    import gymnasium

    walker, policy, found = gymnasium.make("BipedalWalker-v3"), jax.jit(act), []
    for seed in range(SEEDS):
        seen, _ = walker.reset(seed=seed)
        total, over = 0.0, False
        while not over:
            seen, reward, ended, late, _ = walker.step(np.asarray(policy(seen)))
            total, over = total + float(reward), ended or late
        found.append(total)
    assert np.mean(found) > 230
    assert np.median(found) > 290


@pytest.mark.slow
def test_it_gets_as_much_here():
    walker = Walker(max_steps=1600)
    tasks = [walker.space.decode({"ground_roughness": 1, "seed": seed}) for seed in range(SEEDS)]
    world = jax.jit(jax.vmap(walker.world))(jax.tree.map(lambda *x: jnp.stack(x), *tasks))
    keys = jax.random.split(jax.random.key(1), SEEDS)
    state = jax.jit(jax.vmap(lambda ground, key: walker.reset(ground, key=key)))(world, keys)

    def one(ground, state, key):
        after = walker.step(ground, state, act(walker.observe(ground, state)), key=key)
        return after.state, after.reward, after.terminated

    step = jax.jit(jax.vmap(one))
    total, live = np.zeros(SEEDS), np.ones(SEEDS, bool)
    for _ in range(1600):
        state, reward, ended = step(world, state, keys)
        total += np.where(live, reward, 0.0)
        live &= ~np.asarray(ended)
        if not live.any():
            break
    assert np.mean(total) > 230
    assert np.median(total) > 290
