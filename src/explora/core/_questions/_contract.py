"""Domains whose tasks are the rows of a table, and playing one is asking what belongs to it."""

from typing import Generic, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int

from .._domain import Domain
from .._lesson import Task


class Expectation(NamedTuple):
    """What a model makes of items.

    **Arguments:**

    - `predictions`: `(rows, members, outputs)`: probabilities of the classes observed so far, or numbers.
    - `classes`: the number of the class that each output stands for; None where numbers are predicted.
    - `embeddings`: `(rows, features)`: how the model sees each item.
    - `losses`: the loss that the model expects of itself, if it does.
    """

    predictions: Float[np.ndarray, "rows members outputs"]
    classes: Int[np.ndarray, " outputs"] | None
    embeddings: Float[np.ndarray, "rows features"]
    losses: Float[np.ndarray, " rows"] | None = None


@runtime_checkable
class Predictor(Protocol):
    """What plays in `Questions`: a model that says what it expects."""

    def __call__(self, inputs: Float[np.ndarray, "rows features"]) -> Expectation:
        """What it makes of some items."""
        ...


class Targets(NamedTuple):
    """What belongs to items, as far as anybody has said.

    **Arguments:**

    - `values`: class numbers `(rows,)`, or numbers `(rows, outputs)`.
    - `known`: for which rows somebody has.
    - `classes`: whether the values are class numbers.
    """

    values: np.ndarray
    known: np.ndarray
    classes: bool


class Answers(eqx.Module):
    """What playing a lesson of questions recorded.

    **Arguments:**

    - `items`: which rows of the table were asked for.
    - `targets`: what was answered; of no meaning where the status is not ANSWERED.
    - `expected`: what the model made of the items before it was told.
    - `said`: where several may be asked about the same item: what the one who was asked said; the target is then what
      all who were asked so far say together.
    """

    items: Int[np.ndarray, " rows"]
    targets: np.ndarray
    expected: Expectation
    said: np.ndarray | None = None


class Questions(Domain[Task], Generic[Task]):
    """A domain whose tasks are row numbers of a table. Playing one asks an oracle; see `explora.domains.pool`."""

    @property
    def inputs(self) -> Float[np.ndarray, "items features"]:
        """What is known of every item before anybody is asked."""
        raise NotImplementedError

    @property
    def opposites(self) -> dict[int, int] | None:
        """Where each row holds two things: which class is right instead, once the two have changed places.

        The inputs of a row are then the negative of what they were. None: a row is one thing.
        """
        return None

    @property
    def given(self) -> Targets:
        """What is known of the answers before anybody is asked, for every item."""
        raise NotImplementedError
