"""Asking while items go by: the explorer of active learning on streams."""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from explora.core import Archive, Explorer, Lesson, Outcome, Parts, Questions, Score, Space, Status, between
from explora.scores import LeastConfident

from .._query import FREE, OPEN, PASSED, Queried, Query, asked_so_far, generator, lesson_of
from ..query import Random
from ._manager import BudgetManager
from ._quantile import BalancedQuantile


class Streamed(eqx.Module):
    """What a `Stream` remembers.

    **Arguments:**

    - `items`: of every item, as a `Query` does.
    - `coming`: the first item that has not gone by.
    - `manager`: what the budget manager remembers.
    """

    items: Queried
    coming: Int[np.ndarray, ""]
    manager: Any


class Stream(Explorer[Streamed, Array]):
    """Looks at items in their order, a few at a time, and asks for each of them now or never.

    A budget manager decides by how much each label is wanted. What it lets go is gone. Items that were answered from
    the start are learned from and pass without being decided on. While nothing tells items apart, because no two
    classes are known yet, a manager that follows quantiles asks for all of them; `budget` puts a hard end to that.

    **Arguments:**

    - `manager`: decides which items are worth a call; its own `budget` is the share of items that it may ask for.
    - `score`: how much each label is wanted; which score suits is said by the manager.
    - `batch`: how many items go by between two looks of a model that has learned from all answers before.
    - `budget`: how many items are asked for in all; None: as the manager says.

    **Reference:** Žliobaitė et al. 2014, Active Learning With Drifting Streaming Data.
    """

    hosted: ClassVar[bool] = True
    partial: ClassVar[bool] = True

    manager: BudgetManager = eqx.field(default_factory=BalancedQuantile)
    score: Score = eqx.field(default_factory=LeastConfident)
    batch: int = 10
    budget: int | None = None

    def __check_init__(self):
        between("batch", self.batch, 1)
        if self.budget is not None:
            between("budget", self.budget, 1)

    @property
    def needs(self) -> frozenset[str]:
        return self._book.needs | self.manager.needs

    @property
    def _book(self) -> Query:
        """Keeps what was asked and answered."""
        return Query(Random(), self.score, self.batch, self.budget)

    @property
    def _places(self) -> bool:
        """Whether the manager looks at where items lie: always the same place, whatever the model makes of it."""
        return "features" in self.manager.needs

    @property
    def rhythm(self) -> tuple[tuple[str, int], ...]:
        return (("look", 1), ("ask", 1))

    def refuses(self, parts: Parts) -> str | None:
        if not isinstance(parts.domain, Questions):
            return f"Stream asks questions and {type(parts.domain).__name__} has none; use the domain `pool`"
        return self._book.refuses(parts)

    def init(self, space: Space[Array], *, key: PRNGKeyArray) -> Streamed:
        manager = self.manager.init(len(space.feature_names) if self._places else 0)
        return Streamed(self._book.init(space, key=key), np.array(0), manager)

    def ask(self, state: Streamed, space: Space[Array], phase: str, *, key: PRNGKeyArray) -> tuple[Streamed, Lesson]:
        if phase == "look":
            return state, lesson_of(self._next(state), False, plays=0, phase=phase)
        items, lesson = self._book.ask(state.items, space, phase, key=key)
        return dataclasses.replace(state, items=items), lesson

    def tell(
        self, state: Streamed, space: Space[Array], lesson: Lesson, outcome: Outcome, *, key: PRNGKeyArray
    ) -> Streamed:
        if lesson.plays > 0:
            return dataclasses.replace(state, items=self._book.tell(state.items, space, lesson, outcome, key=key))
        seen = np.asarray(outcome.status) == Status.ANSWERED
        items, rows, left = state.items, np.asarray(lesson.tasks)[seen], np.asarray(lesson.tasks)[~seen]
        if not len(rows):
            return state
        scored, memory = self._book.scored(items, lesson, outcome)
        utilities = np.asarray(scored)[seen]
        places = np.asarray(jax.vmap(space.features)(jnp.asarray(rows))) if self._places else None
        asked, manager = self.manager.query(state.manager, utilities, rng=generator(key), embeddings=places)
        chosen = rows[asked]
        if self.budget is not None:
            chosen = chosen[: max(0, self.budget - asked_so_far(items))]
        wanted = np.full(self.batch, -1, np.int64)
        wanted[: len(chosen)] = chosen
        scores, status = items.scores.copy(), items.status.copy()
        scores[rows] = utilities
        status[np.setdiff1d(rows, chosen)] = PASSED
        items = dataclasses.replace(items, scores=scores, status=status, memory=memory, chosen=wanted)
        return Streamed(items, np.array(int(left.min() if len(left) else rows.max() + 1)), manager)

    def finished(self, state: Streamed) -> str | None:
        if (state.items.chosen >= 0).any():
            return None
        if self.budget is not None and asked_so_far(state.items) >= self.budget:
            return f"the budget of {self.budget} questions is spent"
        return None if len(self._next(state)) else "every item has gone by"

    def open(self, state: Streamed) -> Lesson | None:
        return self._book.open(state.items)

    def waiting(self, state: Streamed) -> bool:
        return self.finished(state) is not None and bool((state.items.status == OPEN).any())

    def done(self, state: Streamed) -> float:
        passed = float(state.coming) / max(1, len(state.items.status))
        return passed if self.budget is None else max(passed, asked_so_far(state.items) / self.budget)

    def archive(self, state: Streamed) -> Archive:
        return self._book.archive(state.items)

    def metrics(self, state: Streamed) -> dict[str, Any]:
        gone = max(1, int(state.coming))
        return {
            "passed": np.float32((state.items.status == PASSED).sum()),
            "share_asked": np.float32(asked_so_far(state.items) / gone),
        }

    def _next(self, state: Streamed) -> Int[np.ndarray, " window"]:
        """The next items that nobody has answered; none at the end."""
        coming = int(state.coming)
        free = coming + np.flatnonzero(state.items.status[coming:] == FREE)
        return free[: self.batch].astype(np.int32)
