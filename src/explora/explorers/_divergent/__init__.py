"""Divergent search: explorers that keep tasks of many kinds, and not the few that are best.

`Elites` keeps the best of every kind and `Novelty` what is unlike everything before it; both tell tasks apart by the
features of their space, and what they share is in `Featured`. `MinimalCriterion` compares nothing: it keeps whatever
is neither too hard for every player nor spent, and leaves the rest to drift.
"""

from ._criterion import CriterionState as CriterionState
from ._criterion import MinimalCriterion as MinimalCriterion
from ._elites import Elites as Elites
from ._featured import Elite as Elite
from ._featured import Featured as Featured
from ._featured import FeaturedState as FeaturedState
from ._novelty import Novelty as Novelty
