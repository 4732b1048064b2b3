"""Is `Maze` the same game as JaxUED's, step for step? Needs `pip install jaxued six`.

Random mazes are played by both with the same random actions; after every step position, heading, reward, end of
episode and observation are compared, all exactly. Then the solver is compared with the distances of `MazeSolved`.
Prints one line for each and exits with 1 if anything differs.

    python benchmarks/maze_parity.py [--mazes 128] [--steps 300] [--seed 0]
"""

import argparse
import sys

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.domains.maze import UNSOLVABLE, Maze, MazeSpace, MazeTask, all_actions

CODES = jnp.array([1, 2, 8], jnp.uint8)  # MiniGrid's empty, wall and goal, by our codes
FORWARD = 2


def mixed_mazes(count: int, key: jax.Array) -> MazeTask:
    """Mazes without, with a few and with many walls, a third each."""
    spaces = (MazeSpace(walls=0), MazeSpace(walls=25), MazeSpace(walls=60, replace=False))
    parts = [space.samples(count // 3 + 1, key=jr.fold_in(key, n)) for n, space in enumerate(spaces)]
    return jax.tree.map(lambda *xs: jnp.concatenate(xs)[:count], *parts)


def level_of(task: MazeTask):
    """The same maze as a level of JaxUED, which writes places as (x, y)."""
    from jaxued.environments.maze.level import Level

    rows, columns = task.walls.shape
    flipped = lambda place: place[::-1].astype(jnp.uint32)
    return Level(task.walls, flipped(task.goal), flipped(task.start), task.heading, columns, rows)


def compare_steps(tasks: MazeTask, steps: int, key: jax.Array) -> dict[str, int]:
    """How often the two differ, by what was compared."""
    from jaxued.environments import Maze as Peer

    ours, peer = Maze(actions=7, limit_terminates=True, max_steps=250), Peer()
    params = peer.default_params
    lanes = tasks.heading.shape[0]
    actions = jr.randint(key, (steps, lanes), 0, 7)
    actions = jnp.where(jr.bernoulli(jr.fold_in(key, 1), 0.3, actions.shape), FORWARD, actions)

    def both(task: MazeTask, moves: jax.Array) -> dict[str, jax.Array]:
        world = ours.world(task)
        start = ours.reset(world, key=key)
        level = level_of(task)
        _, their_start = peer.reset_env_to_level(key, level, params)

        def step(carry, move):
            mine, theirs = carry
            mine_next = ours.step(world, mine, move, key=key)
            seen, theirs_next, reward, done, _ = peer.step_env(key, theirs, move, params)
            differs = differences(mine_next, theirs_next, reward, done, seen)
            pick = lambda new, old: jax.tree.map(lambda a, b: jnp.where(done, a, b).astype(b.dtype), new, old)
            return (pick(start, mine_next.state), pick(their_start, theirs_next)), differs

        def differences(mine, theirs, reward, done, seen):
            stride, pad = world.codes.shape[1], ours.pad
            place = jnp.stack([mine.state.cell % stride - pad, mine.state.cell // stride - pad])
            shown = ours.observe(world, mine.state)
            return {
                "position": jnp.any(place != theirs.agent_pos.astype(jnp.int32)),
                "heading": mine.state.heading != theirs.agent_dir,
                "reward": mine.reward != reward,
                "end": (mine.terminated | mine.truncated) != done,
                "solved": mine.solved != (reward > 0),
                "image": jnp.any(seen.image[..., 0] != CODES[shown["image"]].T),
                "direction": shown["direction"] != seen.agent_dir,
                "episodes": done,
            }

        _, differs = jax.lax.scan(step, (start, their_start), moves)
        return jax.tree.map(jnp.sum, differs)

    counts = jax.jit(jax.vmap(both, (0, 1)))(tasks, actions)
    return {name: int(jnp.sum(count)) for name, count in counts.items()}


def compare_solver(tasks: MazeTask) -> tuple[int, int]:
    """How many distances there are, and how many differ."""
    from jaxued.environments.maze import MazeSolved

    peer = MazeSolved()
    theirs = jax.jit(jax.vmap(lambda task: peer.init_state_from_level(level_of(task)).min_steps))(tasks)
    mine = jax.jit(jax.vmap(all_actions))(tasks)
    theirs = np.where(np.isfinite(theirs), theirs, UNSOLVABLE)
    return mine.size, int(np.sum(theirs != np.asarray(mine)))


def main() -> int:
    """Runs both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mazes", type=int, default=128)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    try:
        import jaxued.environments  # noqa: F401
    except ImportError as error:
        print(f"not run: {error}; pip install jaxued six", file=sys.stderr)
        return 2
    key = jr.key(options.seed)
    tasks = mixed_mazes(options.mazes, key)
    counts = compare_steps(tasks, options.steps, jr.fold_in(key, 100))
    episodes = counts.pop("episodes")
    total = sum(counts.values())
    parts = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(
        f"steps: {options.mazes * options.steps:,} compared in {options.mazes} mazes, {episodes} episodes ended, "
        f"{total} mismatches ({parts})"
    )
    distances, wrong = compare_solver(tasks)
    print(f"solver: {distances:,} distances compared, {wrong} mismatches")
    return 1 if total or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
