"""A manager that asks only where items lie close together."""

from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float

from explora.core import ArgumentError

from .._checks import between
from ._manager import BudgetManager, one_each
from ._thresholds import RandomVariableUncertainty


class DensityState(eqx.Module):
    """What `StreamDensity` remembers.

    **Arguments:**

    - `recent`: the embeddings of the last items, newest last; NaN where there is none yet.
    - `nearest`: how far the nearest other item was from each of them, when both were there.
    - `inner`: the state of the manager that decides.
    """

    recent: Float[np.ndarray, "window dims"]
    nearest: Float[np.ndarray, " window"]
    inner: Any


class StreamDensity(BudgetManager[DensityState]):
    """Lets another manager decide, but only about items that lie where others do.

    An item counts as dense if it is nearer to at least one of the last items than all others have been: outliers are
    nobody's nearest neighbour, and their labels help nobody.

    **Arguments:**

    - `budget`: of `inner`, if that is not given.
    - `inner`: decides about the dense items, and takes note of the others; by default the paper's randomised threshold,
      which counts its calls from the beginning.
    - `window`: how many items are remembered.

    Utilities are those of `inner`; the paper uses 1 minus the margin between the two likeliest classes.

    **Reference:** Ienco, Žliobaitė and Pfahringer 2014, High Density-Focused Uncertainty Sampling for Active Learning
    over Evolving Stream Data.
    """

    inner: BudgetManager | None = None
    window: int = eqx.field(static=True, default=100)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"features"})

    def __check_init__(self):
        between("window", self.window, 1)
        if self.inner is not None and self.inner.budget != self.budget:
            raise ArgumentError(
                f"`budget`={self.budget} is not that of `inner`, {self.inner.budget}; give both the same"
            )

    @property
    def deciding(self) -> BudgetManager:
        """The manager that decides about dense items."""
        return RandomVariableUncertainty(budget=self.budget, window=None) if self.inner is None else self.inner

    def init(self, dims: int = 0) -> DensityState:
        between("dims", dims, 1)
        recent, nearest = np.full((self.window, dims), np.nan), np.full(self.window, np.nan)
        return DensityState(recent, nearest, self.deciding.init(dims))

    def query(self, state, utilities, *, rng, embeddings=None) -> tuple[Bool[np.ndarray, " items"], DensityState]:
        if embeddings is None or embeddings.shape != (len(utilities), state.recent.shape[1]):
            came = None if embeddings is None else embeddings.shape
            raise ArgumentError(f"`embeddings` must have shape {(len(utilities), state.recent.shape[1])}, got {came}")
        asked = np.zeros(len(utilities), bool)
        recent, nearest, inner = state.recent, state.nearest, state.inner
        for place, point in enumerate(embeddings):
            one = utilities[place : place + 1]
            recent, nearest, dense = _arrived(recent, nearest, point)
            decision, after = self.deciding.query(inner, one, rng=rng, embeddings=embeddings[place : place + 1])
            # A sparse item has taken its share of chance too, so that the rest of the stream does not shift.
            inner = after if dense else self.deciding.record(inner, one, np.zeros(1, bool))
            asked[place] = dense and decision[0]
        return asked, DensityState(recent, nearest, inner)

    def record(self, state, utilities, asked) -> DensityState:
        one_each(utilities, asked)
        return DensityState(state.recent, state.nearest, self.deciding.record(state.inner, utilities, asked))


def _arrived(
    recent: Float[np.ndarray, "window dims"], nearest: Float[np.ndarray, " window"], point: Float[np.ndarray, " dims"]
) -> tuple[Float[np.ndarray, "window dims"], Float[np.ndarray, " window"], bool]:
    """The memory with one item more, and whether that is the new nearest neighbour of any other."""
    apart = np.linalg.norm(recent - point[None], axis=1)  # NaN where there is no item: nearer than nothing
    closer = apart < nearest
    own = np.min(apart, initial=np.inf, where=~np.isnan(apart))
    nearest = np.append(np.where(closer, apart, nearest)[1:], own)
    return np.concatenate([recent[1:], point[None].astype(recent.dtype)]), nearest, bool(closer.any())
