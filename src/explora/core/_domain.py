"""Domains: a space and what it means to play its tasks. An `Environment` is a domain that is played in time."""

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from ._episodes import Episodes
from ._errors import ArgumentError, CombinationError, UnknownName
from ._keys import row_keys
from ._language import Language, Tally
from ._lesson import After, Experience, Lesson, Outcome, Task, fresh_lesson
from ._part import Part
from ._policy import Policy
from ._space import Space
from ._specs import Box, Spec

State = TypeVar("State")
World = TypeVar("World")

_STILLS = 8  # moments of an episode that its picture shows


@runtime_checkable
class Journal(Protocol):
    """Answers of people and other oracles, kept as they come; a run that is resumed reads them again."""

    def note(self, kind: str, entries: list[Any]) -> None:
        """Writes entries down, all or none of them, so that they survive whatever happens next.

        **Arguments:**

        - `kind`: what they are, `"answer"` say.
        - `entries`: JSON, one an entry.
        """
        ...

    def read(self, kind: str) -> list[Any]:
        """All entries of a kind, oldest first."""
        ...


class Memory:
    """A journal that lasts as long as the process: for runs without a folder."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Any]] = {}

    def note(self, kind: str, entries: list[Any]) -> None:
        self._entries.setdefault(kind, []).extend(entries)

    def read(self, kind: str) -> list[Any]:
        return list(self._entries.get(kind, []))


class Suite(eqx.Module, Generic[Task]):
    """A fixed set of held-out tasks on which versions are compared.

    **Arguments:**

    - `tasks`: a pytree of arrays with leading axis `tasks`.
    - `names`: one name a task.
    - `domain`: where the tasks are played; None: in the run's own domain.
    - `summary`: one line that says what the suite asks.
    - `order`: the place of each task in the file that it was read from, counted from 0; `()`: as they stand.
    - `tail`: shares of the worst tasks on which an evaluation reports apart, each in (0, 1].
    """

    tasks: Task
    names: tuple[str, ...] = eqx.field(static=True)
    domain: "Domain | None" = None
    summary: str = eqx.field(static=True, default="")
    order: tuple[int, ...] = eqx.field(static=True, default=())
    tail: tuple[float, ...] = eqx.field(static=True, default=())

    def __check_init__(self):
        rows = jax.tree.leaves(self.tasks)[0].shape[0]
        if rows != len(self.names):
            raise ArgumentError(
                f"`names` must have one name a task: there are {rows} tasks and {len(self.names)} names; name them all"
            )


class Domain(Part, Generic[Task]):
    """A space of tasks, how to play them, and the suites on which a learner is judged."""

    @property
    def space(self) -> Space[Task]:
        """The space whose tasks this domain plays."""
        raise NotImplementedError

    @property
    def compiler(self) -> dict[str, bool | int | str]:
        """Options of XLA for programs that play this domain (see `jitted`): none are needed, some make it faster."""
        return {}

    @property
    def suite_names(self) -> tuple[str, ...]:
        """The suites that `suite` knows, the one to be watched during a run first."""
        return ()

    @property
    def suite_groups(self) -> dict[str, tuple[str, ...]]:
        """Names that stand for several suites together, for tasks of one kind in several shapes."""
        return {}

    @property
    def tuning_suites(self) -> tuple[str, ...]:
        """Those of `suite_names` that are not held out: hyperparameters may be chosen by them."""
        return ()

    def suite(self, name: str) -> Suite[Task]:
        """The held-out tasks of that name.

        **Raises:** `UnknownName` if there are none.
        """
        raise UnknownName("suite", name, (*self.suite_names, *self.suite_groups))

    def suites(self, name: str) -> dict[str, Suite[Task]]:
        """The suites that a name stands for, each by its own name: one, or those of a group.

        **Raises:** `UnknownName` if there are none.
        """
        return {each: self.suite(each) for each in self.suite_groups.get(name, (name,))}

    def read_tasks(self, path: str) -> list[Suite[Task]]:
        """The tasks in a file that a user gives, as suites of equally shaped tasks.

        **Raises:** `TaskError`, one line that names file, line and cure.
        """
        raise CombinationError(f"{type(self).__name__} reads no files of tasks; use one of its suites")

    def noting(self, journal: Journal) -> "Domain[Task]":
        """The domain with a journal in which it writes what comes from outside, before it is used.

        A domain that asks people or other oracles overrides this. When a run goes on from a checkpoint the journal
        already knows the answers that came after it, and nobody is asked twice.
        """
        return self

    @property
    def late(self) -> bool:
        """Whether answers may come later than they are asked for, as those of people do."""
        return False

    def arrived(self, lesson: Lesson[Task]) -> Lesson[Task] | None:
        """Answers that have come by now, as a lesson: playing it gets them, and asks nobody. None if there are none.

        Its `memo` is not None: this run has asked for all of them, even where the explorer does not know of it, because
        it asked after the checkpoint from which it went on.

        **Arguments:**

        - `lesson`: the rows of which the explorer has not been told. Where an answer was corrected since it was told,
          there may be other rows in what is returned.
        """
        return None

    def play(self, policy: Any, lesson: Lesson[Task], *, key: PRNGKeyArray) -> Experience:
        """Plays a lesson and records what happened.

        **Arguments:**

        - `policy`: who plays, from `Learner.policy`.
        - `lesson`: what to play.
        - `key`: the only source of chance.

        **Returns:** one row of status for each row of the lesson, and the domain's own record.
        """
        raise NotImplementedError

    def judge(self, policy: Any, lesson: Lesson[Task], *, key: PRNGKeyArray) -> Outcome:
        """Plays every row `lesson.plays` times and keeps nothing but the result: what evaluation uses."""
        raise CombinationError(f"{type(self).__name__} cannot judge a policy by playing")


class Step(NamedTuple):
    """What one action led to.

    **Arguments:**

    - `state`: what is now.
    - `reward`: what was received.
    - `terminated`: the episode ended by its own rules.
    - `truncated`: it was cut off by a time limit; never together with `terminated`.
    - `solved`: it ended with success; only where `terminated`.
    """

    state: Any
    reward: Float[Array, ""]
    terminated: Bool[Array, ""]
    truncated: Bool[Array, ""]
    solved: Bool[Array, ""]


class Environment(Domain[Task], Generic[Task, World, State]):
    """A domain that is played in time: observe, act, be rewarded.

    The methods are written for one task and one state; `play` and `judge` run many at once. What does not change
    during an episode (walls, physics, precomputed tables) belongs into the *world*, which is built once for a task;
    only what changes belongs into the *state*.
    """

    @property
    def steps(self) -> int:
        """The length of one play in training [steps]."""
        raise NotImplementedError

    def limit(self, world: World) -> Any:
        """After how many steps an episode of this world is cut off at the latest [steps]."""
        raise NotImplementedError

    @property
    def observation(self) -> PyTree[Spec]:
        """What `observe` returns."""
        raise NotImplementedError

    @property
    def action(self) -> Spec:
        """What `step` accepts."""
        raise NotImplementedError

    def world(self, task: Task) -> World:
        """What stays the same while `task` is played."""
        return task  # type: ignore[return-value]

    def reset(self, world: World, *, key: PRNGKeyArray) -> State:
        """The state in which an episode starts."""
        raise NotImplementedError

    def observe(self, world: World, state: State) -> PyTree[Array]:
        """What the learner is shown."""
        raise NotImplementedError

    def step(self, world: World, state: State, action: Array, *, key: PRNGKeyArray) -> Step:
        """What `action` leads to. It does not start a new episode: the rollout does."""
        raise NotImplementedError

    def product(self, world: World, state: State) -> Any:
        """What an episode leaves behind (a designed task); None if nothing."""
        return None

    @property
    def goal(self) -> PyTree[Spec] | None:
        """What `achieved` and `wanted` return; None where nobody sets goals."""
        return None

    def achieved(self, world: World, state: State) -> PyTree[Array] | None:
        """What has been reached in `state`, in the terms in which goals are set (the cell, say).

        What an episode achieved is what its actions would have been right for: so one learns in hindsight.
        """
        return None

    def wanted(self, world: World) -> PyTree[Array] | None:
        """The goal of this world: what is `achieved` once it is reached."""
        return None

    @property
    def language(self) -> Language | None:
        """What can be said of an episode here, and asked for; None where there are no words."""
        return None

    def retell(self, episodes: Episodes) -> Bool[np.ndarray, "episodes clauses"]:
        """What episodes really did, whatever they were meant to do (on the host): description in hindsight.

        **Arguments:**

        - `episodes`: as a run keeps them.

        **Returns:** which clauses of `language` are true of each.
        """
        raise CombinationError(f"{type(self).__name__} has no words for what an episode does")

    @property
    def tally(self) -> Tally | None:
        """What counts how the clauses of `language` stand (see the view `Counted`); None: nothing does."""
        return None

    @property
    def stands(self) -> Box | None:
        """What `standing` returns; None: nothing."""
        return None

    def standing(self, world: World, state: State) -> Float[Array, " clauses"] | None:
        """How each clause of `language` stands in `state`, see `Tally`; None where nobody has counted."""
        return None

    def optimal_return(self, world: World) -> Float[Array, ""] | None:
        """The return of a perfect player, in the mean where chance decides, or None where nobody knows."""
        return None

    def optimal_length(self, world: World) -> Float[Array, ""] | None:
        """The number of steps that a perfect player needs [steps], infinite if there is no way; None: nobody knows."""
        return None

    @property
    def pace(self) -> float:
        """How many steps of a film are shown a second."""
        return 8.0

    def frame(self, task: Task, state: State, size: int = 160) -> np.ndarray:
        """A picture of a moment of an episode (on the host), `(height, width, 3)` of `uint8`."""
        return self.space.draw(task, size)

    def strip(self, task: Task, states: Sequence[State], size: int = 960) -> np.ndarray:
        """A picture of a whole episode (on the host), so wide: by default eight moments of it, side by side.

        **Arguments:**

        - `task`: what was played.
        - `states`: all moments, from first to last.
        - `size`: the width of the picture [pixels].

        **Returns:** an array `(height, width, 3)` of `uint8`.
        """
        chosen = np.unique(np.linspace(0, len(states) - 1, min(_STILLS, len(states))).round().astype(int))
        return np.concatenate([self.frame(task, states[i], size // _STILLS) for i in chosen], axis=1)

    def scene(self, task: Task) -> Any:
        """What a page draws beneath every moment of an episode (on the host), as JSON; None: it shows `frame`s.

        `{"kind": "grid", "text": …, "view": …}` is a grid of letters, as `Field` describes it, on which somebody walks;
        `view` is how many cells they see ahead and across, if that is not None.
        """
        return None

    def moment(self, task: Task, state: State) -> Any:
        """What a page draws of a moment on top of `scene` (on the host), as JSON: `[row, column, heading]` on a grid.

        The heading counts quarter turns from looking right, clockwise; None if nobody looks anywhere.
        """
        return None

    def play(self, policy: Policy, lesson: Lesson[Task], *, key: PRNGKeyArray) -> Experience:
        from ._rollout import rollout

        return rollout(self, policy, lesson, key=key)

    def watch(self, policy: Policy, lesson: Lesson[Task], *, key: PRNGKeyArray) -> Experience:
        """Plays as `play` does, and records what there was to see after each step too: what episodes are kept from."""
        from ._rollout import rollout

        return rollout(self, policy, lesson, key=key, note=self.after)

    def after(self, world: World, step: Step) -> After:
        """What there is to see after a step; who has solved the task has achieved what it wants."""
        achieved, wanted = self.achieved(world, step.state), self.wanted(world)
        if achieved is not None and wanted is not None:
            achieved = jax.tree.map(lambda goal, place: jnp.where(step.solved, goal, place), wanted, achieved)
        return After(self.observe(world, step.state), achieved)

    def judge(
        self,
        policy: Policy,
        lesson: Lesson[Task],
        *,
        key: PRNGKeyArray,
        part: float | Float[Array, "*rows"] = 1.0,
    ) -> Outcome:
        """As every domain; `part`: how much of its limit an episode may last at most, of all rows or of each."""
        from ._rollout import episodes

        return episodes(self, policy, lesson, key=key, part=part)


class Examples(Domain[Task]):
    """A domain whose tasks yield examples: playing one draws a batch of inputs and targets.

    **Arguments:**

    - `batch`: how many examples each row yields.
    """

    batch: int = 32

    def examples(self, task: Task, count: int, *, key: PRNGKeyArray) -> tuple[PyTree, PyTree]:
        """`count` inputs and targets drawn from `task`."""
        raise NotImplementedError

    def play(self, policy: Any, lesson: Lesson[Task], *, key: PRNGKeyArray) -> Experience:
        draw = lambda task, k: self.examples(task, self.batch * lesson.plays, key=k)
        inputs, targets = jax.vmap(draw)(lesson.tasks, row_keys(key, lesson.rows))
        return Experience(jnp.ones((lesson.rows,), jnp.int8), {"inputs": inputs, "targets": targets})


def judge_suite(domain: Domain[Task], policy: Any, suite: Suite[Task], *, episodes: int, key: PRNGKeyArray) -> Outcome:
    """Plays every task of a suite `episodes` times; the run's state is neither read nor changed.

    **Arguments:**

    - `domain`: where the suite is played if it names no domain of its own.
    - `policy`: who plays.
    - `suite`: the tasks.
    - `episodes`: how often each is played.
    - `key`: the only source of chance.

    **Returns:** one row a task.
    """
    lesson = fresh_lesson(suite.tasks, False, plays=episodes)
    return (suite.domain or domain).judge(policy, lesson, key=key)
