"""What an owner does with a queue of questions, beside the asking and answering that `Slots` does.

`Overseer` marks items as gold, decides where people differ, and says how many are asked; `Review` reads where they
differ and all that was said. `forget_annotator` deletes one person; `copy_database`, `queue_rows` and the like are what
backups are made of. Acts are events of the queue's own log, and what stands is written as a word for
`(gold)` or `(decided)` in the place of a person: so a run that reads the queue sees it in the same order as answers.
"""

from ._forget import forget_annotator as forget_annotator
from ._overseer import DECIDED as DECIDED
from ._overseer import GOLD as GOLD
from ._overseer import Gold as Gold
from ._overseer import Overseer as Overseer
from ._review import Review as Review
from ._review import Said as Said
from ._rows import copy_database as copy_database
from ._rows import fill_queue as fill_queue
from ._rows import fill_tables as fill_tables
from ._rows import queue_is_empty as queue_is_empty
from ._rows import queue_rows as queue_rows
from ._rows import shred as shred
from ._rows import table_rows as table_rows
from ._rows import unlocked as unlocked
