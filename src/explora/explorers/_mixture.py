"""Learning progress in a continuous space, as a mixture of Gaussians: ALP-GMM and Covar-GMM."""

from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import ArgumentError, Explorer, Lesson, Outcome, Parts, Space, fresh_lesson
from explora.maths import GaussianMixture, best_mixture, nearest, pick

from ._checks import between, lanes, one_of
from ._places import MEASURES, dims, measured, places_of, refusal, ring_places, tasks_at

Task = TypeVar("Task")


class MixtureState(eqx.Module):
    """What `Mixture` remembers.

    **Arguments:**

    - `places`, `results`, `progress`: the last tasks in a ring, what was reached there, and by how much that differed
      from the nearest task before.
    - `count`: how many there have been.
    - `fitted`: how many there were when the mixture was fitted last; 0 before the first time.
    - `mixture`: over [place, progress], or [place, time, result].
    """

    places: Float[Array, "memory dims"]
    results: Float[Array, " memory"]
    progress: Float[Array, " memory"]
    count: Int32[Array, ""]
    fitted: Int32[Array, ""]
    mixture: GaussianMixture


class Mixture(Explorer[MixtureState, Task]):
    """Asks for tasks where results change fastest, found by fitting Gaussians to the latest places and results.

    `signal="progress"` (ALP-GMM): the progress of a task is |r − r′|, where r′ is the result of the nearest task ever
    played (0 while there are 5 or fewer). Every `window` tasks mixtures of `least` … `most` Gaussians are fitted to the
    last `window` of [place, progress] and the one with the best AIC is kept; a component is chosen in proportion to its
    mean progress. `signal="covariance"` (Covar-GMM): fitted to [place, time, result] and chosen in proportion to
    max(0, covariance of time and result). If no component has any, all are alike.

    The rows of one lesson do not count as each other's past: they measure the same learner.

    **Arguments:**

    - `rows`: how many tasks a lesson has.
    - `signal`: see above.
    - `measure`: which column of the outcome is the result, `"returns"` or `"solved"`.
    - `window`: how many tasks are fitted, and after how many new ones.
    - `bootstrap`: how many tasks are random before the first fit.
    - `least`, `most`: how many Gaussians.
    - `random`: the share of tasks that stay random.
    - `memory`: how many tasks are searched for the nearest one.
    - `queue`: how many rows each lane plays in turn.

    **Reference:** Portelas et al. 2019, Teacher algorithms for curriculum learning of Deep RL in continuously
    parameterized environments (arXiv:1910.07224), algorithms 1 and 2; Moulin-Frier et al. 2014 for the covariance.
    """

    rows: int = eqx.field(static=True, default=256)
    signal: str = eqx.field(static=True, default="progress")
    measure: str = eqx.field(static=True, default="returns")
    window: int = eqx.field(static=True, default=250)
    bootstrap: int = eqx.field(static=True, default=250)
    least: int = eqx.field(static=True, default=2)
    most: int = eqx.field(static=True, default=10)
    random: float = 0.2
    memory: int = eqx.field(static=True, default=10_000)
    queue: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        lanes(self.rows, self.queue)
        one_of("signal", self.signal, ("progress", "covariance"))
        one_of("measure", self.measure, MEASURES)
        between("random", self.random, 0.0, 1.0)
        between("least", self.least, 1, self.most)
        between("window", self.window, 2)
        between("bootstrap", self.bootstrap, 1)
        if self.memory < max(self.window, self.rows):
            raise ArgumentError(f"`memory` must hold `window` and `rows`, {max(self.window, self.rows)} at least")

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.measure})

    def refuses(self, parts: Parts) -> str | None:
        return refusal(self, parts)

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> MixtureState:
        coordinates = dims(space)
        zero = jnp.zeros((), jnp.int32)
        extra = 1 if self.signal == "progress" else 2
        return MixtureState(
            jnp.zeros((self.memory, coordinates)),
            jnp.zeros((self.memory,)),
            jnp.zeros((self.memory,)),
            zero,
            zero,
            GaussianMixture.empty(self.most, coordinates + extra),
        )

    def ask(
        self, state: MixtureState, space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[MixtureState, Lesson[Task]]:
        choose, anywhere, inside, keep, make = jr.split(key, 5)
        coordinates = state.places.shape[1]
        component = pick(self._value(state.mixture), self.rows, key=choose)
        drawn = jax.vmap(lambda c, k: state.mixture.sample(c, key=k))(component, jr.split(inside, self.rows))
        guided = (state.fitted > 0) & ~jr.bernoulli(keep, self.random, (self.rows,))
        uniform = jr.uniform(anywhere, (self.rows, coordinates))
        places = jnp.where(guided[:, None], jnp.clip(drawn[:, :coordinates], 0.0, 1.0), uniform)
        tasks = tasks_at(space, places, key=make)
        return state, fresh_lesson(tasks, True, memo=places, queue=self.queue, phase=phase)

    def tell(
        self, state: MixtureState, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> MixtureState:
        places = places_of(space, lesson.tasks, lesson.memo)
        result = measured(self, outcome, self.measure)
        counts = jnp.isfinite(result)
        known = jnp.arange(self.memory) < state.count
        near, _ = nearest(places, state.places, known)
        progress = jnp.where(state.count > 5, jnp.abs(result - state.results[near]), 0.0)
        at = ring_places(state.count, counts, self.memory)
        put = lambda ring, x: ring.at[at].set(x, mode="drop")
        state = MixtureState(
            put(state.places, places),
            put(state.results, result),
            put(state.progress, progress),
            state.count + jnp.sum(counts.astype(jnp.int32)),
            state.fitted,
            state.mixture,
        )
        due = (state.count >= self.bootstrap) & (state.count - state.fitted >= self.window)
        mixture, fitted = jax.lax.cond(due, lambda: self._fit(state, key), lambda: (state.mixture, state.fitted))
        return eqx.tree_at(lambda s: (s.mixture, s.fitted), state, (mixture, fitted))

    def metrics(self, state: MixtureState) -> dict[str, Array]:
        value = self._value(state.mixture)
        filled = jnp.minimum(state.count, self.memory)
        known = jnp.arange(self.memory) < filled
        total = jnp.maximum(filled, 1).astype(jnp.float32)
        return {
            "fill": filled.astype(jnp.float32) / self.memory,
            "mean_score": jnp.sum(jnp.where(known, state.progress, 0.0)) / total,
            "components": jnp.sum((state.mixture.weights > 0) & (state.fitted > 0)).astype(jnp.float32),
            "max_score": jnp.where(state.fitted > 0, jnp.max(value), 0.0),
        }

    def _value(self, mixture: GaussianMixture) -> Float[Array, " components"]:
        """How likely each component is chosen, up to a factor."""
        worth = mixture.means[:, -1] if self.signal == "progress" else mixture.covariances[:, -2, -1]
        used: Bool[Array, " components"] = mixture.weights > 0
        worth = jnp.where(used, jnp.maximum(worth, 0.0), 0.0)
        return jnp.where(jnp.sum(worth) > 0, worth, used.astype(jnp.float32))

    def _fit(self, state: MixtureState, key: PRNGKeyArray) -> tuple[GaussianMixture, Int32[Array, ""]]:
        """The best mixture of the last `window` tasks; the old one if every fit failed."""
        back = jnp.arange(self.window - 1, -1, -1)
        latest = (state.count - 1 - back) % self.memory
        counts = back < state.count
        if self.signal == "progress":
            columns = [state.progress[latest][:, None]]
        else:
            columns = [jnp.linspace(0.0, 1.0, self.window)[:, None], state.results[latest][:, None]]
        points = jnp.concatenate([state.places[latest], *columns], axis=1)
        mixture, criterion = best_mixture(points, counts, self.least, self.most, key=key)
        sound = jnp.isfinite(criterion)
        mixture = jax.tree.map(lambda new, old: jnp.where(sound, new, old), mixture, state.mixture)
        return mixture, jnp.where(sound, state.count, state.fitted)
