"""What is to be played, and by whom."""

import dataclasses
from typing import Annotated, Any

import jax
import numpy as np
import tyro

from explora.core import ArgumentError, CombinationError, Environment, Parts, Policy, Suite, UnknownName
from explora.plots import saga
from explora.runs import Agent, Plan, taught
from explora.store import RunFolder


@dataclasses.dataclass(frozen=True)
class Wanted:
    """Which task is wanted, of one place.

    **Arguments:**

    - `task`: the number of a recorded one.
    - `suite`, `tasks`: a suite, or a file.
    - `name`: of the task in suite or file; None: the first.
    """

    task: Annotated[int | None, tyro.conf.arg(help="number of a recorded task; default: the last one")] = None
    suite: Annotated[str | None, tyro.conf.arg(help="a suite or a group of suites instead")] = None
    tasks: Annotated[str | None, tyro.conf.arg(help="a file with your own tasks instead")] = None
    name: Annotated[str | None, tyro.conf.arg(help="of the task in suite or file; default: the first")] = None

    def __post_init__(self) -> None:
        if sum(place is not None for place in (self.task, self.suite, self.tasks)) > 1:
            raise ArgumentError("give one of `--task`, `--suite` and `--tasks`, not several")
        if self.name is not None and self.suite is None and self.tasks is None:
            raise ArgumentError("`--name` chooses from `--suite` or `--tasks`; give one of them too")


def environment_of(parts: Parts) -> Environment:
    """The domain of a run.

    **Raises:** `CombinationError` if it is not played in time.
    """
    if not isinstance(parts.domain, Environment):
        raise CombinationError(f"{type(parts.domain).__name__} is not played in time: there is nothing to film")
    return parts.domain


def task_of(wanted: Wanted, folder: RunFolder, environment: Environment) -> tuple[str, Any, int | None]:
    """The task that is wanted: by default the last that was recorded, else the first of the first suite.

    **Returns:** its name, the task, and its number if it is a recorded one.

    **Raises:** `ArgumentError` or `UnknownName` if there is none.
    """
    if wanted.suite is not None or wanted.tasks is not None:
        return (*_listed(wanted, environment), None)
    number = wanted.task
    numbers = folder.database.numbers()
    if number is None and numbers:
        number = max(numbers)
    if number is None:
        if not environment.suite_names:
            raise ArgumentError("this run has recorded no task; give `--tasks` with tasks of your own")
        return (*_listed(Wanted(suite=environment.suite_names[0]), environment), None)
    if number not in numbers:
        last = f": their numbers go up to {max(numbers)}" if numbers else ": it has recorded none"
        raise ArgumentError(f"there is no recorded task {number}{last}; tasks.jsonl of `explora export` has them all")
    row = folder.database.lineage(number)[-1]
    return f"task {number}", environment.space.decode(row.spec), number


def own_agent(folder: RunFolder, number: int | None) -> tuple[int | None, int | None]:
    """The member that had a recorded task to itself, and the newest version from that time; None if there is none."""
    found = saga(folder.database.events(), [], 0)
    home = None if found is None or number is None else found.home(number)
    if home is None:
        return None, None
    kept = [turn for turn in folder.versions.turns() if home.left is None or turn < home.left]
    return home.place, max(kept) if home.left is not None and kept else None


def agent_of(
    folder: RunFolder, parts: Parts, plan: Plan, *, turn: int | None, member: int | None, seed: int, greedy: bool
) -> tuple[int, Agent]:
    """Who plays, and after how many turns it was so.

    **Raises:** `ArgumentError` for a member that there is not; `NotThere` for a turn of which there is no version.
    """
    members = parts.learner.members
    if member is not None and not 0 <= member < members:
        raise ArgumentError(f"`--agent` must lie between 0 and {members - 1}, got {member}")
    found = taught(folder, parts, plan, turn)
    if not isinstance(found.policy, Policy):
        raise CombinationError("what this run learns answers questions and does not act: there is nothing to film")
    who = member if members > 1 else None
    return found.turn, Agent(found.policy.greedy() if greedy else found.policy, seed, who)


def _listed(wanted: Wanted, environment: Environment) -> tuple[str, Any]:
    """A task of a suite or of a file."""
    if wanted.tasks is not None:
        suites = environment.read_tasks(wanted.tasks)
    else:
        suites = [suite for suite in environment.suites(str(wanted.suite)).values() if suite.domain is None]
    places = [(name, suite, row) for suite in suites for row, name in enumerate(suite.names)]
    chosen = next((place for place in places if wanted.name in (None, place[0])), None)
    if chosen is None:
        raise UnknownName("task", str(wanted.name), [name for name, _, _ in places])
    name, suite, row = chosen
    return name, _row(suite, row)


def _row(suite: Suite, row: int) -> Any:
    return jax.tree.map(lambda x: np.asarray(x)[row], suite.tasks)
