"""A run of mazes of any size, written at once: a hundred thousand tasks and 36,000 records take seconds.

    python -m tests.people._large FOLDER [--tasks 100000] [--records 36000] [--versions 60]

Nothing was played: curves rise as curves do, a task's parent is an earlier one, and its score falls with age.
"""

import argparse
import contextlib
import itertools
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from explora.core import spec
from explora.domains.maze import Maze
from explora.recipes import recipe
from explora.runs import Plan
from explora.store import RunFolder

SIDE = 13
NAMES = ("play/return", "play/solved", "loss/value", "loss/policy", "entropy", "score/mean", "buffer/filled", "norm")
SUITES = {"graded": 48, "named": 12}


def write_large(
    path: Path, *, tasks: int = 100_000, records: int = 36_000, versions: int = 60, state: str = "finished"
) -> Path:
    """Writes the folder of a run.

    **Arguments:**

    - `path`: of the folder.
    - `tasks`, `records`: how many.
    - `versions`: how many of them were judged on the suites.
    - `state`: what the folder says of the run.
    """
    config = {"recipe": "accel", "parts": spec(recipe("accel").build(Maze())), "plan": spec(Plan())}
    facts = {"created": "2026-11-21T02:33:35+00:00", "command": ["explora", "run", "maze"], "versions": {}}
    with RunFolder.create(path, config=config, facts=facts | {"state": state}):
        pass
    rng = np.random.default_rng(0)
    with contextlib.closing(sqlite3.connect(path / "run.db")) as connection, connection:
        _put(connection, "record", 8, _records(rng, records))
        _put(connection, "task", 7, _tasks(rng, tasks, records))
        turns = np.unique(np.linspace(10, 10 * records, versions).astype(int))
        _put(connection, "evaluation", 8, _evaluations(rng, turns.tolist()))
    return path


def _put(connection: sqlite3.Connection, table: str, columns: int, rows: Iterator[tuple]) -> None:
    connection.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * columns)})", rows)


def _records(rng: np.random.Generator, count: int) -> Iterator[tuple]:
    rise = 1 - np.exp(-np.linspace(0, 4, count))
    columns = [np.round(rise * (n + 1) / len(NAMES) + 0.05 * rng.normal(size=count), 5) for n in range(len(NAMES))]
    columns[1] = np.clip(columns[1] * 4, 0, 1)
    for i, values in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        turn = 10 * (i + 1)
        metrics = json.dumps(dict(zip(NAMES, values, strict=True)))
        yield turn, 8192 * (i + 1), 5 * (i + 1), 0, 64 * (i + 1), 1.7 * (i + 1), 1e9, metrics


def _tasks(rng: np.random.Generator, count: int, records: int) -> Iterator[tuple]:
    parents = np.where(rng.random(count) < 0.3, -1, (np.arange(count) * rng.random(count)).astype(int))
    parents[:1] = -1
    turns = np.sort(rng.integers(1, records + 1, count)) * 10
    scores = np.round(rng.beta(1, 5, count), 5)
    generations = np.zeros(count, int)
    for id in range(1, count):
        generations[id] = 0 if parents[id] < 0 else generations[parents[id]] + 1
    columns = (parents.tolist(), turns.tolist(), _mazes(rng, count), scores.tolist(), generations.tolist())
    for id, (parent, turn, maze, score, generation) in enumerate(zip(*columns, strict=True)):
        yield id, parent, turn, f"{id:016x}", json.dumps(maze), score if id % 50 else None, generation


def _mazes(rng: np.random.Generator, count: int) -> Iterator[str]:
    for first in range(0, count, 10_000):
        many = min(10_000, count - first)
        cells = np.where(rng.random((many, SIDE * SIDE)) < 0.25, "#", ".")
        places = np.argsort(rng.random((many, SIDE * SIDE)), axis=1)[:, :2]
        rows = np.arange(many)
        cells[rows, places[:, 0]] = ">"
        cells[rows, places[:, 1]] = "G"
        for maze in cells:
            text = "".join(maze.tolist())
            yield "\n".join(text[at : at + SIDE] for at in range(0, SIDE * SIDE, SIDE))


def _evaluations(rng: np.random.Generator, turns: list[int]) -> Iterator[tuple[Any, ...]]:
    for (number, turn), (suite, count) in itertools.product(enumerate(turns), SUITES.items()):
        known = (number + 1) / len(turns)
        rates = np.clip(1.3 * known - np.linspace(0, 1, count) + 0.1 * rng.normal(size=count), 0, 1).round(2)
        for n, rate in enumerate(rates.tolist()):
            yield turn, suite, f"{suite} {n:02d}", 20, rate, rate * 0.8, 12.0 + n, False


def main() -> None:
    """Writes a run where the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name, usual in (("tasks", 100_000), ("records", 36_000), ("versions", 60)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    said = parser.parse_args()
    print(write_large(said.folder, tasks=said.tasks, records=said.records, versions=said.versions))


if __name__ == "__main__":
    main()
