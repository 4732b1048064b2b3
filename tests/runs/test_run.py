"""Runs: folder, resume, schedules, interruption, lineage."""

import csv
import dataclasses
import errno
import os
import shutil
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax.random as jr
import numpy as np
import pytest
from safetensors.numpy import load_file

from explora import __version__
from explora.core import (
    ArgumentError,
    CombinationError,
    Experience,
    ExploraError,
    Lesson,
    MissingExtra,
    Outcome,
    Parts,
    RunError,
    UnknownName,
    allow,
)
from explora.engines import Local
from explora.ledger import Verdict
from explora.runs import Clock, Plan, Progress, Tracker, Watcher, load, resume, run
from explora.store import RunFolder
from explora.testing import Carousel, Linear, Walk


@pytest.fixture(scope="module")
def parts() -> Parts:
    walk = Walk()
    return Parts(walk, Linear(), Carousel())


@pytest.fixture(scope="module")
def plan(parts: Parts) -> Plan:
    return Plan(steps=800, seed=7, record=128, checkpoint=0.0, watch=parts.domain.suite_names[:1], episodes=2)


@pytest.fixture(scope="module")
def whole(parts: Parts, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "whole"
    assert run(parts, plan, out=path, recipe="toy").reason == "finished"
    return path


def kept(path: Path) -> tuple[dict, dict]:
    with RunFolder.open(path) as folder:
        manifest = folder.checkpoints.latest().manifest
        assert manifest is not None
        return folder.database.content(), load_file(path / "checkpoints" / manifest.file)


def assert_equal(path: Path, other: Path) -> None:
    (tables, arrays), (other_tables, other_arrays) = kept(path), kept(other)
    assert tables == other_tables
    assert arrays.keys() == other_arrays.keys()
    for name in arrays:
        np.testing.assert_array_equal(arrays[name], other_arrays[name], err_msg=name)


class Dies(Local):
    """An engine whose process dies before a certain chunk."""

    def __init__(self, before: int):
        super().__init__()
        self.left = before

    def advance(self, *args, **kwargs):
        self.left -= 1
        if self.left < 0:
            raise SystemExit("died")
        return super().advance(*args, **kwargs)


def test_a_run_keeps_records_tasks_and_checkpoints(whole: Path):
    with RunFolder.open(whole) as folder:
        records, tasks = folder.database.records(), folder.database.tasks()
        facts = folder.facts
    assert records.steps[-1] >= 800
    assert facts["state"] == "finished"
    assert "final" in facts
    known = {task.id for task in tasks}
    assert known
    assert all(task.parent in known or task.parent == -1 for task in tasks)
    assert (whole / "checkpoints").is_dir()


@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_run_that_died_goes_on_as_if_it_had_not(parts: Parts, plan: Plan, whole: Path, tmp_path: Path, before: int):
    path = tmp_path / "died"
    with pytest.raises(SystemExit):
        run(parts, plan, out=path, recipe="toy", engine=Dies(before))
    assert resume(path).reason == "finished"
    assert_equal(path, whole)


def test_a_run_that_lost_its_last_checkpoint_repeats_the_rounds_since(parts: Parts, plan: Plan, whole: Path, tmp_path):
    path = tmp_path / "damaged"
    with pytest.raises(SystemExit):
        run(parts, plan, out=path, recipe="toy", engine=Dies(4))
    newest = max((path / "checkpoints").glob("*.safetensors"))
    data = newest.read_bytes()
    newest.write_bytes(data[:-1] + bytes([data[-1] ^ 0xFF]))
    noted = []

    class Notes(Watcher):
        def noted(self, message: str) -> None:
            noted.append(message)

    assert resume(path, watchers=(Notes(),)).reason == "finished"
    assert any(newest.name in message for message in noted)
    assert_equal(path, whole)


def test_an_interrupted_run_saves_and_goes_on(parts: Parts, plan: Plan, whole: Path, tmp_path: Path):
    class Interrupts(Watcher):
        def recorded(self, progress) -> None:
            if progress.turn >= 3:
                os.kill(os.getpid(), signal.SIGINT)

    path, before = tmp_path / "interrupted", signal.getsignal(signal.SIGINT)
    assert run(parts, plan, out=path, recipe="toy", watchers=(Interrupts(),)).reason == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before
    assert resume(path).reason == "finished"
    assert_equal(path, whole)


def test_a_second_writer_is_refused(parts: Parts, plan: Plan, tmp_path: Path):
    path = tmp_path / "taken"

    class Second(Watcher):
        def recorded(self, progress) -> None:
            with pytest.raises(RunError, match=str(os.getpid())):
                resume(path)

    run(parts, plan, out=path, recipe="toy", watchers=(Second(),))


def test_a_run_can_be_extended(parts: Parts, plan: Plan, tmp_path: Path):
    path = tmp_path / "longer"
    run(parts, plan, out=path, recipe="toy")
    with RunFolder.open(path) as folder:
        before = folder.database.records().steps[-1]
    assert resume(path, steps=1200).reason == "finished"
    with RunFolder.open(path) as folder:
        assert folder.database.records().steps[-1] >= 1200 > before


def test_the_player_acts(whole: Path, parts: Parts):
    player = load(whole)
    task = parts.space.sample(key=jr.key(0))
    domain = parts.domain
    world = domain.world(task)
    observation = domain.observe(world, domain.reset(world, key=jr.key(1)))
    action = player.act(observation)
    assert 0 <= int(action) < domain.action.count
    verdict = player.evaluate(domain.suite_names[0], episodes=3)
    assert verdict.episodes == 3
    assert 0.0 <= verdict.mean <= 1.0


def test_a_run_needs_an_end(parts: Parts, tmp_path: Path):
    with pytest.raises(ArgumentError, match="`minutes` or `steps`"):
        run(parts, Plan(), out=tmp_path / "endless")


@allow
class Silent(Linear):
    """Does not measure what it says it does."""

    def measure(self, state: Any, lesson: Lesson, experience: Experience) -> Outcome:
        return dataclasses.replace(super().measure(state, lesson, experience), returns=None)


@pytest.mark.parametrize("mistake", ["suite", "tracker", "parts"])
def test_a_run_that_cannot_begin_leaves_nothing_behind(
    parts: Parts, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistake: str
):
    monkeypatch.setitem(sys.modules, "wandb", None)
    wrong, error, message = {
        "suite": ((parts, dataclasses.replace(plan, watch=("corner",))), UnknownName, "did you mean 'corners'"),
        "tracker": ((parts, dataclasses.replace(plan, track=("csv", "wandb"))), MissingExtra, r"explora\[wandb\]"),
        "parts": ((Parts(Walk(), Silent(), Carousel()), plan), CombinationError, "^Carousel keeps returns, but the"),
    }[mistake]
    with pytest.raises(error, match=message):
        run(*wrong, out=tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_the_forecast_follows_the_clock_and_the_plan():
    clock = Clock(Plan(steps=500))
    assert clock.budget(100) == 500
    assert clock.over(500, 0.0)
    assert not clock.over(499, 0.0)
    clock = Clock(Plan(minutes=1.0), spent=30.0)
    assert clock.budget(0) == float("inf")  # no pace is known yet
    clock._marks = [(30.0, 0), (40.0, 1000)]
    assert clock.rate == 100.0
    assert clock.budget(1000) == pytest.approx(1000 + 100 * 30, rel=0.01)
    assert not clock.over(0, 1.0)
    assert clock.over(0, 70.0)  # a chunk of 70 s would end 40 s late, and not starting it stops 30 s early


def test_the_forecast_of_a_resumed_run_begins_with_the_pace_of_the_earlier_sessions():
    clock = Clock(Plan(minutes=10.0), spent=240.0, steps=24_000)
    assert clock.rate == 0.0  # that of this session is not known yet
    assert clock.budget(24_000) == pytest.approx(24_000 + 100 * 360, rel=0.01)
    clock.mark(25_000)
    assert clock.budget(25_000) == pytest.approx(25_000 + 100 * 360, rel=0.01)
    clock._marks = [(240.0, 24_000), (250.0, 28_000)]
    assert clock.budget(28_000) == pytest.approx(28_000 + 400 * 360, rel=0.01)
    assert Clock(Plan(minutes=4.0), spent=241.0, steps=24_000).budget(24_000) == 24_000  # it is over
    assert Clock(Plan(steps=500), spent=241.0, steps=100).budget(100) == 500
    assert Clock(Plan(minutes=4.0), spent=3.0).budget(0) == float("inf")  # time has passed, but nothing is known


def test_a_schedule_that_follows_the_clock_does_not_begin_again(parts: Parts, plan: Plan, tmp_path: Path):
    class Interrupts(Watcher):
        def recorded(self, progress) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    path = tmp_path / "a"
    run(parts, plan, out=path)
    with RunFolder.open(path) as folder:
        manifest, steps = folder.checkpoints.latest().manifest, folder.database.last().steps
    turn, seconds = manifest.turn, manifest.meta["seconds"]
    with pytest.raises(SystemExit, match="died"):
        resume(path, minutes=1000.0, engine=Dies(before=0))
    with RunFolder.open(path) as folder:
        settled = folder.database.schedules()[turn]
    assert settled == pytest.approx(steps + steps / seconds * (60_000 - seconds), rel=0.01)
    assert resume(path, minutes=2000.0, watchers=(Interrupts(),)).reason == "interrupted"
    with RunFolder.open(path) as folder:
        assert folder.database.schedules()[turn] == settled, "what was settled is not forecast anew"
        assert folder.database.last().budget == settled


def test_a_run_whose_time_is_over_before_it_begins_takes_a_turn_all_the_same(parts: Parts, plan: Plan, tmp_path: Path):
    late = dataclasses.replace(plan, steps=None, minutes=1e-6, watch=())
    assert run(parts, late, out=tmp_path / "late").reason == "finished"
    with RunFolder.open(tmp_path / "late") as folder:
        assert folder.database.last().turn > 0


def test_evaluations_come_by_steps_alone():
    plan = Plan(steps=1)
    assert not plan.evaluation_due(0, 249_999)
    assert plan.evaluation_due(249_999, 250_000)
    assert not plan.evaluation_due(250_000, 499_999)
    due = [n for n in range(0, 20_000_000, 50_000) if plan.evaluation_due(n, n + 50_000)]
    assert 12 <= len(due) <= 24


# --- damage ----------------------------------------------------------------------------------------------------------


class Notes(Watcher):
    """Keeps what a person should know."""

    def __init__(self):
        self.messages: list[str] = []

    def noted(self, message: str) -> None:
        self.messages.append(message)


def died(parts: Parts, plan: Plan, path: Path, before: int = 4) -> Path:
    """A run that stopped before that chunk, with the checkpoints of the last three."""
    with pytest.raises(SystemExit):
        run(parts, plan, out=path, recipe="toy", engine=Dies(before))
    return path


def empty(files: Iterable[Path]) -> dict[str, bytes]:
    """Empties files; returns what is left of them by name."""
    found = list(files)
    assert found
    for file in found:
        file.write_bytes(b"")
    return {file.name: b"" for file in found}


def test_a_player_is_loaded_from_an_older_checkpoint_with_a_warning(parts: Parts, plan: Plan, tmp_path: Path):
    path = died(parts, plan, tmp_path / "a")
    newest = max((path / "checkpoints").glob("*.safetensors"))
    newest.write_bytes(b"")
    with pytest.warns(UserWarning, match=f"{newest.name} is damaged"):
        player = load(path)
    assert 0 < int(player.state.turn) < int(newest.name.partition("-")[0])
    said: list[str] = []
    load(path, noted=said.append)
    assert [newest.name in message for message in said] == [True]


def test_a_player_is_never_loaded_untrained(parts: Parts, plan: Plan, tmp_path: Path):
    path = died(parts, plan, tmp_path / "a")
    damaged = empty((path / "checkpoints").glob("*.safetensors"))
    with pytest.raises(RunError, match=r"no checkpoint that is whole: .*`explora resume .*a` begin anew") as error:
        load(path)
    assert all(name in str(error.value) for name in damaged)
    died(parts, plan, tmp_path / "b", before=0)
    with pytest.raises(RunError, match=r"has no checkpoint yet: `explora resume .*b` makes one"):
        load(tmp_path / "b")


def test_a_run_with_nothing_but_damaged_checkpoints_begins_anew_and_keeps_them(
    parts: Parts, plan: Plan, whole: Path, tmp_path: Path
):
    path = died(parts, plan, tmp_path / "a")
    damaged = empty((path / "checkpoints").glob("*.json"))
    notes = Notes()
    assert resume(path, watchers=(notes,)).reason == "finished"
    assert all(any(name in message for message in notes.messages) for name in damaged)
    assert "NO CHECKPOINT IS WHOLE: the run begins anew" in notes.messages[-1]
    assert "checkpoints-damaged-1" in notes.messages[-1]
    assert {file.name for file in (path / "checkpoints-damaged-1").iterdir()} >= damaged.keys()
    assert_equal(path, whole)


def test_a_checkpoint_that_cannot_be_read_stops_a_resume_and_nothing_is_lost(
    parts: Parts, plan: Plan, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = died(parts, plan, tmp_path / "a")
    before = kept(path)
    read = Path.read_bytes

    def refuse(self: Path) -> bytes:
        if self.suffix == ".safetensors":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return read(self)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        with pytest.raises(RunError, match=r"safetensors cannot be read: Permission denied"):
            resume(path)
    assert kept(path)[0] == before[0]
    resume(path)
    assert_equal(path, whole)


@pytest.mark.parametrize("left", [None, b"x" * 5000])
def test_a_run_that_lost_its_database_goes_on_from_its_last_checkpoint(
    parts: Parts, plan: Plan, whole: Path, tmp_path: Path, left: bytes | None
):
    path = died(parts, plan, tmp_path / "a")
    turn = int(max((path / "checkpoints").glob("*.json")).stem)
    (path / "run.db").unlink()
    if left is not None:
        (path / "run.db").write_bytes(left)
    with pytest.warns(UserWarning, match=r"run.db: .*`explora resume` go on without it"):
        assert int(load(path).state.turn) == turn
    notes = Notes()
    assert resume(path, watchers=(notes,)).reason == "finished"
    assert "is begun anew" in notes.messages[0]
    assert notes.messages[-1] == f"what was recorded before turn {turn} is lost; the run goes on from there"
    (tables, arrays), (whole_tables, whole_arrays) = kept(path), kept(whole)
    assert tables["record"] == [row for row in whole_tables["record"] if row[0] > turn]
    for name in whole_arrays:
        np.testing.assert_array_equal(arrays[name], whole_arrays[name], err_msg=name)
    with RunFolder.open(path) as folder:
        assert folder.facts["state"] == "finished"
        assert folder.facts["mode"] == "compiled"


@pytest.mark.parametrize("writer", ["0.0.7", None])
def test_a_configuration_of_another_version_names_it(whole: Path, tmp_path: Path, writer: str | None):
    path = Path(shutil.copytree(whole, tmp_path / "old"))
    with RunFolder.open(path, write=True) as folder:
        config = folder.config
        config["parts"]["explorer"]["rwos"] = config["parts"]["explorer"].pop("rows")
        folder.database.set(config=config, **({"explora": writer} if writer else {}))
    with pytest.raises(ExploraError, match=r"there is no field 'explorer.rwos'; did you mean") as error:
        load(path)
    cure = f"was written by explora {writer}, this is explora {__version__}: there is no field"
    assert (cure in str(error.value)) == (f"pip install 'explora=={writer}' reads it" in str(error.value))
    assert (cure in str(error.value)) == (writer is not None)


# --- trackers --------------------------------------------------------------------------------------------------------


def test_metrics_go_to_a_tracker_too_and_a_resumed_run_repeats_none(parts: Parts, plan: Plan, tmp_path: Path):
    path = tmp_path / "tracked"
    plan = dataclasses.replace(plan, track=("csv",))
    with pytest.raises(SystemExit, match="died"):
        run(parts, plan, out=path, engine=Dies(before=3))
    resume(path)
    rows = list(csv.DictReader((path / "metrics.csv").read_text().splitlines()))
    with RunFolder.open(path) as folder:
        records = folder.database.records()
    assert [int(row["turn"]) for row in rows] == records.turn.tolist()
    assert [float(row["steps"]) for row in rows] == records.steps.tolist()


def test_a_version_that_was_judged_is_in_the_record_that_follows(tmp_path: Path):
    tracker = Tracker(("csv",))
    tracker.started(str(tmp_path), {"config": {}})
    progress = Progress(1, 10, 2, 3, 0, 1.0, 10.0, None, None, {"play/solved": 0.5})
    tracker.judged(progress, {"corners": Verdict("corners", ("a", "b"), 2, *np.array([[0.0, 1.0]] * 4), 9)})
    tracker.recorded(progress)
    tracker.recorded(progress._replace(turn=2))
    tracker.close()
    first, second = csv.DictReader((tmp_path / "metrics.csv").read_text().splitlines())
    assert (first["solved/corners"], first["play/solved"], first["steps"]) == ("0.5", "0.5", "10.0")
    assert (second["turn"], second["solved/corners"]) == ("2", "")


def test_an_unknown_tracker_is_named_before_anything_is_written(plan: Plan):
    with pytest.raises(UnknownName, match="did you mean 'tensorboard'"):
        dataclasses.replace(plan, track=("tensorbord",))
