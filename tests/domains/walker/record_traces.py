"""Records what Box2D does, for `test_fidelity.py`; run as a module with Box2D installed.

`ground`: single steps on six terrains, under random motors, until the hull falls. `air`: eight short flights, each with
one motor at full strength in one direction, begun three metres above the ground.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import numpy as np

from explora.domains.walker import WalkerSpace, WalkerTask
from explora.domains.walker._box2d import box2d_walker

PLACE = Path(__file__).parent / "traces.npz"

STAIRS = {"stair_height": [0.2, 0.6], "stair_width": [4, 5], "stair_steps": [3, 4]}
GROUNDS: tuple[dict[str, Any], ...] = (
    {"ground_roughness": 0},
    {"ground_roughness": 1, "seed": 5},
    {"ground_roughness": 3, "seed": 6},
    {"ground_roughness": 1, "stump_height": [0.2, 0.6], "seed": 1},
    {"ground_roughness": 0.5, **STAIRS, "seed": 2},
    {"ground_roughness": 0.5, "pit_gap": [0.5, 2], "seed": 3},
)
ROWS, FLIGHT = 256, 12
_NAMES = ("pose", "speed", "legs", "touch", "observation", "action", "reward", "ended")


def look(walker: Any) -> dict[str, np.ndarray]:
    """The motion of Box2D's bodies, as `Motion` writes it."""
    hull, legs = walker.unwrapped.hull, walker.unwrapped.legs
    speeds = np.array([list(leg.linearVelocity) for leg in legs]).reshape(2, 2, 2)  # legs, parts, x and y
    return {
        "pose": np.array([*hull.worldCenter, *(body.angle for body in (hull, *legs))]),
        "speed": np.array([*hull.linearVelocity, *(body.angularVelocity for body in (hull, *legs))]),
        "legs": speeds.transpose(2, 1, 0),
        "touch": np.array([legs[1].ground_contact, legs[3].ground_contact], bool),
    }


def step(walker: Any, action: np.ndarray) -> dict[str, Any]:
    """One step, and what there is to say about it."""
    observation, reward, ended, _, _ = walker.step(action)
    return {**look(walker), "observation": observation, "action": action, "reward": reward, "ended": ended}


def on_the_ground(task: WalkerTask, seed: int, strength: float) -> list[dict[str, Any]]:
    """Steps under motors that drift at random; the first is left out: there Box2D pulls the parts together."""
    walker, random = box2d_walker(task), np.random.default_rng(seed)
    walker.reset(seed=seed)
    action, found = np.zeros(4), []
    while not found or not (found[-1]["ended"] or len(found) > 150):
        action = 0.9 * action + 0.45 * strength * random.normal(size=4)
        found.append(step(walker, np.clip(action, -1, 1).astype(np.float32)))
    return found[1:]


def in_the_air(joint: int, side: float) -> list[dict[str, Any]]:
    """A flight with one motor at full strength."""
    walker = box2d_walker({"ground_roughness": 0})
    walker.reset(seed=0)
    step(walker, np.zeros(4))
    for body in (walker.unwrapped.hull, *walker.unwrapped.legs):
        body.position = (body.position[0], body.position[1] + 3.0)
    first = step(walker, np.zeros(4))
    action = np.zeros(4, np.float32)
    action[joint] = side
    return [first, *(step(walker, action) for _ in range(FLIGHT))]


def stacked(records: list[dict[str, Any]], name: str) -> np.ndarray:
    """One field of many records."""
    values = np.array([record[name] for record in records])
    return values if values.dtype == bool else values.astype(np.float32)


def main() -> None:
    """Writes the file."""
    space, pairs, grounds = WalkerSpace(), [], []
    for ground, genes in enumerate(GROUNDS):
        for seed, strength in enumerate((1.0, 0.4)):
            trace = on_the_ground(space.decode(genes), seed, strength)
            found = list(pairwise(trace))
            keep = np.unique(np.linspace(0, len(found) - 1, ROWS // 12).astype(int))
            pairs += [found[number] for number in keep]
            grounds += [ground] * len(keep)
    pairs, grounds = pairs[:ROWS], grounds[:ROWS]
    data = {f"before_{name}": stacked([a for a, _ in pairs], name) for name in _NAMES}
    data |= {f"after_{name}": stacked([b for _, b in pairs], name) for name in _NAMES}
    flights = [in_the_air(joint, side) for joint in range(4) for side in (1.0, -1.0)]
    data |= {f"air_{name}": np.stack([stacked(flight, name) for flight in flights]) for name in _NAMES}
    np.savez_compressed(PLACE, ground=np.array(grounds, np.int8), **data)  # pyright: ignore[reportArgumentType]


if __name__ == "__main__":
    jax.config.update("jax_platforms", "cpu")
    main()
