"""Pools of unlabelled data: a user's table, texts or images, whose labels an oracle knows one by one.

- `Source` says where the data lies and what its columns are for; `Source.read`, `from_arrays`, `from_frame` and
  `from_dataset` make `Items` of it: numbers for a model, labels where there are any, the rows as they were written.
- `Featuriser` is what turned columns into numbers, and does so again for new rows.
- `Target` says what labels mean: classes, numbers, or several classes at once. A code never changes its meaning.
- `Pool` is the domain: its tasks are the items, and playing one asks an `Oracle` for its label: `Recorded` ones for
  benchmarks, `Annotators` who make mistakes, a function of yours by `Calling`, `Nobody`.
- A `Desk` writes every answer down before it is used and asks no question twice, also after a crash.
- `split` and `folds` keep some items to judge a model by; groups never straddle.
- `MADE` are generated sets for benchmarks, each with one difficulty that real pools have.
"""

from ._desk import Desk as Desk
from ._features import Featuriser as Featuriser
from ._items import Items as Items
from ._made import MADE as MADE
from ._made import Drawn as Drawn
from ._made import MadeSet as MadeSet
from ._made import made_set as made_set
from ._oracle import Annotators as Annotators
from ._oracle import Answer as Answer
from ._oracle import Calling as Calling
from ._oracle import Nobody as Nobody
from ._oracle import Oracle as Oracle
from ._oracle import Question as Question
from ._oracle import Recorded as Recorded
from ._oracle import oracle_function as oracle_function
from ._pool import Loaded as Loaded
from ._pool import Pool as Pool
from ._reading import Source as Source
from ._reading import from_arrays as from_arrays
from ._reading import from_dataset as from_dataset
from ._reading import from_frame as from_frame
from ._space import PoolSpace as PoolSpace
from ._splits import folds as folds
from ._splits import split as split
from ._table import Table as Table
from ._targets import Target as Target
