"""Labelling: what people are asked, what they say, how they agree.

`Desk` stands between people and the queue of a run; `Schema` is what an answer may be, with the guidelines that people
read; `agreement` tells how far they agree with each other.
"""

from ._agreement import Agreement as Agreement
from ._agreement import Pair as Pair
from ._agreement import agreement as agreement
from ._desk import Desk as Desk
from ._desk import Undone as Undone
from ._routes import label_routes as label_routes
from ._schema import Choice as Choice
from ._schema import Schema as Schema
