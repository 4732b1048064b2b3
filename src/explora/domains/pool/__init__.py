"""Pools of unlabelled data: a user's table, texts or images, whose labels an oracle knows one by one.

This docstring is completed where the domain is."""

from ._features import Featuriser as Featuriser
from ._items import Items as Items
from ._made import MADE as MADE
from ._made import Drawn as Drawn
from ._made import MadeSet as MadeSet
from ._made import made_set as made_set
from ._reading import Source as Source
from ._reading import from_arrays as from_arrays
from ._reading import from_dataset as from_dataset
from ._reading import from_frame as from_frame
from ._splits import folds as folds
from ._splits import split as split
from ._table import Table as Table
from ._targets import Target as Target
