"""The loop by hand: a domain, a learner and an explorer, put together and run.

Usage:
    python examples/01_first_loop.py

It prints how many of the mazes that it plays are solved, then the maze from which there is most left to learn. With
`explora run maze` you get the same with a run folder, evaluation and a report.
"""

import jax
import jax.random as jr

from explora import loop
from explora.core import Parts
from explora.domains.maze import Maze, MazeSpace
from explora.explorers import Replay
from explora.learners import PPO
from explora.nets import GRU, ActorCritic, Dense

maze = Maze(MazeSpace(height=5, width=5, walls=8), steps=64, max_steps=40)
learner = PPO(ActorCritic(Dense(32), GRU(32)), rate=3e-3, epochs=2, minibatches=2)
parts = Parts(maze, learner, Replay(rows=32, capacity=256, minimum_fill=0.25))

state = loop.init(parts, key=jr.key(0), budget=3e5)
for _ in range(6):
    state, log = loop.chunk(parts, state, root=jr.key(1), turns=25)
    print(f"{int(state.spent.steps):>9,} steps: {float(log.metrics['play/solved'].mean()):4.0%} solved")

kept = parts.explorer.archive(state.explorer)
best = jax.tree.map(lambda x: x[kept.score.argmax()], kept.tasks)
print(f"\n{maze.space.encode(best)}\n{maze.space.describe(best)}")
