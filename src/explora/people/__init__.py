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
answer; taking something back is another entry. Every act carries a `uuid` of its sender's making, so that sending it
twice is harmless. The same tables lie in an SQLite file beside the run, or in a PostgreSQL server.

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
from ._label import Agreement as Agreement
from ._label import Choice as Choice
from ._label import Desk as Desk
from ._label import Pair as Pair
from ._label import Schema as Schema
from ._label import Undone as Undone
from ._label import agreement as agreement
from ._log import Act as Act
from ._log import EventLog as EventLog
from ._scene import Scene as Scene
from ._server import PORT as PORT
from ._server import serve as serve
from ._watch import Follower as Follower
from ._watch import Known as Known
