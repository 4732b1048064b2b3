"""Quality-diversity search of a space of vectors: an archive, and emitters that fill it."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int32, PRNGKeyArray

from explora.core import ArgumentError, Rowwise

from ._cma_emitter import CMAEmitter
from ._container import Container
from ._emitters import Emitter, GaussianEmitter, LineEmitter
from ._kept import Added, Kept
from ._proximity import Proximity


class SearchState(eqx.Module):
    """What a `Search` remembers.

    **Arguments:**

    - `kept`: what its archive holds.
    - `result`: what its second archive holds, or None.
    - `emitters`: the state of each emitter.
    - `turns`: how many turns were told.
    """

    kept: Kept
    result: Kept | None
    emitters: tuple[Any, ...]
    turns: Int32[Rowwise, ""]


class Search(eqx.Module):
    """Quality-diversity search by ask and tell, all pure: for a function that is compiled too.

    ```python
    search = cma_mae(Grid((100, 100), (-256.0, -256.0), (256.0, 256.0)), sigma=0.5)
    state = search.init(jnp.zeros(100))
    candidates = search.ask(state, key=key)
    state, added = search.tell(state, candidates, objectives, measures, key=other)
    ```

    For functions on the host there is `Scheduler`, which keeps the state and watches the order of calls.

    **Arguments:**

    - `archive`: what leads the emitters.
    - `emitters`: who proposes candidates, in this order.
    - `result`: a second archive that takes in the same and leads nobody: where the first keeps what is novel, or
      elites that are not the best of their cell.
    """

    archive: Container
    emitters: tuple[Emitter, ...]
    result: Container | None = None

    def __check_init__(self):
        if not self.emitters:
            raise ArgumentError("`emitters` must hold at least one emitter, got none")
        if self.result is not None and self.result.dims != self.archive.dims:
            raise ArgumentError(
                f"`result` must have as many measures as `archive`, {self.archive.dims}, got {self.result.dims}"
            )

    @property
    def rows(self) -> int:
        """How many candidates a turn has."""
        return sum(emitter.rows for emitter in self.emitters)

    def init(self, start: Float[Array, " dims"]) -> SearchState:
        """The state of a search that has seen nothing and begins at `start`."""
        result = None if self.result is None else self.result.init(start)
        states = tuple(emitter.init(start) for emitter in self.emitters)
        return SearchState(self.archive.init(start), result, states, jnp.zeros((), jnp.int32))

    def ask(self, state: SearchState, *, key: PRNGKeyArray) -> Float[Array, "rows dims"]:
        """The next candidates."""
        keys = jr.split(key, len(self.emitters))
        each = zip(self.emitters, state.emitters, keys, strict=True)
        return jnp.concatenate([emitter.ask(own, state.kept, key=k) for emitter, own, k in each])

    def tell(
        self,
        state: SearchState,
        candidates: Float[Array, "rows dims"],
        objectives: Float[Array, " rows"],
        measures: Float[Array, "rows measures"],
        *,
        key: PRNGKeyArray,
    ) -> tuple[SearchState, Added]:
        """Takes in what the candidates are worth and what they are like.

        **Arguments:**

        - `state`: what the search remembers.
        - `candidates`: as `ask` gave them.
        - `objectives`, `measures`: of each; whatever is not finite is passed over.
        - `key`: the only source of chance.

        **Returns:** the new state, and what the archive made of each candidate.
        """
        kept, added = self.archive.add(state.kept, candidates, objectives, measures)
        result = state.result
        if self.result is not None and result is not None:
            result, _ = self.result.add(result, candidates, objectives, measures)
        states, first = [], 0
        for emitter, own, k in zip(self.emitters, state.emitters, jr.split(key, len(self.emitters)), strict=True):
            rows = slice(first, first + emitter.rows)
            part = jax.tree.map(lambda x, rows=rows: x[rows], added)
            states.append(emitter.tell(own, kept, candidates[rows], objectives[rows], part, key=k))
            first += emitter.rows
        return SearchState(kept, result, tuple(states), state.turns + 1), added

    def found(self, state: SearchState) -> Kept:
        """What was found: the second archive if there is one."""
        return state.kept if state.result is None else state.result


def map_elites(archive: Container, *, sigma: float, line: float | None = None, batch: int = 64) -> Search:
    """MAP-Elites over vectors.

    **Arguments:**

    - `archive`: what it fills.
    - `sigma`: of the isotropic noise.
    - `line`: σ_line of a step towards another elite; None: no such step.
    - `batch`: how many candidates a turn has.

    **Reference:** Mouret and Clune 2015 (arXiv:1504.04909); with `line`, Vassiliades and Mouret 2018
    (arXiv:1804.03906).
    """
    if line is None:
        return Search(archive, (GaussianEmitter(sigma, batch=batch),))
    return Search(archive, (LineEmitter(sigma, line, batch=batch),))


def cma_me(archive: Container, *, sigma: float, batch: int = 36, copies: int = 15) -> Search:
    """CMA-ME with improvement emitters.

    **Arguments:**

    - `archive`: what it fills.
    - `sigma`: the first step size.
    - `batch`, `copies`: how many samples each of how many CMA-ES takes in a turn.

    **Reference:** Fontaine et al. 2020 (arXiv:1912.02400), sec. 4.
    """
    return Search(archive, (CMAEmitter(sigma, batch=batch, copies=copies),))


def cma_mae(
    archive: Container,
    result: Container | None = None,
    *,
    sigma: float,
    batch: int = 36,
    copies: int = 15,
    form: str = "tutorial",
) -> Search:
    """CMA-MAE: the archive needs a threshold from which to start and a small rate.

    **Arguments:**

    - `archive`: what leads the search, such as `Grid(…, threshold=0.0, rate=0.01)`.
    - `result`: where the best of each cell are kept; the elites of the first need not be the best.
    - `sigma`: the first step size.
    - `batch`, `copies`: how many samples each of how many CMA-ES takes in a turn.
    - `form`: of its rank-one update, `"tutorial"` or `"pyribs"`, see `explora.maths.CMAES`.

    **Raises:** `ArgumentError` if the archive has no threshold.

    **Reference:** Fontaine and Nikolaidis 2022 (arXiv:2205.10752), algorithm 1.
    """
    if getattr(archive, "threshold", None) is None:
        raise ArgumentError(
            "`archive` must have a threshold from which its cells start, such as Grid(…, threshold=0.0, rate=0.01)"
        )
    return _by_value(archive, result, sigma, batch, copies, form)


def novelty_search(
    archive: Proximity, result: Container | None = None, *, sigma: float, batch: int = 36, copies: int = 15
) -> Search:
    """Novelty search by CMA-ES: objectives are kept, and lead nobody.

    **Arguments:**

    - `archive`: `Proximity`, whose novelty leads the search.
    - `result`: where the best of each cell are kept.
    - `sigma`: the first step size.
    - `batch`, `copies`: how many samples each of how many CMA-ES takes in a turn.

    **Reference:** Lehman and Stanley 2011, Abandoning Objectives, Evolutionary Computation 19(2); with CMA-ES as in
    Lee et al. 2024 (arXiv:2312.11331).
    """
    return _by_value(archive, result, sigma, batch, copies)


def _by_value(
    archive: Container, result: Container | None, sigma: float, batch: int, copies: int, form: str = "tutorial"
) -> Search:
    emitter = CMAEmitter(sigma, batch=batch, copies=copies, rank="value", parents="half", restart="basic", form=form)
    return Search(archive, (emitter,), result)
