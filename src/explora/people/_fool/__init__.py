"""Rounds against a model: people write what it gets wrong, others confirm it, the next version learns from it.

`Book` is what the event log says of rounds, `Rounds` is what may be done in them, `RoundCount` what they amount to.
"""

from ._book import Book as Book
from ._book import Example as Example
from ._book import Outcome as Outcome
from ._book import Round as Round
from ._book import Terms as Terms
from ._book import Vote as Vote
from ._counts import RoundCount as RoundCount
from ._rounds import Rounds as Rounds
from ._rounds import Turned as Turned
from ._rounds import Written as Written
from ._routes import fool_routes as fool_routes
from ._sparring import Reply as Reply
from ._sparring import Sparring as Sparring
