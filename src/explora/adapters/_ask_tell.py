"""An explorer without the loop: for training code that is not ours."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import PRNGKeyArray, PyTree

from explora.core import (
    NEW,
    Archive,
    ArgumentError,
    CombinationError,
    Domain,
    Explorer,
    Learner,
    Lesson,
    Outcome,
    Parts,
    Space,
    Status,
    UnknownName,
    turn_keys,
)
from explora.loop import phase_at

Task = TypeVar("Task")
Column = np.ndarray | jax.Array | Sequence[Any]

_COUNTS = ("steps", "calls", "episodes")
_MEASURES = (
    "returns",
    "max_returns",
    "solved",
    "lengths",
    "values",
    "positive_advantages",
    "absolute_advantages",
    "disagreement",
    "optimal_returns",
    "losses",
)


class AskTell(Generic[Task]):
    """Asks an explorer for tasks and tells it what came of them; everything goes in and out as NumPy arrays.

    ```python
    teacher = AskTell(Replay(rows=32, score=Learnability()), space, seed=0)
    tasks, ids = teacher.ask(8)
    teacher.tell(ids, solved=my_training_code(tasks))
    ```

    An explorer thinks in lessons; `ask` hands their rows out in portions of any size, under numbers that are never
    used twice. Answers may come late, in parts and in any order. A lesson is told to the explorer when all its rows
    are answered, or, as far as it is answered by then, when the next lesson is needed; late rows are told after that.
    Nothing but the order of calls and the seed decides what is asked.

    **Arguments:**

    - `explorer`: who decides.
    - `space`: where it searches.
    - `seed`: of all its chance.

    **Raises:** `CombinationError` if the explorer needs what the space or a lone training loop cannot give.
    """

    def __init__(self, explorer: Explorer, space: Space[Task], seed: int = 0):
        Parts(_Elsewhere(space), _Somebody(), explorer).check()
        self.explorer, self.space = explorer, space
        self._root = jr.key(seed)
        self._state = eqx.filter_jit(explorer.init)(space, key=jr.fold_in(self._root, 2**31 - 1))
        self._turn, self._tasks, self._handed = 0, 0, 0
        self._open: list[_Open] = []
        self._rows: dict[int, tuple[_Open, int]] = {}
        self._names: set[str] = set()

    def ask(self, count: int | None = None) -> tuple[Task, np.ndarray]:
        """The next tasks to train on.

        **Arguments:**

        - `count`: how many; None: the rest of the explorer's lesson, at least one.

        **Returns:** the tasks, stacked, and their numbers.

        **Raises:** `ArgumentError` if the explorer has to know all earlier answers first (one that searches in one
        phase and trains in another).
        """
        if count is not None and count < 1:
            raise ArgumentError(f"`count` must be at least 1, got {count}")
        tasks, ids = [], []
        while not ids or (count is not None and len(ids) < count):
            lesson = self._lesson()
            stop = len(lesson.status) if count is None else min(lesson.handed + count - len(ids), len(lesson.status))
            tasks.append(jax.tree.map(lambda x, a=lesson.handed, b=stop: x[a:b], lesson.tasks))
            for row in range(lesson.handed, stop):
                self._rows[self._handed] = (lesson, row)
                ids.append(self._handed)
                self._handed += 1
            lesson.handed = stop
        return jax.tree.map(lambda *x: np.concatenate(x), *tasks), np.array(ids, np.int64)

    def tell(self, ids: Column, **measured: Column) -> None:
        """What came of tasks that were asked for. Rows with a number that is not finite count as failed attempts.

        **Arguments:**

        - `ids`: their numbers.
        - `measured`: columns of an `Outcome`, one entry a task: `solved` (a share or a truth value), `returns`,
          `max_returns`, `values`, `losses`, … ; those that the explorer's score needs.

        **Raises:** `ArgumentError` for numbers that were not handed out or are settled, and for columns of another
        length; `UnknownName` for other columns.
        """
        rows = self._waiting(ids)
        columns = {}
        for name, column in measured.items():
            if name not in _COUNTS + _MEASURES:
                raise UnknownName("measured column", name, _COUNTS + _MEASURES)
            columns[name] = np.asarray(column)
            if columns[name].shape != (len(rows),):
                raise ArgumentError(
                    f"`{name}` must have one entry for each of the {len(rows)} ids, got shape {columns[name].shape}"
                )
        if not set(columns) & set(_MEASURES):
            raise ArgumentError(f"say what was measured, such as solved=…; known are {', '.join(_MEASURES)}")
        self._names |= set(columns)
        for place, (lesson, row) in enumerate(rows):
            for name, column in columns.items():
                lesson.column(name)[row] = column[place]
            fine = all(np.isfinite(column[place]) for column in columns.values())
            lesson.status[row] = Status.ANSWERED if fine else Status.VOID
        self._settle(ids)

    def give_up(self, ids: Column) -> None:
        """Says that nothing will ever be told of these tasks (a worker crashed).

        **Raises:** `ArgumentError` for numbers that were not handed out or are settled.
        """
        for lesson, row in self._waiting(ids):
            lesson.status[row] = Status.VOID
        self._settle(ids)

    def learn(self, ids: Column) -> np.ndarray:
        """From which of these tasks to learn; the others are to be tried only (robust PLR scores new tasks so)."""
        return np.array([lesson.learn[row] for lesson, row in self._waiting(ids)], bool)

    def plays(self, ids: Column) -> np.ndarray:
        """How many times the usual length the explorer would like each of these tasks to be played."""
        return np.array([lesson.lesson.plays for lesson, _ in self._waiting(ids)], np.int64)

    @property
    def waiting(self) -> np.ndarray:
        """The numbers of the tasks that were handed out and not told yet, oldest first."""
        return np.array(sorted(self._rows), np.int64)

    def archive(self) -> Archive | None:
        """What the explorer keeps, as NumPy arrays, or None."""
        archive = self.explorer.archive(self._state)
        return None if archive is None else jax.tree.map(np.asarray, archive)

    def metrics(self) -> dict[str, float]:
        """A few scalars of the explorer worth watching."""
        return {name: float(value) for name, value in self.explorer.metrics(self._state).items()}

    def _lesson(self) -> "_Open":
        """The lesson whose rows are being handed out."""
        if self._open and self._open[-1].handed < len(self._open[-1].status):
            return self._open[-1]
        if self._rows and not self.explorer.partial and len(self.explorer.rhythm) > 1:
            raise ArgumentError(
                f"{type(self.explorer).__name__} goes through {', '.join(name for name, _ in self.explorer.rhythm)} "
                f"and needs all answers before the next: tell the {len(self._rows)} ids in `waiting`, or give them up"
            )
        for lesson in self._open:
            self._pass_on(lesson)
        phase = phase_at(self.explorer, self._turn)
        self._state, lesson = _ask(self.explorer, self._state, self.space, phase, self._key(0))
        if lesson.who is not None or lesson.where != "main":
            raise CombinationError(
                f"{type(self.explorer).__name__} says who plays and where, which only the loop can do: use explora.run"
            )
        new = np.asarray(lesson.id) == NEW
        ids = np.where(new, self._tasks + np.cumsum(new) - 1, lesson.id).astype(np.int32)
        self._tasks += int(new.sum())
        self._open.append(_Open(eqx.tree_at(lambda l: l.id, lesson, jnp.asarray(ids)), self._turn))
        self._turn += 1
        return self._open[-1]

    def _waiting(self, ids: Column) -> "list[tuple[_Open, int]]":
        numbers = np.asarray(ids).reshape(-1).tolist()
        if len(set(numbers)) < len(numbers):
            raise ArgumentError("`ids` must name each row once; some are given twice")
        unknown = [number for number in numbers if number not in self._rows]
        if unknown:
            why = "is settled already" if 0 <= unknown[0] < self._handed else "was never handed out"
            raise ArgumentError(f"`ids` must be numbers that `ask` gave and nobody told; {unknown[0]} {why}")
        return [self._rows[number] for number in numbers]

    def _settle(self, ids: Column) -> None:
        for number in np.asarray(ids).reshape(-1).tolist():
            lesson, _ = self._rows.pop(number)
            if lesson.complete:
                self._pass_on(lesson)
        self._open = [lesson for lesson in self._open if not lesson.over]

    def _pass_on(self, lesson: "_Open") -> None:
        """Tells the explorer what it does not know yet of a lesson."""
        known = lesson.status.copy()
        known[lesson.told] = Status.WAITING
        if np.all(known == Status.WAITING):
            return
        outcome = Outcome(
            jnp.asarray(known),
            **{name: jnp.asarray(lesson.column(name)) for name in sorted(self._names | {"episodes"})},
        )
        key = jr.fold_in(self._key(4, lesson.turn), lesson.times)
        self._state = _tell(self.explorer, self._state, self.space, lesson.lesson, outcome, key)
        lesson.told |= known != Status.WAITING
        lesson.times += 1

    def _key(self, verb: int, turn: int | None = None) -> PRNGKeyArray:
        return turn_keys(self._root, jnp.asarray(self._turn if turn is None else turn, jnp.int32), 5)[verb]


class _Open:
    """A lesson of which something may still be answered."""

    def __init__(self, lesson: Lesson, turn: int):
        self.lesson, self.turn = lesson, turn
        self.tasks = jax.tree.map(np.asarray, lesson.tasks)
        self.learn = np.asarray(lesson.learn_mask)
        self.status = np.full(lesson.rows, Status.WAITING, np.int8)
        self.told = np.zeros(lesson.rows, bool)
        self.columns: dict[str, np.ndarray] = {}
        self.handed, self.times = 0, 0

    @property
    def complete(self) -> bool:
        """Whether nobody waits for an answer any more."""
        return bool(np.all(self.status != Status.WAITING))

    @property
    def over(self) -> bool:
        """Whether the explorer knows everything."""
        return bool(np.all(self.told))

    def column(self, name: str) -> np.ndarray:
        """What was measured under that name; an attempt is one episode unless somebody says otherwise."""
        if name not in self.columns:
            count = name in _COUNTS
            blank = int(name == "episodes") if count else np.nan
            self.columns[name] = np.full(len(self.status), blank, np.int32 if count else np.float32)
        return self.columns[name]


class _Elsewhere(Domain):
    """Where tasks are played by code that is not ours."""

    inner: Space

    @property
    def space(self) -> Space:
        return self.inner


class _Somebody(Learner):
    """Who is trained by code that is not ours: anything may be measured, nothing else can be asked for."""

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({*_COUNTS, *_MEASURES, "advantages"})


@eqx.filter_jit
def _ask(explorer: Explorer, state: Any, space: Space, phase: str, key: PRNGKeyArray) -> tuple[Any, Lesson]:
    return explorer.ask(state, space, phase, key=key)


@eqx.filter_jit
def _tell(
    explorer: Explorer, state: PyTree, space: Space, lesson: Lesson, outcome: Outcome, key: PRNGKeyArray
) -> PyTree:
    return explorer.tell(state, space, lesson, outcome, key=key)
