"""Runs: one resumable, reproducible execution with its folder and database.

`run` begins one, `resume` goes on with one bit for bit, `load` gives the player that it taught. A run is wired here:
the loop says what happened, the store keeps it, the ledger judges versions, an engine executes, watchers look on.
"""

from ._clock import Clock as Clock
from ._open import Finished as Finished
from ._open import begin as begin
from ._open import load as load
from ._open import read as read
from ._open import restore as restore
from ._open import resume as resume
from ._open import run as run
from ._plan import Plan as Plan
from ._player import Agent as Agent
from ._player import Player as Player
from ._records import Chronicle as Chronicle
from ._records import Lineage as Lineage
from ._rounds import ExampleForm as ExampleForm
from ._rounds import FormField as FormField
from ._rounds import RoundExample as RoundExample
from ._rounds import RoundMatrix as RoundMatrix
from ._rounds import RoundVersions as RoundVersions
from ._rounds import round_parts as round_parts
from ._session import Session as Session
from ._session import watched as watched
from ._tastes import PREFERENCE as PREFERENCE
from ._tastes import Tastes as Tastes
from ._tastes import follows as follows
from ._tastes import indifferent as indifferent
from ._tastes import judgements as judgements
from ._tastes import tasting as tasting
from ._tracker import Tracker as Tracker
from ._versions import Taught as Taught
from ._versions import newest as newest
from ._versions import taught as taught
from ._watcher import Progress as Progress
from ._watcher import Watcher as Watcher
