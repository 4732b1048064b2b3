"""A maze that somebody draws reaches a real run, and the log of what people sent reproduces the run bit for bit."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from explora.store import RunFolder

from ._around import Server, served, uuid

SMALL = (
    "--recipe accel --minutes 20 --seed 3 --quiet --record 4096 --checkpoint 1 --watch graded "
    "--domain.space.height 5 --domain.space.width 5 --domain.space.walls 6 --domain.steps 64 "
    "--explorer.rows 16 --explorer.capacity 64 --learner.net.core.width 16 --learner.minibatches 2"
).split()
MAZE = ">....\n.###.\n.....\n.#.#.\n....G"


AGAIN = """
import os, signal, sys
from explora.runs import Watcher, resume

class Until(Watcher):
    def recorded(self, progress):
        if progress.turn >= int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGINT)

resume(sys.argv[1], watchers=(Until(),))
"""
ALIKE = os.environ | {"JAX_NUM_CPU_DEVICES": "1"}
"""On as many devices a run is the same to the last bit."""


def wait(what: Callable[[], Any], seconds: float = 900.0) -> Any:
    """What `what` gives as soon as it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it took too long")


def content(path: Path) -> tuple[dict, dict]:
    """The tables without the columns of the clock, and the arrays of the last checkpoint."""
    with RunFolder.open(path) as folder:
        tables = folder.database.content()
        manifest = folder.checkpoints.latest().manifest
    assert manifest is not None
    return tables, load_file(path / "checkpoints" / manifest.file)


def _send(server: Server, maze: str) -> float:
    """Sends a maze; returns how long it took until a record has it [s]."""
    database, owner, started = server.people.folder.database, server.owner, time.monotonic()
    said = owner.ok("POST", "/api/author/send", {"uuid": uuid(), "task": maze})
    wait(lambda: owner.ok("GET", "/api/author/sent")[0]["recorded"] is not None)
    took = time.monotonic() - started
    found = owner.ok("GET", "/api/author/sent")[0]
    assert (found["uuid"], found["refused"]) == (said["uuid"], None)
    # the turn in which it was learned from belongs to the next record
    assert found["recorded"] == min(turn for turn in database.records().turn.tolist() if turn > found["taken"])
    (row,) = database.tasks_of([found["number"]])
    assert row.spec == found["task"] == maze
    return took


@pytest.mark.slow
def test_a_drawn_maze_is_in_a_lesson_by_the_next_record_and_the_log_reproduces_the_run(tmp_path: Path):
    path = tmp_path / "run"
    command = [sys.executable, "-c", "import sys; from explora.cli import main; sys.exit(main())", "run", "maze"]
    process = subprocess.Popen([*command, *SMALL, "--out", str(path)], stdout=subprocess.DEVNULL, env=ALIKE)
    try:
        wait(lambda: (path / "config.json").exists())
        with served(path) as server:
            server.people.scene.wait(60.0)
            database, inbox = server.people.folder.database, server.people.folder.inbox
            assert server.owner.ok("GET", "/api/author")["running"]
            wait(lambda: inbox.letters(kind="hello")[0].turn is not None)
            wait(lambda: len(database.records().turn) > 5)
            _send(server, MAZE)  # what it needs may still have to be compiled
            busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
            took = _send(server, MAZE.replace("G", ".").replace("...\n.#.", "..G\n.#.", 1))
            print(
                f"from sending to the record: {took:.2f} s, of a machine that is {busy:.1f} times as busy as it can be"
            )
            assert took < 10.0 * busy
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(600.0)
    again = tmp_path / "again"
    shutil.copytree(path, again)
    shutil.rmtree(again / "checkpoints")
    tables, arrays = content(path)
    last = str(tables["record"][-1][0])
    subprocess.run([sys.executable, "-c", AGAIN, str(again), last], check=True, env=ALIKE)
    tables_again, arrays_again = content(again)
    assert tables_again == tables
    assert arrays_again.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(arrays_again[name], array, err_msg=name)
