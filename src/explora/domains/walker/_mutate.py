"""How terrains change: the published rules, as the paper tells them and as the released code has them."""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Int16, PRNGKeyArray

from ._task import GENES, HUNDREDTH, ROUGHEST, SHAPES, WalkerTask, flat_task, present

Rules = Literal["released-code", "paper"]

FIRST_SEEDS = 1_000_000
"""Seeds are drawn from 0 … 999,999, as in the released code."""


class Preset(NamedTuple):
    """Where the paper and the released code differ.

    **Arguments:**

    - `obstacles`: the genes that change.
    - `widest_pit`: to which a pit can grow [steps].
    - `all`: whether every one of these genes changes each time, or some or all.
    - `steps`: whether the number of stairs changes too.
    """

    obstacles: tuple[str, ...]
    widest_pit: int
    all: bool
    steps: bool


PRESETS: dict[str, Preset] = {
    "released-code": Preset(("roughness", "pit_gap", "stump_height"), 8, True, False),
    "paper": Preset(("roughness", "pit_gap", "stump_height", "stair_height"), 10, False, True),
}

_START = {"pit_gap": (0, 80), "stump_height": (0, 40), "stair_height": (0, 40)}
_MOVE = {"pit_gap": 40, "stump_height": 20, "stair_height": 20}
_MOST = {"stump_height": 500, "stair_height": 500}
_USUAL = {gene.name: gene.usual for gene in GENES}
_ROUGHER = 60  # the largest change of roughness, rounded to tenths
_MOST_STEPS = 9

_MOVES = np.array([(low, high) for low in (1, 0, -1) for high in (1, 0, -1) if (low, high) != (0, 0)], np.int16)


def mutate_task(task: WalkerTask, obstacles: tuple[str, ...], preset: Preset, *, key: PRNGKeyArray) -> WalkerTask:
    """A changed terrain with a layout of its own."""
    which, seeds, *keys = jr.split(key, 3 + len(obstacles))
    chosen = jnp.ones((len(obstacles),), bool) if preset.all else _some_or_all(len(obstacles), key=which)
    fields = {}
    for name, change, own in zip(obstacles, chosen, keys):
        if name == "roughness":
            rougher = _rougher(task.roughness, key=own)
            fields[name] = jnp.where(change, rougher, task.roughness)
        else:
            most = preset.widest_pit * HUNDREDTH if name == "pit_gap" else _MOST[name]
            fields |= _grown(task, name, most, preset.steps, change, key=own)
    seed = jr.randint(seeds, (), 0, FIRST_SEEDS)
    old = {name: getattr(task, name) for name in WalkerTask.__dataclass_fields__}
    return WalkerTask(**(old | fields | {"seed": seed}))


def _some_or_all(count: int, *, key: PRNGKeyArray) -> Bool[Array, " genes"]:
    """Every set but the empty one, each as likely as the others."""
    if count == 0:
        return jnp.zeros((0,), bool)
    number = jr.randint(key, (), 1, 2**count)
    return ((number >> jnp.arange(count)) & 1) == 1


def _rougher(roughness: Int16[Array, ""], *, key: PRNGKeyArray) -> Int16[Array, ""]:
    # Uniform within ± 0.6, then rounded to tenths: the two ends are half as likely as the rest.
    exact = roughness.astype(jnp.float32) + jr.uniform(key, (), jnp.float32, -_ROUGHER, _ROUGHER)
    tenths = jnp.round(exact / 10.0).astype(jnp.int16) * jnp.int16(10)
    return jnp.clip(tenths, 0, ROUGHEST * HUNDREDTH).astype(jnp.int16)


def _grown(
    task: WalkerTask, name: str, most: int, steps: bool, change: Array, *, key: PRNGKeyArray
) -> dict[str, Array]:
    """The genes of one kind of obstacle after a change; an obstacle that there was not appears at its smallest."""
    size_key, step_key = jr.split(key)
    size = getattr(task, name)
    there = present(size)
    start = jnp.array(_START[name], jnp.int16)
    grown = jnp.where(there, _moved(size, start, _MOVE[name], most, 0, key=size_key), start)
    fields = {name: jnp.where(change, grown, size)}
    for shape in SHAPES[name]:
        old = getattr(task, shape)
        usual = jnp.array(_USUAL[shape], jnp.int16)
        new = old
        if shape == "stair_steps" and steps:
            new = _moved(old, jnp.array((1, 2), jnp.int16), 1, _MOST_STEPS, 1, key=step_key)
        fields[shape] = jnp.where(change, jnp.where(there, new, usual), old)
    return fields


def _moved(
    pair: Int16[Array, "2"], start: Int16[Array, "2"], move: int, most: int, apart: int, *, key: PRNGKeyArray
) -> Int16[Array, "2"]:
    """`pair` after one of the legal moves, each as likely as the others; as it is where none is legal.

    Either end goes up, down or stays, not both stay; neither end goes below where it starts, nor above `most`, and
    they stay `apart`.
    """
    moved = pair[None] + jnp.asarray(_MOVES) * jnp.int16(move)
    legal = jnp.all((moved >= start[None]) & (moved <= most), axis=1) & (moved[:, 0] + apart <= moved[:, 1])
    # The largest of independent random numbers is equally likely to be any of them.
    rank = jnp.where(legal, jr.uniform(key, (len(_MOVES),)), -1.0)
    return jnp.where(jnp.any(legal), moved[jnp.argmax(rank)], pair)


def random_task(obstacles: tuple[str, ...], preset: Preset, *, key: PRNGKeyArray) -> WalkerTask:
    """A terrain whose genes are drawn uniformly from their whole ranges."""
    values, seeds = jr.split(key)
    return task_of_shares(jr.uniform(values, (len(share_names(obstacles)),)), obstacles, preset, key=seeds)


def share_names(obstacles: tuple[str, ...]) -> tuple[str, ...]:
    """What the coordinates of a terrain are called."""
    names: list[str] = []
    for name in obstacles:
        kind = name.partition("_")[0]
        names += [name] if name == "roughness" else [f"{kind} low", f"{kind} high"]
        names += ["stair steps"] if name == "stair_height" else []
    return tuple(names)


def task_of_shares(shares: Array, obstacles: tuple[str, ...], preset: Preset, *, key: PRNGKeyArray) -> WalkerTask:
    """The terrain with the given coordinates in [0, 1] and a random seed; the lower of two is the lower end."""
    shares = jnp.clip(shares, 0.0, 1.0)
    fields, at = {}, 0
    for name in obstacles:
        if name == "roughness":
            fields[name] = jnp.round(shares[at] * (ROUGHEST * HUNDREDTH)).astype(jnp.int16)
            at += 1
            continue
        most = preset.widest_pit * HUNDREDTH if name == "pit_gap" else _MOST[name]
        fields[name] = jnp.round(jnp.sort(shares[at : at + 2]) * most).astype(jnp.int16)
        at += 2
        if name == "stair_height":
            steps = 1 + jnp.floor(shares[at] * _MOST_STEPS).astype(jnp.int16)
            steps = jnp.minimum(steps, jnp.int16(_MOST_STEPS))
            fields["stair_steps"] = jnp.stack([steps, steps + jnp.int16(1)])
            at += 1
    return _filled(fields, jr.randint(key, (), 0, FIRST_SEEDS))


def shares_of(task: WalkerTask, obstacles: tuple[str, ...], preset: Preset) -> Array:
    """The coordinates of a terrain in [0, 1]."""
    found: list[Array] = []
    for name in obstacles:
        value = getattr(task, name).astype(jnp.float32)
        if name == "roughness":
            found.append(value / (ROUGHEST * HUNDREDTH))
            continue
        most = preset.widest_pit * HUNDREDTH if name == "pit_gap" else _MOST[name]
        found += [value[0] / most, value[1] / most]
        if name == "stair_height":
            found.append((task.stair_steps[0].astype(jnp.float32) - 0.5) / _MOST_STEPS)
    return jnp.clip(jnp.stack(found), 0.0, 1.0)


def flat_start(*, key: PRNGKeyArray) -> WalkerTask:
    """Flat ground: where every run of POET begins."""
    return _filled({}, jr.randint(key, (), 0, FIRST_SEEDS))


def _filled(fields: dict[str, Array], seed: Array) -> WalkerTask:
    empty = jax.tree.map(jnp.asarray, flat_task())
    old = {name: getattr(empty, name) for name in WalkerTask.__dataclass_fields__}
    return WalkerTask(**(old | fields | {"seed": seed}))
