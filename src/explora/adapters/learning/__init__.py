"""Estimators in scikit-learn's manner that say what to label next: `ActiveClassifier` and `ActiveRegressor`.

They stand in pipelines, in `clone` and in `cross_val_score` as any estimator does, take any estimator inside, and ask
in the ways of explora's recipes; `fit` leaves out rows that have no label, `query` names those to label, `teach` adds
them.
For runs that are written down, resumed and compared use a `Pool` and a recipe instead.
"""

from .. import _required

_required.sklearn_base()

from ._active import ActiveClassifier as ActiveClassifier  # noqa: E402
from ._active import ActiveRegressor as ActiveRegressor  # noqa: E402
