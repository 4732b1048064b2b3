"""Containers against hand-worked batches, and against a plain reading of the published rule."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError
from explora.explorers.quality import CVT, Container, Grid, Kept, Proximity, Verdict, fitted, summary

LINE = Grid((4,), (0.0,), (4.0,))
SLOW = Grid((4,), (0.0,), (4.0,), threshold=0.0, rate=0.1)


@eqx.filter_jit
def add(container: Container, kept: Kept, solutions: Any, objectives: Any, measures: Any) -> Any:
    return container.add(kept, solutions, objectives, measures)


def offered(container: Container, kept: Kept, objectives: list[float], places: list[float]) -> Any:
    """Candidates of one measure; the solution of each is ten times its number in the batch."""
    solutions = 10.0 * jnp.arange(len(places), dtype=jnp.float32)[:, None]
    return add(container, kept, solutions, jnp.array(objectives), jnp.array(places)[:, None])


def test_cells_are_arithmetic_and_the_last_measure_changes_fastest():
    grid = Grid((2, 3), (0.0, -1.0), (1.0, 2.0))
    places = jnp.array([[0.0, -1.0], [0.49, 1.99], [0.5, 0.0], [1.0, 2.0]])
    assert grid.cell(places).tolist() == [0, 2, 4, 5]


def test_what_lies_outside_belongs_to_the_edge_however_far():
    """Far outside, a whole number of 32 bits would overflow, and put the largest into the first cell."""
    places = jnp.array([[-0.1], [-1e30], [4.0], [4.1], [1e30]])
    assert LINE.cell(places).tolist() == [0, 0, 3, 3, 3]


def test_the_best_of_a_batch_takes_the_cell_and_all_that_beat_it_count():
    """Cell 1 is offered 3, 5, 5; the first of equal ones stays. Cell 2 gets a worse one later."""
    kept, added = offered(LINE, LINE.init(jnp.zeros(1)), [3.0, 5.0, 5.0, 2.0], [1.1, 1.2, 1.3, 2.5])
    assert added.status.tolist() == [Verdict.NEW] * 4
    assert added.value.tolist() == [3.0, 5.0, 5.0, 2.0]
    assert added.stored.tolist() == [False, True, False, True]
    assert kept.filled.tolist() == [False, True, True, False]
    assert kept.solutions[1].tolist() == [10.0]
    kept, added = offered(LINE, kept, [6.0, 1.0, 2.0, -1.0], [1.0, 2.0, 2.0, 0.0])
    assert added.status.tolist() == [Verdict.IMPROVED, Verdict.NOT_ADDED, Verdict.NOT_ADDED, Verdict.NEW]
    assert added.value.tolist() == [1.0, -1.0, 0.0, -1.0]
    assert added.cell.tolist() == [1, 2, 2, 0]
    assert kept.objectives[:3].tolist() == [-1.0, 6.0, 2.0]
    assert kept.order[: int(kept.size)].tolist() == [1, 2, 0]
    found = summary(kept, offset=-1.0)
    assert (int(found.elites), float(found.coverage), float(found.qd_score)) == (3, 0.75, 10.0)
    assert (float(found.best), float(found.norm_qd_score)) == (6.0, 2.5)


def test_a_threshold_moves_towards_the_mean_of_the_accepted():
    """From 0 with α = 0.1: of 1, 3, -1 two are accepted, so t = 0.81 · 0 + 0.19 · 2 = 0.38. Then 0.5 beats it, is the
    elite though 3 was better, and t = 0.9 · 0.38 + 0.1 · 0.5 = 0.392."""
    kept, added = offered(SLOW, SLOW.init(jnp.zeros(1)), [1.0, 3.0, -1.0], [2.1, 2.2, 2.3])
    assert added.status.tolist() == [2, 2, 0]
    np.testing.assert_allclose(kept.thresholds, [0.0, 0.0, 0.38, 0.0], rtol=1e-6)
    assert float(kept.objectives[2]) == 3.0
    kept, added = offered(SLOW, kept, [0.5, 0.3, 0.0], [2.0, 2.0, 1.0])
    assert added.status.tolist() == [1, 0, 0]
    np.testing.assert_allclose(added.value, [0.12, -0.08, 0.0], rtol=1e-5)
    np.testing.assert_allclose(kept.thresholds, [0.0, 0.0, 0.392, 0.0], rtol=1e-6)
    assert float(kept.objectives[2]) == 0.5
    assert int(kept.size) == 1


def test_numbers_that_are_none_are_passed_over_and_cost_nobody_a_place():
    nan, inf = float("nan"), float("inf")
    kept, added = offered(LINE, LINE.init(jnp.zeros(1)), [nan, 1.0, inf, 2.0, -inf], [0.5, 0.5, 0.5, nan, 3.5])
    assert added.status.tolist() == [0, 2, 0, 0, 0]
    assert added.cell.tolist() == [-1, 0, -1, -1, -1]
    assert added.value.tolist() == [-inf, 1.0, -inf, -inf, -inf]
    assert (int(kept.size), float(kept.objectives[0])) == (1, 1.0)
    bad = jnp.array([[nan], [1.0]])
    kept, added = add(LINE, LINE.init(jnp.zeros(1)), bad, jnp.array([9.0, 1.0]), jnp.array([[0.5], [0.5]]))
    assert added.status.tolist() == [0, 2]
    assert kept.solutions[0].tolist() == [1.0]
    assert bool(jnp.all(jnp.isfinite(kept.thresholds[kept.filled])))


@pytest.mark.parametrize(
    "container",
    [SLOW, *(pytest.param(x, marks=pytest.mark.slow) for x in (LINE, Grid((4,), (0.0,), (4.0,), threshold=-2.0)))],
)
def test_random_batches_follow_the_rule_one_candidate_at_a_time(container: Grid):
    rng = np.random.default_rng(5)
    kept = container.init(jnp.zeros(1))
    thresholds: dict[int, float] = {}
    elites: dict[int, tuple[float, float]] = {}
    for _ in range(8):
        objectives, places = np.round(rng.normal(size=12), 1), rng.uniform(-1, 5, 12)
        objectives[rng.random(12) < 0.1] = np.nan
        before = dict(thresholds)
        accepted: dict[int, list[tuple[float, float]]] = {}
        kept, added = offered(container, kept, objectives.tolist(), places.tolist())
        least = -np.inf if container.threshold is None else container.threshold
        for number, (worth, place) in enumerate(zip(objectives.astype(np.float32), places, strict=True)):
            cell = min(max(int(np.floor(place)), 0), 3)
            demand = before.get(cell, least)
            beats = bool(worth > demand)
            assert int(added.status[number]) == (0 if not beats else 1 if cell in before else 2)
            if not np.isnan(worth):
                expected = worth - (0.0 if demand == -np.inf else demand)
                np.testing.assert_allclose(added.value[number], expected, rtol=1e-5, atol=1e-6)
            if beats:
                accepted.setdefault(cell, []).append((float(worth), 10.0 * number))
        for cell, rivals in accepted.items():
            worths = [worth for worth, _ in rivals]
            best = worths.index(max(worths))
            elites[cell] = rivals[best]
            share = (1 - container.rate) ** len(worths)
            start = before.get(cell, least)
            mean = float(np.mean(worths))
            thresholds[cell] = worths[best] if container.threshold is None else share * start + (1 - share) * mean
    filled = sorted(elites)
    assert np.flatnonzero(kept.filled).tolist() == filled
    np.testing.assert_allclose(kept.thresholds[jnp.array(filled)], [thresholds[c] for c in filled], rtol=1e-5)
    np.testing.assert_allclose(kept.objectives[jnp.array(filled)], [elites[c][0] for c in filled])
    assert kept.solutions[jnp.array(filled), 0].tolist() == [elites[c][1] for c in filled]


def test_only_filled_cells_are_drawn_and_evenly():
    kept = offered(LINE, LINE.init(jnp.zeros(1)), [1.0, 1.0], [3.0, 1.0])[0]
    drawn = np.bincount(kept.draw(400, key=jr.key(0)), minlength=4)
    assert drawn[[0, 2]].tolist() == [0, 0]
    assert abs(drawn[1] - 200) < 50
    assert LINE.init(jnp.zeros(1)).draw(3, key=jr.key(0)).tolist() == [0, 0, 0]


def test_a_tessellation_takes_the_nearest_centre():
    cells = CVT(jnp.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]))
    assert cells.cell(jnp.array([[0.9, 0.0], [1.0, 0.0], [1.1, 0.5], [-5.0, 9.0]])).tolist() == [0, 0, 1, 2]
    kept, added = add(cells, cells.init(jnp.zeros(2)), jnp.ones((2, 2)), jnp.array([1.0, 2.0]), jnp.zeros((2, 2)))
    assert added.stored.tolist() == [False, True]
    assert int(kept.size) == 1


def test_centres_are_fitted_to_samples():
    rng = np.random.default_rng(0)
    centres = fitted(np.concatenate([rng.normal(at, 0.1, (50, 2)) for at in (0.0, 5.0, 9.0)]), 3, rng=rng)
    np.testing.assert_allclose(np.sort(centres[:, 0]), [0.0, 5.0, 9.0], atol=0.2)
    with pytest.raises(ArgumentError, match="at least 3 distinct points, got 1"):
        fitted(np.zeros((9, 2)), 3, rng=rng)
    with pytest.raises(ArgumentError, match="must be finite"):
        fitted(np.full((9, 2), np.nan), 3, rng=rng)


def test_the_novel_is_kept_as_the_archive_was_before_the_batch():
    """Everything is novel to an empty archive. Then 1 is 1 and 1.5 away from 0 and 2.5: a mean of 1.25."""
    near = Proximity(1, least=1.2, neighbours=2, capacity=4)
    kept, added = offered(near, near.init(jnp.zeros(1)), [0.0, 0.0], [0.0, 2.5])
    assert added.status.tolist() == [2, 2]
    assert added.value.tolist() == pytest.approx([1.2, 1.2])
    kept, added = offered(near, kept, [0.0, 0.0, float("nan")], [1.0, 1.0, 90.0])
    assert added.status.tolist() == [2, 2, 0]  # two alike in one batch: each was novel to what was there
    assert added.value[:2].tolist() == [1.25, 1.25]
    kept, added = offered(near, kept, [0.0, 0.0], [1.1, 8.0])
    assert added.status.tolist() == [0, 2]
    assert added.cell.tolist() == [-1, 0]  # no room left: the oldest makes way
    assert kept.measures[:, 0].tolist() == [8.0, 2.5, 1.0, 1.0]
    assert (int(kept.size), int(kept.added)) == (4, 5)


def test_containers_refuse_what_makes_no_sense():
    with pytest.raises(ArgumentError, match="`rate` must be 1"):
        Grid((4,), (0.0,), (1.0,), rate=0.1)
    with pytest.raises(ArgumentError, match="one entry a measure, got 2, 1 and 1"):
        Grid((4, 4), (0.0,), (1.0,))
    with pytest.raises(ArgumentError, match="less than `high`"):
        Grid((4,), (1.0,), (1.0,))
    with pytest.raises(ArgumentError, match="must be finite, or None"):
        Grid((4,), (0.0,), (1.0,), threshold=-float("inf"))
    with pytest.raises(ArgumentError, match=r"got shape \(3, 0\)"):
        CVT(jnp.zeros((3, 0)))
    with pytest.raises(ArgumentError, match=r"`measures` \(batch, 1\)"):
        LINE.add(LINE.init(jnp.zeros(1)), jnp.zeros((2, 1)), jnp.zeros(2), jnp.zeros((2, 3)))
    crowded = Proximity(1, least=0.1, capacity=2)
    with pytest.raises(ArgumentError, match="at least the size of a batch, 3, got 2"):
        offered(crowded, crowded.init(jnp.zeros(1)), [0.0] * 3, [0.0] * 3)


def test_an_archive_keeps_trees_and_is_a_tree():
    example = {"name": jnp.zeros((), jnp.int32), "shape": jnp.zeros((2, 2), bool)}
    kept = LINE.init(jax.eval_shape(lambda: example))
    batch = jax.tree.map(lambda x: jnp.stack([x, ~x if x.dtype == bool else x + 7]), example)
    kept, _ = add(LINE, kept, batch, jnp.array([1.0, 2.0]), jnp.array([[3.5], [3.5]]))
    assert int(kept.solutions["name"][3]) == 7
    assert bool(kept.solutions["shape"][3].all())
