"""What can be done with a task that somebody draws."""

import json
import secrets
from collections.abc import Callable
from threading import Thread
from typing import Any, NamedTuple

import equinox as eqx
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from explora.core import CombinationError, Environment, ExploraError, NotThere, Parts, Questions, Space, TaskError
from explora.store import Letter, RunFolder

from .._log import Act, EventLog
from .._play import Job, Players, decoded

_SHORT = 500  # letters of a sentence at most


class Checked(NamedTuple):
    """What is known of a drawn task.

    **Arguments:**

    - `valid`: whether it belongs to the space.
    - `problem`: why not, in one sentence; None if it does.
    - `task`: as the space writes it.
    - `description`: in one line.
    - `address`: of its content.
    - `optimal`: how many steps a perfect player needs; None if there is no way or nobody knows.
    - `solvable`: whether there is a way; None if nobody knows.
    - `features`: the numbers that describe it, by name.
    """

    valid: bool
    problem: str | None
    task: Any = None
    description: str = ""
    address: str = ""
    optimal: float | None = None
    solvable: bool | None = None
    features: dict[str, float] | None = None


class Easel:
    """Where tasks are drawn.

    **Arguments:**

    - `folder`: of the run.
    - `parts`: gives the parts of the run, or None as long as they are not there.
    - `log`: what people did.
    - `players`: who plays.
    """

    def __init__(self, folder: RunFolder, parts: Callable[[], Parts | None], log: EventLog, players: Players):
        self._folder, self._given, self._log, self._players = folder, parts, log, players
        self._greeted = False

    @property
    def parts(self) -> Parts:
        """The parts of the run.

        **Raises:** `NotThere` as long as they are not there.
        """
        found = self._given()
        if found is None:
            raise NotThere("the parts of this run are not there yet, or cannot be built here; try again soon")
        return found

    @property
    def space(self) -> Space:
        """The space whose tasks are drawn."""
        return self.parts.space

    @property
    def running(self) -> bool:
        """Whether the run goes on, as far as its folder says: else letters wait until it is resumed."""
        return self._folder.facts.get("state") == "running"

    def refusal(self) -> str | None:
        """Why nobody can draw tasks for this run; None if one can."""
        parts = self.parts
        if isinstance(parts.domain, Questions):
            return "this run asks about items that are given: add them to its data"
        if not parts.space.fields:
            return (
                f"{type(parts.space).__name__} does not say what its tasks are made of (`fields`): write them as text"
            )
        return None

    def greet(self, person: str) -> None:
        """Tells the run that somebody is going to send tasks, once, and gets ready for them aside."""
        if self._greeted or self.refusal() is not None:
            return
        self._greeted = True
        Thread(target=self._warm, name="easel", daemon=True).start()
        if self.running:
            self._folder.inbox.put(f"hello-{secrets.token_hex(12)}", "hello", {}, person)

    def check(self, spec: Any) -> Checked:
        """What is known of a drawn task; never raises for one that is none."""
        try:
            task = decoded(self.space, spec)
        except TaskError as error:
            return Checked(False, str(error)[:_SHORT])
        domain = self.parts.domain
        space = self.space
        length, features = _measured(domain, space, task)
        best = None if length is None else float(length)
        named = None
        if features is not None:
            named = {name: float(x) for name, x in zip(space.feature_names, np.asarray(features), strict=True)}
        return Checked(
            True,
            None,
            space.encode(space.canonical(task)),
            str(space.describe(task))[:_SHORT],
            space.address(task),
            best if best is not None and np.isfinite(best) else None,
            None if best is None else bool(np.isfinite(best)),
            named,
        )

    def sample(self) -> Any:
        """A random task of the space, as JSON."""
        return self.space.encode(_sampled(self.space, _key()))

    def mutate(self, spec: Any) -> Any:
        """A random neighbour of a task, as JSON.

        **Raises:** `CombinationError` if the space has no `mutate`; `TaskError` for what is no task of it.
        """
        if "mutate" not in self.space.provides:
            raise CombinationError(f"{type(self.space).__name__} has no `mutate`")
        return self.space.encode(_mutated(self.space, decoded(self.space, spec), _key()))

    def send(self, person: str, spec: Any, parent: int | None, uuid: str) -> Letter:
        """Sends a task to the run, which learns from it and tells its explorer.

        **Arguments:**

        - `person`: who sends it.
        - `spec`: the task, as JSON.
        - `parent`: the number of the task of the run that it was made from.
        - `uuid`: of the act; sent again, it counts once.

        **Raises:** `TaskError` for what is no task of the space.
        """
        task = decoded(self.space, spec)
        if isinstance(self.parts.domain, Questions):
            raise CombinationError(str(self.refusal()))
        data = {"task": self.space.encode(self.space.canonical(task)), "parent": parent}
        letter = self._folder.inbox.put(uuid, "task", data, person)
        self._log.append(person, "authored", data | {"address": self.space.address(task)}, uuid)
        return letter

    def sent(self, person: str | None, most: int) -> list[tuple[Letter, dict[str, Any] | None]]:
        """What was sent, newest first, each with what the run said of it (None: nothing yet).

        **Arguments:**

        - `person`: by whom; None: by anybody.
        - `most`: how many at most.
        """
        letters = [each for each in self._folder.inbox.letters(kind="task") if person in (None, each.person)]
        letters = letters[::-1][:most]
        told: dict[str, dict[str, Any]] = {}
        for event in (*self._folder.database.events("authored"), *self._folder.database.events("refused")):
            told[event.data["letter"]] = event.data | {"turn": event.turn}
        return [(letter, told.get(letter.uuid)) for letter in letters]

    def demonstrate(self, person: str, job: Job, seconds: float, uuid: str) -> Act | None:
        """Keeps what somebody played, with what the environment says came of it.

        **Arguments:**

        - `person`: who played.
        - `job`: the task and the actions.
        - `seconds`: how long it took [s].
        - `uuid`: of the act.

        **Returns:** the act; None while the actions are being lived again: do it again soon.

        **Raises:** `TaskError` and `ArgumentError` for what cannot be played.
        """
        episode = self._players.ask(job)
        if episode is None:
            return None
        task = decoded(self.space, json.loads(job.task))
        data = {
            "task": self.space.encode(self.space.canonical(task)),
            "address": self.space.address(task),
            "actions": episode.actions,
            "seed": job.seed,
            "seconds": seconds,
            "solved": episode.solved,
            "ended": episode.ended,
            "return": episode.returned,
        }
        return self._log.append(person, "demonstration", data, uuid)

    def demonstrations(self, person: str | None, most: int) -> list[Act]:
        """What was played, newest first.

        **Arguments:**

        - `person`: by whom; None: by anybody.
        - `most`: how many at most.
        """
        return self._log.acts(person=person, kinds=["demonstration"], most=most, newest=True)

    def _warm(self) -> None:
        """Compiles what the first check and the first change would wait for."""
        try:
            spec = self.sample()
            self.check(spec)
            if "mutate" in self.space.provides:
                self.mutate(spec)
        except ExploraError:
            return  # whoever draws is told


def _key() -> PRNGKeyArray:
    return jr.key(secrets.randbits(31))


@eqx.filter_jit
def _measured(domain: Any, space: Space, task: Any) -> tuple[Array | None, Float[Array, " features"] | None]:
    """How many steps a perfect player needs, and the features, where anybody knows."""
    length = domain.optimal_length(domain.world(task)) if isinstance(domain, Environment) else None
    return length, space.features(task) if "features" in space.provides else None


@eqx.filter_jit
def _sampled(space: Space, key: PRNGKeyArray) -> Any:
    return space.sample(key=key)


@eqx.filter_jit
def _mutated(space: Space, task: Any, key: PRNGKeyArray) -> Any:
    return space.mutate(task, key=key)
