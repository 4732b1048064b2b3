"""A run written by hand, whose every number is known."""

from pathlib import Path

from explora.store import EvaluationRow, Record, RunFolder, TaskRow

CONFIG = {
    "recipe": "plr",
    "parts": {
        "type": "explora.core.Parts",
        "domain": {"type": "explora.domains.maze.Maze", "view": 5},
        "explorer": {"type": "explora.explorers.Replay", "rows": 64, "score": {"type": "explora.scores.MaxMC"}},
    },
    "plan": {"type": "explora.runs.Plan", "seed": 3, "steps": 300, "minutes": None},
}
FACTS = {
    "versions": {"explora": "0.1.0", "jax": "0.10.2"},
    "machine": {"cores": 2, "processor": "an <abacus> & more"},
    "command": ["/some/where/bin/explora", "run", "maze", "--recipe", "plr"],
    "created": "2026-11-21T02:33:35+00:00",
    "state": "finished",
}
NASTY = "<script>alert('task')</script>"
"""A name that a page must show and not run."""


def task(id: int, parent: int, turn: int, score: float | None, address: str | None = None) -> TaskRow:
    return TaskRow(id, parent, turn, address or f"{id:016x}", {"number": id}, score)


def evaluations(turn: int, suite: str, rates: dict[str, float], episodes: int = 20) -> list[EvaluationRow]:
    return [EvaluationRow(turn, suite, name, episodes, rate, rate / 2, 12.0) for name, rate in rates.items()]


def write_by_hand(path: Path, **facts: object) -> None:
    """Three records, ten turns and one hundred steps apart; two suites; a family of five and a loner."""
    with RunFolder.create(path, config=CONFIG, facts=FACTS | facts) as folder:
        rows = [
            (evaluations(10, "easy", {"a": 0.0, "b": 1.0}) + evaluations(10, "hard", {NASTY: 0.5})),
            (evaluations(20, "easy", {"a": 0.5, "b": 1.0}) + evaluations(20, "hard", {NASTY: 1.0})),
            (evaluations(30, "easy", {"a": 1.0, "b": 1.0}) + evaluations(30, "hard", {NASTY: 0.1})),
        ]
        tasks = [
            [task(0, -1, 10, 0.3), task(1, -1, 10, None)],
            [task(2, 0, 20, 0.5), task(3, 0, 20, 0.4)],
            [task(4, 2, 30, 0.2), task(5, 2, 30, 0.9)],
        ]
        for i in range(3):
            record = Record(
                turn=10 * (i + 1),
                steps=100 * (i + 1),
                updates=4 * (i + 1),
                calls=0,
                episodes=5 * (i + 1),
                seconds=(60.0, 70.0, 90.0)[i],
                budget=300.0,
                metrics={"play/return": 0.1 * i, "learner/<b>loss</b>": float("nan") if i == 0 else 1.0 / i},
            )
            folder.database.append(record, tasks=tasks[i], evaluations=rows[i])
