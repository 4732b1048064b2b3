"""Gymnasium in both directions: its environments with our explorers, our environments behind its interface.

Usage:
    pip install 'explora[gymnasium]'
    python examples/06_gymnasium.py

First PPO learns to balance poles of many lengths under many gravities, those first that it balances sometimes; then
somebody else's loop plays a maze.
"""

import gymnasium
import jax.random as jr

from explora import adapters, loop
from explora.adapters import GymnasiumDomain, ParameterSpace, Real
from explora.core import Parts
from explora.explorers import Replay
from explora.learners import PPO
from explora.nets import GRU, ActorCritic, Dense
from explora.scores import Learnability

tasks = ParameterSpace((Real("gravity", 5.0, 15.0), Real("length", 0.25, 1.0, log=True)))
poles = GymnasiumDomain("CartPole-v1", tasks, steps=128, max_steps=100, threshold=50.0)
learner = PPO(ActorCritic(Dense(32), GRU(32)), rate=3e-3, epochs=2, minibatches=2, critic=0.01, clip_value=False)
parts = Parts(poles, learner, Replay(rows=16, capacity=64, score=Learnability(), explore_learns=True))

state = loop.init(parts, key=jr.key(0))
for _ in range(4):
    state, log = loop.host_chunk(parts, state, root=jr.key(1), turns=5)
    print(f"{int(state.spent.steps):>7,} steps: balanced for {float(log.metrics['play/length'].mean()):3.0f} steps")

adapters.register()
env = gymnasium.make("explora/Maze-v0", height=5, width=5, walls=0, render_mode="rgb_array")
_, info = env.reset(seed=0, options={"task": ">...G\n.....\n.....\n.....\n....."})
steps, over, forward = 0, False, 2
while not over:
    _, reward, terminated, truncated, info = env.step(forward)
    steps, over = steps + 1, terminated or truncated
print(f"the maze: solved {info['is_success']} after {steps} steps, reward {reward:.3f}, picture {env.render().shape}")
