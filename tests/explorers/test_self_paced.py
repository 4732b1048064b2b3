"""`SelfPaced`: when its Gaussian takes a step, where to, and how far."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, Lesson, Outcome, Status, fresh_lesson
from explora.explorers import SelfPaced, SelfPacedState
from explora.maths import Gaussian, divergence

from ._bits import Bits, words

BITS = Bits()
PACED = SelfPaced(rows=16, window=32, mean=0.2, spread=0.1, target=(0.8, 0.5), target_spread=0.1, offset=0)


@eqx.filter_jit
def ask(explorer: SelfPaced, state: SelfPacedState, key: Any) -> tuple[SelfPacedState, Lesson]:
    return explorer.ask(state, BITS, "round", key=key)


@eqx.filter_jit
def tell(explorer: SelfPaced, state: SelfPacedState, lesson: Lesson, result: Outcome) -> SelfPacedState:
    return explorer.tell(state, BITS, lesson, result, key=jr.key(0))


def start(explorer: SelfPaced = PACED) -> SelfPacedState:
    return explorer.init(BITS, key=jr.key(0))


def step(explorer: SelfPaced, state: SelfPacedState, returns: Any) -> SelfPacedState:
    """Two lessons, after which the Gaussian takes a step; `returns` maps places to returns."""
    for turn in range(2):
        state, lesson = ask(explorer, state, jr.key(turn))
        state = tell(explorer, state, lesson, Outcome(jnp.ones((16,), jnp.int8), returns=returns(lesson.memo)))
    return state


TARGET = Gaussian.upright(jnp.array([0.8, 0.5]), jnp.array([0.1, 0.1]))


def test_it_starts_where_it_was_told():
    state = start()
    np.testing.assert_allclose(state.gaussian.mean, [0.2, 0.2])
    np.testing.assert_allclose(state.gaussian.spread, [0.1, 0.1], rtol=1e-6)
    _, lesson = ask(PACED, state, jr.key(0))
    assert bool(jnp.all((lesson.memo >= 0) & (lesson.memo <= 1)))
    np.testing.assert_allclose(lesson.memo.mean(0), [0.2, 0.2], atol=0.08)
    np.testing.assert_array_equal(lesson.tasks[0], BITS.from_parameters(lesson.memo[0], key=jr.key(0)))


def test_success_everywhere_buys_a_step_towards_the_target():
    """With the same return everywhere only the target pulls; the step ends inside the region."""
    state = step(PACED, start(), lambda places: jnp.full((16,), 100.0))
    before, after = start().gaussian, state.gaussian
    assert float(divergence(after, TARGET)) < float(divergence(before, TARGET))
    assert float(divergence(after, before)) <= PACED.region
    assert float(after.mean[0]) > 0.22
    assert (int(state.steps), int(state.count)) == (1, 0)


def test_the_weight_of_the_target_is_the_pace_of_success():
    """α = ζ R̄ / KL: 0.05 · 4 / KL(start ‖ target), and 0 without success."""
    apart = float(divergence(start().gaussian, TARGET))
    assert apart == pytest.approx((0.6**2 + 0.3**2) / (2 * 0.1**2), rel=1e-5)
    assert float(step(PACED, start(), lambda p: jnp.full((16,), 4.0)).weight) == pytest.approx(0.2 / apart, rel=1e-4)
    assert float(step(PACED, start(), lambda p: jnp.full((16,), -4.0)).weight) == 0.0


def test_the_first_steps_leave_the_target_out_of_account():
    patient = SelfPaced(rows=16, window=32, mean=0.2, spread=0.1, target=0.8, offset=1)
    state = step(patient, start(patient), lambda places: jnp.full((16,), 4.0))
    assert float(state.weight) == 0.0
    assert float(step(patient, state, lambda places: jnp.full((16,), 4.0)).weight) > 0.0


@pytest.mark.slow
def test_as_published_it_moves_to_where_its_few_tasks_happened_to_lie():
    """The same return everywhere says nothing about where to go; only the centred objective knows."""
    fields = {"rows": 16, "window": 32, "mean": 0.5, "spread": 0.1, "pace": 0.0}
    same = lambda places: jnp.full((16,), 100.0)
    published, centred = SelfPaced(**fields, centred=False), SelfPaced(**fields)
    moved = lambda explorer: float(divergence(step(explorer, start(explorer), same).gaussian, start(explorer).gaussian))
    assert moved(published) > 0.1
    assert moved(centred) == pytest.approx(0.0, abs=1e-6)


def test_without_a_target_it_goes_where_returns_are():
    """Returns grow along the first coordinate."""
    alone = SelfPaced(rows=16, window=32, mean=0.5, spread=0.1, pace=0.0, region=0.2)
    state = step(alone, start(alone), lambda places: places[:, 0])
    assert float(state.gaussian.mean[0]) > 0.52
    assert float(divergence(state.gaussian, start(alone).gaussian)) <= 0.2


@pytest.mark.slow
def test_while_the_target_is_far_it_does_not_shrink_below_the_floor():
    """Returns in a small spot would narrow it."""
    spot = lambda places: jnp.exp(-jnp.sum((places - 0.5) ** 2, axis=1) / 0.002)
    fields = {"rows": 16, "window": 32, "mean": 0.5, "spread": 0.1, "pace": 0.0}
    free, held = SelfPaced(**fields), SelfPaced(**fields, floor=0.1)
    assert float(step(free, start(free), spot).gaussian.spread.min()) < 0.09
    assert float(step(held, start(held), spot).gaussian.spread.min()) == pytest.approx(0.1, rel=1e-4)


def test_only_answers_to_its_own_questions_count():
    state, lesson = ask(PACED, start(), jr.key(0))
    status = jnp.where(jnp.arange(16) < 3, Status.ANSWERED, Status.VOID).astype(jnp.int8)
    assert int(tell(PACED, state, lesson, Outcome(status, returns=jnp.ones((16,)))).count) == 3
    foreign = fresh_lesson(words(1, 2), True)
    assert int(tell(PACED, state, foreign, Outcome(jnp.ones((2,), jnp.int8), returns=jnp.ones((2,)))).count) == 0


def test_metrics_say_where_it_stands():
    told = {name: float(x) for name, x in PACED.metrics(start()).items()}
    assert told == pytest.approx(
        {
            "mean_0": 0.2,
            "mean_1": 0.2,
            "spread_0": 0.1,
            "spread_1": 0.1,
            "target_divergence": 22.5,
            "target_weight": 0.0,
        },
        rel=1e-4,
    )


def test_one_number_for_all_coordinates_or_one_for_each():
    with pytest.raises(ArgumentError, match="`mean` must be one number or 2, one a coordinate of the space, got 3"):
        start(SelfPaced(rows=16, mean=(0.1, 0.2, 0.3)))
    with pytest.raises(ArgumentError, match=r"`spread` must be greater than 0\.0, got 0\.0"):
        SelfPaced(spread=(0.1, 0.0))
