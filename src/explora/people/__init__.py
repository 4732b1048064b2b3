"""People around a run: a small server on this machine, with pages to watch a run and to answer its questions.

`serve` is what `explora people RUN` does: it opens a port that only this machine reaches, prints a link with a token
that works once, and serves until Ctrl-C. `application` is the same without a port, for a server of one's own and for
tests.

**The JSON API is the product.** The pages use the routes that `/api/openapi.json` describes and no others, and a script
may do whatever a page does.

**Nothing without a token.** A link is exchanged for a session in a cookie; both are random, and only their digests are
kept. A `Person` is a viewer (watches), an annotator (answers too) or an owner (invites, sets the schema, sees how far
people agree). A `Guard` stands before everything: it answers under the names of this machine only, lets pages of
other sites change nothing, limits how often and how much, and forbids a browser whatever our pages never do.

**Nothing is lost.** What people do is appended to a log (`EventLog`), and to that of the queue (`Slots`) where they
answer; taking something back is another entry; `history` reads both as one. Every act carries a `uuid` of its sender's
making, so that sending it twice is harmless. The same tables lie in an SQLite file beside the run, or in a PostgreSQL
server.

**Many at once** are served together: a `Till` writes down in one transaction what has come while the one before was
flushed to the disk, and nobody is told that their answer is kept before it is.

**Rounds against the model.** In `Rounds` people write examples that the model gets wrong, others who are not told say
what is right, and what they confirm teaches its next version.

**Watching never waits for the run, nor the run for who watches**: a `Follower` reads what is new, through the store
and without writing, and requests are answered from memory.
"""

from . import _required as _required
from ._access import Access as Access
from ._access import Buckets as Buckets
from ._access import Guard as Guard
from ._access import Person as Person
from ._access import Rules as Rules
from ._app import People as People
from ._app import application as application
from ._base import Base as Base
from ._compare import Panel as Panel
from ._fool import Book as Book
from ._fool import Example as Example
from ._fool import Outcome as Outcome
from ._fool import Reply as Reply
from ._fool import Round as Round
from ._fool import RoundCount as RoundCount
from ._fool import Rounds as Rounds
from ._fool import Sparring as Sparring
from ._fool import Terms as Terms
from ._fool import Turned as Turned
from ._fool import Vote as Vote
from ._fool import Written as Written
from ._history import HistoryPlace as HistoryPlace
from ._history import history as history
from ._keep import Backup as Backup
from ._keep import Forgotten as Forgotten
from ._keep import backup as backup
from ._keep import forget as forget
from ._keep import restore as restore
from ._label import Agreement as Agreement
from ._label import Choice as Choice
from ._label import Desk as Desk
from ._label import Dispute as Dispute
from ._label import GoldRule as GoldRule
from ._label import Likely as Likely
from ._label import Oversight as Oversight
from ._label import Pair as Pair
from ._label import RunQuality as RunQuality
from ._label import Schema as Schema
from ._label import Score as Score
from ._label import Served as Served
from ._label import Till as Till
from ._label import Together as Together
from ._label import Turn as Turn
from ._label import Undone as Undone
from ._label import agreement as agreement
from ._label import answers as answers
from ._label import answers_file as answers_file
from ._label import blended as blended
from ._label import likely as likely
from ._label import run_quality as run_quality
from ._label import scores as scores
from ._label import together as together
from ._log import Act as Act
from ._log import EventLog as EventLog
from ._offline import Around as Around
from ._offline import around as around
from ._offline import back_up as back_up
from ._offline import forget_person as forget_person
from ._offline import mark_gold as mark_gold
from ._offline import put_back as put_back
from ._offline import write_answers as write_answers
from ._scene import Scene as Scene
from ._server import PORT as PORT
from ._server import serve as serve
from ._watch import Follower as Follower
from ._watch import Known as Known
