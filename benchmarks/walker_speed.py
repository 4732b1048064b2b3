"""How many steps of the walker fit into a second of processor time, with the network of POET deciding every one.

    python benchmarks/walker_speed.py [--lanes N ...] [--sweeps N ...] [--contacts N] [--steps N] [--gymnasium N]

Every lane has weights of its own, as the copies of an evolution strategy have, and stands on rough ground with pits and
stumps. Episodes are not ended: what is measured is a step, not a policy. Compilation does not count. For each number of
sweeps and lanes one row: steps per second of processor time (of all threads), and per second of the clock. With
`--gymnasium N` also N steps of Gymnasium's own BipedalWalker with the same network in NumPy, if Box2D is installed.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.core import fresh_lesson
from explora.domains.walker import Walker
from explora.learners import LanePolicy
from explora.learners._lane_nets import shape_of

GENES = {"ground_roughness": 2, "pit_gap": [0, 1], "stump_height": [0, 1], "seed": 1}


def arguments() -> argparse.Namespace:
    """What the command line says."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--lanes", type=int, nargs="+", default=[16, 64, 128, 256, 512, 1024])
    say.add_argument("--sweeps", type=int, nargs="+", default=[10, 20, 30])
    say.add_argument("--contacts", type=int, default=3)
    say.add_argument("--steps", type=int, default=200)
    say.add_argument("--gymnasium", type=int, default=0, metavar="STEPS")
    return say.parse_args()


def ours(lanes: int, sweeps: int, contacts: int, steps: int) -> tuple[float, float]:
    """Steps per second, of processor time and of the clock."""
    walker = Walker(iterations=sweeps, contacts=contacts)
    shape = shape_of(walker.observation, walker.action, (40, 40))
    policy = LanePolicy(0.1 * jr.normal(jr.key(0), (lanes, shape.count)), shape)
    task = walker.space.decode(GENES)
    lesson = fresh_lesson(jax.tree.map(lambda x: jnp.broadcast_to(x, (lanes, *x.shape)), task), False)
    keys, who = jr.split(jr.key(1), lanes), jnp.arange(lanes, dtype=jnp.int32)

    @jax.jit
    def run(weights: jax.Array) -> jax.Array:
        world = jax.vmap(walker.world)(lesson.tasks)
        first = jax.vmap(lambda w, k: walker.reset(w, key=k))(world, keys)
        brain = LanePolicy(weights, shape)

        def step(_: jax.Array, state: object) -> object:
            seen = jax.vmap(walker.observe)(world, state)
            action, _, _ = brain(seen, (), jnp.zeros((lanes,), bool), keys=keys, who=who)
            return jax.vmap(lambda w, s, a, k: walker.step(w, s, a, key=k).state)(world, state, action, keys)

        return jax.lax.fori_loop(0, steps, step, first).motion.pose

    jax.block_until_ready(run(policy.weights))
    clock, processor = time.perf_counter(), time.process_time()
    jax.block_until_ready(run(policy.weights))
    return lanes * steps / (time.process_time() - processor), lanes * steps / (time.perf_counter() - clock)


def gymnasiums(steps: int) -> float:
    """Steps of Gymnasium's per second of processor time."""
    from explora.domains.walker import box2d_walker

    walker, random = box2d_walker(GENES), np.random.default_rng(0)
    layers = [(random.normal(size=(a, b)), random.normal(size=b)) for a, b in ((24, 40), (40, 40), (40, 4))]
    seen, _ = walker.reset(seed=0)
    start, resets = time.process_time(), 0.0
    for _ in range(steps):
        for between, own in layers:
            seen = np.tanh(seen @ between + own)
        seen, _, ended, late, _ = walker.step(seen)
        if ended or late:
            before = time.process_time()
            seen, _ = walker.reset()
            resets += time.process_time() - before
    return steps / (time.process_time() - start - resets)


def main() -> None:
    """Prints the table."""
    chosen = arguments()
    print("| sweeps | lanes | steps/s of processor time | steps/s of the clock |\n|---|---|---|---|")
    for sweeps in chosen.sweeps:
        for lanes in chosen.lanes:
            processor, clock = ours(lanes, sweeps, chosen.contacts, chosen.steps)
            print(f"| {sweeps} | {lanes} | {processor:,.0f} | {clock:,.0f} |", flush=True)
    if chosen.gymnasium:
        print(f"\nGymnasium with Box2D: {gymnasiums(chosen.gymnasium):,.0f} steps/s of processor time")


if __name__ == "__main__":
    main()
