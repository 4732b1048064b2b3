"""Niches: tasks and agents that evolve together, each agent in a task of its own.

`Niches` is POET and Enhanced POET. Every niche is a task and the member of a population that learns in it; niches
have children, harder or merely different tasks; agents that do better elsewhere take over. `Criterion` says what is
neither too hard nor too easy; the state (`NichesState`, `Contest`, `Counts`) is a pytree of arrays like that of any
explorer.
"""

from ._niches import Niches as Niches
from ._state import NOBODY as NOBODY
from ._state import Contest as Contest
from ._state import Counts as Counts
from ._state import Criterion as Criterion
from ._state import NichesState as NichesState
