"""Runs: one resumable, reproducible execution with its folder and database.

`run` begins one, `resume` goes on with one bit for bit, `load` gives the player that it taught. A run is wired here:
the loop says what happened, the store keeps it, the ledger judges versions, an engine executes, watchers look on.
"""

from ._clock import Clock as Clock
from ._lineage import Lineage as Lineage
from ._open import Finished as Finished
from ._open import begin as begin
from ._open import load as load
from ._open import read as read
from ._open import restore as restore
from ._open import resume as resume
from ._open import run as run
from ._plan import Plan as Plan
from ._player import Player as Player
from ._session import Session as Session
from ._session import watched as watched
from ._tracker import Tracker as Tracker
from ._watcher import Progress as Progress
from ._watcher import Watcher as Watcher
