"""A recipe learns: on mazes so small that it takes seconds."""

from pathlib import Path

import pytest

from explora.core import override
from explora.domains.maze import Maze, MazeSpace
from explora.recipes import recipe
from explora.runs import Plan, run
from explora.store import RunFolder


@pytest.mark.slow
def test_uniform_sampling_learns_five_by_five_mazes(tmp_path: Path):
    parts = recipe("dr").build(Maze(space=MazeSpace(height=5, width=5, walls=6), steps=64, max_steps=50))
    parts = override(parts, {"learner.net.core.width": 32, "explorer.rows": 64, "explorer.queue": 2})
    done = run(parts, Plan(steps=200_000, record=8192, watch=()), out=tmp_path / "small")
    with RunFolder.open(done.path) as folder:
        returns = folder.database.records().metrics["play/return"]
    assert returns[0] < 0.5
    assert returns[-1] > 0.75
