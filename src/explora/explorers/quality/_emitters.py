"""Emitters propose candidates: mutations of what an archive keeps."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from explora.core import ArgumentError, between

from ._kept import Added, Kept


class Emitter(eqx.Module):
    """What proposes candidates, vectors of numbers: `init`, `ask` and `tell`, all pure.

    **Arguments:**

    - `batch`: how many candidates a turn has.
    - `low`, `high`: the least and the greatest number that a candidate may hold.
    """

    batch: int = eqx.field(static=True, default=64, kw_only=True)
    low: float = eqx.field(static=True, default=-float("inf"), kw_only=True)
    high: float = eqx.field(static=True, default=float("inf"), kw_only=True)

    @property
    def rows(self) -> int:
        """How many candidates a turn has."""
        return self.batch

    def init(self, start: Float[Array, " dims"]) -> Any:
        """The state of an emitter that has proposed nothing; `start` is where to begin."""
        return start

    def ask(self, state: Any, kept: Kept, *, key: PRNGKeyArray) -> Float[Array, "rows dims"]:
        """New candidates.

        **Arguments:**

        - `state`: this emitter's.
        - `kept`: what the archive holds.
        - `key`: the only source of chance.
        """
        raise NotImplementedError

    def tell(
        self,
        state: Any,
        kept: Kept,
        candidates: Float[Array, "rows dims"],
        objectives: Float[Array, " rows"],
        added: Added,
        *,
        key: PRNGKeyArray,
    ) -> Any:
        """The state after the candidates were judged.

        **Arguments:**

        - `state`: this emitter's.
        - `kept`: what the archive holds now, these candidates included.
        - `candidates`: what `ask` proposed.
        - `objectives`: how good each is.
        - `added`: what the archive made of them.
        - `key`: the only source of chance.
        """
        return state

    def inside(self, candidates: Float[Array, "rows dims"]) -> Float[Array, "rows dims"]:
        """The candidates with every number between `low` and `high`."""
        return jnp.clip(candidates, self.low, self.high)

    def _check(self) -> None:
        between("batch", self.batch, 1)
        if not self.low < self.high:
            raise ArgumentError(f"`low` must be less than `high`, got {self.low} and {self.high}")


class GaussianEmitter(Emitter):
    """Adds Gaussian noise to elites drawn evenly; to the start as long as there are none.

    **Arguments:**

    - `sigma`: the standard deviation of the noise.
    - `batch`, `low`, `high`: as in `Emitter`.

    **Reference:** Mouret and Clune 2015, Illuminating Search Spaces by Mapping Elites (arXiv:1504.04909), fig. 2.
    """

    sigma: float

    def __check_init__(self):
        between("sigma", self.sigma, 0.0)
        self._check()

    def ask(self, state: Any, kept: Kept, *, key: PRNGKeyArray) -> Float[Array, "rows dims"]:
        draw, noise = jr.split(key)
        parents = _parents(state, kept, self.batch, draw)
        return self.inside(parents + self.sigma * jr.normal(noise, parents.shape, parents.dtype))


class LineEmitter(Emitter):
    """Isotropic noise, and a step along the line to another elite: x + σ N(0, I) + σ_line (y - x) N(0, 1).

    **Arguments:**

    - `sigma`: of the isotropic noise.
    - `line`: σ_line, the standard deviation of the step, as a share of the way to the other elite.
    - `batch`, `low`, `high`: as in `Emitter`.

    **Reference:** Vassiliades and Mouret 2018, Discovering the Elite Hypervolume by Leveraging Interspecies Correlation
    (arXiv:1804.03906), eq. 4.
    """

    sigma: float = 0.01
    line: float = 0.2

    def __check_init__(self):
        between("sigma", self.sigma, 0.0)
        between("line", self.line, 0.0)
        self._check()

    def ask(self, state: Any, kept: Kept, *, key: PRNGKeyArray) -> Float[Array, "rows dims"]:
        one, other, noise, step = jr.split(key, 4)
        parents = _parents(state, kept, self.batch, one)
        toward = _parents(state, kept, self.batch, other) - parents
        candidates = parents + self.sigma * jr.normal(noise, parents.shape, parents.dtype)
        return self.inside(candidates + self.line * jr.normal(step, (self.batch, 1), parents.dtype) * toward)


def _parents(start: Array, kept: Kept, count: int, key: PRNGKeyArray) -> Float[Array, "count dims"]:
    """Elites drawn evenly; the start as long as there are none."""
    return jnp.where(kept.size > 0, kept.at(kept.draw(count, key=key)), start[None])
