"""`explora eval`."""

import json
import sys
from typing import Annotated, Any

import numpy as np
import tyro

from explora.core import ArgumentError, Suite
from explora.ledger import Verdict
from explora.runs import Player, load
from explora.store import find

from ._parse import RunPath, parse
from ._screen import Quiet


def evaluate(words: list[str]) -> int:
    """Plays held-out tasks with what a run has learned."""

    def evaluate(
        run: RunPath,
        suite: Annotated[str | None, tyro.conf.arg(help="a suite of the domain; default: the first")] = None,
        tasks: Annotated[str | None, tyro.conf.arg(help="a file with your own tasks (text mazes)")] = None,
        episodes: Annotated[int, tyro.conf.arg(help="how often each task is played")] = 20,
        seed: Annotated[int, tyro.conf.arg(help="of the evaluation")] = 0,
        as_json: Annotated[bool, tyro.conf.arg(name="json", help="one JSON object on stdout")] = False,
    ) -> int:
        """Play held-out tasks with what a run has learned.

        Actions are sampled, memory is cleared at the start of each episode; the result of always taking the likeliest
        action is printed beside. A file of mazes is blocks of lines separated by a blank line: `.` floor, `#` wall,
        `G` goal, `>v<^` start; the first line of a block may be `# name`.
        """
        if episodes < 1:
            raise ArgumentError(f"`episodes` must be at least 1, got {episodes}")
        if suite is not None and tasks is not None:
            raise ArgumentError("give `--suite` or `--tasks`, not both")
        path = find(run)
        # a file that cannot be read is said to be so before anything is compiled
        parts = _domain(path)
        name = tasks or suite or parts.suite_names[0]
        suites = parts.read_tasks(tasks) if tasks is not None else [parts.suite(name)]
        player = load(path, noted=Quiet().noted)
        sampled, greedy = (_play(player, suites, name, episodes, seed, choice) for choice in (False, True))
        if as_json:
            sys.stdout.write(json.dumps(_as_json(str(path), sampled)) + "\n")
        else:
            _print(sampled, greedy)
        return 0

    return parse(evaluate, words, "explora eval")


def _domain(path: Any) -> Any:
    from explora.runs import read
    from explora.store import RunFolder

    with RunFolder.open(path, mend=True) as folder:
        return read(folder)[0].domain


def _play(player: Player, suites: list[Suite], name: str, episodes: int, seed: int, greedy: bool) -> Verdict:
    """One verdict over suites of different sizes, in the order of the file."""
    found = [player.evaluate(suite, episodes=episodes, seed=seed, greedy=greedy) for suite in suites]
    order = np.argsort([place for suite in suites for place in suite.order or range(len(suite.names))])
    names = [task for verdict in found for task in verdict.names]
    join = lambda column: np.concatenate([getattr(verdict, column) for verdict in found])[order]
    return Verdict(
        name,
        tuple(names[i] for i in order),
        episodes,
        solved=join("solved"),
        returns=join("returns"),
        lengths=join("lengths"),
        optimal=join("optimal"),
        steps=sum(verdict.steps for verdict in found),
    )


def _as_json(run: str, verdict: Verdict) -> dict[str, Any]:
    columns = zip(verdict.names, verdict.solved, verdict.returns, verdict.optimal, strict=True)
    return {
        "run": run,
        "suite": verdict.suite,
        "episodes": verdict.episodes,
        "mean_solve_rate": verdict.mean,
        "tasks": [
            {
                "name": name,
                "solve_rate": float(solved),
                "mean_return": float(returned),
                "optimal_steps": int(optimal) if np.isfinite(optimal) else None,
            }
            for name, solved, returned, optimal in columns
        ],
    }


def _print(sampled: Verdict, greedy: Verdict) -> None:
    width = max(len(name) for name in (*sampled.names, "task", "mean"))
    sys.stdout.write(f"{'task':{width}}  solved  greedy  return  optimal steps\n")
    shown = range(len(sampled.names)) if len(sampled.names) <= 60 else ()
    for i in shown:
        optimal = f"{sampled.optimal[i]:.0f}" if np.isfinite(sampled.optimal[i]) else "–"
        sys.stdout.write(
            f"{sampled.names[i]:{width}}  {sampled.solved[i]:6.2f}  {greedy.solved[i]:6.2f}  "
            f"{sampled.returns[i]:6.2f}  {optimal:>13}\n"
        )
    returned = float(np.mean(sampled.returns))
    sys.stdout.write(f"{'mean':{width}}  {sampled.mean:6.3f}  {greedy.mean:6.3f}  {returned:6.3f}\n")
    sys.stdout.write(f"{sampled.suite}: {len(sampled.names)} tasks, {sampled.episodes} episodes each\n")
