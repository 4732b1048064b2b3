"""`explora film`: an episode of anybody whom a run has taught, on any task, as a film or as one picture.

`_wanted` finds the task and the player that were asked for; `_verb` reads what was typed.
"""

from ._verb import film as film
