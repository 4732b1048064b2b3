"""Words for what episodes in mazes do, and how they stand meanwhile."""

from ._retell import LANGUAGE as LANGUAGE
from ._retell import retell as retell
from ._retell import tally_of as tally_of
from ._tally import MazeTally as MazeTally
