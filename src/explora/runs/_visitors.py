"""What becomes of the letters that people send to a run: one function for each kind of letter."""

from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import PRNGKeyArray

from explora.core import NEW, ExploraError, Parts, Status, TaskError, sharing
from explora.loop import Room, Sent, State, room, visit
from explora.store import Letter, TaskRow

from ._tastes import PREFERENCE, Tastes


class Visit(NamedTuple):
    """What letters have led to.

    **Arguments:**

    - `state`: of the run, afterwards.
    - `tasks`: to be written down with the next record.
    - `events`: likewise, pairs of kind and details.
    """

    state: State
    tasks: tuple[TaskRow, ...] = ()
    events: tuple[tuple[str, Any], ...] = ()


class Visitors:
    """Receives letters, each kind by the method that `KINDS` names.

    All that a method does to the state must follow from the state and the letters alone: they are received again, at
    the same turn, when a run goes on from an earlier checkpoint.

    **Arguments:**

    - `parts`: of the run.
    - `root`: its key.
    - `devices`: over how many devices lanes are spread.
    - `before`: the letters that the state at hand has used already.
    """

    def __init__(self, parts: Parts, root: PRNGKeyArray, devices: int = 1, before: Iterable[Letter] = ()):
        self.root, self.devices = root, devices
        self._tastes, self._said = Tastes(parts), list(before)
        self.parts = self._tastes.fitted(parts, self._said)[0]
        """The parts of the run, with the taste of the people who said what they prefer."""
        self._room: Room | None = None
        self._compiling: Thread | None = None

    def receive(self, state: State, letters: list[Letter]) -> Visit:
        """Does what letters ask for, kind by kind; what no kind knows is noted and changes nothing."""
        done = Visit(state)
        for kind in dict.fromkeys(letter.kind for letter in letters):
            some = [letter for letter in letters if letter.kind == kind]
            method = KINDS.get(kind)
            if method is None:
                found = Visit(done.state, (), tuple(_refused(letter, "is of no known kind") for letter in some))
            else:
                found = method(self, done.state, some)
            done = Visit(found.state, done.tasks + found.tasks, done.events + found.events)
        return done

    def close(self) -> None:
        """Waits until nothing is compiled any more: a process must not end in the middle of that."""
        if self._compiling is not None:
            self._compiling.join()

    def hello(self, state: State, letters: list[Letter]) -> Visit:
        """Somebody opened an editor: what a task needs is compiled aside, so that the first one is taken at once."""
        try:
            place = self._place(state)
        except ExploraError:
            return Visit(state)  # the first task is told why
        if self._compiling is None and not self.parts.hosted:
            # a copy, because the next chunk takes the buffers over
            spare = jax.tree.map(lambda x: jnp.copy(x) if isinstance(x, jax.Array) else x, state)
            self._compiling = Thread(target=self._rehearse, args=(spare, place), name="visitors", daemon=True)
            self._compiling.start()
        return Visit(state)

    def tasks(self, state: State, letters: list[Letter]) -> Visit:
        """Tasks that people send: the learner plays them and learns from them, and the explorer is told."""
        try:
            place = self._place(state)
        except ExploraError as error:
            return Visit(state, (), tuple(_refused(letter, str(error)) for letter in letters))
        found: list[tuple[Letter, Any]] = []
        events: list[tuple[str, Any]] = []
        for letter in letters:
            try:
                found.append((letter, self._decoded(letter.data)))
            except ExploraError as error:
                events.append(_refused(letter, str(error)))
        rows: list[TaskRow] = []
        for at in range(0, len(found), place.rows):
            state, more, told = self._visit(state, found[at : at + place.rows], place)
            rows += more
            events += told
        return Visit(state, tuple(rows), tuple(events))

    def preferences(self, state: State, letters: list[Letter]) -> Visit:
        """What people prefer: the taste that scores follow is fitted to all that was said so far."""
        self._said += letters
        self.parts, told = self._tastes.fitted(self.parts, self._said)
        return Visit(state, (), () if told is None else (("taste", told),))

    def _visit(
        self, state: State, some: list[tuple[Letter, Any]], place: Room
    ) -> tuple[State, list[TaskRow], list[tuple[str, Any]]]:
        self.close()
        first, turn = int(state.tasks), int(state.turn)
        parents = [_parent(letter.data, first) for letter, _ in some]
        sent = Sent.of([task for _, task in some], parents, place.rows)
        with sharing(self.devices) as everywhere:
            state, outcome = visit(self.parts, everywhere(state), sent, root=self.root, room=place)
        scores = self._scores(state)
        rows, events = [], []
        for i, (letter, task) in enumerate(some):
            number, score = first + i, scores.get(first + i)
            space = self.parts.space
            row = TaskRow(number, parents[i], turn + 1, space.address(task), space.encode(task), score)
            rows.append(row)
            events.append(("authored", _told(letter, row, outcome, i)))
        return state, rows, events

    def _scores(self, state: State) -> dict[int, float]:
        """What the explorer's archive thinks of the tasks that it keeps."""
        archive = self.parts.explorer.archive(state.explorer)
        if archive is None:
            return {}
        filled = np.asarray(archive.filled)
        columns = (np.asarray(column)[filled].tolist() for column in (archive.id, archive.score))
        return dict(zip(*columns, strict=True))

    def _decoded(self, data: Any) -> Any:
        spec = data.get("task") if isinstance(data, dict) else None
        task = self.parts.space.decode(spec)
        if not bool(self.parts.space.valid(task)):
            raise TaskError("it does not belong to the space of this run")
        return task

    def _place(self, state: State) -> Room:
        if self._room is None:
            self._room = room(self.parts, state)
        return self._room

    def _rehearse(self, state: State, place: Room) -> None:
        """Takes a task in and forgets it: then everything is compiled."""
        task = self.parts.space.sample(key=jr.key(0))
        with sharing(self.devices) as everywhere:
            visit(self.parts, everywhere(state), Sent.of([task], [NEW], place.rows), root=self.root, room=place)


KINDS: dict[str, Callable[[Visitors, State, list[Letter]], Visit]] = {
    "hello": Visitors.hello,
    PREFERENCE: Visitors.preferences,
    "task": Visitors.tasks,
}
"""What is done with letters of each kind."""


def _parent(data: Any, first: int) -> int:
    """The task of this run that a task was made from."""
    parent = data.get("parent")
    return parent if isinstance(parent, int) and 0 <= parent < first else NEW


def _told(letter: Letter, row: TaskRow, outcome: Any, i: int) -> dict[str, Any]:
    """What the run says of a task that it has taken. Who sent it stands in the letter and nowhere else."""
    column = lambda name: None if getattr(outcome, name) is None else _finite(np.asarray(getattr(outcome, name))[i])
    played = int(np.asarray(outcome.status)[i]) == Status.ANSWERED
    measured = {name: column(name) if played else None for name in ("solved", "returns", "lengths")}
    return {
        "task": row.id,
        "address": row.address,
        "letter": letter.uuid,
        "kept": row.score is not None,
        "score": _finite(row.score),
        "played": played,
        **measured,
    }


def _finite(x: Any) -> float | None:
    return None if x is None or not np.isfinite(x) else float(x)


def _refused(letter: Letter, reason: str) -> tuple[str, Any]:
    return "refused", {"letter": letter.uuid, "kind": letter.kind, "reason": reason}
