"""Quality-diversity: not the one best solution but the best of every kind.

An archive (a *container*) sorts solutions by what they are like, their measures, and keeps the best of each kind, or
whatever is novel; emitters propose new solutions, and are led by what the archive makes of them. All of it is pure and
has fixed shapes, so it compiles, alone or inside a larger program.

| container | keeps | also known as |
|---|---|---|
| `Grid` | one elite a box | MAP-Elites; with `threshold` and `rate`, CMA-MAE |
| `CVT` | one elite for each of some centres (`fitted` finds them) | CVT-MAP-Elites |
| `Proximity` | what is far from everything kept | novelty search |

| emitter | proposes |
|---|---|
| `GaussianEmitter` | an elite and noise |
| `LineEmitter` | an elite, noise, and a step towards another elite |
| `CMAEmitter` | samples of several CMA-ES, led by improvement, novelty or the objective |

`Search` puts them together; `map_elites`, `cma_me`, `cma_mae` and `novelty_search` are the named choices. `Scheduler`
runs a search for any function on the host, by ask and tell; in NumPy where that is faster. To have the tasks of a space
searched in this way while a learner learns from them, take the explorers `Elites` and `Novelty` of `explora.explorers`.
"""

from ._cells import CVT as CVT
from ._cells import Cells as Cells
from ._cells import Grid as Grid
from ._cells import fitted as fitted
from ._cma_emitter import CMAEmitter as CMAEmitter
from ._cma_emitter import CMAEmitterState as CMAEmitterState
from ._container import Container as Container
from ._emitters import Emitter as Emitter
from ._emitters import GaussianEmitter as GaussianEmitter
from ._emitters import LineEmitter as LineEmitter
from ._kept import Added as Added
from ._kept import Kept as Kept
from ._kept import Summary as Summary
from ._kept import Verdict as Verdict
from ._kept import summary as summary
from ._proximity import Proximity as Proximity
from ._scheduler import Found as Found
from ._scheduler import Scheduler as Scheduler
from ._search import Search as Search
from ._search import SearchState as SearchState
from ._search import cma_mae as cma_mae
from ._search import cma_me as cma_me
from ._search import map_elites as map_elites
from ._search import novelty_search as novelty_search
