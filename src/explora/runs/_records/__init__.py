"""What a run writes down of what the log of its turns says: tasks, where they come from, stories, episodes, notes."""

from ._chronicle import Chronicle as Chronicle
from ._keeper import Keeper as Keeper
from ._lineage import Lineage as Lineage
from ._notebook import Notebook as Notebook
