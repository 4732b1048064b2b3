"""A queue that people answer: who has which question, until when, and all that was ever said.

`Slots` is the queue, and what its calls mean is written there; a `Claim` is a question in somebody's hands, a `Message`
what they say of it, a `Word` what they last said. `_place` is the database (a file or a server) and the turns that
writers take, `_claiming` hands questions out by one statement a person, `_saying` takes down what many say at once,
`_reading` is all that changes nothing.
"""

from ._queue import QUEUE as QUEUE
from ._queue import Slots as Slots
from ._words import Claim as Claim
from ._words import Message as Message
from ._words import Word as Word
