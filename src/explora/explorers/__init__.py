"""Explorers decide what to learn from next, by `ask` and `tell`.

They know the space that they search and the scores of what was played; they know neither domain nor learner. All are
compiled: fixed shapes, no host code.
"""

from ._replay import Replay as Replay
from ._uniform import Uniform as Uniform
