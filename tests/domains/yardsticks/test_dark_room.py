import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import record
from explora.domains.yardsticks import Annealed, DarkRoom, DarkTask, Goals, Habitual, foreseen
from explora.testing import EnvironmentSuite, SpaceSuite


@pytest.mark.slow
class TestSpace(SpaceSuite):
    def part(self):
        return Goals(3)


@pytest.mark.slow
class TestLaws(EnvironmentSuite):
    COUNT = 3

    def part(self):
        return DarkRoom(Goals(3), patience=5, trials=2)


def test_two_trials_by_hand():
    env = DarkRoom(Goals(3), patience=3, trials=2)
    task = env.space.decode([0, 1])  # above the middle
    state, seen = env.reset(task, key=jr.key(0)), []
    for action in (1, 1, 0, 2, 2, 4):  # up, into the wall, stay; in the next trial right, into the wall, left
        done = env.step(task, state, jnp.int32(action), key=jr.key(0))
        seen.append((int(done.state.place), float(done.reward), bool(done.truncated)))
        state = done.state
    assert [place for place, _, _ in seen] == [1, 1, 4, 5, 5, 4]
    assert [reward for _, reward, _ in seen] == [1, 1, 1, 0, 0, 0]
    assert [end for _, _, end in seen] == [False] * 5 + [True]


def test_the_optimum_of_the_literature():
    env = DarkRoom()
    best = jax.vmap(env.optimal_return)(DarkTask(jnp.arange(81, dtype=jnp.int32)))
    assert float(best.mean()) == pytest.approx(16.54, abs=0.01)


def test_who_is_not_distracted_is_perfect_and_noise_falls_from_trial_to_trial():
    env = DarkRoom(Goals(5), patience=6, trials=4, shown=True)
    tasks = DarkTask(jnp.arange(25, dtype=jnp.int32))
    walks = record(env, Annealed(5, 6, 4), tasks, key=jr.key(0))
    best = np.asarray(jax.vmap(env.optimal_return)(tasks)) / 4
    earned = walks.reward.reshape(25, 4, 6).sum(2)
    assert (earned[:, 3] == best).all()
    assert (earned <= best[:, None]).all()
    assert (np.diff(earned.mean(0)) > 0).all()


def test_habits_are_kept():
    env = DarkRoom(Goals(3), patience=400)
    habits = jnp.array([[0.5, 0.5, 0, 0, 0], [0.1, 0.2, 0.3, 0.4, 0]])
    acts = record(env, Habitual(habits), DarkTask(jnp.zeros((2,), jnp.int32)), key=jr.key(0)).action.reshape(2, 400)
    shares = (acts[:, :, None] == np.arange(5)).mean(1)
    assert shares == pytest.approx(np.asarray(habits), abs=0.08)


def test_what_is_foreseen_is_bayes_rule():
    one = foreseen(np.array([[3.0, 1.0, 0.0]]), np.array([0.5]))
    assert one == pytest.approx(np.array([[3.5, 1.5, 0.5]]) / 5.5)
    kinds = np.array([0.1, 2.0])
    likelihoods = []
    for alpha in kinds:  # of the sequence 0, 0, 1, by the chain rule
        terms = [alpha / (3 * alpha), (alpha + 1) / (3 * alpha + 1), alpha / (3 * alpha + 2)]
        likelihoods.append(np.prod(terms))
    weight = np.array(likelihoods) / sum(likelihoods)
    given = [(alpha + np.array([2.0, 1.0, 0.0])) / (3 * alpha + 3) for alpha in kinds]
    assert foreseen(np.array([[2.0, 1.0, 0.0]]), kinds)[0] == pytest.approx(
        sum(w * g for w, g in zip(weight, given)), rel=1e-4
    )
