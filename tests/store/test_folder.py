"""Run folders: made whole or not at all, written by one process, read by any, found by name."""

import contextlib
import errno
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import pytest

from explora.core import ArgumentError, RunError, UnknownName
from explora.store import Record, RunFolder, TaskRow, _files, _lock, environment, find, is_run

CONFIG = {"type": "explora.core.Parts", "b": [1, 2], "a": {"gamma": 0.5}}


def create(path: Path, **facts: Any) -> RunFolder:
    return RunFolder.create(path, config=CONFIG, facts=facts)


def record(turn: int) -> Record:
    return Record(turn, turn, turn, 0, 0, 1.0, 1.0, {})


def test_a_folder_explains_itself_and_is_opened_again(tmp_path):
    path = tmp_path / "runs" / "first"
    with create(path, state="running") as folder:
        assert folder.writable
        folder.database.append(record(1))
        folder.checkpoints.save({"w": jnp.ones(2)}, turn=1)
        folder.versions.save({"w": jnp.ones(2)}, turn=1)
    assert sorted(file.name for file in path.iterdir()) == [
        "README.txt",
        "checkpoints",
        "config.json",
        "lock",
        "run.db",
        "versions",
    ]
    readme = (path / "README.txt").read_text()
    for name in ("config.json", "run.db", "checkpoints/", "versions/", "lock", "explora resume"):
        assert name in readme
    assert json.loads((path / "config.json").read_text()) == CONFIG
    with RunFolder.open(path) as folder:
        assert not folder.writable
        assert folder.config == CONFIG
        assert folder.facts["state"] == "running"
        assert folder.database.last().turn == 1
        assert folder.checkpoints.latest().manifest.turn == 1
    assert list(path.parent.iterdir()) == [path]


def test_rewinding_reaches_everything(tmp_path):
    with create(tmp_path / "a") as folder:
        for turn in (1, 2, 3):
            folder.database.append(record(turn))
            folder.checkpoints.save({}, turn=turn)
            folder.versions.save({}, turn=turn)
        folder.rewind(2)
        assert folder.database.records().turn.tolist() == [1, 2]
        assert folder.checkpoints.turns() == folder.versions.turns() == (1, 2)
        folder.rewind(None)
        assert folder.checkpoints.turns() == folder.versions.turns() == ()
        assert folder.database.last() is None


def test_a_config_that_is_edited_changes_nothing(tmp_path):
    create(tmp_path / "a").close()
    (tmp_path / "a" / "config.json").write_text("{")
    with RunFolder.open(tmp_path / "a") as folder:
        assert folder.config == CONFIG


@pytest.mark.parametrize("what", ["run", "file", "something else", "link"])
def test_nothing_is_ever_written_over(tmp_path, what):
    path = tmp_path / "a"
    if what == "run":
        create(path).close()
        message = r"holds a run already: `explora resume .*a` goes on with it; or choose another folder"
    elif what == "file":
        path.write_text("mine")
        message = "is not a folder"
    elif what == "link":
        path.symlink_to(tmp_path / "nowhere")
        message = "is not a folder"
    else:
        path.mkdir()
        (path / "thesis.tex").write_text("mine")
        message = "is not empty: choose another folder"
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RunError, match=message):
        create(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_will_do(tmp_path):
    (tmp_path / "a").mkdir()
    with create(tmp_path / "a") as folder:
        assert folder.config == CONFIG


@pytest.mark.parametrize("instant", ["write", "fsync", "rename", "mkdir"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_refuses_leaves_no_folder(tmp_path, monkeypatch, instant, code):
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        if instant == "write":
            patch.setattr(_files, "open", refuse, raising=False)
        else:
            patch.setattr(os, instant, refuse)
        with pytest.raises(RunError, match=r"cannot create .*a: the (disk is full|place cannot be written to)"):
            create(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
    create(tmp_path / "a").close()


def test_a_config_that_is_no_json_leaves_no_folder(tmp_path):
    with pytest.raises(ArgumentError, match="a run keeps JSON"):
        RunFolder.create(tmp_path / "a", config={"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_while_making_a_folder_is_removed(tmp_path):
    left, busy = tmp_path / ".a.new-1", tmp_path / ".a.new-2"
    for folder in (left, busy):
        folder.mkdir()
        (folder / "README.txt").write_text("half")
    lock = _lock.Lock.acquire(busy)
    create(tmp_path / "a").close()
    assert not left.exists()
    assert busy.exists()
    lock.release()


def test_opening_what_is_no_run(tmp_path):
    with pytest.raises(RunError, match=r"is no run folder: it has no config.json"):
        RunFolder.open(tmp_path)
    create(tmp_path / "a").close()
    (tmp_path / "a" / "run.db").unlink()
    with pytest.raises(RunError, match=r"cannot open .*run.db: there is no such file; is the run folder complete"):
        RunFolder.open(tmp_path / "a", write=True)
    (tmp_path / "a" / "run.db").write_bytes(b"x" * 5000)
    with pytest.raises(RunError, match=r"cannot .* .*run.db: the file is damaged"):
        RunFolder.open(tmp_path / "a", write=True)


def grown(path: Path) -> Path:
    """A run with a database of many pages, and a checkpoint."""
    with create(path, state="running") as folder:
        for turn in (1, 2, 3):
            tasks = [TaskRow(100 * turn + i, -1, turn, "address", "spec" * 60) for i in range(60)]
            folder.database.append(record(turn), tasks=tasks)
        folder.checkpoints.save({"w": jnp.ones(2)}, turn=2)
        shutil.copy(path / "run.db-wal", path.parent / "log")
    return path


def blank(file: Path) -> None:
    """Makes nothing but zeros of a page in the middle of a database."""
    data = bytearray(file.read_bytes())
    middle = len(data) // 8192 * 4096
    data[middle : middle + 4096] = bytes(4096)
    file.write_bytes(data)


def lose(file: Path) -> None:
    """Leaves nothing of a database but the log that belonged to it."""
    file.unlink()
    shutil.copy(file.parent.parent / "log", f"{file}-wal")


LOSSES: dict[str, Callable[[Path], Any]] = {
    "missing": Path.unlink,
    "noise": lambda file: file.write_bytes(b"x" * 5000),
    "empty": lambda file: file.write_bytes(b""),
    "cut short": lambda file: os.truncate(file, file.stat().st_size // 2),
    "a blank page": blank,
    "all but its log": lose,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_who_goes_on_gets_a_new_database_for_a_damaged_one(tmp_path, loss):
    path = grown(tmp_path / "a")
    LOSSES[loss](path / "run.db")
    with RunFolder.open(path, write=True, mend=True) as folder:
        (said,) = folder.warnings
        assert f"{path / 'run.db'} was missing or damaged and is begun anew" in said
        assert folder.config == CONFIG
        assert folder.facts["explora"] == folder.checkpoints.latest().manifest.explora
        assert folder.database.last() is None
        assert folder.database.tasks() == []
        folder.database.append(record(3))
    aside = path / "run.db.damaged-1"
    assert aside.exists() == (str(aside) in said) == (loss not in ("missing", "all but its log"))
    assert aside.with_name("run.db.damaged-1-wal").exists() or loss != "all but its log"
    assert list(path.glob(".*")) == []
    with RunFolder.open(path, write=True, mend=True) as folder:
        assert folder.warnings == ()
        assert folder.database.records().turn.tolist() == [3]


def test_a_whole_database_is_left_as_it_is(tmp_path):
    path = grown(tmp_path / "a")
    for write in (True, False):
        with RunFolder.open(path, write=write, mend=True) as folder:
            assert folder.warnings == ()
            assert folder.database.last().turn == 3


@pytest.mark.parametrize("loss", ["missing", "noise", "empty"])
def test_who_reads_does_without_a_damaged_database_and_changes_nothing(tmp_path, loss):
    path = grown(tmp_path / "a")
    LOSSES[loss](path / "run.db")
    before = sorted(path.rglob("*"))
    with RunFolder.open(path, mend=True) as folder:
        (said,) = folder.warnings
        assert "run.db" in said
        assert "or let `explora resume` go on without it" in said
        assert folder.config == CONFIG
        assert folder.database.tasks() == []
        with pytest.raises(RunError, match="it was opened for reading"):
            folder.database.append(record(4))
    assert sorted(path.rglob("*")) == before
    (path / "config.json").write_text("{")
    for write in (True, False):
        with pytest.raises(RunError, match=r"run.db: .*; the configuration beside it, .*config.json, cannot be read"):
            RunFolder.open(path, write=write, mend=True)


def test_a_second_writer_is_refused_with_the_process_that_holds_it(tmp_path):
    holder = rf"is being written by process {os.getpid()} on {socket.gethostname()} \(since .*stop it"
    with create(tmp_path / "a") as folder:
        with pytest.raises(RunError, match=holder):
            RunFolder.open(folder.path, write=True)
        with RunFolder.open(folder.path) as reader:
            assert reader.config == CONFIG
    assert (folder.path / "lock").read_text() == ""
    RunFolder.open(folder.path, write=True).close()


def test_a_failed_opening_gives_the_lock_back(tmp_path):
    create(tmp_path / "a").close()
    shutil.move(tmp_path / "a" / "run.db", tmp_path / "saved")
    with pytest.raises(RunError):
        RunFolder.open(tmp_path / "a", write=True)
    shutil.move(tmp_path / "saved", tmp_path / "a" / "run.db")
    RunFolder.open(tmp_path / "a", write=True).close()


def test_a_killed_writer_loses_nothing_and_its_lock_is_taken_over(tmp_path):
    """Another process writes; it is refused to us, readable for us, and killed in the middle of its work."""
    path = tmp_path / "a"
    script = Path(__file__).with_name("writer.py")
    with subprocess.Popen([sys.executable, script, path], stdout=subprocess.PIPE, start_new_session=True) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
            with pytest.raises(RunError, match=f"is being written by process {writer.pid} on"):
                RunFolder.open(path, write=True)
            with RunFolder.open(path) as reader:
                seen = reader.database.last().turn
            writer.kill()
            writer.wait()
            with RunFolder.open(path, write=True) as folder:
                loaded = folder.checkpoints.load({"w": jnp.zeros(1000, jnp.int32)})
                last = folder.database.last().turn
                assert seen <= last
                assert last - 1 <= loaded.turn <= last
                assert loaded.warnings == ()
                assert loaded.tree["w"].tolist() == [loaded.turn] * 1000
                folder.rewind(loaded.turn)
                assert folder.database.records().turn.tolist() == list(range(1, loaded.turn + 1))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(writer.pid, signal.SIGKILL)  # the worker that it forked off


def no_flock(*_: Any) -> None:
    raise OSError(errno.ENOLCK, "No locks available")


@pytest.fixture
def without_flock(monkeypatch):
    monkeypatch.setattr(fcntl, "flock", no_flock)


def test_where_files_cannot_be_locked_a_second_file_decides(tmp_path, without_flock):
    refused = rf"process {os.getpid()} on .*if you are sure that it is gone, delete .*lock.held"
    with create(tmp_path / "a") as folder, pytest.raises(RunError, match=refused):
        RunFolder.open(folder.path, write=True)
    assert not (folder.path / "lock.held").exists()
    RunFolder.open(folder.path, write=True).close()


@pytest.mark.parametrize(
    ("holder", "refused"),
    [
        ({}, False),
        ({"pid": 2**22 + 1}, False),
        ({"pid": os.getpid(), "started": "1"}, False),
        ({"pid": os.getpid(), "started": None}, True),
        ({"pid": 1}, True),
        ({"pid": 2**22 + 1, "host": "elsewhere"}, True),
    ],
)
def test_there_a_dead_holder_is_told_from_a_living_one(tmp_path, without_flock, holder, refused):
    create(tmp_path / "a").close()
    (tmp_path / "a" / "lock.held").write_text(json.dumps({"host": socket.gethostname()} | holder))
    with pytest.raises(RunError, match="is being written by process") if refused else contextlib.nullcontext():
        RunFolder.open(tmp_path / "a", write=True).close()


def test_locking_that_fails_is_explained(tmp_path, monkeypatch):
    create(tmp_path / "a").close()

    def refuse(*_: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "ftruncate", refuse)
    with pytest.raises(RunError, match=r"cannot lock .*a: the place cannot be written to"):
        RunFolder.open(tmp_path / "a", write=True)


def test_runs_are_found_by_path_and_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    create(tmp_path / "runs" / "maze-1").close()
    create(tmp_path / "elsewhere" / "accel").close()
    (tmp_path / "runs" / "notes").mkdir()
    assert find("maze-1") == Path("runs/maze-1")
    assert find(tmp_path / "elsewhere" / "accel") == tmp_path / "elsewhere" / "accel"
    assert find("accel", root="elsewhere") == Path("elsewhere/accel")
    assert is_run(tmp_path / "runs" / "maze-1")
    with pytest.raises(UnknownName, match="there is no run 'maze1'; did you mean 'maze-1'"):
        find("maze1")
    with pytest.raises(UnknownName, match="there is no run 'elsewhere/acel'; did you mean 'elsewhere/accel'"):
        find("elsewhere/acel")
    with pytest.raises(UnknownName, match="there is no run 'nowhere/x'; none are known"):
        find("nowhere/x")
    with pytest.raises(RunError, match="runs/notes is no run folder"):
        find("runs/notes")


def test_the_environment_is_json():
    found = json.loads(json.dumps(environment()))
    assert found["versions"]["jax"].count(".") == 2
    assert found["machine"]["cores"] == os.cpu_count()
    assert found["machine"]["processor"]
    assert found["created"][4] == "-"
