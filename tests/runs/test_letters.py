"""What people send to a run: learned from, told to the explorer, written down, and lived again bit for bit."""

import shutil
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from safetensors.numpy import load_file

from explora.core import Outcome, Parts, Status
from explora.engines import Local
from explora.loop import Log, Sent, init, room, visit
from explora.runs import Plan, resume, run
from explora.runs import _session as session
from explora.runs._pieces import joined
from explora.store import RunFolder
from explora.testing import Carousel, Linear, Walk

TRAIL = {"cells": "..~~..", "mark": 5, "toll": 0.0}


@pytest.fixture(scope="module")
def parts() -> Parts:
    return Parts(Walk(), Linear(), Carousel())


@pytest.fixture(scope="module")
def plan(parts: Parts) -> Plan:
    return Plan(steps=800, seed=7, record=256, checkpoint=0.0, watch=parts.domain.suite_names[:1], episodes=2)


def assert_equal(path: Path, other: Path) -> None:
    """The tables without the columns of the clock, and the arrays of the last checkpoint."""
    kept = []
    for each in (path, other):
        with RunFolder.open(each) as folder:
            manifest = folder.checkpoints.latest().manifest
            assert manifest is not None
            kept.append((folder.database.content(), load_file(each / "checkpoints" / manifest.file)))
    (tables, arrays), (other_tables, other_arrays) = kept
    assert tables == other_tables
    assert arrays.keys() == other_arrays.keys()
    for name in arrays:
        np.testing.assert_array_equal(arrays[name], other_arrays[name], err_msg=name)


class Postman(Local):
    """An engine at whose work letters arrive, and which may die.

    **Arguments:**

    - `path`: the folder of the run.
    - `letters`: before which piece of work which letters come: kind, data, and from whom if not from anna.
    - `dies`: before which piece the process dies.
    """

    def __init__(self, path: Path, letters: dict[int, list[tuple[Any, ...]]], dies: int | None = None):
        super().__init__()
        self.path, self.letters, self.dies, self.done = path, letters, dies, 0
        self.turns: list[int] = []

    def advance(self, parts, state, *, root, turns, capacity):
        if self.done == self.dies:
            raise SystemExit("died")
        for number, (kind, data, *who) in enumerate(self.letters.get(self.done, ())):
            with RunFolder.open(self.path) as folder:
                folder.inbox.put(f"letter-{self.done}-{number}", kind, data, who[0] if who else "anna")
        self.done += 1
        self.turns.append(turns)
        return super().advance(parts, state, root=root, turns=turns, capacity=capacity)


LETTERS = {
    0: [("hello", {})],
    1: [("task", {"task": TRAIL})],
    3: [("task", {"task": TRAIL | {"mark": 0}, "parent": 2}), ("task", {"task": {"cells": "?"}}), ("nonsense", {})],
}


@pytest.fixture(scope="module")
def whole(parts: Parts, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("letters") / "whole"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(session, "_SOON", 1e-9)  # a turn at a time as soon as somebody has written
        run(parts, plan, out=path, recipe="toy", engine=Postman(path, LETTERS))
    return path


@pytest.mark.slow
def test_a_task_that_is_sent_is_learned_from_and_written_down(parts: Parts, whole: Path):
    with RunFolder.open(whole) as folder:
        letters, events = folder.inbox.letters(), folder.database.events()
        authored, refused = ([event.data for event in events if event.kind == kind] for kind in ("authored", "refused"))
        rows = folder.database.tasks_of([told["task"] for told in authored])
        records = folder.database.records()
    assert [letter.kind for letter in letters] == ["hello", "task", "task", "task", "nonsense"]
    assert None not in [letter.turn for letter in letters]
    first, second = (parts.space.decode(spec) for spec in (TRAIL, TRAIL | {"mark": 0}))
    assert [told["address"] for told in authored] == [parts.space.address(first), parts.space.address(second)]
    assert [(row.spec, row.parent) for row in rows] == [
        (parts.space.encode(first), -1),
        (parts.space.encode(second), 2),
    ]
    assert {letter.person for letter in letters} == {"anna"}
    assert all("anna" not in str(told) for told in authored + refused), "who it was stands in the letters only"
    assert all(told["played"] and 0.0 <= told["solved"] <= 1.0 for told in authored)
    assert [told["letter"] for told in refused] == ["letter-3-1", "letter-3-2"]
    assert refused[1]["reason"] == "is of no known kind"
    # it is in the record after the turn at which it was taken, and took a turn of its own
    taken = letters[1].turn
    assert taken is not None
    assert rows[0].turn == taken + 1
    recorded = next(event.turn for event in events if event.kind == "authored")
    assert recorded == min(turn for turn in records.turn.tolist() if turn > taken)


@pytest.mark.slow
@pytest.mark.parametrize("dies", [4, 5, 7])
def test_a_run_that_died_takes_its_letters_again(parts, plan, whole, tmp_path, monkeypatch, dies):
    monkeypatch.setattr(session, "_SOON", 1e-9)
    path = tmp_path / "died"
    with pytest.raises(SystemExit):
        run(parts, plan, out=path, recipe="toy", engine=Postman(path, LETTERS, dies))
    monkeypatch.setattr(session, "_SOON", 3.0)  # it stops where letters were taken, and else goes on in large pieces
    resume(path, engine=Postman(path, {}))
    assert_equal(path, whole)


@pytest.mark.slow
def test_the_letters_alone_reproduce_the_run(whole, tmp_path):
    path = tmp_path / "again"
    shutil.copytree(whole, path)
    shutil.rmtree(path / "checkpoints")
    resume(path)
    assert_equal(path, whole)


@pytest.mark.slow
def test_a_run_that_nobody_writes_to_looks_once_a_record(parts, plan, tmp_path):
    engine = Postman(tmp_path / "alone", {})
    run(parts, plan, out=tmp_path / "alone", recipe="toy", engine=engine)
    with RunFolder.open(tmp_path / "alone") as folder:
        assert len(engine.turns) == len(folder.database.records().turn)


@pytest.mark.slow
def test_a_visit_plays_each_task_on_every_lane_and_tells_of_it_once(parts: Parts):
    state = init(parts, key=jr.key(0))
    place = room(parts, state)
    tasks = [parts.space.decode(TRAIL | {"mark": mark}) for mark in (0, 5)]
    sent = Sent.of(tasks, [-1, -1], place.rows)
    after, outcome = visit(parts, state, sent, root=jr.key(1), room=place)
    status = np.asarray(outcome.status).tolist()
    assert status == [Status.ANSWERED] * 2 + [Status.WAITING] * (place.rows - 2)
    rhythm = sum(times for _, times in parts.explorer.rhythm)
    assert (int(after.turn), int(after.tasks)) == (int(state.turn) + rhythm, int(state.tasks) + 2)
    assert int(np.asarray(outcome.steps)[:2].sum()) == int(after.spent.steps) > 20
    archive = parts.explorer.archive(after.explorer)
    assert archive is not None
    kept = np.asarray(archive.id)[np.asarray(archive.filled)].tolist()
    assert sorted(kept) == [0, 1]
    moved = jax.tree.map(lambda x, y: bool(jnp.any(x != y)), after.learner.actor, state.learner.actor)
    assert moved


def test_what_several_lanes_measured_is_put_together():
    """By hand: task 0 on lanes 0, 2, 4 (of which 2 is void), task 1 on lanes 1, 3."""
    from explora.loop._visit import _pooled

    status = jnp.array([Status.ANSWERED, Status.ANSWERED, Status.VOID, Status.ANSWERED, Status.ANSWERED], jnp.int8)
    outcome = Outcome(
        status,
        steps=jnp.array([1, 2, 3, 4, 5]),
        returns=jnp.array([1.0, 0.0, jnp.nan, 0.5, 0.0]),
        max_returns=jnp.array([1.0, 0.0, 9.0, 0.5, 2.0]),
    )
    found = _pooled(outcome, jnp.array([0, 1, 0, 1, 0]))
    assert np.asarray(found.status).tolist() == [1, 1, 0, 0, 0]
    assert np.asarray(found.steps)[:2].tolist() == [9, 6]
    assert np.asarray(found.returns)[:2].tolist() == [0.5, 0.25]
    assert np.asarray(found.max_returns)[:2].tolist() == [2.0, 0.5]


def test_pieces_are_one_log():
    piece = lambda *values, rows=None: Log({"a": jnp.array(values)}, {"x": rows}, jnp.arange(len(values)))
    lived = {"task": jnp.array([[7], [8], [9]])}
    log, turns = joined([(piece(1.0, 2.0, 0.0), 2), (piece(3.0, 0.0, 0.0, rows=lived), 1)])
    assert turns == 3
    assert np.asarray(log.metrics["a"]).tolist() == [1.0, 2.0, 3.0]
    assert np.asarray(log.phase).tolist() == [0, 1, 0]
    assert np.asarray(log.rows["x"]["task"]).tolist() == [[0], [0], [7]]
