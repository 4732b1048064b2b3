"""One episode, played on the server and drawn on the page."""

import base64
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, PRNGKeyArray
from PIL import Image

from explora.core import ArgumentError, Box, Discrete, Environment, Policy

_BLOCK = 32  # steps that are played at one stroke
_LONGEST = 5000  # steps that are played at most
_PICTURES, _SIZE = 60, 160  # how many pictures are sent where the page cannot draw, and their longer side [pixels]
_SHOWN = {"values": "value", "log_probability": "probability"}


class Episode(NamedTuple):
    """What happened in one episode.

    **Arguments:**

    - `task`: what was played, as JSON.
    - `scene`: what lies beneath every moment, see `Environment.scene`; None: there are pictures.
    - `moments`: what changes, one more than there are steps; empty if there are pictures.
    - `pictures`: PNG images in base64 instead.
    - `stride`: how many steps lie between two pictures.
    - `actions`: one a step.
    - `names`: what the actions are called, if they are choices.
    - `rewards`: one a step.
    - `reports`: what the player said beside each action: how much it expects (`value`), how likely the action was
      (`probability`).
    - `solved`: whether it succeeded.
    - `ended`: whether the episode is over.
    - `returned`: the undiscounted return.
    - `optimal`: how many steps a perfect player needs; None if there is no way or nobody knows.
    - `turn`: of the player; None if a person played.
    """

    task: Any
    scene: Any
    moments: list[Any]
    pictures: list[str]
    stride: int
    actions: list[Any]
    names: list[str]
    rewards: list[float]
    reports: dict[str, list[float]]
    solved: bool
    ended: bool
    returned: float
    optimal: float | None
    turn: int | None

    @property
    def steps(self) -> int:
        """How long it took."""
        return len(self.actions)

    def sentence(self) -> str:
        """What happened, in words."""
        steps = "1 step" if self.steps == 1 else f"{self.steps} steps"
        best = "" if self.optimal is None else f" (the shortest way: {self.optimal:.0f})"
        if not self.ended:
            return f"{steps} so far{best}."
        return f"{'Solved' if self.solved else 'Not solved'} in {steps}{best}."


def play(environment: Environment, policy: Policy, task: Any, *, seed: int, greedy: bool, turn: int) -> Episode:
    """The policy plays a task once.

    **Arguments:**

    - `environment`, `policy`, `task`: who plays what where.
    - `seed`: of all chance.
    - `greedy`: take the likeliest actions.
    - `turn`: of the policy.
    """
    policy = policy.greedy() if greedy else policy
    key = jr.key(seed)
    world, state, limit, optimal = _start(environment, task, key)
    memory = policy.memory(1)
    blocks, end = [], min(int(limit), _LONGEST)
    first = state
    for at in range(0, end, _BLOCK):
        state, memory, record = _policy_block(environment, policy, world, state, memory, key, jnp.asarray(at))
        blocks.append(jax.device_get(record))
        if _over(blocks[-1]).any():
            break
    return _episode(environment, task, first, blocks, end, optimal, turn)


def follow(environment: Environment, task: Any, actions: Sequence[Any], *, seed: int) -> Episode:
    """Somebody's actions, lived again: what follows from them is the environment's word and nobody else's.

    **Arguments:**

    - `environment`, `task`: what is played.
    - `actions`: what they did, from the start. Whatever comes after the end of the episode is left out.
    - `seed`: of all chance.

    **Raises:** `ArgumentError` for an action that there is not.
    """
    given = _checked(environment, actions)
    key = jr.key(seed)
    world, state, limit, optimal = _start(environment, task, key)
    first, blocks, end = state, [], min(int(limit), _LONGEST, len(given))
    for at in range(0, end, _BLOCK):
        part = given[at : at + _BLOCK]
        part = np.concatenate([part, np.repeat(part[-1:], _BLOCK - len(part), axis=0)])
        state, record = _given_block(environment, world, state, jnp.asarray(part), key, jnp.asarray(at))
        blocks.append(jax.device_get(record))
        if _over(blocks[-1]).any():
            break
    return _episode(environment, task, first, blocks, end, optimal, None, int(limit))


def _episode(
    environment: Environment,
    task: Any,
    first: Any,
    blocks: list[Any],
    end: int,
    optimal: Array | None,
    turn: int | None,
    limit: int | None = None,
) -> Episode:
    limit = end if limit is None else limit
    states, actions, rewards, solved, reports = [jax.device_get(first)], [], [], False, {}
    ended = limit == 0
    if blocks:
        record = jax.tree.map(lambda *x: np.concatenate(x), *blocks)
        over = np.flatnonzero(_over(record)[:end])
        count = int(over[0]) + 1 if len(over) else end
        ended = bool(len(over)) or count == limit
        solved = bool(record["solved"][count - 1]) and bool(len(over))
        states += [jax.tree.map(lambda x, at=at: x[at], record["state"]) for at in range(count)]
        actions, rewards = record["action"][:count].tolist(), _reals(record["reward"][:count])
        reports = _reports(record["report"], count)
    scene, task_ = environment.scene(task), jax.device_get(task)
    moments = [] if scene is None else [environment.moment(task_, state) for state in states]
    stride, pictures = (1, []) if scene is not None else _pictures(environment, task_, states)
    best = None if optimal is None or not np.isfinite(float(optimal)) else float(optimal)
    return Episode(
        environment.space.encode(task),
        scene,
        moments,
        pictures,
        stride,
        actions,
        _names(environment),
        rewards,
        reports,
        solved,
        ended,
        float(np.sum(rewards)),
        best,
        turn,
    )


def _pictures(environment: Environment, task: Any, states: list[Any]) -> tuple[int, list[str]]:
    stride = max(1, -(-(len(states) - 1) // (_PICTURES - 1)))
    pictures = []
    for state in [*states[:-1:stride], states[-1]]:
        file = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(environment.frame(task, state, _SIZE))).save(file, "PNG")
        pictures.append(base64.b64encode(file.getvalue()).decode())
    return stride, pictures


def _names(environment: Environment) -> list[str]:
    action = environment.action
    if not isinstance(action, Discrete):
        return []
    return [*action.names, *(f"action {number}" for number in range(len(action.names), action.count))]


def _reports(report: dict[str, Any], count: int) -> dict[str, list[float]]:
    found = {}
    for name, shown in _SHOWN.items():
        column = report.get(name)
        if column is not None and np.ndim(column) == 1:
            found[shown] = _reals((np.exp(column) if shown == "probability" else column)[:count])
    return found


def _reals(column: Any) -> list[float]:
    return [float(f"{x:.4g}") if np.isfinite(x) else 0.0 for x in np.asarray(column, np.float64)]


def _over(record: dict[str, Any]) -> np.ndarray:
    return record["terminated"] | record["truncated"]


def _checked(environment: Environment, actions: Sequence[Any]) -> np.ndarray:
    """The actions as the environment takes them."""
    spec = environment.action
    if len(actions) > _LONGEST:
        raise ArgumentError(f"`actions` may have {_LONGEST:,} entries, got {len(actions):,}")
    if isinstance(spec, Discrete):
        for action in actions:
            if not isinstance(action, int) or isinstance(action, bool) or not 0 <= action < spec.count:
                raise ArgumentError(f"`actions` must be whole numbers from 0 to {spec.count - 1}, got {action!r}")
        return np.asarray(actions, np.dtype(spec.dtype))
    try:
        given = np.asarray(actions, np.dtype(spec.dtype)).reshape((len(actions), *spec.shape))
    except (ValueError, TypeError) as error:
        raise ArgumentError(f"`actions` must be arrays of shape {spec.shape}: {error}") from error
    low, high = (spec.low, spec.high) if isinstance(spec, Box) else (0, spec.count - 1)
    if not (np.isfinite(given).all() and (given >= low).all() and (given <= high).all()):
        raise ArgumentError(f"`actions` must lie between {low} and {high}")
    return given


@eqx.filter_jit
def _start(environment: Environment, task: Any, key: PRNGKeyArray) -> tuple[Any, Any, Array, Array | None]:
    world = environment.world(task)
    state = environment.reset(world, key=jr.fold_in(key, 0))
    return world, state, jnp.asarray(environment.limit(world)), environment.optimal_length(world)


@eqx.filter_jit
def _policy_block(
    environment: Environment, policy: Policy, world: Any, state: Any, memory: Any, key: PRNGKeyArray, at: Array
) -> tuple[Any, Any, dict[str, Any]]:
    def step(carry: tuple[Any, Any], time: Array) -> tuple[tuple[Any, Any], dict[str, Any]]:
        state, memory = carry
        act, move = jr.split(jr.fold_in(key, time + 1))
        seen = jax.tree.map(lambda x: jnp.asarray(x)[None], environment.observe(world, state))
        action, memory, report = policy(seen, memory, (time == 0)[None], keys=act[None])
        after = environment.step(world, state, action[0], key=move)
        # What is called a probability is the density of numbers where the action is no choice: nothing to show.
        shown = [name for name in _SHOWN if name != "log_probability" or isinstance(environment.action, Discrete)]
        told = {name: x[0] for name, x in report.items() if name in shown}
        return (after.state, memory), _record(after, action[0], told)

    (state, memory), record = jax.lax.scan(step, (state, memory), at + jnp.arange(_BLOCK))
    return state, memory, record


@eqx.filter_jit
def _given_block(
    environment: Environment, world: Any, state: Any, actions: Array, key: PRNGKeyArray, at: Array
) -> tuple[Any, dict[str, Any]]:
    def step(state: Any, given: tuple[Array, Array]) -> tuple[Any, dict[str, Any]]:
        time, action = given
        move = jr.split(jr.fold_in(key, time + 1))[1]
        after = environment.step(world, state, action, key=move)
        return after.state, _record(after, action, {})

    return jax.lax.scan(step, state, (at + jnp.arange(_BLOCK), actions))


def _record(after: Any, action: Array, report: dict[str, Array]) -> dict[str, Any]:
    ends = {"terminated": after.terminated, "truncated": after.truncated, "solved": after.solved}
    return {"state": after.state, "action": action, "reward": after.reward, "report": report, **ends}
