"""Emitters that adapt: several CMA-ES side by side, led by what the archive makes of their samples."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import between, row_keys
from explora.maths import CMAES, CMAState

from .._checks import one_of
from ._emitters import Emitter
from ._kept import Added, Kept

RANKS = ("two-stage", "value", "objective", "two-stage objective")
RULES = ("no improvement", "basic")


class CMAEmitterState(eqx.Module):
    """What several CMA-ES have learned, one entry each.

    **Arguments:**

    - `cma`: their Gaussians.
    - `start`: where the first of them began.
    - `turns`: how many turns were told.
    - `restarts`: how often each has begun anew.
    """

    cma: CMAState
    start: Float[Array, " dims"]
    turns: Int32[Array, ""]
    restarts: Int32[Array, " copies"]


class CMAEmitter(Emitter):
    """Several CMA-ES, each ordering its samples by what they did for the archive; one that is done begins anew at an
    elite.

    With the defaults this is the improvement emitter of CMA-ME. With `rank="value"`, `parents="half"`,
    `restart="basic"` and an archive with a slow threshold it is CMA-MAE; with `rank="value"` and `Proximity`, novelty
    search.

    **Arguments:**

    - `sigma`: the first step size.
    - `batch`: how many samples each takes in a turn.
    - `copies`: how many there are.
    - `rank`: what comes first: `"two-stage"` new cells, then improvements, then the rest, each by `Added.value`;
      `"value"`, by that alone; `"objective"`; `"two-stage objective"`.
    - `parents`: to learn from the better `"half"`, or from the `"added"` ones (none: nothing is learned).
    - `restart`: `"basic"`, when the Gaussian has degenerated or all samples rank alike; `"no improvement"`, also when
      none of the samples was added; or a number, also after every so many turns.
    - `root`, `form`: how CMA-ES takes the root of its covariance, and which form its rank-one update has, see
      `explora.maths.CMAES`.
    - `low`, `high`: the ends of every number of a candidate. Samples outside are drawn again, up to 100 times, and
      clipped after that.

    **Reference:** Fontaine et al. 2020, Covariance Matrix Adaptation for the Rapid Illumination of Behavior Space
    (arXiv:1912.02400), sec. 4; Fontaine and Nikolaidis 2022, CMA-MAE (arXiv:2205.10752), algorithm 1.
    """

    sigma: float
    batch: int = eqx.field(static=True, default=36, kw_only=True)
    copies: int = eqx.field(static=True, default=15, kw_only=True)
    rank: str = eqx.field(static=True, default="two-stage", kw_only=True)
    parents: str = eqx.field(static=True, default="added", kw_only=True)
    restart: str | int = eqx.field(static=True, default="no improvement", kw_only=True)
    root: str = eqx.field(static=True, default="cholesky", kw_only=True)
    form: str = eqx.field(static=True, default="tutorial", kw_only=True)

    def __check_init__(self):
        between("sigma", self.sigma, 0.0, strict=True)
        between("batch", self.batch, 2)
        between("copies", self.copies, 1)
        one_of("rank", self.rank, RANKS)
        one_of("parents", self.parents, ("half", "added"))
        if isinstance(self.restart, str):
            one_of("restart", self.restart, RULES)
        between("restart", self.restart, 1)
        one_of("root", self.root, ("cholesky", "eigen"))
        one_of("form", self.form, ("tutorial", "pyribs"))
        self._check()

    @property
    def rows(self) -> int:
        return self.batch * self.copies

    @property
    def es(self) -> CMAES:
        """What each copy is."""
        return CMAES(self.batch, root=self.root, form=self.form)

    def init(self, start: Float[Array, " dims"]) -> CMAEmitterState:
        one = self.es.init(start, self.sigma)
        cma = jax.tree.map(lambda x: jnp.repeat(x[None], self.copies, axis=0), one)
        return CMAEmitterState(cma, start, jnp.zeros((), jnp.int32), jnp.zeros((self.copies,), jnp.int32))

    def ask(self, state: CMAEmitterState, kept: Kept, *, key: PRNGKeyArray) -> Float[Array, "rows dims"]:
        first, more = jr.split(key)
        candidates = self._sample(state.cma, first)
        if self.low == -float("inf") and self.high == float("inf"):
            return candidates
        outside = lambda x: jnp.any((x < self.low) | (x > self.high), axis=1, keepdims=True)

        def again(carry: tuple[Array, Array]) -> tuple[Array, Array]:
            time, found = carry
            return time + 1, jnp.where(outside(found), self._sample(state.cma, jr.fold_in(more, time)), found)

        missed = lambda carry: (carry[0] <= 100) & jnp.any(outside(carry[1]))
        return self.inside(jax.lax.while_loop(missed, again, (jnp.asarray(1, jnp.int32), candidates))[1])

    def tell(
        self,
        state: CMAEmitterState,
        kept: Kept,
        candidates: Float[Array, "rows dims"],
        objectives: Float[Array, " rows"],
        added: Added,
        *,
        key: PRNGKeyArray,
    ) -> CMAEmitterState:
        part = lambda x: x.reshape(self.copies, self.batch, *x.shape[1:])
        fine = part(jnp.isfinite(added.value))
        status = part(added.status).astype(jnp.float32)
        value = (
            added.value if self.rank in ("two-stage", "value") else jnp.where(fine.reshape(-1), objectives, -jnp.inf)
        )
        first = status if self.rank.startswith("two-stage") else jnp.zeros_like(status)
        value = part(value)
        order = jax.vmap(lambda x, y: jnp.lexsort((-y, -x)))(first, value)
        ranked = jnp.take_along_axis(part(candidates), order[:, :, None], axis=1)

        turns, es = state.turns + 1, self.es
        number = jnp.sum(status > 0, axis=1).astype(jnp.int32)
        good = jnp.sum(fine, axis=1).astype(jnp.int32)
        parents = number if self.parents == "added" else jnp.minimum(good, self.batch // 2)
        cma = jax.vmap(es.tell)(state.cma, ranked, parents)
        done = jax.vmap(es.exhausted)(cma) | _alike(first, value, order) | (good == 0)
        if self.restart == "no improvement":
            done = done | (number == 0)
        elif not isinstance(self.restart, str):
            done = done | (turns % self.restart == 0)
        cma = self._begun_anew(cma, kept, state.start, done, key)
        # A whole turn of copies shares one clock, unless one began anew: all roots are then renewed together.
        due = es.due(cma)
        renew = lambda: _chosen(due, jax.vmap(es.renewed)(cma), cma)
        cma = jax.lax.cond(jnp.any(due), renew, lambda: cma)
        return CMAEmitterState(cma, state.start, turns, state.restarts + done.astype(jnp.int32))

    def _sample(self, cma: CMAState, key: PRNGKeyArray) -> Float[Array, "rows dims"]:
        found = jax.vmap(lambda one, k: self.es.ask(one, key=k))(cma, row_keys(key, self.copies))
        return found.reshape(self.rows, -1)

    def _begun_anew(
        self, cma: CMAState, kept: Kept, start: Array, done: Bool[Array, " copies"], key: PRNGKeyArray
    ) -> CMAState:
        def fresh() -> CMAState:
            elites = jnp.where(kept.size > 0, kept.at(kept.draw(self.copies, key=key)), start[None])
            return _chosen(done, jax.vmap(lambda x: self.es.init(x, self.sigma))(elites), cma)

        return jax.lax.cond(jnp.any(done), fresh, lambda: cma)


def _chosen(mask: Bool[Array, " copies"], yes: CMAState, no: CMAState) -> CMAState:
    return jax.tree.map(lambda x, y: jnp.where(mask.reshape(-1, *[1] * (x.ndim - 1)), x, y), yes, no)


def _alike(
    first: Float[Array, "copies batch"], value: Float[Array, "copies batch"], order: Int32[Array, "copies batch"]
) -> Bool[Array, " copies"]:
    """Whether the best of a turn ranks no higher than the worst."""
    ends = lambda x: jnp.take_along_axis(x, order[:, jnp.array([0, -1])], axis=1)
    above, level = ends(value), ends(first)
    finite = jnp.all(jnp.isfinite(above), axis=1)
    gap = jnp.where(finite, jnp.abs(above[:, 0] - above[:, 1]), jnp.inf)
    return (gap < 1e-12) & (level[:, 0] == level[:, 1])
