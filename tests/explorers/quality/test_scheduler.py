"""Search and scheduler: whole runs on small functions, the order of calls, freezing and thawing."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError
from explora.explorers.quality import (
    CMAEmitter,
    Grid,
    LineEmitter,
    Proximity,
    Scheduler,
    Search,
    Verdict,
    cma_mae,
    cma_me,
    map_elites,
    novelty_search,
)

BOX = Grid((10, 10), (-2.0, -2.0), (2.0, 2.0))
SLOW = Grid((10, 10), (-2.0, -2.0), (2.0, 2.0), threshold=-8.0, rate=0.1)


def bowl(solutions: Any) -> tuple[np.ndarray, np.ndarray]:
    """-|x|², and the first two coordinates."""
    return -np.sum(np.asarray(solutions) ** 2, axis=1), np.array(solutions)[:, :2]


def run(scheduler: Scheduler, turns: int) -> Scheduler:
    for _ in range(turns):
        scheduler.tell(*bowl(scheduler.ask()))
    return scheduler


@pytest.mark.slow
@pytest.mark.parametrize(
    "search",
    [
        pytest.param(map_elites(BOX, sigma=0.3, batch=20), marks=pytest.mark.slow),
        map_elites(BOX, sigma=0.3, line=0.3, batch=20),
        pytest.param(cma_me(BOX, sigma=0.3, batch=10, copies=2), marks=pytest.mark.slow),
        cma_mae(SLOW, BOX, sigma=0.3, batch=10, copies=2),
        pytest.param(
            Search(
                Proximity(2, 0.2, 5, 500),
                (
                    CMAEmitter(
                        0.3, batch=10, copies=2, rank="value", parents="half", restart="basic", low=-2.0, high=2.0
                    ),
                ),
                BOX,
            ),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["gaussian", "line", "cma-me", "cma-mae", "novelty"],
)
def test_a_search_fills_the_archive_with_the_best_of_each_kind(search: Search):
    """Of four coordinates the last two only cost: the best of a cell has them at 0."""
    found = run(Scheduler(search, np.zeros(4)), 150)
    summary = found.summary(offset=-16.0)
    assert float(summary.coverage) > 0.8
    kept = found.found()
    assert len(np.unique(kept.cells)) == len(kept.cells) == int(summary.elites)
    np.testing.assert_allclose(kept.objectives, bowl(kept.solutions)[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(kept.measures, kept.solutions[:, :2])
    if not isinstance(search.archive, Proximity):
        assert float(np.mean(kept.solutions[:, 2:] ** 2)) < 0.2


@pytest.mark.slow
def test_two_emitters_share_a_turn_and_each_hears_of_its_own():
    search = Search(BOX, (LineEmitter(0.1, 0.3, batch=3), CMAEmitter(0.3, batch=4, copies=2)))
    scheduler = Scheduler(search, np.zeros(3))
    assert scheduler.ask().shape == (11, 3)
    added = scheduler.tell(*bowl(scheduler.asked))
    assert added.status.shape == (11,)
    assert set(added.status.tolist()) <= set(Verdict)
    assert int(scheduler.state.emitters[1].turns) == 1


def test_the_same_seed_asks_the_same():
    search = map_elites(BOX, sigma=0.3, line=0.3, batch=20)
    one, two, other = (run(Scheduler(search, np.zeros(4), seed=seed), 3).ask() for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_ask_and_tell_take_turns():
    scheduler = Scheduler(map_elites(BOX, sigma=0.3, line=0.3, batch=20), np.zeros(4))
    with pytest.raises(ArgumentError, match="`tell` must follow `ask`"):
        scheduler.tell(np.zeros(20), np.zeros((20, 2)))
    solutions = scheduler.ask()
    with pytest.raises(ArgumentError, match="take turns: tell what came of the 20 solutions"):
        scheduler.ask()
    for objectives, measures in (
        (np.zeros(19), np.zeros((20, 2))),
        (np.zeros(20), np.zeros((20, 3))),
        (np.zeros((20, 1)), np.zeros((20, 2))),
        (np.zeros(20), np.array([["a", "b"]] * 20)),
    ):
        with pytest.raises(ArgumentError, match="must be numbers of shape"):
            scheduler.tell(objectives, measures)
    assert int(scheduler.summary().elites) == 0
    assert np.array_equal(scheduler.asked, solutions)
    scheduler.tell(*bowl(solutions))
    with pytest.raises(ArgumentError, match="each answer once"):
        scheduler.tell(*bowl(solutions))


def test_what_crashed_is_passed_over_and_the_solutions_belong_to_the_caller():
    scheduler = Scheduler(map_elites(BOX, sigma=0.3, line=0.3, batch=20), np.zeros(4))
    solutions = scheduler.ask()
    objectives, measures = bowl(solutions)
    objectives = objectives.astype(np.float64)
    objectives[::2], measures[1] = np.nan, np.inf
    objectives[3] = 1e300  # too large for 32 bits
    before = solutions.copy()
    solutions[:] = 7.0  # what the caller does with its copy is its own affair
    added = scheduler.tell(objectives, measures)
    assert added.status[[0, 1, 2, 3]].tolist() == [0, 0, 0, 0]
    assert set(map(tuple, scheduler.found().solutions)) <= set(map(tuple, before[5::2]))
    assert np.isfinite(scheduler.found().objectives).all()


def test_without_objectives_all_are_worth_nothing():
    scheduler = Scheduler(Search(BOX, (LineEmitter(batch=4),)), np.zeros(2))
    scheduler.tell(None, scheduler.ask())
    assert set(scheduler.found().objectives.tolist()) == {0.0}


def test_frozen_and_thawed_it_goes_on_the_same():
    search = cma_mae(SLOW, BOX, sigma=0.3, batch=10, copies=2)
    scheduler = run(Scheduler(search, np.zeros(4), seed=3), 2)
    waiting = scheduler.ask()
    frozen = scheduler.freeze()
    other = Scheduler(search, np.ones(4), seed=9)
    other.thaw(frozen)
    assert np.array_equal(other.asked, waiting)
    for one in (scheduler, other):
        one.tell(*bowl(waiting))
        run(one, 2)
    for left, right in zip(jax.tree.leaves(scheduler.state), jax.tree.leaves(other.state), strict=True):
        assert np.array_equal(left, right)
    assert np.array_equal(scheduler.ask(), other.ask())


def test_what_it_gave_away_is_not_written_into():
    scheduler = run(Scheduler(map_elites(BOX, sigma=0.3, line=0.3, batch=20), np.zeros(4)), 1)
    given = [scheduler.state, scheduler.freeze(), scheduler.found(), scheduler.tell(*bowl(scheduler.ask()))]
    before = [np.array(leaf) for leaf in jax.tree.leaves(given)]
    run(scheduler, 3)
    assert all(np.array_equal(x, y) for x, y in zip(before, jax.tree.leaves(given), strict=True))


@pytest.mark.slow
def test_a_gaussian_that_runs_away_begins_anew():
    """Without bounds novelty grows with distance: the step size grows until it is no number."""
    search = novelty_search(Proximity(1, 0.2, 5, 100), sigma=1e18, batch=10, copies=2)
    scheduler = Scheduler(search, np.zeros(3))
    for _ in range(40):
        scheduler.tell(None, scheduler.ask()[:, :1])
    assert min(scheduler.state.emitters[0].restarts) > 0
    assert np.isfinite(scheduler.found().measures).all()


def test_only_the_same_search_can_be_thawed():
    scheduler = Scheduler(Search(BOX, (LineEmitter(batch=4),)), np.zeros(2))
    frozen = scheduler.freeze()
    with pytest.raises(ArgumentError, match="it lacks"):
        scheduler.thaw({name: array for name, array in frozen.items() if "filled" not in name})
    with pytest.raises(ArgumentError, match=r"kept.solutions is float32\[100, 2\], here float32\[100, 3\]"):
        Scheduler(Search(BOX, (LineEmitter(batch=4),)), np.zeros(3)).thaw(frozen)
    with pytest.raises(ArgumentError, match=r"asked has shape \(5, 2\)"):
        scheduler.thaw(frozen | {"asked": np.zeros((5, 2), np.float32)})
    assert scheduler.asked is None


def test_what_makes_no_search():
    with pytest.raises(ArgumentError, match="at least one emitter"):
        Search(BOX, ())
    with pytest.raises(ArgumentError, match="must have a threshold"):
        cma_mae(BOX, sigma=0.3)
    with pytest.raises(ArgumentError, match="as many measures as `archive`, 2, got 1"):
        Search(BOX, (LineEmitter(),), Grid((3,), (0.0,), (1.0,)))
    for start in (np.zeros((2, 2)), np.array([np.nan]), np.zeros(0)):
        with pytest.raises(ArgumentError, match="vector of finite numbers"):
            Scheduler(map_elites(BOX, sigma=0.1), start)


def test_a_search_compiles_whole_with_its_function():
    search = map_elites(BOX, sigma=0.3, line=0.3, batch=20)

    def turn(number: Any, state: Any) -> Any:
        ask, tell = jr.split(jr.fold_in(jr.key(0), number))
        solutions = search.ask(state, key=ask)
        return search.tell(state, solutions, -jnp.sum(solutions**2, axis=1), solutions[:, :2], key=tell)[0]

    state = jax.jit(lambda s: jax.lax.fori_loop(0, 50, turn, s))(search.init(jnp.zeros(4)))
    assert int(state.turns) == 50
    assert int(search.found(state).size) > 50
