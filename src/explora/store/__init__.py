"""The store: what is kept of a run, so that it cannot be lost.

A run is a **folder** (`RunFolder`) that explains itself. In it lie

- the **database** (`Database`): everything that is looked at (records with their metrics, tasks with their lineage,
  versions × held-out tasks, what happened), in SQLite, or by URL in a PostgreSQL server;
- the **checkpoints** (`Checkpoints`): the whole state of the run, in safetensors files with a manifest that vouches
  for them. No pickle: nothing in a run folder can run code;
- the **lock**: one process writes, any number reads.

**What is promised.** A process may be killed at any instant. A file is there and whole, or not there: it is written
under another name, flushed to the disk and renamed. The rows of one record are one transaction. The writer appends the
record of a turn first and saves the checkpoint of that turn afterwards, so the tables never know less than the newest
checkpoint does. To go on, it loads the newest good checkpoint (a damaged one is named in a warning and the one before
is used), calls `RunFolder.rewind(turn)`, which forgets what the tables know of later turns, and lives those turns
again. As a turn is determined by the state and by what came from outside, the tables end up equal to those of a run
that was never interrupted, wall-clock columns aside. What came from outside is therefore never forgotten: the
`schedule` (a budget that followed the clock), the `journal` (answers of people) and the turns at which the letters of
people were taken (`Inbox`) are written before they are used, and read when a turn is repeated.

**People** answer questions out of a queue (`Slots`): a file of its own, or a schema in a server, with leases, that
several runs, pages and people may have open at once. Their owner oversees it (`Overseer`, `Review`): items whose
answers are known, decisions where people differ, how many are asked.

**Sinks** hand the metrics on to other people's trackers.

Everything is stamped with a format number; a newer explora reads older formats, and an older one that meets a newer
format says which version to install.
"""

from ._checkpoint import Checkpoints as Checkpoints
from ._checkpoint import Latest as Latest
from ._checkpoint import Loaded as Loaded
from ._checkpoint import Manifest as Manifest
from ._database import Database as Database
from ._engine import connect as connect
from ._facts import environment as environment
from ._files import guard as guard
from ._files import write_file as write_file
from ._folder import RunFolder as RunFolder
from ._folder import find as find
from ._folder import is_run as is_run
from ._folder import refuse_taken as refuse_taken
from ._format import FORMAT as FORMAT
from ._letters import Inbox as Inbox
from ._letters import Letter as Letter
from ._overseen import DECIDED as DECIDED
from ._overseen import GOLD as GOLD
from ._overseen import Gold as Gold
from ._overseen import Overseer as Overseer
from ._overseen import Review as Review
from ._overseen import Said as Said
from ._overseen import copy_database as copy_database
from ._overseen import fill_queue as fill_queue
from ._overseen import fill_tables as fill_tables
from ._overseen import forget_annotator as forget_annotator
from ._overseen import queue_is_empty as queue_is_empty
from ._overseen import queue_rows as queue_rows
from ._overseen import shred as shred
from ._overseen import table_rows as table_rows
from ._overseen import unlocked as unlocked
from ._reading import Records as Records
from ._reading import TaskColumns as TaskColumns
from ._sinks import SINKS as SINKS
from ._sinks import CSVSink as CSVSink
from ._sinks import MLflowSink as MLflowSink
from ._sinks import Sink as Sink
from ._sinks import TensorBoardSink as TensorBoardSink
from ._sinks import WandbSink as WandbSink
from ._sinks import check_sinks as check_sinks
from ._sinks import open_sink as open_sink
from ._slots import QUEUE as QUEUE
from ._slots import Claim as Claim
from ._slots import Message as Message
from ._slots import Slots as Slots
from ._slots import Word as Word
from ._tables import ENTERED as ENTERED
from ._tables import MOVED as MOVED
from ._tables import SOLVED as SOLVED
from ._tables import STANDINGS as STANDINGS
from ._tables import EvaluationRow as EvaluationRow
from ._tables import EventRow as EventRow
from ._tables import Record as Record
from ._tables import TaskRow as TaskRow
from ._tables import VersionRow as VersionRow
