"""Keeping the episodes of a run: the run stays what it was, and a run that goes on keeps the same."""

import dataclasses
from pathlib import Path

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file

from explora.core import CombinationError, Episodes, NotThere, Parts
from explora.recipes import usual
from explora.runs import Plan, Watcher, resume, run
from explora.runs._records import Keeper
from explora.store import RunFolder
from explora.testing import Carousel, Linear, Quiz, Walk


def kept(path: Path) -> tuple[dict[str, np.ndarray], dict, Episodes]:
    with RunFolder.open(path) as folder:
        manifest = folder.checkpoints.latest().manifest
        records = folder.database.records()
        columns = {name: x for name, x in records.metrics.items() if name.startswith(("play/", "learner/"))}
        episodes = folder.episodes().read() if (path / "experience").exists() else None
    return load_file(path / "checkpoints" / manifest.file), columns, episodes


@pytest.fixture(scope="module")
def parts() -> Parts:
    return Parts(Walk(), Linear(), Carousel())


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(steps=2400, seed=7, record=128, checkpoint=0.0, watch=(), experience=3)


@pytest.fixture(scope="module")
def whole(parts: Parts, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(parts, plan, out=tmp_path_factory.mktemp("runs") / "whole").path


def test_a_run_that_keeps_its_episodes_is_the_same_run(parts, plan, whole, tmp_path):
    plain = run(parts, dataclasses.replace(plan, experience=None), out=tmp_path / "plain").path
    arrays, columns, nothing = kept(plain)
    kept_arrays, kept_columns, episodes = kept(whole)
    assert nothing is None
    assert {name: x.tobytes() for name, x in arrays.items()} == {n: x.tobytes() for n, x in kept_arrays.items()}
    assert {name: x.tobytes() for name, x in columns.items()} == {n: kept_columns[n].tobytes() for n in columns}
    turns = np.unique(episodes.checked().columns["turn"])
    places = [block * 3 + block % 3 for block in range(99)]
    assert turns.tolist() == [turn for turn in places if turn <= turns[-1]]
    assert len(turns) > 4
    assert set(episodes.columns["seed"].tolist()) == {7}
    with RunFolder.open(plain) as folder, pytest.raises(NotThere, match="--keep-experience"):
        folder.episodes()


def test_what_is_kept_is_what_the_run_lived(parts, plan, tmp_path):
    """The mean return and length that the run measured are those of the episodes, if all turns are kept."""
    path = run(parts, dataclasses.replace(plan, steps=1200, experience=1), out=tmp_path / "all").path
    with RunFolder.open(path) as folder:
        rows = folder.database.records()
        episodes = folder.episodes().read()
    turns, tasks = episodes.columns["turn"], episodes.columns["task"]

    def measured(x: np.ndarray, turn: int) -> float:
        """The mean over the tasks of a turn."""
        mine = turns == turn
        return float(np.mean([x[mine & (tasks == task)].mean() for task in np.unique(tasks[mine])]))

    first = 0
    for number, last in enumerate(rows.turn.tolist()):
        for x, name in ((episodes.returns, "return"), (episodes.lengths, "length"), (episodes.terminated, "solved")):
            mean = np.mean([measured(x, turn) for turn in range(first, last)])
            assert mean == pytest.approx(rows.metrics[f"play/{name}"][number], rel=1e-5)
        first = last
    assert first > 4


class _Stop(Watcher):
    """Interrupts a run as Ctrl-C would, after so many records."""

    def __init__(self, records: int):
        self.left = records

    def recorded(self, progress) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_a_run_that_was_interrupted_and_goes_on_keeps_the_same_episodes(parts, plan, whole, tmp_path):
    path = tmp_path / "cut"
    slow = dataclasses.replace(plan, checkpoint=1e9)
    with pytest.raises(KeyboardInterrupt):  # at once, without a checkpoint: all is lived again
        run(parts, slow, out=path, watchers=(_Stop(3),))
    with pytest.raises(KeyboardInterrupt):  # after checkpoints
        resume(path, watchers=(_Stop(2),))
    resume(path)
    found, expected = kept(path), kept(whole)
    assert {n: x.tobytes() for n, x in found[0].items()} == {n: x.tobytes() for n, x in expected[0].items()}
    for one, two in zip(jax.tree.leaves(vars(found[2])), jax.tree.leaves(vars(expected[2])), strict=True):
        assert one.tobytes() == two.tobytes()


def test_a_domain_without_episodes_says_so_before_there_is_a_folder(tmp_path):
    with pytest.raises(CombinationError, match="no episodes to keep"):
        run(usual(Quiz()).build(Quiz()), Plan(experience=2), out=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_turns_that_are_kept_walk_through_the_rhythm(tmp_path):
    with RunFolder.create(tmp_path / "run", config={}) as folder:
        keeper = Keeper(folder, 4, 0)
        turn, seen = 0, []
        while turn < 40:
            seen.append(turn)
            turn += keeper.room(turn)
    assert seen == [0, 5, 10, 15, 16, 21, 26, 31, 32, 37]


@pytest.mark.slow
def test_a_hosted_run_hands_over_what_it_lived(tmp_path):
    pytest.importorskip("gymnasium")
    from explora.adapters import GymnasiumDomain
    from explora.explorers import Uniform
    from explora.learners import PPO

    domain = GymnasiumDomain("CartPole-v1", steps=24, max_steps=12, threshold=11.0)
    plan = Plan(steps=24 * 2 * 3, record=48, checkpoint=0.0, watch=(), experience=2)
    path = run(Parts(domain, PPO(minibatches=1), Uniform(rows=2)), plan, out=tmp_path / "gym").path
    with RunFolder.open(path) as folder:
        episodes, records = folder.episodes().read(), folder.database.records()
    assert set(episodes.checked().columns["turn"].tolist()) <= {0, 3}
    assert len(episodes) >= 2
    assert not np.any(records.metrics["experience/steps_twice"])
    assert not np.any(episodes.terminated & (episodes.lengths == 12))
    # a pole that falls is seen to have fallen
    seen = jax.tree.leaves(episodes.final)[0]
    assert seen.shape == (len(episodes), 4)
    fell = (np.abs(seen[:, 2]) > 0.2095) | (np.abs(seen[:, 0]) > 2.4)
    assert np.array_equal(fell, episodes.terminated)
