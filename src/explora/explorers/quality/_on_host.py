"""Searches in NumPy: for a few hundred small rows a turn that is faster than a compiled program.

The rules are those of `Grid.add`, `GaussianEmitter.ask` and `LineEmitter.ask`; a test holds the two together. An
archive is written into in place, and scratch is kept from turn to turn: fresh memory costs more than the arithmetic.
"""

from typing import TypeGuard

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int32

from ._cells import Grid
from ._container import Container
from ._emitters import Emitter, GaussianEmitter, LineEmitter
from ._kept import Added, Kept, Verdict
from ._search import Search, SearchState


class OnHost:
    """Runs a search that `fits`, in NumPy; its state is written into."""

    def __init__(self, search: Search):
        self.search = search
        self._most = max(emitter.batch for emitter in search.emitters)

    @staticmethod
    def fits(search: Search) -> bool:
        """Whether all parts are among those that are written here too; a part derived from one of them is not."""
        archives = [search.archive] if search.result is None else [search.archive, search.result]
        return all(map(_is_grid, archives)) and all(map(_is_noise, search.emitters))

    @staticmethod
    def array(given: np.ndarray) -> np.ndarray:
        """An array as the states of this side have them."""
        return np.array(given)

    def init(self, start: Float[np.ndarray, " dims"]) -> SearchState:
        """The state of a search that has seen nothing."""
        size = self._most * len(start)
        self._noise = np.empty((2, (size + 1) // 2), np.float32)
        self._toward = np.empty((self._most, len(start)), np.float32)
        self._chosen = np.empty((self.search.rows, len(start)), np.float32)
        return jax.tree.map(np.array, self.search.init(jnp.asarray(start)))

    def ask(self, state: SearchState, seed: int) -> Float[np.ndarray, "rows dims"]:
        """The next candidates; seed and turn decide what is drawn."""
        bits = np.random.SFC64((seed % 2**64, int(state.turns)))
        parts = []
        for emitter, start in zip(self.search.emitters, state.emitters, strict=True):
            if _is_noise(emitter):
                parts.append(self._varied(emitter, start, state.kept, bits))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def tell(
        self,
        state: SearchState,
        asked: Float[np.ndarray, "rows dims"],
        objectives: Float[np.ndarray, " rows"],
        measures: Float[np.ndarray, "rows measures"],
        seed: int,
    ) -> tuple[SearchState, Added]:
        """Takes in what the candidates are worth and what they are like."""
        said = []
        for archive, kept in ((self.search.result, state.result), (self.search.archive, state.kept)):
            if kept is not None and isinstance(archive, Grid):
                said.append(add(archive, kept, asked, objectives, measures, self._chosen))
        np.add(state.turns, 1, out=state.turns)
        return state, said[-1]

    def _varied(
        self, emitter: GaussianEmitter | LineEmitter, start: np.ndarray, kept: Kept, bits: np.random.SFC64
    ) -> Float[np.ndarray, "batch dims"]:
        """Elites with noise and, where the emitter has one, a step along the line to another elite."""
        rng, size, batch = np.random.Generator(bits), int(kept.size), emitter.batch

        def drawn(out: np.ndarray) -> np.ndarray:
            if size:
                return kept.solutions.take(kept.order.take(rng.integers(size, size=batch)), 0, out, "clip")
            out[:] = start
            return out

        found = drawn(np.empty((batch, len(start)), np.float32))
        if isinstance(emitter, LineEmitter):
            toward = drawn(self._toward[:batch])
            toward -= found
            toward *= np.float32(emitter.line) * rng.standard_normal((batch, 1), np.float32)
            found += toward
        found += normals(bits, np.float32(emitter.sigma), self._noise)[: found.size].reshape(found.shape)
        if np.isfinite(emitter.low) or np.isfinite(emitter.high):
            np.clip(found, emitter.low, emitter.high, out=found)
        return found


def normals(bits: np.random.SFC64, sigma: np.float32, out: Float[np.ndarray, "2 half"]) -> Float[np.ndarray, " size"]:
    """Fills `out` with independent normal numbers, in a third of the time that NumPy's own take.

    **Reference:** Box and Muller 1958, A Note on the Generation of Random Normal Deviates.
    """
    half = out.shape[1]
    word = bits.random_raw(half).view(np.uint32)
    word &= np.uint32(0x7FFFFF)
    word |= np.uint32(0x3F800000)  # 23 random bits behind the point of a number in [1, 2)
    length, angle = word.view(np.float32)[:half], word.view(np.float32)[half:]
    np.log(np.subtract(np.float32(2.0), length, out=length), out=length)
    np.sqrt(np.multiply(length, np.float32(-2.0) * sigma * sigma, out=length), out=length)
    angle *= np.float32(2.0 * np.pi)
    np.cos(angle, out=out[0])
    np.sin(angle, out=out[1])
    out *= length
    return out.reshape(-1)


def add(
    grid: Grid,
    kept: Kept,
    solutions: Float[np.ndarray, "batch dims"],
    objectives: Float[np.ndarray, " batch"],
    measures: Float[np.ndarray, "batch measures"],
    scratch: Float[np.ndarray, "batch dims"],
) -> Added:
    """As `Grid.add`, but writes into `kept`; what stands in `scratch` is lost."""
    fine = np.isfinite(objectives) & np.isfinite(measures).all(axis=1)
    if not (sound := np.isfinite(solutions)).all():
        fine &= sound.all(axis=1)
    cell = _boxes(grid, measures if fine.all() else np.where(fine[:, None], measures, np.float32(0.0)))
    before = kept.thresholds.take(cell)
    accepted = fine & (objectives > before)
    status = np.where(kept.filled.take(cell), np.int32(Verdict.IMPROVED), np.int32(Verdict.NEW))
    status *= accepted
    demand = np.where(before == -np.inf, np.float32(0.0), before)
    value = np.subtract(objectives, demand, out=np.full_like(objectives, -np.inf), where=fine)
    stored = np.zeros(len(objectives), bool)
    if accepted.any():
        best, number, total = _best(accepted, cell, objectives)
        after = objectives[best]
        if grid.threshold is not None:
            left = np.float32(1.0 - grid.rate) ** number
            after = left * demand[best] + (1 - left) * total / number
        chosen = solutions.take(best, 0, scratch[: len(best)], "clip")
        _write(kept, cell[best], chosen, objectives[best], measures[best], after)
        stored[best] = True
    return Added(status, value, np.where(fine, cell, np.int32(-1)), stored)


def _boxes(grid: Grid, measures: Float[np.ndarray, "batch measures"]) -> Int32[np.ndarray, " batch"]:
    cell = np.zeros(len(measures), np.int32)
    for count, low, high, along in zip(grid.shape, grid.low, grid.high, measures.T, strict=True):
        low, wide = np.float32(low), np.float32(high) - np.float32(low)
        with np.errstate(over="ignore"):  # an infinite place is clipped to the edge like any other
            place = (np.float32(count) * (along - low) + np.float32(1e-6)) / wide
        cell *= np.int32(count)
        cell += np.clip(place, np.float32(0.0), np.float32(count - 1)).astype(np.int32)
    return cell


def _best(
    accepted: Bool[np.ndarray, " batch"], cell: Int32[np.ndarray, " batch"], objectives: Float[np.ndarray, " batch"]
) -> tuple[Int32[np.ndarray, " best"], Float[np.ndarray, " best"], Float[np.ndarray, " best"]]:
    """The best accepted candidate of each cell, in their order; how many its cell has, and their sum."""
    rows = np.flatnonzero(accepted)
    by = rows[np.lexsort((-objectives[rows], cell[rows]))]
    leads = np.flatnonzero(np.diff(cell[by], prepend=np.int32(-1)))
    number = np.diff(leads, append=len(by)).astype(np.float32)
    total = np.add.reduceat(objectives[by], leads)
    order = np.argsort(by[leads])
    return by[leads][order].astype(np.int32), number[order], total[order]


def _write(
    kept: Kept, cell: np.ndarray, solutions: np.ndarray, objectives: np.ndarray, measures: np.ndarray, after: np.ndarray
) -> None:
    first = cell[~kept.filled[cell]]
    size = int(kept.size)
    kept.order[size : size + len(first)] = first
    np.add(kept.size, len(first), out=kept.size)
    np.add(kept.added, len(cell), out=kept.added)
    kept.filled[cell] = True
    kept.solutions[cell], kept.objectives[cell], kept.measures[cell] = solutions, objectives, measures
    kept.thresholds[cell] = after


def _is_grid(archive: Container) -> TypeGuard[Grid]:
    return type(archive) is Grid


def _is_noise(emitter: Emitter) -> TypeGuard[GaussianEmitter | LineEmitter]:
    return type(emitter) in (GaussianEmitter, LineEmitter)
