"""The three records that travel round the loop: `Lesson` (asked), `Experience` (lived), `Outcome` (measured)."""

import dataclasses
import enum
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Int8, Int32, PyTree

Task = TypeVar("Task")

if TYPE_CHECKING:
    Rowwise = Any  # a compiled part rightly reckons with one kind, a hosted part with the other
else:
    Rowwise = Array | np.ndarray
"""One entry a row: of JAX where the part that made it is compiled, of NumPy where it is hosted."""


class Status(enum.IntEnum):
    """What became of a row of a lesson."""

    WAITING = 0
    """No answer yet (a person will answer tomorrow): changes nothing."""
    ANSWERED = 1
    """Played and measured; told to the explorer exactly once."""
    VOID = 2
    """Refused, crashed, not finite, or no episode finished: told, but never enters an archive."""


NEW = -1
"""The `id` of a task that the loop has not numbered yet, and the `parent` of one that has none."""


class Lesson(eqx.Module, Generic[Task]):
    """What an explorer asks for: tasks, which of them to learn from, who plays each.

    Rows belong to *lanes*: lane `l` plays rows `l * queue … l * queue + queue - 1`, going on to the next one (and
    round again) whenever an episode ends. With `queue = 1` every row has a lane of its own and repeats its task.

    **Arguments:**

    - `tasks`: a pytree of arrays with leading axis `rows`.
    - `learn`: from which rows to learn; a plain `False` skips the update and all its cost.
    - `id`: the number of each task; `NEW` (-1) where the loop is to give one.
    - `parent`: the number of the task that each one was made from; `NEW` for none.
    - `who`: which member of a population plays each row; rows of one member are one block. None: the only one.
    - `start`: for each member, whose copy it becomes before playing (-1 keep, -2 fresh); None: all keep.
    - `memo`: comes back in `tell`, so that an explorer keeps nothing pending.
    - `cost`: how many environment steps making the tasks has taken, apart from playing them; None: none.
    - `progress`: share of the run's budget that is spent, in [0, 1]; filled in by the loop, for schedules.
    - `first`: the number of the first row in the whole lesson of which this is a piece (see `piece`); None: 0.
    - `plays`: how many times the usual length each row is played; 0: not at all, the learner only says what it makes
      of each task (its `predictions`, before anybody is asked).
    - `queue`: how many rows share a lane.
    - `span`: `(first, last + 1)` of the rows that can ever have `learn` set, so that the update costs no more.
    - `where`: which of the run's domains the lesson is played in.
    - `phase`: which kind of round asked for it.
    """

    tasks: Task
    learn: Bool[Rowwise, " rows"] | bool
    id: Int32[Rowwise, " rows"]
    parent: Int32[Rowwise, " rows"]
    who: Int32[Rowwise, " rows"] | None = None
    start: Int32[Rowwise, " members"] | None = None
    memo: Any = None
    cost: Int[Rowwise, ""] | None = None
    progress: Float[Rowwise, ""] = eqx.field(default_factory=lambda: jnp.zeros(()))
    first: Int32[Rowwise, ""] | None = None
    plays: int = eqx.field(static=True, default=1)
    queue: int = eqx.field(static=True, default=1)
    span: tuple[int, int] | None = eqx.field(static=True, default=None)
    where: str = eqx.field(static=True, default="main")
    phase: str = eqx.field(static=True, default="round")

    @property
    def rows(self) -> int:
        """How many tasks the lesson has."""
        return self.id.shape[0]

    @property
    def lanes(self) -> int:
        """How many tasks are played side by side."""
        return self.rows // self.queue

    @property
    def learn_mask(self) -> Bool[Rowwise, " rows"]:
        """`learn` as an array, also where it is a plain bool."""
        return jnp.broadcast_to(jnp.asarray(self.learn), (self.rows,))

    def take(self, first: int, stop: int) -> "Lesson[Task]":
        """The rows `first … stop - 1` as a lesson of their own (without memo and cost)."""
        cut = lambda x: None if x is None else x[first:stop]
        return Lesson(
            jax.tree.map(lambda x: x[first:stop], self.tasks),
            self.learn if isinstance(self.learn, bool) else self.learn[first:stop],
            self.id[first:stop],
            self.parent[first:stop],
            who=cut(self.who),
            progress=self.progress,
            plays=self.plays,
            queue=self.queue,
            where=self.where,
            phase=self.phase,
        )

    def piece(self, first: int, stop: int) -> "Lesson[Task]":
        """The rows `first … stop - 1`, to be played apart from the others: each keeps the chance that it has here."""
        return dataclasses.replace(self.take(first, stop), first=jnp.asarray(first, jnp.int32))


def fresh_lesson(tasks: Task, learn: Bool[Rowwise, " rows"] | bool, **fields: Any) -> Lesson[Task]:
    """A lesson of tasks that nobody has seen before.

    **Arguments:**

    - `tasks`: a pytree of arrays with leading axis `rows`.
    - `learn`: see `Lesson`.
    - `fields`: any other field of `Lesson`.

    **Returns:** a `Lesson` whose `id` and `parent` are all `NEW`.
    """
    rows = jax.tree.leaves(tasks)[0].shape[0]
    new = jnp.full((rows,), NEW, jnp.int32)
    return Lesson(tasks, learn, fields.pop("id", new), fields.pop("parent", new), **fields)


class Experience(eqx.Module):
    """What playing a lesson yielded, before anybody judged it.

    **Arguments:**

    - `status`: one `Status` a row.
    - `data`: whatever the domain records: `Trajectories`, examples, answers.
    - `made`: what the play produced, one a row (a designed task, a proposal, an end state), or None.
    """

    status: Int8[Rowwise, " rows"]
    data: Any = None
    made: Any = None

    def take(self, first: int, stop: int, queue: int = 1) -> "Experience":
        """The experience of rows `first … stop - 1`; lane-shaped data are cut along their lane axis."""
        data = self.data
        if isinstance(data, Trajectories):
            data = data.take(first // queue, stop // queue, first)
        elif data is not None:
            data = jax.tree.map(lambda x: x[first:stop], data)
        made = jax.tree.map(lambda x: x[first:stop], self.made)
        return Experience(self.status[first:stop], data, made)


class After(NamedTuple):
    """What there is to see after a step.

    **Arguments:**

    - `observation`: what the learner would be shown.
    - `achieved`: what was reached, in the terms in which goals are set; None where the environment sets none.
    """

    observation: PyTree
    achieved: PyTree = None


class Trajectories(eqx.Module):
    """What an environment yields: `steps` time steps of `lanes` lanes, time first.

    **Arguments:**

    - `observations`: a pytree, `(steps, lanes, …)`.
    - `actions`: `(steps, lanes, …)`.
    - `rewards`: `(steps, lanes)`.
    - `terminated`: the episode ended here, by its own rules.
    - `truncated`: the episode was cut off here, by a time limit: the value of what would follow still counts.
    - `solved`: the episode ended here with success.
    - `fresh`: an episode starts here: the policy's memory was cleared before this step.
    - `gap`: not a step of the environment. After a truncated step the policy looks once at the observation that
      would have followed, so that its value is known; then the lane starts anew.
    - `row`: which row of the lesson is being played.
    - `policy`: what the policy reported beside each action (log-probability, value, …), `(steps, lanes, …)`.
    - `last`: what the policy reported for the observation after the last step, `(lanes, …)`.
    - `after`: what there was to see after each step, before another episode began, `(steps, lanes, …)`; None: nobody
      asked for it (see `Environment.watch`).
    """

    observations: PyTree
    actions: Array
    rewards: Float[Array, "steps lanes"]
    terminated: Bool[Array, "steps lanes"]
    truncated: Bool[Array, "steps lanes"]
    solved: Bool[Array, "steps lanes"]
    fresh: Bool[Array, "steps lanes"]
    gap: Bool[Array, "steps lanes"]
    row: Int32[Array, "steps lanes"]
    policy: dict[str, Array]
    last: dict[str, Array]
    after: After | None = None

    @property
    def ended(self) -> Bool[Array, "steps lanes"]:
        """The last step of an episode, however it ended."""
        return self.terminated | self.truncated

    def take(self, first: int, stop: int, first_row: int) -> "Trajectories":
        """The lanes `first … stop - 1`, rows counted from `first_row`."""
        lanes = lambda x: jax.tree.map(lambda leaf: leaf[:, first:stop], x)
        return Trajectories(
            observations=lanes(self.observations),
            actions=lanes(self.actions),
            rewards=lanes(self.rewards),
            terminated=lanes(self.terminated),
            truncated=lanes(self.truncated),
            solved=lanes(self.solved),
            fresh=lanes(self.fresh),
            gap=lanes(self.gap),
            row=lanes(self.row) - first_row,
            policy=lanes(self.policy),
            last=jax.tree.map(lambda leaf: leaf[first:stop], self.last),
            after=lanes(self.after),
        )


class Outcome(eqx.Module):
    """What playing a lesson measured: one row a task. Fields that nobody measured are None.

    Means are over the episodes that a row finished; "per-step mean" is first averaged within each episode.

    **Arguments:**

    - `status`: one `Status` a row.
    - `steps`: environment steps spent on the row.
    - `calls`: oracle calls spent on the row.
    - `episodes`: how many episodes finished.
    - `returns`: mean undiscounted return.
    - `max_returns`: highest undiscounted return.
    - `solved`: share of episodes that succeeded, in [0, 1].
    - `lengths`: mean length of an episode [steps].
    - `values`: per-step mean of the predicted value.
    - `positive_advantages`: per-step mean of max(advantage, 0).
    - `absolute_advantages`: per-step mean of |advantage|.
    - `disagreement`: per-step mean of the standard deviation of an ensemble's values.
    - `optimal_returns`: the return of a perfect player, where the domain can tell.
    - `optimal_lengths`: how many steps a perfect player needs, likewise [steps].
    - `losses`: mean loss; where nothing was answered yet, the loss that the learner expects.
    - `irreducible`: mean loss, on the same rows, of a model that learned from other data of the same kind: what is
      left when there is nothing more to learn from the row.
    - `predictions`: what each member of the learner predicted, `(rows, members, outputs)`: one member for a single
      model; the outputs are class probabilities, or targets of a regression. NumPy or JAX.
    - `embeddings`: the features on which the learner's last layer decides, `(rows, features)`. NumPy or JAX.
    - `made`: what playing produced.
    - `said`: what the one who was asked said, where `made` is what several say together.
    - `gradient`: d(held-out loss) / d(task), the same pytree as the tasks.
    - `features`: what the space says of each task, `(rows, features)`; the loop adds it where the explorer needs it.
    """

    status: Int8[Rowwise, " rows"]
    steps: Int[Rowwise, " rows"] | None = None
    calls: Int[Rowwise, " rows"] | None = None
    episodes: Int[Rowwise, " rows"] | None = None
    returns: Float[Rowwise, " rows"] | None = None
    max_returns: Float[Rowwise, " rows"] | None = None
    solved: Float[Rowwise, " rows"] | None = None
    lengths: Float[Rowwise, " rows"] | None = None
    values: Float[Rowwise, " rows"] | None = None
    positive_advantages: Float[Rowwise, " rows"] | None = None
    absolute_advantages: Float[Rowwise, " rows"] | None = None
    disagreement: Float[Rowwise, " rows"] | None = None
    optimal_returns: Float[Rowwise, " rows"] | None = None
    optimal_lengths: Float[Rowwise, " rows"] | None = None
    losses: Float[Rowwise, " rows"] | None = None
    irreducible: Float[Rowwise, " rows"] | None = None
    predictions: Float[Rowwise, "rows members outputs"] | None = None
    embeddings: Float[Rowwise, "rows features"] | None = None
    made: Any = None
    said: Any = None
    gradient: Any = None
    features: Float[Rowwise, "rows features"] | None = None

    @property
    def answered(self) -> Bool[Rowwise, " rows"]:
        """The rows that were played and measured."""
        return self.status == Status.ANSWERED

    @property
    def told(self) -> Bool[Rowwise, " rows"]:
        """The rows that are settled, one way or the other."""
        return self.status != Status.WAITING
