"""What is written in NumPy keeps the rules of what is compiled."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from explora.explorers.quality import (
    CMAEmitter,
    GaussianEmitter,
    Grid,
    Kept,
    LineEmitter,
    Proximity,
    Scheduler,
    Search,
    map_elites,
)
from explora.explorers.quality._on_host import OnHost, add, normals

ENDS = (-2.0, 0.0), (2.0, 1.0)
GRIDS = {
    "elites": Grid((8, 4), *ENDS),
    "annealed": Grid((4, 4), *ENDS, threshold=-1.0, rate=0.1),
    "at once": Grid((4, 4), *ENDS, threshold=-1.0, rate=1.0),
    "never": Grid((4, 4), *ENDS, threshold=0.0, rate=0.0),
}


@pytest.mark.parametrize(
    "name", ["elites", "annealed", *(pytest.param(x, marks=pytest.mark.slow) for x in ("at once", "never"))]
)
def test_both_archives_say_and_keep_the_same(name: str):
    """Many candidates a cell, many ties, some far outside, some no numbers."""
    grid, rng = GRIDS[name], np.random.default_rng(7)
    compiled = grid.init(jnp.zeros(3))
    written: Kept = jax.tree.map(np.array, compiled)
    offer = eqx.filter_jit(grid.add)
    for _ in range(12):
        objectives = rng.integers(-64, 65, 40).astype(np.float32) / 16
        measures = rng.integers(-96, 97, (40, 2)).astype(np.float32) / 32
        solutions = rng.normal(size=(40, 3)).astype(np.float32)
        measures[rng.random(40) < 0.1] *= np.float32(1e30)
        objectives[rng.random(40) < 0.1] = rng.choice([np.nan, np.inf, -np.inf])
        measures[rng.random(40) < 0.05, 1] = np.nan
        solutions[rng.random(40) < 0.05, 2] = np.inf
        compiled, said = offer(compiled, *map(jnp.asarray, (solutions, objectives, measures)))
        heard = add(grid, written, solutions, objectives, measures, np.empty((40, 3), np.float32))
        for what in ("status", "cell", "stored"):
            np.testing.assert_array_equal(getattr(heard, what), getattr(said, what))
        np.testing.assert_allclose(heard.value, said.value, rtol=1e-6, atol=1e-6)
    size = int(compiled.size)
    assert size > 8
    for what in ("solutions", "objectives", "measures", "filled", "size", "added"):
        np.testing.assert_array_equal(getattr(written, what), getattr(compiled, what))
    np.testing.assert_array_equal(written.order[:size], compiled.order[:size])
    np.testing.assert_allclose(written.thresholds, compiled.thresholds, rtol=1e-5, atol=1e-6)


def test_its_noise_is_normal_and_independent():
    out = np.empty((2, 20_000), np.float32)
    found = normals(np.random.SFC64(3), np.float32(0.5), out).copy()
    assert stats.kstest(found, "norm", args=(0.0, 0.5)).pvalue > 0.01
    pairs = ((out[0], out[1]), (out[0] ** 2, out[1] ** 2), (found[1:], found[:-1]))  # the first two are of one draw
    assert all(abs(np.mean((x - x.mean()) * (y - y.mean()))) < 0.03 * x.std() * y.std() for x, y in pairs)
    assert np.isfinite(found).all()
    again = normals(np.random.SFC64(4), np.float32(0.5), out)
    assert len(np.intersect1d(found, again)) < 200


def test_lines_go_through_elites_on_the_host_too():
    """Without isotropic noise x + y is 1 on the line through (1, 0) and (0, 1)."""
    scheduler = Scheduler(Search(Grid((2,), (0.0,), (1.0,)), (LineEmitter(0.0, 0.5, batch=200),)), np.zeros(2))
    asked = scheduler.ask()
    np.testing.assert_array_equal(asked, np.zeros((200, 2)))  # nothing is known but the start
    state = scheduler.state
    state.kept.solutions[:] = [[1.0, 0.0], [0.0, 1.0]]
    state.kept.order[:], state.kept.size[...] = [0, 1], 2
    found = OnHost(scheduler.search)
    found.init(np.zeros(2, np.float32))
    rows = found.ask(state, 5)
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, atol=1e-6)
    still = np.isclose(rows[:, 0], 0.0) | np.isclose(rows[:, 0], 1.0)
    assert 60 < still.sum() < 140  # half of the pairs are an elite and itself
    assert 0.2 < np.abs(rows[~still, 0] - np.round(rows[~still, 0])).mean() < 1.0


def test_what_is_run_where():
    grid = GRIDS["elites"]

    class Own(GaussianEmitter):
        pass

    assert OnHost.fits(map_elites(grid, sigma=0.1))
    assert OnHost.fits(Search(grid, (GaussianEmitter(0.1), LineEmitter()), GRIDS["never"]))
    assert not OnHost.fits(Search(grid, (Own(0.1),)))
    assert not OnHost.fits(Search(grid, (CMAEmitter(0.1),)))
    assert not OnHost.fits(Search(Proximity(2, 0.1), (GaussianEmitter(0.1),)))
    assert not OnHost.fits(Search(grid, (GaussianEmitter(0.1),), Proximity(2, 0.1)))


def test_several_emitters_share_a_turn_within_their_bounds():
    emitters = (GaussianEmitter(3.0, batch=6, low=-1.0, high=1.0), LineEmitter(3.0, 0.5, batch=4, high=0.5))
    scheduler = Scheduler(Search(GRIDS["elites"], emitters, GRIDS["never"]), np.zeros(5))
    for _ in range(3):
        asked = scheduler.ask()
        assert asked.shape == (10, 5)
        assert np.abs(asked[:6]).max() == 1.0
        assert asked[6:].max() <= 0.5
        assert asked[6:].min() < -1.0
        scheduler.tell(np.ones(10), asked[:, :2])
    assert int(scheduler.state.turns) == 3
