"""How an environment is played: the one rollout of the library, and its early-ending sister for evaluation."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int32, Key, PRNGKeyArray

from ._devices import Share, spread
from ._keys import row_keys, step_key
from ._lesson import Experience, Lesson, Outcome, Status, Trajectories

if TYPE_CHECKING:
    from ._domain import Environment
    from ._policy import Policy


class _Lane(eqx.Module):
    """What a lane carries from one time step to the next."""

    state: Any
    place: Array  # which row of its queue it plays
    memory: Any
    fresh: Array
    gap: Array
    made: Any  # the last product of each row of the lesson, or None if the environment makes nothing


def rollout(
    env: "Environment",
    policy: "Policy",
    lesson: Lesson,
    *,
    key: PRNGKeyArray,
    note: Callable[[Any, Any], Any] | None = None,
) -> Experience:
    """Plays each lane of a lesson for `env.steps * lesson.plays` steps.

    When an episode ends the lane starts the next row of its queue (its only row again if `queue` is 1). A terminated
    episode is followed at once by the next; a truncated one by one `gap` (see `Trajectories`), so that the value of
    the observation that was cut off is known and nothing is bootstrapped from the wrong state.

    **Arguments:**

    - `env`: the environment.
    - `policy`: who acts.
    - `lesson`: what is played; rows of a lane are neighbours.
    - `key`: the only source of chance; a lane's depends on its number alone.
    - `note`: what to record of the world and of what each step led to, as `Trajectories.after`; None: nothing, which
      costs nothing. It changes nothing of what is played.

    **Returns:** an `Experience` of `Trajectories`; a row that its lane never came to is VOID. `made` is the product of
    the last episode that each row finished.
    """
    lanes, queue = lesson.lanes, lesson.queue
    who = None if lesson.who is None else lesson.who[::queue]

    def share(others: Share, policy: Any, tasks: Any, keys: Any, who: Any) -> Any:
        steps = env.steps * lesson.plays
        record, last, made = _play(env, policy, tasks, keys, who, queue=queue, steps=steps, note=note)
        return others.gather(record, axis=1), others.gather(last), others.gather(made)

    keys = row_keys(key, lanes, None if lesson.first is None else lesson.first // queue)
    record, last, made = spread(share, lanes, lesson.tasks, keys, who, whole=(policy,))
    *record, place, report, after = record
    row = jnp.arange(lanes, dtype=jnp.int32)[None] * queue + place
    trajectories = Trajectories(*record, row, report, last, after)  # pyright: ignore[reportCallIssue]
    played = jnp.zeros((lesson.rows,), bool).at[row.reshape(-1)].set(True)
    status = jnp.where(played, Status.ANSWERED, Status.VOID).astype(jnp.int8)
    return Experience(status, trajectories, made)


def _play(
    env: "Environment",
    policy: "Policy",
    tasks: Any,
    keys: Key[Array, " lanes"],
    who: Any,
    *,
    queue: int,
    steps: int,
    note: Callable[[Any, Any], Any] | None,
) -> tuple[tuple, Any, Any]:
    """What happens at each step of each lane, what the policy says at the end, and the products of each row."""
    lanes, policy = keys.shape[0], policy.prepared(who)
    worlds = jax.vmap(env.world)(tasks)
    pick = _picker(worlds, lanes, queue)
    reset = jax.vmap(lambda world, k: env.reset(world, key=k))

    def step(lane: _Lane, time: Array) -> tuple[_Lane, Any]:
        act, move, start = _split(keys, time)
        world = pick(lane.place)
        observation = jax.vmap(env.observe)(world, lane.state)
        action, memory, report = policy(observation, lane.memory, lane.fresh, keys=act, who=who)
        after = jax.vmap(lambda w, s, a, k: env.step(w, s, a, key=k))(world, lane.state, action, move)
        live = ~lane.gap
        terminated, truncated = after.terminated & live, after.truncated & ~after.terminated & live
        anew = terminated | lane.gap
        place = jnp.where(anew, (lane.place + 1) % queue, lane.place)
        state = where_rows(anew, reset(pick(place), start), after.state)
        row = jnp.arange(lanes, dtype=jnp.int32) * queue + lane.place
        made = _put(lane.made, row, terminated | truncated, jax.vmap(env.product)(world, after.state))
        record = (
            observation,
            action,
            jnp.where(live, after.reward, 0.0),
            terminated,
            truncated,
            after.solved & terminated,
            lane.fresh,
            lane.gap,
            lane.place,
            report,
            None if note is None else jax.vmap(note)(world, after),
        )
        return _Lane(state, place, memory, anew, truncated, made), record

    place = jnp.zeros((lanes,), jnp.int32)
    start = reset(pick(place), jax.vmap(lambda k: jr.fold_in(k, 0))(keys))
    product = jax.eval_shape(jax.vmap(env.product), pick(place), start)
    first = _Lane(
        start,
        place,
        policy.memory(lanes),
        jnp.ones((lanes,), bool),
        jnp.zeros((lanes,), bool),
        jax.tree.map(lambda x: jnp.zeros((lanes * queue, *x.shape[1:]), x.dtype), product),
    )
    lane, record = jax.lax.scan(step, first, jnp.arange(1, steps + 1))

    world = pick(lane.place)
    observation = jax.vmap(env.observe)(world, lane.state)
    act, _, _ = _split(keys, jnp.asarray(steps + 1))
    _, _, last = policy(observation, lane.memory, lane.fresh, keys=act, who=who)
    return record, last, lane.made


class _Games(NamedTuple):
    """Episodes to be played, one a lane.

    **Arguments:**

    - `world`: where.
    - `keys`: the chance of each.
    - `who`: the member that plays; None: there is one.
    - `limit`: after how many steps it is over.
    """

    world: Any
    keys: Key[Array, " lanes"]
    who: Int32[Array, " lanes"] | None
    limit: Int32[Array, " lanes"]


class _Tally(eqx.Module):
    """What an evaluation counts for each lane while it runs."""

    state: Any
    memory: Any
    fresh: Array
    live: Array  # whether its episode still goes on
    total: Array  # of the rewards
    length: Array
    solved: Array


def episodes(
    env: "Environment",
    policy: "Policy",
    lesson: Lesson,
    *,
    key: PRNGKeyArray,
    part: float | Float[Array, "*rows"] = 1.0,
) -> Outcome:
    """Plays every row for exactly `lesson.plays` episodes and stops as soon as all are done.

    A block of steps is followed by a look at who still plays. A processor that plays many episodes of a policy without
    memory plays some of them at a time, and begins the next ones where others have ended. Else each episode has a lane
    of its own, and the time is that of the longest one. Memory is cleared at the start of an episode.

    **Arguments:** as `rollout`, and

    - `part`: how much of its limit an episode may last at most, up to 1, the same for all rows or for each; it lasts
      one step at least.

    **Returns:** an `Outcome` with `episodes`, `returns`, `max_returns`, `solved`, `lengths`, `steps` and, where the
    environment knows them, `optimal_returns` and `optimal_lengths`.
    """
    rows, plays = lesson.rows, lesson.plays
    lanes = rows * plays
    worlds = jax.vmap(env.world)(lesson.tasks)
    each = lambda tree: jax.tree.map(lambda x: jnp.repeat(x, plays, axis=0), tree)
    limit = jax.vmap(lambda w: jnp.asarray(env.limit(w), jnp.int32))(worlds)
    if not isinstance(part, float) or part != 1.0:
        limit = jnp.ceil(part * limit.astype(jnp.float32)).astype(jnp.int32)
    share = lambda others, policy, *own: others.gather(_tally(env, policy, _Games(*own)))
    keys = row_keys(key, lanes, None if lesson.first is None else lesson.first * plays)
    own = (each(worlds), keys, each(lesson.who), each(limit))
    tally = spread(share, lanes, *own, whole=(policy,))
    returns, lengths, solved = (x.reshape(rows, plays) for x in tally)
    return Outcome(
        jnp.full((rows,), Status.ANSWERED, jnp.int8),
        steps=lengths.sum(1),
        episodes=jnp.full((rows,), plays, jnp.int32),
        returns=returns.mean(1),
        max_returns=returns.max(1),
        solved=solved.astype(jnp.float32).mean(1),
        lengths=lengths.astype(jnp.float32).mean(1),
        optimal_returns=jax.vmap(env.optimal_return)(worlds),
        optimal_lengths=jax.vmap(env.optimal_length)(worlds),
    )


_AT_ONCE = 256
"""So many episodes a processor plays at a time: what is worked out of them, and their weights, fit into its cache."""
_BLOCK = 16
"""So many steps are played before one looks whose episode is over."""


def _tally(env: "Environment", policy: "Policy", games: _Games) -> tuple[Array, ...]:
    """Return and length of one episode of each lane, and whether it was solved."""
    lanes = games.keys.shape[0]
    remembers = bool(jax.tree.leaves(jax.eval_shape(lambda: policy.memory(lanes))))
    if lanes > _AT_ONCE and not remembers and jax.default_backend() == "cpu":
        return _in_turn(env, policy, games)
    block, first = _player(env, policy, games), _begin(env, policy, games)
    lane = jax.lax.while_loop(lambda lane: jnp.any(lane.live), block, first)
    return lane.total, lane.length, lane.solved


def _in_turn(env: "Environment", policy: "Policy", games: _Games) -> tuple[Array, ...]:
    """The same for more episodes than are played at a time: whose episode is over goes on with the next one."""
    count, of = games.keys.shape[0], lambda number: jax.tree.map(lambda x: x[number], games)

    def run(carry: tuple[Array, Array, _Tally, tuple]) -> tuple[Array, Array, _Tally, tuple]:
        begun, number, lane, found = carry
        lane = _player(env, policy, of(number))(lane)
        found = tuple(x.at[number].set(own) for x, own in zip(found, (lane.total, lane.length, lane.solved)))
        coming = begun + jnp.cumsum(~lane.live, dtype=jnp.int32) - 1
        anew = ~lane.live & (coming < count)
        number = jnp.where(anew, coming, number)
        lane = where_rows(anew, _begin(env, policy, of(number)), lane)
        return begun + jnp.sum(anew, dtype=jnp.int32), number, lane, found

    number = jnp.arange(_AT_ONCE, dtype=jnp.int32)
    first = _begin(env, policy, of(number))
    found = tuple(jnp.zeros((count,), x.dtype) for x in (first.total, first.length, first.solved))
    carry = (jnp.asarray(_AT_ONCE, jnp.int32), number, first, found)
    return jax.lax.while_loop(lambda carry: jnp.any(carry[2].live), run, carry)[3]


def _begin(env: "Environment", policy: "Policy", games: _Games) -> _Tally:
    """The starts of episodes."""
    lanes = games.keys.shape[0]
    return _Tally(
        jax.vmap(lambda w, k: env.reset(w, key=k))(games.world, jax.vmap(lambda k: jr.fold_in(k, 0))(games.keys)),
        policy.memory(lanes),
        jnp.ones((lanes,), bool),
        jnp.ones((lanes,), bool),
        jnp.zeros((lanes,)),
        jnp.zeros((lanes,), jnp.int32),
        jnp.zeros((lanes,), bool),
    )


def _player(env: "Environment", policy: "Policy", games: _Games) -> Callable[[_Tally], _Tally]:
    """Plays a block of steps of each lane; what has ended is left as it is but for its state."""
    world, keys, who, limit = games
    policy = policy.prepared(who)

    def step(_: Array, lane: _Tally) -> _Tally:
        act, move, _ = _split(keys, lane.length + 1)
        observation = jax.vmap(env.observe)(world, lane.state)
        action, memory = policy(observation, lane.memory, lane.fresh, keys=act, who=who)[:2]
        after = jax.vmap(lambda w, s, a, k: env.step(w, s, a, key=k))(world, lane.state, action, move)
        live = lane.live
        ended = (after.terminated | after.truncated | (lane.length + 1 >= limit)) & live
        return _Tally(
            after.state,
            memory,
            jnp.zeros_like(lane.fresh),
            live & ~ended,
            lane.total + jnp.where(live, after.reward, 0.0),
            lane.length + live.astype(jnp.int32),
            lane.solved | (after.solved & ended),
        )

    return lambda lane: jax.lax.fori_loop(0, _BLOCK, step, lane)


def _split(keys: Key[Array, " lanes"], time: Array) -> tuple[Array, Array, Array]:
    """Three keys for each lane at a time step, the same or its own: to act, to move, to start anew."""
    times = jnp.broadcast_to(time, keys.shape)
    use = lambda name: jax.vmap(lambda k, t: step_key(k, t, name))(keys, times)
    return use("act"), use("move"), use("start")


def _picker(worlds: Any, lanes: int, queue: int) -> Any:
    """A function from the place in each lane's queue to the worlds that the lanes play."""
    if queue == 1:
        return lambda place: worlds
    queues = jax.tree.map(lambda x: x.reshape(lanes, queue, *x.shape[1:]), worlds)
    return lambda place: jax.tree.map(lambda x: jax.vmap(lambda row, at: row[at])(x, place), queues)


def _put(made: Any, row: Array, ended: Array, product: Any) -> Any:
    """`made` with the products of the lanes whose episode ended; nothing at all if there are no products."""
    return jax.tree.map(lambda x, old: old.at[row].set(where_rows(ended, x, old[row])), product, made)


def where_rows(mask: Array, new: Any, old: Any) -> Any:
    """`new` in the rows where `mask` is set, `old` elsewhere."""
    pick = lambda a, b: jnp.where(mask.reshape(mask.shape + (1,) * (a.ndim - 1)), a, b)
    return jax.tree.map(pick, new, old)
