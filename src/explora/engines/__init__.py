"""Where a run is executed: in this process, in several processes of this machine, or on a cluster.

An engine takes a state and a number of turns and returns the state afterwards and a log.

- `Local` runs in this process: compiled where the parts allow it, on all devices.
- `Processes` and `Ray` ask, tell and learn in this process, and have lessons played by workers: other processes of this
  machine, or actors of a Ray cluster (extra `ray`). A lesson is cut into the pieces that its learner names
  (`Learner.piece`), which do not depend on how many workers there are; a piece keeps its chance; every worker computes
  on one core. So the same seed has the same result to the last bit with one worker, with ten, and when a worker dies
  and another one plays its piece again.

Workers are told the parts as a configuration and build them themselves; what travels to and fro are JSON and the bytes
of arrays, so nothing that comes over the wire is ever executed.
"""

from ._local import Engine as Engine
from ._local import Local as Local
from ._named import engine as engine
from ._processes import Processes as Processes
from ._ray import Ray as Ray
from ._shared import Shared as Shared
