"""The network, the hyperparameters and the work that explora and JaxUED have in common, and what they cost."""

from typing import Any

import jax

from explora.core import Explorer, Parts
from explora.domains.maze import Maze, MazeSpace
from explora.explorers import Replay, Uniform
from explora.learners import PPO
from explora.nets import LSTM, ActorCritic, Convolution

LANES, STEPS, EPOCHS = 32, 256, 5
PARAMETERS = 432_929

# Floor, wall and goal as the three channels of a MiniGrid image (object, colour, state), divided by 10.
CHANNELS = ((0.1, 0.0, 0.0), (0.2, 0.5, 0.0), (0.8, 0.1, 0.0))


def maze(size: int = 13) -> Maze:
    """JaxUED's maze: 7 actions of which 3 act, 25 draws of walls, and step 250 is an end like any other."""
    space = MazeSpace(height=size, width=size, walls=25, edits=5, solvable=False)
    return Maze(space=space, steps=STEPS, actions=7, max_steps=250, limit_terminates=True)


def learner() -> PPO:
    """JaxUED's PPO. Its learning rate falls over 30,000 updates, of which a benchmark sees a handful."""
    encoder = Convolution(channels=16, kernel=3, scalar=5, table=CHANNELS)
    return PPO(
        net=ActorCritic(encoder=encoder, core=LSTM(256), hidden=32),
        rate=1e-4,
        final_rate=1.0,
        discount=0.995,
        trace=0.98,
        clip=0.2,
        clip_value=True,
        epochs=EPOCHS,
        minibatches=1,
        entropy=1e-3,
        critic=0.5,
        norm=0.5,
        segment=None,
        average=None,
    )


def uniform() -> Uniform:
    """A new maze whenever an episode ends, for up to 16 episodes a lane."""
    return Uniform(rows=LANES * 16, queue=16)


def replay(**fields: Any) -> Replay:
    """JaxUED's buffer: MaxMC, 4,000 mazes, rank prioritisation with β = 0.3 and κ = 0.3, one maze a lane."""
    fixed: dict[str, Any] = {"rows": LANES, "capacity": 4000, "temperature": 0.3, "staleness": 0.3}
    return Replay(**(fixed | fields))


def parts(explorer: Explorer) -> Parts:
    """The parts of a run under parity settings."""
    return Parts(maze(), learner(), explorer)


def parameters(weights: Any) -> int:
    """How many numbers a network learns."""
    return sum(x.size for x in jax.tree.leaves(weights))


def forward_flops() -> int:
    """Floating-point operations of one step through the network, two for each multiplication of a weight."""
    places, filters = 9, 3 * 3 * 3 * 16
    seen = places * 16 + 5
    core = (seen + 256) * 4 * 256
    heads = 2 * 256 * 32 + 32 * (7 + 1)
    return 2 * (places * filters + 4 * 5 + core + heads)


def step_flops(learned: float) -> float:
    """Operations per environment step if a share `learned` of the rounds is learned from.

    Playing is one pass forward; learning is, for each epoch, one forward and two of the same size backward.
    """
    return forward_flops() * (1.0 + 3.0 * EPOCHS * learned)
