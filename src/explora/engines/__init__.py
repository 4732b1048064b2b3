"""Where a run is executed: in this process, and (with the parts that need it) in other processes and machines.

An engine takes a state and a number of turns and returns the state afterwards and a log. Same seed, same result,
whichever engine.
"""

from ._local import Engine as Engine
from ._local import Local as Local
