"""Ask and tell for functions that are not ours: NumPy in and out, with the order of calls watched."""

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from explora.core import ArgumentError, Rowwise, turn_keys

from ._kept import Added, Kept, Summary, summary
from ._on_host import OnHost
from ._search import Search, SearchState


class Found(NamedTuple):
    """The filled cells of an archive, in the order in which they were filled, as NumPy arrays.

    **Arguments:**

    - `solutions`: `(elites, dims)`.
    - `objectives`: how good each is.
    - `measures`: what it is like.
    - `cells`: where each belongs.
    """

    solutions: np.ndarray
    objectives: np.ndarray
    measures: np.ndarray
    cells: np.ndarray


class Scheduler:
    """Runs a `Search` for a function on the host: ask, evaluate, tell, in turn.

    ```python
    scheduler = Scheduler(map_elites(Grid((50, 50), (-1.0, -1.0), (1.0, 1.0)), sigma=0.1), np.zeros(10), seed=0)
    for _ in range(1000):
        solutions = scheduler.ask()
        scheduler.tell(objectives(solutions), measures(solutions))
    scheduler.summary().qd_score
    ```

    Nothing but the seed and what is told decides what is asked. Grids filled by `GaussianEmitter` and `LineEmitter`
    alone are searched in NumPy, which is faster for batches of some hundreds; all else is compiled.

    **Arguments:**

    - `search`: the archive and the emitters.
    - `start`: a vector, where to begin.
    - `seed`: of all its chance.

    **Raises:** `ArgumentError` if `start` is not a vector of finite numbers.
    """

    def __init__(self, search: Search, start: Any, seed: int = 0):
        vector = np.asarray(start, np.float32)
        if vector.ndim != 1 or not len(vector) or not np.all(np.isfinite(vector)):
            raise ArgumentError(f"`start` must be a vector of finite numbers, got shape {vector.shape}")
        self.search, self.seed = search, seed
        self._side = OnHost(search) if OnHost.fits(search) else _Compiled(search)
        self._state = self._side.init(vector)
        self._asked: Any = None  # as its side has them, which needs them again in `tell`

    def ask(self) -> np.ndarray:
        """The next solutions to evaluate, `(rows, dims)`.

        **Raises:** `ArgumentError` if those of the last call were not told yet.
        """
        if self._asked is not None:
            raise ArgumentError(
                f"`ask` and `tell` must take turns: tell what came of the {len(self._asked)} solutions first, or get "
                "them again from `asked`"
            )
        self._asked = self._side.ask(self._state, self.seed)
        return np.array(self._asked)

    def tell(self, objectives: Any, measures: Any) -> Added:
        """Takes in what the solutions that were asked for are worth and what they are like.

        Rows that hold a number that is not finite (the simulation crashed) are passed over and change nothing else.

        **Arguments:**

        - `objectives`: one a solution, larger is better; None where nobody knows, as in novelty search: all 0.
        - `measures`: a row for each.

        **Returns:** what the archive made of each, as NumPy arrays.

        **Raises:** `ArgumentError` if nothing was asked, or if the shapes do not fit; nothing is told then.
        """
        if self._asked is None:
            raise ArgumentError("`tell` must follow `ask`, each answer once; nothing is waiting to be told")
        rows, dims = len(self._asked), self.search.archive.dims
        worth = np.zeros(rows, np.float32) if objectives is None else _numbers("objectives", objectives, (rows,))
        like = _numbers("measures", measures, (rows, dims))
        self._state, added = self._side.tell(self._state, self._asked, worth, like, self.seed)
        self._asked = None
        return added

    @property
    def asked(self) -> np.ndarray | None:
        """The solutions that wait to be told, or None."""
        return None if self._asked is None else np.array(self._asked)

    @property
    def state(self) -> SearchState:
        """What the search remembers: a copy, as the next `tell` writes into the same memory."""
        return jax.tree.map(lambda x: x.copy(), self._state)

    def found(self) -> Found:
        """What was found so far."""
        kept = jax.tree.map(np.array, self.search.found(self._state))
        cells = kept.order[: int(kept.size)]
        return Found(kept.solutions[cells], kept.objectives[cells], kept.measures[cells], cells)

    def summary(self, offset: float = 0.0) -> Summary:
        """How much was found so far.

        **Arguments:**

        - `offset`: the least objective there can be, for the QD score.
        """
        return jax.tree.map(np.asarray, _summary(self.search.found(self._state), offset))

    def freeze(self) -> dict[str, np.ndarray]:
        """Everything that it remembers, as named arrays: for `np.savez`, or safetensors."""
        arrays = {name: np.array(leaf) for name, leaf in _leaves(self._state)}
        waiting = () if self._asked is None else (("asked", np.array(self._asked)),)
        return arrays | {"seed": np.asarray(self.seed), **dict(waiting)}

    def thaw(self, frozen: Mapping[str, np.ndarray]) -> None:
        """Goes on where `freeze` was called, in a scheduler of the same search.

        **Arguments:**

        - `frozen`: what `freeze` returned.

        **Raises:** `ArgumentError` if it comes from another kind of search; nothing is changed then.
        """
        own = dict(_leaves(self._state))
        missing = sorted({*own, "seed"} - set(frozen))
        if missing:
            raise ArgumentError(f"`frozen` must come from the same search; it lacks {', '.join(missing[:3])}")
        leaves = []
        for name, leaf in own.items():
            array = np.asarray(frozen[name])
            if array.shape != leaf.shape or array.dtype != leaf.dtype:
                raise ArgumentError(
                    f"`frozen` must come from the same search; {name} is {array.dtype}{list(array.shape)}, here "
                    f"{leaf.dtype}{list(leaf.shape)}"
                )
            leaves.append(self._side.array(array))
        asked = self._side.array(np.asarray(frozen["asked"], np.float32)) if "asked" in frozen else None
        shape = (self.search.rows, self._state.kept.solutions.shape[1])
        if asked is not None and asked.shape != shape:
            raise ArgumentError(f"`frozen` must come from the same search; asked has shape {asked.shape}, here {shape}")
        self._state = jax.tree.unflatten(jax.tree.structure(self._state), leaves)
        self.seed = int(frozen["seed"])
        self._asked = asked


def _numbers(name: str, given: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(given)
    if array.shape != shape or not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
        raise ArgumentError(f"`{name}` must be numbers of shape {shape}, got {array.dtype} of shape {array.shape}")
    with np.errstate(over="ignore"):  # what is too large for 32 bits becomes infinite, and is passed over
        return array.astype(np.float32)


def _leaves(state: SearchState) -> list[tuple[str, Rowwise]]:
    """Every array of the state and its name."""
    pairs = jax.tree_util.tree_flatten_with_path(state)[0]
    return [(jax.tree_util.keystr(path).lstrip("."), leaf) for path, leaf in pairs]


class _Compiled:
    """How a search is run as two programs.

    It comes in two parts, so that two schedulers of the same search share the programs and a call costs little.
    """

    def __init__(self, search: Search):
        self.arrays, self.rest = eqx.partition(search, eqx.is_array)

    @staticmethod
    def array(given: np.ndarray) -> Array:
        return jnp.array(given)

    def init(self, start: np.ndarray) -> SearchState:
        return _init(self.rest, self.arrays, jnp.asarray(start))

    def ask(self, state: SearchState, seed: int) -> Array:
        return _ask(self.rest, self.arrays, state, _root(seed))

    def tell(
        self, state: SearchState, asked: Array, objectives: np.ndarray, measures: np.ndarray, seed: int
    ) -> tuple[SearchState, Added]:
        state, added = _tell(self.rest, self.arrays, state, asked, objectives, measures, _root(seed))
        return state, jax.tree.map(np.asarray, added)


@lru_cache(16)
def _root(seed: int) -> PRNGKeyArray:
    return jr.key(seed)


@partial(jax.jit, static_argnums=0)
def _init(rest: Search, arrays: Search, start: Float[Array, " dims"]) -> SearchState:
    # Copied: `start` stands in more places than one, and each is written to when its turn comes.
    return jax.tree.map(jnp.copy, eqx.combine(rest, arrays).init(start))


@partial(jax.jit, static_argnums=0)
def _ask(rest: Search, arrays: Search, state: SearchState, root: PRNGKeyArray) -> Float[Array, "rows dims"]:
    return eqx.combine(rest, arrays).ask(state, key=turn_keys(root, state.turns, 2)[0])


@partial(jax.jit, static_argnums=0, donate_argnums=2)
def _tell(
    rest: Search, arrays: Search, state: SearchState, asked: Any, objectives: Any, measures: Any, root: PRNGKeyArray
) -> tuple[SearchState, Added]:
    key = turn_keys(root, state.turns, 2)[1]
    return eqx.combine(rest, arrays).tell(state, asked, objectives, measures, key=key)


@jax.jit
def _summary(kept: Kept, offset: Any) -> Summary:
    return summary(kept, offset)
