"""Domains seen differently: the same tasks and the same rules, with something about playing them changed.

`Pleasing` is an environment in which reward comes from what people like instead of from the rules, so that any learner
of environments learns to please. `seen` writes an observation as numbers, by which trajectories are compared.

`Asking` tells the player what to achieve, a return or a goal, say; its tasks are `Requests`, so that any explorer can
search for what is worth asking. `Spoken` makes clauses of an environment's language its goals, and `Counted` says how
they stand while an episode goes on.
"""

from ._asking import CONDITIONS as CONDITIONS
from ._asking import AskedState as AskedState
from ._asking import Asking as Asking
from ._asking import Request as Request
from ._asking import Requests as Requests
from ._counted import Counted as Counted
from ._counted import standings as standings
from ._pleasing import Pleasing as Pleasing
from ._pleasing import seen as seen
from ._spoken import Spoken as Spoken
