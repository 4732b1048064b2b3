"""Who labels what: active learning with several annotators who make mistakes."""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Int16, PRNGKeyArray

from explora.core import NEW, Archive, Explorer, Lesson, Outcome, Parts, Questions, Space, Status, between
from explora.maths import activelab, next_labels

from ._query import generator, lesson_of

NOBODY, DECLINED = -1, -2


class Crowded(eqx.Module):
    """What a `Crowd` remembers.

    **Arguments:**

    - `votes`: the class that each annotator gave each item; -1: was not asked, -2: was asked and gave none.
    - `together`: the class that all who answered say together; -1: nobody has.
    - `known`: which items were answered from the start; nobody is asked about them.
    - `scores`: how little was known of each item when it was last looked at; higher is less.
    - `order`: as how manieth each was asked about first, from 0; -1: not yet.
    - `calls`: how many questions were asked.
    - `items`, `who`: what is asked next, and whom; -1: nothing.
    """

    votes: Int16[np.ndarray, "items annotators"]
    together: Int[np.ndarray, " items"]
    known: Bool[np.ndarray, " items"]
    scores: Float[np.ndarray, " items"]
    order: Int[np.ndarray, " items"]
    calls: Int[np.ndarray, ""]
    items: Int[np.ndarray, " batch"]
    who: Int[np.ndarray, " batch"]


class Crowd(Explorer[Crowded, Array]):
    """Asks for the label, or the second opinion, where least is known, from the best annotator who has not given one.

    ActiveLab's number says how much is known of every item, labelled or not; so labelling an item again competes with
    labelling a new one. How good each annotator is, CROWDLAB estimates from their agreement with each other and with
    the model. What several say together is decided by the domain, and the model learns from that.

    **Arguments:**

    - `batch`: how many questions are asked at a time.
    - `budget`: how many are asked in all; None: until everybody was asked about everything.
    - `capacity`: how many items each annotator is given in a batch at most; None: any number.

    **Reference:** Goh and Mueller 2023, ActiveLab (arXiv:2301.11856); Goh, Tkachenko and Mueller 2022, CROWDLAB
    (arXiv:2210.06812).
    """

    hosted: ClassVar[bool] = True

    batch: int = 10
    budget: int | None = None
    capacity: int | None = None

    def __check_init__(self):
        between("batch", self.batch, 1)
        if self.budget is not None:
            between("budget", self.budget, 1)
        if self.capacity is not None:
            between("capacity", self.capacity, 1)

    @property
    def rhythm(self) -> tuple[tuple[str, int], ...]:
        return (("look", 1), ("ask", 1))

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"items", "predictions", "classes"})

    def refuses(self, parts: Parts) -> str | None:
        if not isinstance(parts.domain, Questions):
            return f"Crowd asks questions and {type(parts.domain).__name__} has none; use the domain `pool`"
        if "annotators" not in parts.domain.provides:
            return (
                f"Crowd chooses between annotators and {type(parts.domain).__name__} has one oracle here; give the "
                "oracle several (`Annotators`, `Calling(several=3)`), or ask with Query"
            )
        return None

    def init(self, space: Space[Array], *, key: PRNGKeyArray) -> Crowded:
        given: Any = space.given  # pyright: ignore[reportAttributeAccessIssue]
        annotators: int = space.annotators  # pyright: ignore[reportAttributeAccessIssue]
        items = len(given.known)
        nothing = np.full(self.batch, -1, np.int64)
        return Crowded(
            votes=np.full((items, annotators), NOBODY, np.int16),
            together=np.where(given.known, given.values, -1).astype(np.int64),
            known=given.known.copy(),
            scores=np.zeros(items, np.float32),
            order=np.full(items, -1, np.int64),
            calls=np.array(0),
            items=nothing,
            who=nothing,
        )

    def ask(self, state: Crowded, space: Space[Array], phase: str, *, key: PRNGKeyArray) -> tuple[Crowded, Lesson]:
        if phase == "look":
            return state, lesson_of(np.arange(len(state.known)), False, plays=0, phase=phase)
        taken = state.items >= 0
        items, who, order = state.items[taken], state.who[taken], state.order.copy()
        new = items[order[items] < 0]
        order[new] = order.max(initial=-1) + 1 + np.arange(len(new))
        nothing = np.full(self.batch, -1, np.int64)
        state = dataclasses.replace(
            state, order=order, calls=np.array(int(state.calls) + len(items)), items=nothing, who=nothing
        )
        return state, lesson_of(items, True, who=who.astype(np.int32), phase=phase)

    def tell(
        self, state: Crowded, space: Space[Array], lesson: Lesson, outcome: Outcome, *, key: PRNGKeyArray
    ) -> Crowded:
        if lesson.plays == 0:
            return self._looked(state, outcome, key)
        items, told = np.asarray(lesson.tasks), np.asarray(outcome.status)
        who = np.zeros(len(items), np.int64) if lesson.who is None else np.asarray(lesson.who)
        answered, declined = told == Status.ANSWERED, told == Status.VOID
        votes, together = state.votes.copy(), state.together.copy()
        votes[items[declined], who[declined]] = DECLINED
        votes[items[answered], who[answered]] = np.asarray(outcome.said)[answered]
        together[items[answered]] = np.asarray(outcome.made)[answered]
        return dataclasses.replace(state, votes=votes, together=together)

    def finished(self, state: Crowded) -> str | None:
        if self.budget is not None and int(state.calls) >= self.budget:
            return f"the budget of {self.budget} questions is spent"
        if (state.items >= 0).any() or (state.votes[~state.known] == NOBODY).any():
            return None
        return "everybody has been asked about every item"

    def done(self, state: Crowded) -> float:
        open_items = int((~state.known).sum()) * state.votes.shape[1]
        return int(state.calls) / max(1, open_items if self.budget is None else min(open_items, self.budget))

    def archive(self, state: Crowded) -> Archive:
        ids = np.arange(len(state.known), dtype=np.int32)
        return Archive(ids, state.order >= 0, ids, np.full(len(ids), NEW, np.int32), state.scores)

    def metrics(self, state: Crowded) -> dict[str, Any]:
        opinions = (state.votes >= 0).sum(axis=1)
        return {"items": np.float32((opinions > 0).sum()), "again": np.float32((opinions > 1).sum())}

    def _looked(self, state: Crowded, outcome: Outcome, key: PRNGKeyArray) -> Crowded:
        looked_at = ~state.known & (np.asarray(outcome.status) == Status.ANSWERED)
        if not looked_at.any():
            return state
        # In an order of chance: while nothing tells items apart, they are a random sample.
        shuffled = generator(key).permutation(np.flatnonzero(looked_at))
        classes, chances = self._chances(state, np.asarray(outcome.predictions))
        votes = np.where(state.votes >= 0, np.searchsorted(classes, state.votes), -1)[shuffled]
        left = self.batch if self.budget is None else min(self.batch, self.budget - int(state.calls))
        declined = state.votes[shuffled] == DECLINED
        asked, who = next_labels(votes, chances[shuffled], left, capacity=self.capacity, declined=declined)
        by_person = np.argsort(who, kind="stable")
        items, people = np.full(self.batch, -1, np.int64), np.full(self.batch, -1, np.int64)
        items[: len(asked)], people[: len(asked)] = shuffled[asked][by_person], who[by_person]
        scores = state.scores.copy()
        scores[shuffled] = 1.0 - activelab(votes, chances[shuffled])
        return dataclasses.replace(state, items=items, who=people, scores=scores)

    def _chances(
        self, state: Crowded, predictions: Float[np.ndarray, "items members outputs"]
    ) -> tuple[Int[np.ndarray, " classes"], Float[np.ndarray, "items classes"]]:
        """The classes that anybody named, and the model's probabilities of them: 0 of those it was never told."""
        mine = np.unique(state.together[state.together >= 0])
        named = np.unique(np.concatenate([mine, state.votes[state.votes >= 0].astype(np.int64)]))
        classes = np.union1d(named, [0, 1]) if len(named) < 2 else named  # there is no choice between fewer than two
        chances = np.zeros((len(predictions), len(classes)))
        if len(mine):
            chances[:, np.searchsorted(classes, mine)] = predictions.mean(axis=1)
        else:
            chances[:] = 1 / len(classes)
        return classes, chances
