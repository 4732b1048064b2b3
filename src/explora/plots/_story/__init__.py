"""The story of tasks and agents that evolve together: who lived where, who took over whose place, who was first.

`saga` reads it from what the run has written down, turn by turn; `bloodline` follows an agent back to where it began;
`tale` is what the page tells of the hardest task that was solved.
"""

from ._facts import Home as Home
from ._facts import Link as Link
from ._facts import Move as Move
from ._facts import Saga as Saga
from ._facts import Scoreboard as Scoreboard
from ._facts import bloodline as bloodline
from ._facts import hardest as hardest
from ._facts import hardness as hardness
from ._facts import saga as saga
from ._section import story_section as story_section
from ._tale import Cast as Cast
from ._tale import Tale as Tale
from ._tale import tale as tale
