"""Random play in minimax's maze under the eyes of a benchmark, in an interpreter of its own. Not for calling by hand.

python _minimax_child.py SIZE LANES STEPS FRESH
"""

import sys
from typing import Any

from _protocol import Worker


def main() -> None:
    size, lanes, steps, fresh = (int(x) for x in sys.argv[1:])
    worker = Worker()
    try:
        import jax
        from minimax.envs.maze.maze import Maze
    except ImportError as error:
        worker.refuse(f"minimax-lib cannot be imported there: {error}")
        return
    env: Any = Maze(height=size, width=size, n_walls=25, agent_view_size=5, max_episode_steps=250, normalize_obs=True)
    key = jax.random.PRNGKey(0)
    _, start = jax.vmap(env.reset)(jax.random.split(key, lanes))

    @jax.jit
    def play(key: Any, start: Any) -> Any:
        def step(carry: Any, _: Any) -> Any:
            key, state = carry
            key, act, move = jax.random.split(key, 3)
            action = jax.random.randint(act, (lanes,), 0, 7)
            keys = jax.random.split(move, lanes)
            if fresh:
                seen, state, reward, done, _ = jax.vmap(env.step)(keys, state, action)
            else:
                again = lambda k, s, a, first: env.step(k, s, a, reset_state=first)
                seen, state, reward, done, _ = jax.vmap(again)(keys, state, action, start)
            return (key, state), (seen, action, reward, done)

        return jax.lax.scan(step, (key, start), None, length=steps)

    number = 0
    while True:
        jax.block_until_ready(play(jax.random.fold_in(key, number), start))
        number += 1
        worker.done(lanes * steps, jax=jax.__version__)


if __name__ == "__main__":
    main()
