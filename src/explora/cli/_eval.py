"""`explora eval`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import jax.numpy as jnp
import numpy as np
import tyro

from explora.core import ArgumentError, Questions, Suite
from explora.ledger import Verdict, joined
from explora.maths import cvar
from explora.runs import Player, RoundVersions, load, round_parts
from explora.store import find

from ._parse import RunPath, parse
from ._screen import Quiet, answered, answered_text

_MOST, _FEW = 100, 10  # tasks in a table; if there are more, only the worst


def evaluate(words: list[str]) -> int:
    """Plays held-out tasks with what a run has learned."""

    def evaluate(
        run: RunPath,
        suite: Annotated[
            str | None, tyro.conf.arg(help="a suite or a group of suites, or `rounds`; default: the first")
        ] = None,
        tasks: Annotated[str | None, tyro.conf.arg(help="a file with your own tasks (text mazes)")] = None,
        episodes: Annotated[int, tyro.conf.arg(help="how often each task is played")] = 20,
        seed: Annotated[int, tyro.conf.arg(help="of the evaluation")] = 0,
        as_json: Annotated[bool, tyro.conf.arg(name="json", help="one JSON object on stdout")] = False,
    ) -> int:
        """Play held-out tasks with what a run has learned.

        Actions are sampled, memory is cleared at the start of each episode; the result of always taking the likeliest
        action is printed beside. A file of mazes is blocks of lines separated by a blank line: `.` floor, `#` wall, `G`
        goal, `>v<^` start; the first line of a block may be `# name`. Of the suite `random-solvable` the worst
        tasks are reported apart: they are chosen by one evaluation and measured by a second one with another seed.

        Of a run that asks questions it says how many held-out items are right, in all and class by class; there is
        nothing to play twice. `--suite rounds` judges all versions that rounds against its model taught, and what the
        run knows now, on the suites of these rounds.
        """
        if episodes < 1:
            raise ArgumentError(f"`episodes` must be at least 1, got {episodes}")
        if suite is not None and tasks is not None:
            raise ArgumentError("give `--suite` or `--tasks`, not both")
        path = find(run)
        if suite == "rounds":
            _say_rounds(path, as_json)
            return 0
        # a file that cannot be read is said to be so before anything is compiled
        domain = _domain(path)
        name = tasks or suite or next(iter(domain.suite_names), None)
        if name is None:
            raise ArgumentError(
                f"{type(domain).__name__} has no suites to be judged on; give `--tasks` with tasks of your own"
            )
        suites = domain.read_tasks(tasks) if tasks is not None else list(domain.suites(name).values())
        player = load(path, noted=Quiet().noted)
        if isinstance(domain, Questions):
            _say_answers(str(path), player, suites, as_json)
            return 0
        play = lambda seed=seed, greedy=False: _play(player, suites, name, episodes, seed, greedy)
        sampled = play()
        worst = _worst(sampled, suites, lambda: play(seed + 1))
        if as_json:
            sys.stdout.write(json.dumps(_as_json(str(path), sampled, worst)) + "\n")
        else:
            _print(sampled, play(greedy=True), worst)
        return 0

    return parse(evaluate, words, "explora eval")


def _domain(path: Any) -> Any:
    from explora.runs import read
    from explora.store import RunFolder

    with RunFolder.open(path, mend=True) as folder:
        return read(folder)[0].domain


def _play(player: Player, suites: list[Suite], name: str, episodes: int, seed: int, greedy: bool) -> Verdict:
    """One verdict over suites of different sizes, those of a file in its order."""
    found = [player.evaluate(suite, episodes=episodes, seed=seed, greedy=greedy) for suite in suites]
    return joined(name, found, [place for suite in suites for place in suite.order])


def _say_answers(run: str, player: Player, suites: list[Suite], as_json: bool) -> None:
    """How a model that answers questions does: on the suite that was asked for task by task, and on all in short."""
    domain, answers = player.parts.domain, int(player.state.spent.calls)
    means = {name: player.evaluate(name, episodes=1).mean for name in domain.suite_names}
    tasks = {}
    for suite in suites:
        verdict = player.evaluate(suite, episodes=1)
        tasks |= {name: float(score) for name, score in zip(verdict.names, verdict.solved, strict=True)}
    if as_json:
        sys.stdout.write(json.dumps({"run": run} | answered(means, answers) | {"tasks": tasks}) + "\n")
        return
    if len(tasks) > 1:
        width = max(len(name) for name in (*tasks, "class"))
        rows = "".join(f"{name:{width}}  {score:5.3f}\n" for name, score in tasks.items())
        sys.stdout.write(f"{'class':{width}}  right\n{rows}")
    sys.stdout.write(f"{answered_text(means, answers)}\n")


def _say_rounds(path: Path, as_json: bool) -> None:
    """How the versions that rounds taught do on the suites of the rounds."""
    if not round_parts(path, "suite"):
        raise ArgumentError(f"{path} has no rounds that ended; people play them on the page Fool of `explora people`")
    versions = RoundVersions(path)
    matrix, present = versions.judge(), versions.present()
    rows = dict(zip(map(str, matrix.versions), matrix.right, strict=True)) | {"run": present}
    if as_json:
        suites = dict(zip(matrix.suites, matrix.sizes, strict=True))
        right = {name: dict(zip(matrix.suites, row, strict=True)) for name, row in rows.items()}
        sys.stdout.write(json.dumps({"run": str(path), "suites": suites, "right": right}) + "\n")
        return
    sys.stdout.write("".join([f"{'version':9}", *(f"{suite:>16}" for suite in matrix.suites), "\n"]))
    for name, row in rows.items():
        shares = (f"{count / size:.3f} ({count}/{size})" for count, size in zip(row, matrix.sizes, strict=True))
        sys.stdout.write("".join([f"{name:9}", *(f"{share:>16}" for share in shares), "\n"]))
    sys.stdout.write("run: what the run knows now, without rounds; a suite is hard for the version before it\n")


def _worst(sampled: Verdict, suites: list[Suite], again: Callable[[], Verdict]) -> dict[str, float]:
    """The mean solve rate on the worst tasks by their share, for suites that ask for it: as `cvar` defines it."""
    shares = sorted({share for suite in suites for share in suite.tail}, reverse=True)
    if not shares:
        return {}
    ranking, rates = jnp.asarray(sampled.solved), jnp.asarray(again().solved)
    return {str(share): float(cvar(ranking, rates, share)) for share in shares}


def _as_json(run: str, verdict: Verdict, worst: dict[str, float] | None = None) -> dict[str, Any]:
    columns = zip(verdict.names, verdict.solved, verdict.returns, verdict.optimal, strict=True)
    found = {
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
    return found | {"worst": worst} if worst else found


def _print(sampled: Verdict, greedy: Verdict, worst: dict[str, float]) -> None:
    tasks = len(sampled.names)
    shown = range(tasks) if tasks <= _MOST else np.lexsort((sampled.returns, sampled.solved))[:_FEW]
    tails = {f"worst {100 * float(share):g} %": rate for share, rate in worst.items()}
    width = max(len(name) for name in (*(sampled.names[i] for i in shown), *tails, "task", "mean"))
    if tasks > _MOST:
        sys.stdout.write(f"the {_FEW} of {tasks:,} tasks that went worst this time:\n")
    sys.stdout.write(f"{'task':{width}}  solved  greedy  return  optimal steps\n")
    for i in shown:
        optimal = f"{sampled.optimal[i]:.0f}" if np.isfinite(sampled.optimal[i]) else "–"
        sys.stdout.write(
            f"{sampled.names[i]:{width}}  {sampled.solved[i]:6.2f}  {greedy.solved[i]:6.2f}  "
            f"{sampled.returns[i]:6.2f}  {optimal:>13}\n"
        )
    returned = float(np.mean(sampled.returns))
    sys.stdout.write(f"{'mean':{width}}  {sampled.mean:6.3f}  {greedy.mean:6.3f}  {returned:6.3f}\n")
    for name, rate in tails.items():
        sys.stdout.write(f"{name:{width}}  {rate:6.3f}  (chosen by this evaluation, measured by a second one)\n")
    sys.stdout.write(f"{sampled.suite}: {tasks:,} tasks, {sampled.episodes} episodes each\n")
