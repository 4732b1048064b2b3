"""`Mixture`: progress from the nearest task, when it is fitted, and where it then looks."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, CombinationError, Lesson, Outcome, Status, fresh_lesson
from explora.explorers import Mixture, MixtureState
from explora.maths import GaussianMixture

from ._bits import Bits, among, words

BITS = Bits()
MIXTURE = Mixture(rows=4, window=8, bootstrap=8, least=1, most=2, memory=16, random=0.0)


@eqx.filter_jit
def ask(explorer: Mixture, state: MixtureState, key: Any) -> tuple[MixtureState, Lesson]:
    return explorer.ask(state, BITS, "round", key=key)


@eqx.filter_jit
def tell(explorer: Mixture, state: MixtureState, lesson: Lesson, result: Outcome) -> MixtureState:
    return explorer.tell(state, BITS, lesson, result, key=jr.key(0))


def at(*places: tuple[float, float]) -> Lesson:
    """A lesson of tasks at these places."""
    return fresh_lesson(words(*[0] * len(places)), True, memo=jnp.array(places))


def returned(*values: float, status: Any = None) -> Outcome:
    status = jnp.full((len(values),), Status.ANSWERED, jnp.int8) if status is None else jnp.array(status, jnp.int8)
    return Outcome(status, returns=jnp.array(values))


def told(*lessons: tuple[Lesson, Outcome], explorer: Mixture = MIXTURE) -> MixtureState:
    state = explorer.init(BITS, key=jr.key(0))
    for lesson, result in lessons:
        state = tell(explorer, state, lesson, result)
    return state


FOUR = at((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))


def test_progress_is_the_difference_to_the_nearest_task_before():
    """Four tasks are too few to compare with; at the third lesson there are eight. Of equally near tasks the earliest
    counts: (0, 0) first returned 1."""
    state = told(
        (FOUR, returned(1.0, 2.0, 3.0, 4.0)),
        (FOUR, returned(5.0, 5.0, 5.0, 5.0)),
        (at((0.1, 0.0), (0.1, 0.9), (0.9, 0.1), (1.0, 0.6)), returned(3.0, 0.0, 3.0, 4.5)),
    )
    assert state.progress[:12].tolist() == [0.0] * 8 + [2.0, 2.0, 0.0, 0.5]


def test_what_was_not_answered_is_not_remembered():
    status = [Status.VOID, Status.ANSWERED, Status.WAITING, Status.ANSWERED]
    state = told((FOUR, returned(1.0, 2.0, 3.0, np.nan, status=status)))
    assert int(state.count) == 1
    assert state.places[0].tolist() == [0.0, 1.0]


def test_it_is_fitted_after_the_bootstrap_and_then_once_a_window():
    fitted, state = [], MIXTURE.init(BITS, key=jr.key(0))
    for turn in range(6):
        state = tell(MIXTURE, state, FOUR, returned(*[float(turn)] * 4))
        fitted.append(int(state.fitted))
    assert fitted == [0, 8, 8, 16, 16, 24]


def test_the_memory_is_a_ring():
    state = told(*[(FOUR, returned(*[float(turn)] * 4)) for turn in range(5)])
    assert state.results.tolist() == [4.0] * 4 + [1.0] * 4 + [2.0] * 4 + [3.0] * 4


def guided(mixture: GaussianMixture) -> MixtureState:
    state = MIXTURE.init(BITS, key=jr.key(0))
    return eqx.tree_at(lambda s: (s.mixture, s.fitted), state, (mixture, jnp.asarray(8, jnp.int32)))


def narrow(progress: tuple[float, float]) -> GaussianMixture:
    """Two small components, at (0.25, 0.25) and (0.75, 2) with these means of progress."""
    means = jnp.array([[0.25, 0.25, progress[0]], [0.75, 2.0, progress[1]]])
    return GaussianMixture(jnp.array([0.5, 0.5]), means, jnp.tile(1e-8 * jnp.eye(3)[None], (2, 1, 1)))


def test_components_are_chosen_by_their_progress_and_clipped():
    state = guided(narrow((0.0, 0.3)))
    np.testing.assert_allclose(ask(MIXTURE, state, jr.key(1))[1].memo, [[0.75, 1.0]] * 4, atol=1e-3)
    drawn = [ask(MIXTURE, guided(narrow((0.1, 0.3))), jr.key(k))[1].memo[:, 0] for k in range(50)]
    assert float((jnp.stack(drawn) > 0.5).mean()) == pytest.approx(0.75, abs=4 * np.sqrt(0.75 * 0.25 / 200))


def test_without_any_progress_all_components_are_alike():
    drawn = [ask(MIXTURE, guided(narrow((0.0, 0.0))), jr.key(k))[1].memo[:, 0] for k in range(50)]
    assert float((jnp.stack(drawn) > 0.5).mean()) == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 200))


def test_a_share_stays_random():
    """With a share of 1 nothing follows the mixture; before the first fit nothing does either."""
    everything = Mixture(rows=4, window=8, bootstrap=8, least=1, most=2, memory=16, random=1.0)
    near = lambda places: float((jnp.abs(places - jnp.array([[0.75, 1.0]])).max(1) < 0.01).mean())
    assert near(ask(everything, guided(narrow((0.0, 0.3))), jr.key(1))[1].memo) == 0.0
    assert near(ask(MIXTURE, MIXTURE.init(BITS, key=jr.key(0)), jr.key(1))[1].memo) == 0.0


def test_tasks_are_made_where_it_says():
    """Shares of ones in the left and right half: (0.75, 1) makes 1110 1111."""
    lesson = ask(MIXTURE, guided(narrow((0.0, 0.3))), jr.key(1))[1]
    assert lesson.tasks.tolist() == [[1, 1, 1, 0, 1, 1, 1, 1]] * 4
    assert lesson.learn is True


def test_it_finds_the_corner_where_results_change():
    """Results change near (1, 1) only; after a fit most tasks are drawn there."""
    explorer = Mixture(rows=16, window=64, bootstrap=64, least=2, most=3, memory=256, random=0.0)
    state = explorer.init(BITS, key=jr.key(0))
    for turn in range(8):
        asked = jr.uniform(jr.key(turn), (16, 2))
        lesson = fresh_lesson(words(*[0] * 16), True, memo=asked)
        result = jnp.where(jnp.all(asked > 0.5, axis=1), float(turn % 2), 0.0)
        state = tell(explorer, state, lesson, returned(*result.tolist()))
    drawn = jnp.concatenate([ask(explorer, state, jr.key(k))[1].memo for k in range(8)])
    assert float(jnp.all(drawn > 0.4, axis=1).mean()) > 0.6


def test_covariance_looks_where_results_rise():
    """Covar-GMM: (0.25, 0.25) got better over time, (0.75, 1) worse, which is no reason to go there."""
    explorer = Mixture(rows=4, window=8, bootstrap=8, least=1, most=2, memory=16, random=0.0, signal="covariance")
    covariances = jnp.tile(1e-6 * jnp.eye(4)[None], (2, 1, 1))
    for component, sign in enumerate((1.0, -1.0)):
        covariances = covariances.at[component, 2, 3].set(5e-7 * sign).at[component, 3, 2].set(5e-7 * sign)
    means = jnp.array([[0.25, 0.25, 0.5, 1.0], [0.75, 1.0, 0.5, 1.0]])
    state = explorer.init(BITS, key=jr.key(0))
    mixture = GaussianMixture(jnp.array([0.5, 0.5]), means, covariances)
    state = eqx.tree_at(lambda s: (s.mixture, s.fitted), state, (mixture, jnp.asarray(8, jnp.int32)))
    np.testing.assert_allclose(ask(explorer, state, jr.key(1))[1].memo, [[0.25, 0.25]] * 4, atol=1e-2)


def test_a_foreign_task_lies_where_the_space_says():
    """0111 1000: 3 of 4 ones on the left, 1 of 4 on the right."""
    lesson = fresh_lesson(words(0b01111000), True)
    state = told((lesson, returned(2.0)))
    assert (state.places[0].tolist(), float(state.results[0])) == ([0.75, 0.25], 2.0)


class Shapeless(Bits):
    @property
    def provides(self):
        return frozenset({"mutate"})


def test_what_it_cannot_work_with():
    assert MIXTURE.refuses(among(BITS, MIXTURE)) is None
    assert "has no `parameters`; use Replay" in str(MIXTURE.refuses(among(Shapeless(), MIXTURE)))
    with pytest.raises(CombinationError, match="has no `parameters`"):
        MIXTURE.init(Shapeless(), key=jr.key(0))
    with pytest.raises(ArgumentError, match="`memory` must hold `window` and `rows`, 64 at least"):
        Mixture(rows=64, window=32, memory=63)
    with pytest.raises(CombinationError, match=r"Mixture needs `outcome\.returns`"):
        told((FOUR, Outcome(jnp.ones((4,), jnp.int8))))


def test_metrics_are_finite_from_the_start():
    empty = MIXTURE.metrics(MIXTURE.init(BITS, key=jr.key(0)))
    assert all(float(x) == 0.0 for x in empty.values())
    state = told((FOUR, returned(0.0, 0.0, 0.0, 0.0)), (FOUR, returned(0.0, 0.0, 0.0, 0.0)))
    assert float(MIXTURE.metrics(state)["fill"]) == 0.5
    assert float(MIXTURE.metrics(state)["components"]) >= 1
