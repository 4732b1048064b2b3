"""Labelling: what people are asked, what they say, how they agree, and what an owner makes of it.

`Desk` stands between people and the queue of a run; `Schema` is what an answer may be, with the guidelines that people
read; `agreement` tells how far they agree with each other. A `Till` serves together whoever comes at the same time.
`Oversight` is the owner's: gold, decisions, how many are asked. `together` is the one rule for what several people say
of an item: pages, exports and the run go by it.
"""

from ._agreement import Agreement as Agreement
from ._agreement import Pair as Pair
from ._agreement import agreement as agreement
from ._consensus import Likely as Likely
from ._consensus import Together as Together
from ._consensus import likely as likely
from ._consensus import together as together
from ._desk import Desk as Desk
from ._desk import Served as Served
from ._desk import Turn as Turn
from ._desk import Undone as Undone
from ._export import answers as answers
from ._export import answers_file as answers_file
from ._gold import GoldRule as GoldRule
from ._gold import Score as Score
from ._gold import blended as blended
from ._gold import scores as scores
from ._oversight import Dispute as Dispute
from ._oversight import Oversight as Oversight
from ._owner_routes import owner_routes as owner_routes
from ._quality import RunQuality as RunQuality
from ._quality import run_quality as run_quality
from ._routes import label_routes as label_routes
from ._schema import Choice as Choice
from ._schema import Schema as Schema
from ._till import Till as Till
