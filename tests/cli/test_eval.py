"""What `explora eval` says of the worst tasks, and how much of a large suite it prints."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from explora.cli._eval import _as_json, _print, _worst
from explora.core import Suite
from explora.ledger import Verdict


def verdict(solved: Any, returns: Any = None) -> Verdict:
    solved = np.asarray(solved, np.float32)
    names = tuple(f"maze-{number}" for number in range(len(solved)))
    returns = solved if returns is None else np.asarray(returns, np.float32)
    return Verdict("mazes", names, 5, solved, returns, 3 * returns, np.full(len(solved), np.inf), steps=7)


def suite(tasks: int, tail: tuple[float, ...]) -> Suite:
    return Suite(jnp.zeros((tasks,)), tuple(map(str, range(tasks))), tail=tail)


def test_the_worst_tasks_are_chosen_by_one_evaluation_and_measured_by_another():
    ranking = verdict([0.0, 0.2, *[1.0] * 18])
    measured = verdict([0.5, 0.7, *[0.0] * 18])  # those that look worst now were not chosen
    found = _worst(ranking, [suite(20, (0.05, 0.1))], lambda: measured)
    assert list(found) == ["0.1", "0.05"]
    assert found == pytest.approx({"0.1": 0.6, "0.05": 0.5})


def test_suites_without_a_tail_are_not_played_again():
    found = _worst(verdict([0.5]), [suite(1, ())], lambda: pytest.fail("it was played again"))
    assert found == {}
    agreed = {"run", "suite", "episodes", "mean_solve_rate", "tasks"}
    assert _as_json("here", verdict([0.5]), {}).keys() == agreed
    assert _as_json("here", verdict([0.5]), {"0.1": 0.25}).keys() == agreed | {"worst"}


def test_a_hundred_tasks_are_all_printed(capsys: pytest.CaptureFixture):
    _print(verdict([0.5] * 100), verdict([0.25] * 100), {})
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("maze-")]) == 100
    assert lines[-2].split() == ["mean", "0.500", "0.250", "0.500"]
    assert lines[-1] == "mazes: 100 tasks, 5 episodes each"


def test_of_more_tasks_the_ten_worst_are_printed(capsys: pytest.CaptureFixture):
    solved, returns = [1.0] * 1201, [1.0] * 1201
    for place in range(12):
        solved[100 * place], returns[100 * place] = 0.5, (12 - place) / 100
    solved[7] = 0.0
    _print(verdict(solved, returns), verdict(solved), {"0.1": 0.75, "0.01": 0.5})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "the 10 of 1,201 tasks that went worst this time:"
    worst = ["maze-7", *(f"maze-{100 * place}" for place in range(11, 2, -1))]
    assert [line.split()[0] for line in lines[2:12]] == worst
    assert lines[12].startswith("mean ")
    assert lines[13].startswith("worst 10 %   0.750  ")
    assert lines[14].startswith("worst 1 %    0.500  ")
    assert len(lines) == 16
