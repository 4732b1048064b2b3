"""Asking for the labels worth most: the explorer of active learning."""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Int, Int8, PRNGKeyArray

from explora.core import (
    NEW,
    Archive,
    CombinationError,
    Explorer,
    Lesson,
    Outcome,
    Parts,
    Questions,
    Score,
    Space,
    Status,
    between,
)

from .query import Candidates, Selector, Top
from .stopping import KappaStability, StoppingRule

FREE, OPEN, KNOWN, REFUSED, PASSED = 0, 1, 2, 3, 4


class Queried(eqx.Module):
    """What a `Query` remembers of every item of the pool.

    **Arguments:**

    - `status`: 0 free, 1 asked and not yet answered, 2 answered, 3 refused, 4 let go.
    - `answers`: the class that each was answered with; -1 where it was not, or where numbers are predicted.
    - `targets`: the numbers that each was answered with; not-a-number where it was not; no columns for classes.
    - `scores`: how much worth asking each looked when last looked at, or when it was asked for; 0 before.
    - `memory`: what the score remembers of each.
    - `order`: as how manieth each was asked, from 0; -1: not yet, or known without asking.
    - `chosen`: what is asked next.
    - `advice`: what the stopping rule remembers.
    - `heard`: how many answers there were when it last saw a model.
    """

    status: Int8[np.ndarray, " items"]
    answers: Int[np.ndarray, " items"]
    targets: Float[np.ndarray, "items outputs"]
    scores: Float[np.ndarray, " items"]
    memory: Any
    order: Int[np.ndarray, " items"]
    chosen: Int[np.ndarray, " batch"]
    advice: Any
    heard: Int[np.ndarray, ""]


class Query(Explorer[Queried, Array]):
    """Looks at the whole pool with the eyes of the present model, asks for the batch worth most, and looks again.

    Two kinds of round take turns: in `look` nobody is asked and the model says what it expects of every item; in `ask`
    the oracle is asked for the chosen ones, and the model learns from the answers. Items that are refused are not
    asked again; items still waiting for an answer are left alone. Where there are several annotators, each question
    goes to one of them by chance (`Crowd` chooses whom).

    **Arguments:**

    - `select`: which batch to ask for, given what is known of every item.
    - `score`: how much each item is worth asking for; None: the selector needs no score.
    - `batch`: how many items are asked for at a time.
    - `budget`: how many are asked for in all; None: every one.
    - `look`: how many items to look at, drawn at random; None: all of them.
    - `ahead`: how many items may be out at a time, asked for and not answered; None: a batch. It matters where answers
      come late: a person who has one more item at hand need not wait for the model, but older choices are worse ones.
    - `stop`: a rule that says when asking on is no longer worth it. It compares models at least a batch of answers
      apart by what they say of the whole pool, so it is silent where only some of it is looked at, or numbers are
      predicted.
    - `heed`: whether to stop when the rule says so; else its advice is only noted.

    **Reference:** Settles 2009, Active Learning Literature Survey, sec. 2.3 and 3.
    """

    hosted: ClassVar[bool] = True
    partial: ClassVar[bool] = True

    select: Selector = eqx.field(default_factory=Top)
    score: Score | None = None
    batch: int = 10
    budget: int | None = None
    look: int | None = None
    ahead: int | None = None
    stop: StoppingRule = eqx.field(default_factory=KappaStability)
    heed: bool = False

    def __check_init__(self):
        between("batch", self.batch, 1)
        if self.budget is not None:
            between("budget", self.budget, 1)
        if self.look is not None:
            between("look", self.look, 1)
        if self.ahead is not None:
            between("ahead", self.ahead, 1)

    @property
    def rhythm(self) -> tuple[tuple[str, int], ...]:
        return (("look", 1), ("ask", 1))

    @property
    def needs(self) -> frozenset[str]:
        scored = frozenset() if self.score is None else self.score.needs
        # what it gives its own selector, and what `refuses` has a better sentence for, nobody else has to provide
        return (frozenset({"items", "predictions"}) | self.select.needs | self.stop.needs | scored) - {
            "scores",
            "answers",
            "targets",
            "classes",
        }

    def refuses(self, parts: Parts) -> str | None:
        if not isinstance(parts.domain, Questions):
            return f"Query asks questions and {type(parts.domain).__name__} has none; use the domain `pool`"
        if self.score is not None and "features" in self.score.needs:
            return (
                f"{type(self.score).__name__} scores tasks by their features, and the items of a pool are what they "
                "are; give Query the score inside it"
            )
        of_classes = [part for part in (self.select, self.score) if part and {"answers", "classes"} & part.needs]
        if of_classes and not parts.domain.given.classes:
            return (
                f"{type(of_classes[0]).__name__} tells classes apart; {type(parts.domain).__name__} predicts numbers, "
                "or several labels at once, here; use `max-herding`, `greedy` or `variance`"
            )
        if "scores" in self.select.needs and self.score is None:
            return f"{type(self.select).__name__} chooses by score and there is none; give `score`, Margin() say"
        if self.heed and (self.look is not None or not parts.domain.given.classes):
            return (
                f"{type(self.stop).__name__} compares what models say of the class of every item; to heed it, look at "
                "all items (`look` None) of a domain of classes, or let `budget` end the run"
            )
        return None

    def init(self, space: Space[Array], *, key: PRNGKeyArray) -> Queried:
        rows = _rows(space)
        status, answers = np.zeros(rows, np.int8), np.full(rows, -1, np.int64)
        given = space.given  # pyright: ignore[reportAttributeAccessIssue]
        status[given.known] = KNOWN
        targets = np.full((rows, 0 if given.classes else given.values.shape[1]), np.nan, np.float32)
        if given.classes:
            answers[given.known] = given.values[given.known]
        else:
            targets[given.known] = given.values[given.known]
        row = () if self.score is None else self.score.init()
        memory = jax.tree.map(lambda x: np.broadcast_to(np.asarray(x), (rows, *np.shape(x))).copy(), row)
        never, nothing = np.full(rows, -1, np.int64), np.full(self.batch, -1, np.int64)
        return Queried(
            status=status,
            answers=answers,
            targets=targets,
            scores=np.zeros(rows, np.float32),
            memory=memory,
            order=never,
            chosen=nothing,
            advice=self.stop.init(rows),
            heard=np.array(0),
        )

    def ask(self, state: Queried, space: Space[Array], phase: str, *, key: PRNGKeyArray) -> tuple[Queried, Lesson]:
        if phase == "look":
            return state, lesson_of(self._seen(state, key), False, plays=0, phase=phase)
        items = state.chosen[state.chosen >= 0]
        status, order = state.status.copy(), state.order.copy()
        status[items] = OPEN
        order[items] = order.max(initial=-1) + 1 + np.arange(len(items))
        nothing = np.full(self.batch, -1, np.int64)
        state = dataclasses.replace(state, status=status, order=order, chosen=nothing)
        annotators = getattr(space, "annotators", 1)
        who = None if annotators == 1 else generator(key).integers(0, annotators, len(items), dtype=np.int32)
        return state, lesson_of(items, True, who=who, phase=phase)

    def tell(
        self, state: Queried, space: Space[Array], lesson: Lesson, outcome: Outcome, *, key: PRNGKeyArray
    ) -> Queried:
        if lesson.plays == 0:
            return self._looked(state, lesson, outcome, key)
        items, told = np.asarray(lesson.tasks), np.asarray(outcome.status)
        status, answers, targets = state.status.copy(), state.answers.copy(), state.targets.copy()
        order = state.order.copy()
        if lesson.memo is not None:  # asked by this run, in turns that were forgotten when it died: they count
            mine = items[(told != Status.WAITING) & (status[items] == FREE)]
            order[mine] = order.max(initial=-1) + 1 + np.arange(len(mine))
        status[items[told == Status.ANSWERED]] = KNOWN
        status[items[told == Status.VOID]] = REFUSED
        answered = told == Status.ANSWERED
        if outcome.made is not None:
            said = np.asarray(outcome.made)[answered]
            (targets if targets.shape[1] else answers)[items[answered]] = said
        memory = state.memory
        if jax.tree.leaves(memory):
            memory = self.scored(state, lesson, outcome)[1]
        return dataclasses.replace(state, status=status, answers=answers, targets=targets, memory=memory, order=order)

    def finished(self, state: Queried) -> str | None:
        if self.budget is not None and asked_so_far(state) >= self.budget:
            return f"the budget of {self.budget} questions is spent"
        if self.heed and self.stop.stop(state.advice):
            return f"{type(self.stop).__name__} says {self.stop.reason(state.advice)}"
        if (state.status == FREE).any() or (state.chosen >= 0).any():
            return None
        return "every item has been asked for"

    def open(self, state: Queried) -> Lesson | None:
        rows = np.flatnonzero((state.status == FREE) | (state.status == OPEN))
        return lesson_of(rows, True, phase="ask") if len(rows) else None

    def waiting(self, state: Queried) -> bool:
        out = int((state.status == OPEN).sum())
        return out > 0 and (out >= self._ahead or self.finished(state) is not None)

    @property
    def _ahead(self) -> int:
        return self.batch if self.ahead is None else self.ahead

    def done(self, state: Queried) -> float:
        items = int((state.status == FREE).sum()) + asked_so_far(state)
        return asked_so_far(state) / max(1, items if self.budget is None else min(items, self.budget))

    def archive(self, state: Queried) -> Archive:
        ids = np.arange(len(state.status), dtype=np.int32)
        asked = (state.order >= 0) & np.isfinite(state.scores)
        return Archive(ids, asked, ids, np.full(len(ids), NEW, np.int32), state.scores)

    def metrics(self, state: Queried) -> dict[str, Any]:
        return {
            "free": np.float32((state.status == FREE).sum()),
            "refused": np.float32((state.status == REFUSED).sum()),
            "stop": np.float32(self.stop.stop(state.advice)),
        }

    def freeze(self, state: Queried) -> Any:
        return state

    def _seen(self, state: Queried, key: PRNGKeyArray) -> np.ndarray:
        """The rows to look at: whatever is known already, and all or some of the others."""
        rows = np.arange(len(state.status))
        free = np.flatnonzero(state.status == FREE)
        if self.look is None or self.look >= len(free):
            return rows
        some = generator(key).choice(free, self.look, replace=False)
        return np.sort(np.concatenate([rows[state.status == KNOWN], some]))

    def _looked(self, state: Queried, lesson: Lesson, outcome: Outcome, key: PRNGKeyArray) -> Queried:
        items, seen = np.asarray(lesson.tasks), np.asarray(outcome.status) == Status.ANSWERED
        if not seen.any():
            return state
        outcome = with_outputs(outcome)
        state = self._told_of_given(state, items, outcome, seen)
        score, memory = self.scored(state, lesson, outcome)
        candidates = Candidates(
            free=seen & (state.status[items] == FREE),
            known=seen & (state.status[items] == KNOWN),
            answers=state.answers[items],
            scores=score,
            predictions=outcome.predictions,
            embeddings=outcome.embeddings,
            targets=state.targets[items] if state.targets.shape[1] else None,
        )
        left = min(self.batch, self._ahead - int((state.status == OPEN).sum()))
        if self.budget is not None:
            left = min(left, self.budget - asked_so_far(state))
        best = items[self.select(candidates, left, rng=generator(key))] if left > 0 else items[:0]
        chosen = np.full(self.batch, -1, np.int64)
        chosen[: len(best)] = best
        scores = state.scores.copy()
        if score is not None:  # of those asked for already it stays what it was when they were chosen
            scores[items[candidates.free]] = score[candidates.free]
        state = dataclasses.replace(state, scores=scores, memory=memory, chosen=chosen)
        return self._advised(state, np.asarray(outcome.predictions)) if seen.all() else state

    def _told_of_given(self, state: Queried, items: np.ndarray, outcome: Outcome, seen: np.ndarray) -> Queried:
        """Before the first question a score that remembers is told which answers were known from the start."""
        given = seen & (state.status[items] == KNOWN)
        if asked_so_far(state) or not given.any() or not jax.tree.leaves(state.memory):
            return state
        theirs = jax.tree.map(lambda x: np.asarray(x)[given], outcome)
        return dataclasses.replace(state, memory=self.scored(state, lesson_of(items[given], True), theirs)[1])

    def _advised(self, state: Queried, predictions: Float[np.ndarray, "rows members outputs"]) -> Queried:
        """The stopping rule is shown a model of the whole pool, if enough answers have come since the last one."""
        known, before = int((state.status == KNOWN).sum()), int(state.heard)
        classes = np.unique(state.answers[state.status == KNOWN])
        comparable = len(predictions) == len(state.status) and predictions.shape[2] == len(classes)
        if state.targets.shape[1] or not comparable or len(classes) < 2 or 0 < before > known - self.batch:
            return state
        chances = predictions.mean(1)
        advice = self.stop.update(
            state.advice, classes[chances.argmax(1)], probabilities=chances, calls=asked_so_far(state)
        )
        return dataclasses.replace(state, advice=advice, heard=np.array(known))

    def scored(self, state: Queried, lesson: Lesson, outcome: Outcome) -> tuple[np.ndarray | None, Any]:
        """The scores of a lesson's items, and what the score remembers now of all items."""
        outcome = with_outputs(outcome)
        if self.score is None:
            return None, state.memory
        items, answered = np.asarray(lesson.tasks), np.asarray(outcome.status) == Status.ANSWERED
        before = jax.tree.map(lambda x: x[items], state.memory)
        scores, after = self.score(lesson, outcome, before)
        memory = jax.tree.map(lambda x: x.copy(), state.memory)
        for whole, new in zip(jax.tree.leaves(memory), jax.tree.leaves(after), strict=True):
            whole[items[answered]] = np.asarray(new)[answered]
        return np.asarray(scores), memory


def with_outputs(outcome: Outcome) -> Outcome:
    """The outcome; where nothing was ever answered there is no class to tell from another, and one stands for all."""
    predictions = np.asarray(outcome.predictions)
    if not predictions.shape[2]:
        predictions = np.ones((*predictions.shape[:2], 1), np.float32)
    return eqx.tree_at(lambda o: o.predictions, outcome, predictions)


def asked_so_far(state: Queried) -> int:
    """How many items have been asked for so far."""
    return int(state.order.max(initial=-1)) + 1


def generator(key: PRNGKeyArray) -> np.random.Generator:
    """A generator of NumPy's that depends on a key of JAX's and on nothing else."""
    return np.random.default_rng(np.asarray(jr.key_data(key)))


def _rows(space: Space[Array]) -> int:
    rows = getattr(space, "rows", None)
    if rows is None:
        raise CombinationError(f"Query needs a space of finitely many items; {type(space).__name__} has no `rows`")
    return rows


def lesson_of(items: np.ndarray, learn: bool, **fields: Any) -> Lesson:
    """A lesson of some rows of a pool, under new numbers.

    **Arguments:**

    - `items`: which rows.
    - `learn`: whether to learn from them.
    - `fields`: the other fields of the lesson.
    """
    rows = items.astype(np.int32)
    return Lesson(rows, learn, rows, np.full(len(rows), NEW, np.int32), **fields)
