"""Small domains whose optimum is known exactly, on which to measure what a sequence learner makes of its data.

`BitFlipping` has no reward worth speaking of: what it teaches is hindsight. Its rows of bits are its goals.
`Graph` is data from a `Wanderer` in which the shortest path is somewhere, in pieces; `first_steps` is what all such
walks would do, given how long they took. `DarkRoom` is to be explored in one trial and used in the next; its agents
can also be `Habitual`, and `foreseen` is what anybody can know of them. `KeyToDoor` is about remembering,
`Doors` about watching and trying.
In a `Gamble` luck looks like skill. A `Pendulum` is the smallest task of continuous control.
"""

from ._bits import BitFlipping as BitFlipping
from ._bits import BitRows as BitRows
from ._bits import BitState as BitState
from ._bits import BitTask as BitTask
from ._dark_room import Annealed as Annealed
from ._dark_room import DarkRoom as DarkRoom
from ._dark_room import DarkState as DarkState
from ._dark_room import DarkTask as DarkTask
from ._dark_room import Goals as Goals
from ._dark_room import Habitual as Habitual
from ._dark_room import foreseen as foreseen
from ._doors import Doors as Doors
from ._doors import DoorState as DoorState
from ._doors import DoorTask as DoorTask
from ._doors import DoorTasks as DoorTasks
from ._doors import Guide as Guide
from ._gamble import Gamble as Gamble
from ._gamble import GambleState as GambleState
from ._gamble import GambleTask as GambleTask
from ._gamble import Machines as Machines
from ._graphs import Graph as Graph
from ._graphs import GraphState as GraphState
from ._graphs import GraphTask as GraphTask
from ._graphs import Starts as Starts
from ._graphs import Wanderer as Wanderer
from ._graphs import arrivals as arrivals
from ._graphs import distances as distances
from ._graphs import first_steps as first_steps
from ._graphs import random_edges as random_edges
from ._key_to_door import KeyRooms as KeyRooms
from ._key_to_door import KeyState as KeyState
from ._key_to_door import KeyTask as KeyTask
from ._key_to_door import KeyToDoor as KeyToDoor
from ._pendulum import Hangings as Hangings
from ._pendulum import Pendulum as Pendulum
from ._pendulum import PendulumState as PendulumState
from ._pendulum import PendulumTask as PendulumTask
