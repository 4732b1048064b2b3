"""Learning from episodes that are stored, as a run like any other: with checkpoints, progress, suites and a report.

`Studied` is the learner of such a run: it updates from a store or a file and plays only to see how far it has come.
`asking_parts` puts one together for whatever somebody names, and `SUBJECTS` are the things that it can be told.
"""

from ._parts import SUBJECTS as SUBJECTS
from ._parts import TOGETHER as TOGETHER
from ._parts import Subject as Subject
from ._parts import asking_parts as asking_parts
from ._source import open_source as open_source
from ._studied import Studied as Studied
from ._studied import keep_apart as keep_apart
from ._studied import places as places
from ._studied import tell as tell
