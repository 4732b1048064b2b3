"""Emitters: what they propose, and what they make of what the archive says."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError
from explora.explorers.quality import Added, CMAEmitter, Emitter, GaussianEmitter, Grid, LineEmitter
from explora.maths import CMAES

LINE = Grid((4,), (0.0,), (4.0,))
ELITES = jnp.array([[1.0, 0.0, 0.0], [0.0, 5.0, 0.0]])


def archive(count: int) -> Any:
    kept = LINE.init(jnp.zeros(3))
    return LINE.add(kept, ELITES, jnp.where(jnp.arange(2) < count, 1.0, jnp.nan), jnp.array([[0.5], [2.5]]))[0]


def ask(emitter: Emitter, kept: Any, seed: int = 0, start: Any = None) -> np.ndarray:
    state = emitter.init(jnp.full((3,), 2.0) if start is None else start)
    return np.asarray(eqx.filter_jit(emitter.ask)(state, kept, key=jr.key(seed)))


def test_noise_is_added_to_elites_and_to_the_start_as_long_as_there_are_none():
    emitter = GaussianEmitter(0.01, batch=64)
    assert np.abs(ask(emitter, archive(0)) - 2.0).max() < 0.05
    found = ask(emitter, archive(2))
    apart = np.abs(found[:, None] - np.asarray(ELITES)[None]).max(axis=2)
    assert apart.min(axis=1).max() < 0.05
    assert 10 < (apart.argmin(axis=1) == 0).sum() < 54
    assert not np.array_equal(found, ask(emitter, archive(2), seed=1))


def test_without_isotropic_noise_candidates_lie_on_lines_through_elites():
    found = ask(LineEmitter(0.0, 0.5, batch=200), archive(2))
    np.testing.assert_allclose(found[:, 0] + found[:, 1] / 5.0, 1.0, atol=1e-5)
    steps = found[:, 1] / 5.0  # 0 at the first elite, 1 at the second
    moved = np.where(np.abs(steps) < 1e-7, np.nan, np.where(np.abs(steps - 1) < 1e-7, np.nan, steps))
    assert 60 < np.isnan(moved).sum() < 140  # half of the pairs are an elite and itself
    away = np.minimum(np.abs(moved), np.abs(moved - 1))
    assert np.nanmean(away) == pytest.approx(0.3, abs=0.15)


def test_candidates_stay_inside():
    for emitter in (
        GaussianEmitter(9.0, batch=8, low=-1.0, high=1.0),
        LineEmitter(9.0, 0.2, batch=8, low=-1.0, high=1.0),
    ):
        assert np.abs(ask(emitter, archive(2))).max() <= 1.0
    found = ask(CMAEmitter(1.0, batch=8, copies=2, low=-1.0, high=1.0), archive(0), start=jnp.zeros(3))
    assert np.abs(found).max() < 1.0  # drawn again and not clipped
    assert len(np.unique(np.abs(found))) == found.size


CMA = CMAEmitter(0.5, batch=4, copies=2)
ROOM = jnp.arange(24.0).reshape(8, 3) / 10.0


def told(emitter: CMAEmitter, status: list[int], value: list[float], objectives: Any = None) -> Any:
    """The state of two copies of four samples each after one turn."""
    state = emitter.init(jnp.zeros(3))
    added = Added(
        jnp.array(status, jnp.int32), jnp.array(value), jnp.zeros(8, jnp.int32), jnp.array(status, jnp.int32) > 0
    )
    worth = jnp.zeros(8) if objectives is None else jnp.array(objectives)
    return eqx.filter_jit(emitter.tell)(state, archive(1), ROOM, worth, added, key=jr.key(0))


def learned(rows: list[int], parents: int) -> np.ndarray:
    """The mean of a fresh CMA-ES that is told samples in that order."""
    es = CMAES(4)
    return np.asarray(es.tell(es.init(jnp.zeros(3), 0.5), ROOM[jnp.array(rows)], jnp.asarray(parents, jnp.int32)).mean)


def test_new_cells_come_before_improvements_and_those_before_the_rest():
    """In the first copy sample 2 found a cell, 0 improved more than 3 did; the second copy added nothing but 5."""
    state = told(CMA, [1, 0, 2, 1, 0, 2, 0, 0], [9.0, 50.0, 0.1, 3.0, -1.0, 1.0, -2.0, -3.0])
    np.testing.assert_allclose(state.cma.mean[0], learned([2, 0, 3, 1], 3), rtol=1e-6)
    np.testing.assert_allclose(state.cma.mean[1], learned([5 - 4 + 4, 4, 6, 7], 1), rtol=1e-6)
    assert state.restarts.tolist() == [0, 0]


def test_by_value_alone_half_are_parents():
    emitter = CMAEmitter(0.5, batch=4, copies=2, rank="value", parents="half", restart="basic")
    state = told(emitter, [1, 0, 2, 1, 0, 0, 0, 0], [9.0, 50.0, 0.1, 3.0, -4.0, -3.0, -2.0, -1.0])
    np.testing.assert_allclose(state.cma.mean[0], learned([1, 0, 3, 2], 2), rtol=1e-6)
    np.testing.assert_allclose(state.cma.mean[1], learned([7, 6, 5, 4], 2), rtol=1e-6)
    by_objective = CMAEmitter(0.5, batch=4, copies=2, rank="objective", parents="half", restart="basic")
    state = told(by_objective, [0] * 8, [0.0] * 8, [1.0, 4.0, 2.0, 3.0, 5.0, 6.0, 7.0, 8.0])
    np.testing.assert_allclose(state.cma.mean[0], learned([1, 3, 2, 0], 2), rtol=1e-6)


def test_what_is_not_finite_leads_nowhere():
    """Three of the first four are no numbers: one parent is left; all of the second four: it begins anew."""
    emitter = CMAEmitter(0.5, batch=4, copies=2, rank="value", parents="half", restart="basic")
    none = -float("inf")
    state = told(emitter, [0] * 8, [none, none, -5.0, none, none, none, none, none])
    np.testing.assert_allclose(state.cma.mean[0], learned([2, 0, 1, 3], 1), rtol=1e-6)
    assert state.restarts.tolist() == [0, 1]
    assert all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves(state.cma))


@pytest.mark.slow
def test_when_it_begins_anew():
    value = [1.0, 2.0, 3.0, 4.0] * 2
    flat = [1.0] * 4 + [1.0, 2.0, 3.0, 4.0]
    some = [2, 0, 0, 0, 0, 0, 0, 0]
    state = told(CMA, some, value)
    assert state.restarts.tolist() == [0, 1]  # the second added nothing
    np.testing.assert_allclose(state.cma.mean[1], ELITES[0])
    assert float(state.cma.sigma[1]) == 0.5
    basic = CMAEmitter(0.5, batch=4, copies=2, rank="value", parents="half", restart="basic")
    assert told(basic, some, value).restarts.tolist() == [0, 0]
    assert told(basic, some, flat).restarts.tolist() == [1, 0]  # all rank alike
    assert told(CMAEmitter(0.5, batch=4, copies=2, restart=1), some, value).restarts.tolist() == [1, 1]
    assert told(CMAEmitter(0.5, batch=4, copies=2, restart=2), some, value).restarts.tolist() == [0, 0]
    two_stage = CMAEmitter(0.5, batch=4, copies=2, restart="basic")
    assert told(two_stage, some, flat).restarts.tolist() == [0, 0]  # alike in value only
    assert told(two_stage, [2] * 4 + some[4:], flat).restarts.tolist() == [1, 0]


def test_copies_explore_apart():
    found = ask(CMAEmitter(0.5, batch=4, copies=3), archive(0))
    assert len(np.unique(found)) == found.size


def test_emitters_refuse_what_makes_no_sense():
    with pytest.raises(ArgumentError, match="`rank` must be one of 'two-stage'"):
        CMAEmitter(0.5, rank="best")
    with pytest.raises(ArgumentError, match="`restart` must be one of"):
        CMAEmitter(0.5, restart="never")
    with pytest.raises(ArgumentError, match="`low` must be less than `high`"):
        GaussianEmitter(0.5, low=1.0, high=1.0)
    with pytest.raises(ArgumentError, match="`batch` must be at least 1"):
        LineEmitter(batch=0)
