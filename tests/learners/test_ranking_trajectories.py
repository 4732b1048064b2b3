"""Reward from ranks: pieces of equal length, and nothing learned from when an episode ends."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, Episodes
from explora.learners import Ranker, Ranking
from explora.maths import LEFT

KEY = jr.key(0)


def episodes(lengths, terminated, value=None):
    """Episodes whose observation is a number."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    steps = int(offsets[-1])
    seen = np.arange(steps, dtype=np.float32)[:, None] if value is None else value.astype(np.float32)[:, None]
    last = np.zeros((len(lengths), 1), np.float32)
    return Episodes(offsets, seen, last, np.zeros(steps, np.int32), np.zeros(steps, np.float32), np.asarray(terminated))


def test_pieces_are_equally_long_and_rest_follows_only_what_ended():
    told = episodes([3, 10, 6], [True, False, False])
    ranking = Ranking(margin=0.5, pairs=400, length=5)
    said = ranking.comparisons(told, told.observation, np.array([0.0, 1.0, 1.4]), rng=np.random.default_rng(0))
    assert np.array_equal(said.left_steps, said.right_steps)
    assert set(said.left_steps.tolist()) == {5}
    first = np.stack([said.left[:, 0], said.right[:, 0]], 1)
    rest = np.stack([said.left[..., 1], said.right[..., 1]], 1)  # pairs, sides, steps
    best = np.where(said.answers == LEFT, 0, 1)
    rows = np.arange(400)
    # 1.0 and 1.4 differ too little: the one that ended is the worse one in every pair
    assert rest[rows, best].sum() == 0
    assert first[rows, best, 0].min() == 3.0
    assert first[rows, best, 0].max() == 14.0  # the last piece of the third episode begins at its second step
    worse = rest[rows, 1 - best]
    assert (np.diff(worse, axis=1) >= 0).all(), "nothing comes after rest"
    assert {int(n) for n in worse.sum(1)} == {2, 3, 4, 5}
    assert 0.4 < (best == 0).mean() < 0.6
    assert np.isfinite(said.left).all()
    assert np.isfinite(said.right).all()


def test_an_episode_that_was_cut_off_is_compared_as_far_as_it_goes():
    told = episodes([3, 10], [False, False])
    said = Ranking(margin=0.5, pairs=50, length=5).comparisons(
        told, told.observation, np.array([0.0, 1.0]), rng=np.random.default_rng(0)
    )
    assert set(said.left_steps.tolist()) == {3}
    assert not said.left[..., 1].any()


def test_ranks_that_differ_too_little_are_told():
    told = episodes([3, 3], [False, False])
    with pytest.raises(ArgumentError, match="`margin`, 2; they reach from 0 to 1"):
        Ranking(margin=2.0).comparisons(told, told.observation, np.arange(2.0), rng=np.random.default_rng(0))


@pytest.mark.parametrize("ended", [False, True])
def test_a_reward_is_found_that_ranks_what_it_has_not_seen(ended):
    rng = np.random.default_rng(0)
    quality = rng.uniform(0, 1, 60)
    lengths = np.full(60, 30)
    if ended:  # the better ones last longer: an end is bad news, but what it says is not paid for
        lengths = 3 + (27 * quality).astype(int)
    value = np.concatenate([q + rng.normal(0, 0.5, n) for q, n in zip(quality, lengths, strict=True)])
    told = episodes(lengths, [ended] * 60, value)
    ranker = Ranker(hidden=(16,), members=2, steps=200, rate=0.01, decay=1e-4, batch=32)
    taste = Ranking(ranker, margin=0.2, pairs=500, length=10).fit(told, told.observation, quality, key=KEY)
    again = Ranking(ranker, margin=0.2, pairs=500, length=10).fit(told, told.observation, quality, key=KEY)
    points = jnp.array([[-0.5], [0.5], [1.0], [1.5]])
    worth = np.asarray(taste(points)[0])
    assert np.array_equal(worth, again(points)[0])
    assert (np.diff(worth) > 0).all(), "more is better, also beyond the best mean that was seen"
    rest = float(taste.taste(jnp.asarray(np.append(told.observation.mean(0), 1.0), jnp.float32))[0])
    lived = np.concatenate([np.asarray(points), np.zeros((4, 1))], axis=1)
    own = np.asarray(taste.taste(jnp.asarray(lived, jnp.float32))[0])
    assert np.allclose(worth, (own - rest) / taste.scale, atol=1e-5)
    assert float(jnp.std(taste(jnp.asarray(told.observation))[0])) == pytest.approx(1.0, abs=1e-3)
    if ended:
        assert (worth[1:] > 0).all(), "to live on as usual is better than rest"
