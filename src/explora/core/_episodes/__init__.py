"""Stored experience: ragged episodes in flat arrays of NumPy, as a file, a memory map or a run hands them over.

`record` plays whole episodes and stores them.
"""

from ._episodes import Episodes as Episodes
from ._record import record as record
