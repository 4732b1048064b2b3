"""Runs whose lessons are played by real workers: the same to the last bit, whoever is lost."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
import pytest
from safetensors.numpy import load_file

from explora.core import Parts, RunError
from explora.engines import Engine, Local, Processes, Ray
from explora.explorers.niches import Criterion, Niches
from explora.learners import ES
from explora.runs import Plan, Progress, Watcher, begin, resume, run
from explora.store import RunFolder
from explora.testing import Walk

pytestmark = pytest.mark.slow

TURNS = 14
"""Two rhythms: agents learn, move, have children, and the children are admitted."""


@pytest.fixture(scope="module")
def parts() -> Parts:
    easy = Criterion(low=-5.0, high=5.0, reproduce=-5.0, solve=0.9)
    niches = Niches(capacity=2, children=2, every=1, transfers=1, criterion=easy)
    return Parts(Walk(), ES(hidden=(4,), pairs=2, members=niches.members), niches)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(steps=1200, seed=3, record=100, checkpoint=0.0, watch=())


@pytest.fixture(scope="module")
def whole(parts: Parts, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "whole"
    assert run(parts, plan, out=path, engine="processes:1").reason == "finished"
    return path


def assert_equal(path: Path, other: Path) -> None:
    found = []
    for each in (path, other):
        with RunFolder.open(each) as folder:
            manifest = folder.checkpoints.latest().manifest
            assert manifest is not None
            found.append((folder.database.content(), load_file(each / "checkpoints" / manifest.file)))
    (tables, arrays), (other_tables, other_arrays) = found
    assert tables == other_tables
    assert {name: x.tobytes() for name, x in arrays.items()} == {name: x.tobytes() for name, x in other_arrays.items()}


class At(Watcher):
    """Does something once, at the first record from a turn on, and keeps what was noted."""

    def __init__(self, turn: int, do: Callable[[], None]):
        self.turn, self.do = turn, do
        self.done, self.messages = False, []

    def recorded(self, progress: Progress) -> None:
        if progress.turn >= self.turn and not self.done:
            self.done = True
            self.do()

    def noted(self, message: str) -> None:
        self.messages.append(message)


def pid(engine: Processes) -> int:
    """A worker's."""
    return engine.team.crew[0].process.pid


def test_the_run_says_who_played_and_something_happened(whole: Path):
    with RunFolder.open(whole) as folder:
        assert (folder.facts["engine"], folder.facts["workers"]) == ("processes:1", 1)
        assert max(task.id for task in folder.database.tasks()) >= 1
        assert folder.database.records().turn[-1] >= TURNS


def test_two_workers_do_what_one_does(parts: Parts, plan: Plan, whole: Path, tmp_path: Path):
    assert run(parts, plan, out=tmp_path / "two", engine="processes:2").reason == "finished"
    assert_equal(tmp_path / "two", whole)


def test_a_worker_killed_in_the_middle_of_its_work_changes_nothing(
    parts: Parts, plan: Plan, whole: Path, tmp_path: Path
):
    engine = Processes(2)
    killed = []
    hire = engine.team.hire

    def mortal():
        """A worker that is killed with its sixth message in hand, unless another one was."""
        worker = hire()
        ask, asked = worker.ask, []

        def asking(message: bytes) -> bytes:
            asked.append(message)
            if len(asked) == 6 and not killed:
                killed.append(worker.process.pid)
                os.kill(worker.process.pid, signal.SIGKILL)
            return ask(message)

        worker.ask = asking
        return worker

    engine.team.hire = mortal
    watcher = At(0, lambda: None)
    assert run(parts, plan, out=tmp_path / "killed", engine=engine, watchers=(watcher,)).reason == "finished"
    engine.close()
    assert len(killed) == 1
    assert [f"process {killed[0]} ended with -9" in message for message in watcher.messages] == [True]
    assert_equal(tmp_path / "killed", whole)


def test_ctrl_c_stops_cleanly_and_the_run_goes_on_as_before(parts: Parts, plan: Plan, whole: Path, tmp_path: Path):
    path, engine = tmp_path / "stopped", Processes(2)

    def interrupt() -> None:
        os.kill(pid(engine), signal.SIGINT)  # a terminal may send it to everybody: workers are not concerned
        os.kill(os.getpid(), signal.SIGINT)

    watcher = At(4, interrupt)
    assert run(parts, plan, out=path, engine=engine, watchers=(watcher,)).reason == "interrupted"
    workers = [worker.process for worker in engine.team.crew]
    assert watcher.messages == []
    engine.close()
    assert all(process.poll() is not None for process in workers)
    again = At(0, lambda: None)
    with RunFolder.open(path, write=True) as folder:
        folder.database.set(engine="processes:1")
    assert resume(path, watchers=(again,)).reason == "finished"
    with RunFolder.open(path) as folder:
        assert folder.facts["engine"] == "processes:1"
    assert_equal(path, whole)


def ends(parts: Parts, engine: Engine, turns: int) -> list[np.ndarray]:
    """The state after some turns."""
    state = begin(parts, Plan(steps=1))
    state, _ = engine.advance(parts, state, root=jr.key(1), turns=turns, capacity=turns)
    engine.close()
    return [np.asarray(x) for x in jax.tree.leaves(eqx.filter(state, eqx.is_array))]


def test_workers_agree_with_this_process_to_rounding(parts: Parts):
    events = []
    here, there = ends(parts, Local(keep=events.append), 10), ends(parts, Processes(2), 10)
    assert {event.lesson.phase for event in events} >= {"train", "direct", "propose", "prove", "offspring", "audition"}
    for one, other in zip(here, there, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_ray_does_what_processes_do_also_when_an_actor_dies(parts: Parts, plan: Plan, whole: Path, tmp_path: Path):
    ray = pytest.importorskip("ray")
    engine = Ray(2)
    with pytest.raises(RunError, match="already"):
        Ray(2)
    watcher = At(4, lambda: ray.kill(engine.team.crew[0].handle))
    try:
        assert run(parts, plan, out=tmp_path / "ray", engine=engine, watchers=(watcher,)).reason == "finished"
        with RunFolder.open(tmp_path / "ray") as folder:
            assert (folder.facts["engine"], folder.facts["workers"]) == ("ray:2", 2)
    finally:
        engine.close()
    assert not ray.is_initialized()
    assert ["another one does its work again" in message for message in watcher.messages] == [True]
    assert_equal(tmp_path / "ray", whole)


def test_a_cluster_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch):
    ray = pytest.importorskip("ray")

    def unreachable(**options: object) -> None:
        raise ConnectionError("nobody answers")

    monkeypatch.setattr(ray, "init", unreachable)
    with pytest.raises(RunError, match=r"10\.0\.0\.9:6379 cannot be used: nobody answers"):
        Ray(2, "10.0.0.9:6379")
