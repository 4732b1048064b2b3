"""How an environment of Gymnasium is played: what `explora.core` does inside a compiled rollout, in plain Python.

The records, the gap after a truncated step and the keys are those of the compiled rollout, so that the same policy in
the same environment leaves the same trajectories.
"""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Int32, PRNGKeyArray, PyTree

from explora.core import After, Experience, Lesson, Outcome, Policy, Status, Trajectories, row_keys, step_key

from ._from_gymnasium import GymnasiumDomain
from ._spaces import reader, writer


def rollout(
    domain: GymnasiumDomain, policy: Policy, lesson: Lesson, *, key: PRNGKeyArray, watched: bool = False
) -> Experience:
    """Plays each lane of a lesson for `domain.steps * lesson.plays` steps.

    **Arguments:**

    - `domain`: the environment.
    - `policy`: who acts.
    - `lesson`: what is played; rows of a lane are neighbours.
    - `key`: the only source of chance.
    - `watched`: whether to record what there was to see after each step.

    **Returns:** an `Experience` of `Trajectories`; a row is VOID if its lane never came to it, or if a step was not
    finite.
    """
    lanes, queue, steps = lesson.lanes, lesson.queue, domain.steps * lesson.plays
    who = None if lesson.who is None else lesson.who[::queue]
    tasks = _apart(lesson.tasks, lesson.rows)
    seeds = np.asarray(_seeds(key, lanes, steps))
    place = np.zeros(lanes, np.int32)
    index = np.arange(lanes, dtype=np.int32)
    fresh, gap = np.ones(lanes, bool), np.zeros(lanes, bool)
    spoiled, played = np.zeros(lesson.rows, bool), np.zeros(lesson.rows, bool)
    memory, records, after = policy.memory(lanes), [], []

    with domain.lent(lanes) as envs:
        seats = [_Seat(domain, envs, lane) for lane in range(lanes)]
        seen = _Board([seat.begin(tasks[seat.lane * queue], seeds[0, seat.lane]) for seat in seats])
        for time in range(1, steps + 1):
            observation = seen.copy()
            clock = np.full(lanes, time, np.int32)
            action, memory, report = _act(policy, observation, memory, fresh, key, index, clock, who)
            moves, report = np.asarray(action), jax.tree.map(np.asarray, report)
            moment = _Moment(lanes)
            row = index * queue + place
            for lane, seat in enumerate(seats):
                if not gap[lane]:
                    seen[lane] = seat.step(moves[lane], moment)
                    spoiled[row[lane]] |= seat.broken
            if watched:
                after.append(After(seen.copy()))
            for lane, seat in enumerate(seats):
                if moment.terminated[lane] or gap[lane]:
                    place[lane] = (place[lane] + 1) % queue
                    seen[lane] = seat.begin(tasks[lane * queue + place[lane]], seeds[time, lane])
            played[row] = True
            records.append((observation, moves, *moment.columns, fresh, gap, row, report))
            fresh, gap = moment.terminated | gap, moment.truncated
        clock = np.full(lanes, steps + 1, np.int32)
        _, _, last = _act(policy, seen.copy(), memory, fresh, key, index, clock, who)

    stacked = lambda *x: jnp.asarray(np.stack(x))
    record, noted = jax.tree.map(stacked, *records), jax.tree.map(stacked, *after) if watched else None
    status = np.where(played & ~spoiled, Status.ANSWERED, Status.VOID).astype(np.int8)
    return Experience(jnp.asarray(status), Trajectories(*record, last, noted))  # pyright: ignore[reportCallIssue]


def episodes(
    domain: GymnasiumDomain, policy: Policy, lesson: Lesson, *, key: PRNGKeyArray, part: float = 1.0
) -> Outcome:
    """Plays every row for exactly `lesson.plays` episodes, one after the other, all rows side by side.

    **Arguments:** as `rollout`, and

    - `part`: how much of its limit an episode may last at most, above 0 and up to 1.

    **Returns:** an `Outcome` with `episodes`, `returns`, `max_returns`, `solved`, `lengths` and `steps`.
    """
    rows, plays = lesson.rows, lesson.plays
    tasks = _apart(lesson.tasks, rows)
    limit = math.ceil(part * domain.limit(None))
    starts = np.asarray(_starts(key, rows * plays)).reshape(rows, plays)
    returns, lengths = np.zeros((rows, plays), np.float32), np.zeros((rows, plays), np.int32)
    solved, spoiled = np.zeros((rows, plays), bool), np.zeros(rows, bool)
    played, clock = np.zeros(rows, np.int32), np.ones(rows, np.int32)
    fresh, memory = np.ones(rows, bool), policy.memory(rows)
    first = np.arange(rows, dtype=np.int32) * plays

    with domain.lent(rows) as envs:
        seats = [_Seat(domain, envs, row) for row in range(rows)]
        seen = _Board([seat.begin(tasks[row], starts[row, 0]) for row, seat in enumerate(seats)])
        while np.any(played < plays):
            index = first + np.minimum(played, plays - 1)
            action, memory, _ = _act(policy, seen.copy(), memory, fresh, key, index, clock, lesson.who)
            moves, moment = np.asarray(action), _Moment(rows)
            fresh = np.zeros(rows, bool)
            for row in np.flatnonzero(played < plays).tolist():
                seat = seats[row]
                seen[row] = seat.step(moves[row], moment)
                if moment.terminated[row] or moment.truncated[row] or seat.length >= limit:
                    number = played[row]
                    returns[row, number], lengths[row, number] = seat.total, seat.length
                    solved[row, number] = moment.solved[row]
                    spoiled[row] |= seat.broken
                    played[row], clock[row], fresh[row] = number + 1, 0, True
                    if number + 1 < plays:
                        seen[row] = seat.begin(tasks[row], starts[row, number + 1])
            clock = clock + 1

    mean = lambda x: jnp.asarray(x.mean(1, dtype=np.float32))
    return Outcome(
        jnp.asarray(np.where(spoiled, Status.VOID, Status.ANSWERED).astype(np.int8)),
        steps=jnp.asarray(lengths.sum(1, dtype=np.int32)),
        episodes=jnp.full((rows,), plays, jnp.int32),
        returns=mean(returns),
        max_returns=jnp.asarray(returns.max(1)),
        solved=mean(solved),
        lengths=mean(lengths),
    )


class _Moment:
    """What one step of all lanes led to."""

    def __init__(self, lanes: int):
        self.rewards = np.zeros(lanes, np.float32)
        self.terminated, self.truncated, self.solved = (np.zeros(lanes, bool) for _ in range(3))

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        return self.rewards, self.terminated, self.truncated, self.solved


class _Seat:
    """One lane: an environment and the episode that is played in it."""

    def __init__(self, domain: GymnasiumDomain, envs: list, lane: int):
        self.domain, self.envs, self.lane = domain, envs, lane
        self.read, self.write = reader(envs[lane].observation_space), writer(envs[lane].action_space)
        self.task, self.total, self.length, self.broken = None, 0.0, 0, False

    def begin(self, task: Any, seed: Any) -> PyTree[np.ndarray]:
        """Starts an episode and returns its first observation."""
        if task is not self.task:
            self.envs[self.lane] = self.domain.prepare(self.envs[self.lane], task)
            self.task = task
        self.total, self.length, self.broken = 0.0, 0, False
        return self.read(self.domain.begin(self.envs[self.lane], task, seed=int(seed)))

    def step(self, action: np.ndarray | np.generic, moment: _Moment) -> PyTree[np.ndarray]:
        """Acts, notes what came of it, and returns the observation after it."""
        env, lane = self.envs[self.lane], self.lane
        try:
            seen, reward, terminated, truncated, info = env.step(self.write(action))
        except Exception as error:
            task = jax.tree.map(jnp.asarray, self.task)
            error.add_note(f"while {self.domain.id} played the task: {self.domain.space.describe(task)}")
            raise
        seen = self.read(seen)
        self.length += 1
        if not (np.isfinite(reward) and all(_finite(x) for x in jax.tree.leaves(seen))):
            self.broken, moment.terminated[lane] = True, True
            return jax.tree.map(np.zeros_like, seen)
        self.total += float(reward)
        moment.rewards[lane], moment.terminated[lane] = reward, terminated
        moment.truncated[lane] = truncated and not terminated
        moment.solved[lane] = (terminated or truncated) and self.domain.success(env, info, self.total)
        return seen


class _Board:
    """The observations of all lanes, stacked."""

    def __init__(self, seen: list[PyTree[np.ndarray]]):
        self.stacked = jax.tree.map(lambda *x: np.stack(x), *seen)

    def __setitem__(self, lane: int, seen: PyTree[np.ndarray]) -> None:
        for all_lanes, one in zip(jax.tree.leaves(self.stacked), jax.tree.leaves(seen)):
            all_lanes[lane] = one

    def copy(self) -> PyTree[np.ndarray]:
        return jax.tree.map(np.copy, self.stacked)


def _finite(x: np.ndarray) -> bool:
    return x.dtype.kind != "f" or bool(np.isfinite(x).all())


def _apart(tasks: Any, rows: int) -> list[Any]:
    """The tasks of a lesson, one by one, on the host."""
    host = jax.tree.map(np.asarray, tasks)
    return [jax.tree.map(lambda x, r=row: x[r], host) for row in range(rows)]


@eqx.filter_jit
def _act(
    policy: Policy,
    observations: PyTree,
    memory: PyTree,
    fresh: Bool[Array | np.ndarray, " lanes"],
    key: PRNGKeyArray,
    index: Int32[Array | np.ndarray, " lanes"],
    time: Int32[Array | np.ndarray, " lanes"],
    who: Array | None,
) -> Any:
    """One action for each lane; lane `index` acts at `time` with the key that it has in a compiled rollout."""
    lane_key = lambda lane, at: step_key(jr.fold_in(key, lane), at, "act")
    fresh = jnp.asarray(fresh)
    return policy(observations, memory, fresh, keys=jax.vmap(lane_key)(index, time), who=who)


@eqx.filter_jit
def _seeds(key: PRNGKeyArray, lanes: int, steps: int) -> Array:
    """A seed for each lane and each time at which an episode may start, `(steps + 1, lanes)`."""
    keys = row_keys(key, lanes)
    later = lambda time: jax.vmap(lambda k: _seed(step_key(k, time, "start")))(keys)
    return jnp.concatenate([_starts(key, lanes)[None], jax.vmap(later)(jnp.arange(1, steps + 1))])


@eqx.filter_jit
def _starts(key: PRNGKeyArray, lanes: int) -> Array:
    """The seed with which the first episode of each lane starts."""
    return jax.vmap(lambda k: _seed(jr.fold_in(k, 0)))(row_keys(key, lanes))


def _seed(key: PRNGKeyArray) -> Array:
    return jr.bits(key, dtype=jnp.uint32) >> 1
