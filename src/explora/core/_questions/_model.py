"""What can be fitted to examples."""

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, PRNGKeyArray

from .._part import Part


class Model(Part):
    """One or several models of the same examples; an ensemble, or an estimator of another library behind an adapter.

    It keeps nothing: what `fit` returns is given back to `predict`. The same examples and key give the same models.
    """

    if TYPE_CHECKING:  # every model says how many members are asked for a prediction, in a field of its own
        members: int

    def fit(
        self,
        inputs: Float[np.ndarray, "rows features"],
        targets: np.ndarray,
        weights: Float[np.ndarray, " rows"],
        *,
        classes: int | None,
        key: PRNGKeyArray,
    ) -> Any:
        """Fits from scratch.

        **Arguments:**

        - `inputs`: of the examples.
        - `targets`: class numbers below `classes`, or rows of numbers if that is None.
        - `weights`: how much each example counts.
        - `classes`: how many classes there are.
        - `key`: the only source of chance.
        """
        raise NotImplementedError

    def predict(self, fitted: Any, inputs: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows members out"]:
        """Probabilities of the classes, or numbers."""
        raise NotImplementedError

    def embed(self, fitted: Any, inputs: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows coordinates"]:
        """How the model sees the items."""
        raise NotImplementedError

    def losses(self, fitted: Any, inputs: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, " rows"] | None:
        """The loss that the model expects of itself on each item; None if it has no opinion."""
        return None
