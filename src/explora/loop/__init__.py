"""The loop: ask → play → learn → tell, for ever. `step` is the page to read first.

The loop knows no domain, no database and no person: they arrive as arguments. The same `step` runs in two ways:

- **compiled** (`chunk`): many turns in one dispatch; the number of turns is a traced value, so one compilation serves
  every chunk; parts are arguments, and the buffers of the state are given away and used again in place; kinds of round
  whose lessons have one form are one program;
- **hosted** (`host_chunk`): plain Python, for parts that need it.

A run compiles if no part is `hosted`. Both ways agree to floating-point rounding; within one way a run is exact to the
last bit. Answers that come late, as people's do, are taken by a `step` of their own as soon as they have `arrived`.
Tasks that somebody sends are a turn of their own too (`visit`). What a turn will live can be had without taking it
(`watch`): whoever keeps experience does not change a run.
The key of a turn depends on the run's seed and the turn's number alone, so 12 turns are 5 turns and 7 turns.
"""

from ._compiled import Log as Log
from ._compiled import chunk as chunk
from ._compiled import rehearse as rehearse
from ._hosted import arrived as arrived
from ._hosted import host_chunk as host_chunk
from ._hosted import hosted as hosted
from ._jitted import QuickExplorer as QuickExplorer
from ._jitted import QuickLearner as QuickLearner
from ._rhythm import phase_at as phase_at
from ._rhythm import phases as phases
from ._state import Count as Count
from ._state import Event as Event
from ._state import Spent as Spent
from ._state import State as State
from ._state import init as init
from ._step import step as step
from ._step import watch as watch
from ._visit import Room as Room
from ._visit import Sent as Sent
from ._visit import room as room
from ._visit import visit as visit
