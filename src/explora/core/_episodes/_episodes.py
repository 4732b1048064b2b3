"""Episodes of different lengths, end to end in flat arrays."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int, Int64

from .._errors import ArgumentError


@dataclasses.dataclass(frozen=True, eq=False)
class Episodes:
    """Whole episodes, each stored once; the steps of episode `e` are `offsets[e] … offsets[e + 1] - 1`.

    All arrays are on the host and may be memory-mapped; nothing here writes into them. A tree is a tree of arrays with
    the same leading axis (a plain array is one).

    **Arguments:**

    - `offsets`: `(episodes + 1,)` of `int64`, from 0 to the number of steps; every episode has at least one step.
    - `observation`: a tree, `(steps, …)`: what was seen before each action.
    - `final`: the same tree, `(episodes, …)`: what was seen after the last action.
    - `action`: `(steps, …)`.
    - `reward`: `(steps,)` of `float32`: what each action earned.
    - `terminated`: `(episodes,)` of bools: whether the episode ended by its own rules. False: it was cut off, which
      says nothing of what would have followed.
    - `achieved`: a tree, `(steps, …)`: what was reached after each action, in the terms in which goals are set (the
      cell, say); None where the domain sets none.
    - `columns`: by name one value an episode, `(episodes, …)`: of which task (`task`), by which version of the learner
      (`turn`), by which `member`, from which `seed`, how noisily (`epsilon`), whether `solved`, the `goal` asked for …
    """

    offsets: Int64[np.ndarray, " boundaries"]
    observation: Any
    final: Any
    action: np.ndarray
    reward: Float32[np.ndarray, " steps"]
    terminated: Bool[np.ndarray, " episodes"]
    achieved: Any = None
    columns: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)

    def __len__(self) -> int:
        """How many episodes there are."""
        return len(self.offsets) - 1

    @property
    def steps(self) -> int:
        """How many steps they have together."""
        return int(self.offsets[-1])

    @property
    def lengths(self) -> Int64[np.ndarray, " episodes"]:
        """How many steps each has."""
        return np.diff(self.offsets)

    @property
    def episode(self) -> Int64[np.ndarray, " steps"]:
        """To which episode each step belongs."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def time(self) -> Int64[np.ndarray, " steps"]:
        """How many steps of the same episode come before each step."""
        return np.arange(self.steps) - np.repeat(self.offsets[:-1], self.lengths)

    @property
    def rewards_before(self) -> Float64[np.ndarray, " boundaries"]:
        """The sum of all rewards before each step, and of all rewards: the return of any piece is a difference."""
        return np.concatenate([[0.0], np.cumsum(self.reward, dtype=np.float64)])

    @property
    def returns(self) -> Float32[np.ndarray, " episodes"]:
        """The undiscounted return of each."""
        return np.diff(self.rewards_before[self.offsets]).astype(np.float32)

    @property
    def returns_to_go(self) -> Float32[np.ndarray, " steps"]:
        """What each step and those after it in the same episode earned together, undiscounted."""
        before = self.rewards_before
        return (np.repeat(before[self.offsets[1:]], self.lengths) - before[:-1]).astype(np.float32)

    def after(self, step: Int[np.ndarray, " some"]) -> Any:
        """What was seen after the steps of these numbers, a tree `(some, …)`: `final` where an episode was over."""
        episode = np.searchsorted(self.offsets, step, side="right") - 1
        last = step + 1 == self.offsets[episode + 1]

        def picked(seen: np.ndarray, final: np.ndarray) -> np.ndarray:
            found = np.array(seen[np.where(last, step, step + 1)])
            found[last] = final[episode[last]]
            return found

        return jax.tree.map(picked, self.observation, self.final)

    def take(self, indices: Int[np.ndarray, " some"] | Bool[np.ndarray, " episodes"]) -> "Episodes":
        """The episodes of these numbers (or where a mask is set), in this order, in arrays of their own.

        **Raises:** `ArgumentError` for an episode that there is not.
        """
        chosen = np.flatnonzero(indices) if indices.dtype == bool else np.asarray(indices, np.int64)
        if len(chosen) and not (-len(self) <= chosen.min() and chosen.max() < len(self)):
            raise ArgumentError(f"`indices` must be less than {len(self)}, the number of episodes; got {chosen.max()}")
        chosen = chosen % max(len(self), 1)
        lengths = self.lengths[chosen]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        steps = np.arange(offsets[-1]) + np.repeat(self.offsets[chosen] - offsets[:-1], lengths)
        return self._each(lambda x: x[steps], lambda x: x[chosen], offsets)

    def to_arrays(self) -> "Episodes":
        """The same in memory: memory maps are read, nothing else is copied."""
        return self._each(_in_memory, _in_memory, _in_memory(self.offsets))

    @classmethod
    def concatenate(cls, parts: Sequence["Episodes"]) -> "Episodes":
        """One after the other.

        **Arguments:**

        - `parts`: at least one; their trees and the names of their columns must agree.

        **Raises:** `ArgumentError` if they do not.
        """
        if not parts:
            raise ArgumentError("`parts` must hold at least one set of episodes, got none")
        _alike(parts)
        starts = np.cumsum([0, *(part.steps for part in parts)])
        offsets = [part.offsets[:-1] + start for part, start in zip(parts, starts)]
        join = lambda name: jax.tree.map(lambda *xs: np.concatenate(xs), *(getattr(part, name) for part in parts))
        fields = [field.name for field in dataclasses.fields(cls) if field.name != "offsets"]
        return cls(np.concatenate([*offsets, starts[-1:]]), **{name: join(name) for name in fields})

    def checked(self) -> "Episodes":
        """Returns itself, or says what is wrong with the shapes.

        **Raises:** `ArgumentError` that names the array, what was expected and what came.
        """
        offsets = self.offsets
        if offsets.ndim != 1 or not len(offsets) or offsets[0] != 0 or offsets.dtype != np.int64:
            raise ArgumentError("`offsets` must be a row of int64 that begins with 0; an empty store has `[0]`")
        empty = np.flatnonzero(np.diff(offsets) < 1)
        if len(empty):
            raise ArgumentError(
                f"`offsets` must rise: episode {empty[0]} would have {np.diff(offsets)[empty[0]]} steps; leave it out"
            )
        for what, count, names in (
            ("steps", self.steps, ("observation", "action", "reward", "achieved")),
            ("episodes", len(self), ("final", "terminated", "columns")),
        ):
            for name in names:
                for path, x in jax.tree_util.tree_leaves_with_path(getattr(self, name)):
                    if x.ndim < 1 or len(x) != count:
                        raise ArgumentError(
                            f"`{name}{jax.tree_util.keystr(path)}` must have one entry for each of the {count} {what}, "
                            f"got the shape {x.shape}"
                        )
        for name, kind in (("reward", np.float32), ("terminated", np.bool_)):
            found = getattr(self, name).dtype
            if found != kind:
                raise ArgumentError(f"`{name}` must be of {kind.__name__}, got {found}; use `.astype`")
        seen, final = (jax.tree.map(lambda x: (x.shape[1:], x.dtype), tree) for tree in (self.observation, self.final))
        if seen != final:
            raise ArgumentError(f"`final` must look like one entry of `observation`, {seen}; got {final}")
        return self

    def _each(
        self, by_step: Callable[[np.ndarray], Any], by_episode: Callable[[np.ndarray], Any], offsets: np.ndarray
    ) -> "Episodes":
        """The episodes after one function of the arrays of steps and another of those of episodes."""
        each = {"observation": by_step, "action": by_step, "reward": by_step, "achieved": by_step}
        each |= {"final": by_episode, "terminated": by_episode, "columns": by_episode}
        return Episodes(offsets, **{name: jax.tree.map(change, getattr(self, name)) for name, change in each.items()})


def _in_memory(x: np.ndarray) -> np.ndarray:
    return np.array(x) if isinstance(x, np.memmap) else x


def _alike(parts: Sequence[Episodes]) -> None:
    names = ("observation", "action", "achieved", "columns")
    first, *others = ({name: _looks(getattr(part, name)) for name in names} for part in parts)
    for number, other in enumerate(others, start=1):
        for name in names:
            if first[name] != other[name]:
                raise ArgumentError(
                    f"`{name}` must look alike in all parts: {first[name]} in the first, {other[name]} in part "
                    f"{number}; keep experience of different domains apart"
                )


def _looks(tree: Any) -> Any:
    """Shapes and types; texts of different lengths are alike."""
    return jax.tree.map(lambda x: (x.shape[1:], "text" if x.dtype.kind == "U" else str(x.dtype)), tree)
