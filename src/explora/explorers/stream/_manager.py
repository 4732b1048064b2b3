"""What all budget managers share: items come one after the other, and each is asked about now or never."""

from typing import Generic, TypeVar

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float, Int

from explora.core import ArgumentError, Part

from .._checks import between

State = TypeVar("State")


class BudgetManager(Part, Generic[State]):
    """Decides for each item of a stream whether its label is worth a call, within a share of all items.

    Items are decided on in their order, each knowing what was decided before it: a batch is asked about as it would
    have been one by one. The state is a pytree of arrays, so that a stream can be interrupted anywhere. An item whose
    utility is NaN is never asked about, but goes by as any other.

    **Arguments:**

    - `budget`: the share of items that may be asked about.
    """

    hosted = True

    budget: float = eqx.field(static=True, default=0.1)

    def __check_init__(self):
        between("budget", self.budget, 0.0, 1.0, strict=True)

    def init(self, dims: int = 0) -> State:
        """The state before the first item.

        **Arguments:**

        - `dims`: how long the embeddings are, for managers that look at them.
        """
        raise NotImplementedError

    def query(
        self,
        state: State,
        utilities: Float[np.ndarray, " items"],
        *,
        rng: np.random.Generator,
        embeddings: Float[np.ndarray, "items dims"] | None = None,
    ) -> tuple[Bool[np.ndarray, " items"], State]:
        """Decides on the next items.

        **Arguments:**

        - `state`: as `init`, the last `query` or `record` left it.
        - `utilities`: how much each label is wanted; which numbers are meant is said by the manager.
        - `rng`: the only source of chance. Every item takes equally much of it, whatever is decided.
        - `embeddings`: where each item lies, for managers that look at it.

        **Returns:** which items to ask about, and the new state.
        """
        raise NotImplementedError

    def record(self, state: State, utilities: Float[np.ndarray, " items"], asked: Bool[np.ndarray, " items"]) -> State:
        """Takes note of items that somebody else decided on: labels that came with the stream, or were refused.

        **Arguments:**

        - `state`: as before.
        - `utilities`: of the items.
        - `asked`: whether a label was paid for.

        **Returns:** the new state.
        """
        raise NotImplementedError


class Counts(eqx.Module):
    """What a manager remembers that only counts.

    **Arguments:**

    - `seen`: how many items have gone by.
    - `asked`: how many of them were asked about.
    """

    seen: Int[np.ndarray, ""]
    asked: Int[np.ndarray, ""]


def one_each(utilities: Float[np.ndarray, " items"], asked: Bool[np.ndarray, " decided"]) -> None:
    """Complains unless there is one decision an item."""
    if len(utilities) != len(asked):
        raise ArgumentError(f"`asked` must have one entry for each of {len(utilities)} items, got {len(asked)}")


def number(value: float) -> Float[np.ndarray, ""]:
    """A number as it is kept in a state."""
    return np.array(float(value))


def count(value: int) -> Int[np.ndarray, ""]:
    """A count as it is kept in a state."""
    return np.array(int(value))
