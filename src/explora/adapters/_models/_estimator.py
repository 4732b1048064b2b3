"""Estimators of scikit-learn as models of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from explora.core import ArgumentError, CombinationError, Model, between
from explora.nets import Bootstrap, Labelled, generator

from .. import _required
from ._blueprint import Unwritten, construct, describe
from ._host import blocks


@dataclass(frozen=True)
class Committee:
    """What an `Estimator` learned.

    **Arguments:**

    - `models`: the fitted clones; none if there was nothing to learn.
    - `members`: how many there should be.
    - `prior`: what is said without a model: chances of the classes, or values.
    - `classes`: how many classes there are; None: the outputs are values.
    - `labels`: how many rows they were fitted to.
    """

    models: tuple[Any, ...]
    members: int
    prior: Float[np.ndarray, " outputs"]
    classes: int | None
    labels: int


def _recorded(estimator: Any) -> Any:
    """Anything as it can be written down, or a clone of it where it cannot."""
    if isinstance(estimator, str | dict):
        return estimator
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise ArgumentError(
            "`estimator` must be the import path of one of scikit-learn's, such as "
            f"'sklearn.linear_model.LogisticRegression', or an estimator that is not fitted, got {estimator!r}"
        )
    try:
        return describe(estimator)
    except Unwritten:
        return _required.sklearn_base().clone(estimator)


class Estimator(Model):
    """Any classifier or regressor of scikit-learn, also a pipeline, as one model or as a committee of clones.

    Nothing of it is ever stored but how it is made: it is fitted again, from the same labels and the same key. Chances
    are those of `predict_proba`. An estimator without them gives the softmax of its `decision_function` (two classes:
    the logistic function), which ranks rows but is not calibrated; one that has neither gives 1 to the class that it
    predicts, so that uncertainty needs a committee. With no class or one class seen, and with fewer than `least` rows,
    nothing is fitted, and the classes seen so far are alike.

    **Arguments:**

    - `estimator`: the import path of a public class of scikit-learn; or `{"estimator": path, "options": {…}}`, which
      may stand in options too (the steps of a pipeline); or an estimator. Of the latter its options are recorded; where
      they cannot be (it is not of scikit-learn, it holds a function), it works, but a run cannot write it down.
    - `options`: of its constructor, by name; also `step__name` if `estimator` is no path.
    - `members`: how many clones. Each gets random states of its own wherever the options leave them open.
    - `bootstrap`: `"none"`, `"poisson"` or `"multinomial"` samples of the rows, one for each clone. A class that a
      sample lost is put back.
    - `least`: labelled rows from which on it is fitted; for estimators that need some (neighbours, inner validation).
    """

    estimator: Any = eqx.field(converter=_recorded)
    options: dict[str, Any] = eqx.field(default_factory=dict)
    members: int = eqx.field(static=True, default=1)
    bootstrap: Bootstrap = eqx.field(static=True, default="none")
    least: int = eqx.field(static=True, default=1)

    hosted: ClassVar[bool] = True

    def __check_init__(self):
        if self.bootstrap not in ("none", "poisson", "multinomial"):
            raise ArgumentError(f"`bootstrap` must be 'none', 'poisson' or 'multinomial', got {self.bootstrap!r}")
        between("members", self.members, 1)
        between("least", self.least, 1)
        base = _required.sklearn_base()
        model = self.make()
        if not (base.is_classifier(model) or base.is_regressor(model)):
            raise ArgumentError(f"`estimator` must be a classifier or a regressor, got {_name(model)}")

    def make(self) -> Any:
        """The estimator, not fitted.

        **Raises:** `UnknownName`, `ArgumentError` for a name or options that do not exist.
        """
        if isinstance(self.estimator, str):
            return construct({"estimator": self.estimator, "options": self.options})
        given = isinstance(self.estimator, dict)
        model = construct(self.estimator) if given else _required.sklearn_base().clone(self.estimator)
        try:
            return model.set_params(**self.options)
        except ValueError as error:
            raise ArgumentError(f"`options` do not fit {_name(model)}: {_first_line(error)}") from error

    def fit(
        self,
        inputs: Float[Array | np.ndarray, "rows features"],
        targets: Int[Array | np.ndarray, " rows"] | Float[Array | np.ndarray, "rows outputs"],
        weights: Float[Array | np.ndarray, " rows"] | None = None,
        *,
        classes: int | None = None,
        key: PRNGKeyArray,
    ) -> Committee:
        """Fits all members from scratch; the same rows and key give the same models.

        **Arguments:**

        - `inputs`: the labelled rows.
        - `targets`: their classes, from 0, or their values.
        - `weights`: how much each row counts; None: 1. Rows of weight zero are left out; the other weights reach
          estimators that take `sample_weight` (of a pipeline: its last step), and are lost on others.
        - `classes`: how many classes are known by now; needed if the targets are classes.
        - `key`: for samples and random states.

        **Raises:** `ArgumentError` if scikit-learn refuses the rows; `CombinationError` for classes given to a
        regressor, or values to a classifier.
        """
        rows = Labelled.of(inputs, targets, weights, classes)
        model = self.make()
        if _required.sklearn_base().is_classifier(model) == rows.valued:
            kind, cure = ("values", "a regressor") if rows.valued else ("classes", "a classifier")
            raise CombinationError(f"`targets` are {kind}, for which {_name(model)} is not made; use {cure}")
        few = len(rows.targets) < self.least or (not rows.valued and len(np.unique(rows.targets)) < 2)
        models = () if few else tuple(self._fitted(rows, generator(key, member)) for member in range(self.members))
        return Committee(models, self.members, rows.prior(classes), classes, len(rows.targets))

    def predict(
        self, fitted: Committee, inputs: Float[Array | np.ndarray, "rows features"]
    ) -> Float[np.ndarray, "rows members outputs"]:
        """What each member says of each row: probabilities of the classes (0 for one that was never seen), or values.

        **Arguments:**

        - `fitted`: from `fit`.
        - `inputs`: any number of rows; they are read in blocks.

        **Raises:** `ArgumentError` if scikit-learn refuses the rows.
        """
        inputs = np.asarray(inputs)
        said = np.zeros((len(inputs), fitted.members, len(fitted.prior)), np.float32)
        if not fitted.models:
            said[:] = fitted.prior
        for member, model in enumerate(fitted.models):
            for rows in blocks(len(inputs)):
                with _refusals(model, fitted.labels):
                    if fitted.classes is None:
                        said[rows, member] = np.reshape(model.predict(inputs[rows]), (-1, said.shape[2]))
                    else:
                        said[rows, member, model.classes_] = chances(model, inputs[rows])
        return said

    def embed(
        self, fitted: Committee, inputs: Float[Array | np.ndarray, "rows features"]
    ) -> Float[np.ndarray, "rows coordinates"]:
        """Where the rows lie for the first member: what the last step of its pipeline sees, or the inputs.

        **Arguments:**

        - `fitted`: from `fit`.
        - `inputs`: any number of rows.
        """
        inputs = np.asarray(inputs)
        first = fitted.models[0] if fitted.models else None
        if first is None or not len(inputs) or len(getattr(first, "steps", ())) < 2:
            return np.asarray(inputs, np.float32)
        dense = lambda x: x.toarray() if hasattr(x, "toarray") else x
        said = [dense(first[:-1].transform(inputs[rows])) for rows in blocks(len(inputs))]
        return np.concatenate(said).astype(np.float32)

    def _fitted(self, rows: Labelled, rng: np.random.Generator) -> Any:
        model = self.make()
        open_states = [name for name, value in _states(model) if value is None]
        model.set_params(**{name: int(rng.integers(2**31 - 1)) for name in open_states})
        places = rows.sample(self.bootstrap, rng=rng)
        targets = rows.targets[places]
        targets = targets[:, 0] if rows.valued and targets.shape[1] == 1 else targets
        with _refusals(model, len(rows.targets)):
            return model.fit(rows.inputs[places], targets, **_weighing(model, rows.weights[places]))


def _states(model: Any) -> list[tuple[str, Any]]:
    """The random states in it, sorted by name: their order decides who gets which number."""
    found = model.get_params(deep=True)
    return sorted((name, value) for name, value in found.items() if name.rpartition("__")[2] == "random_state")


def _weighing(model: Any, weights: np.ndarray) -> dict[str, np.ndarray]:
    if np.all(weights == 1):
        return {}
    name, last = model.steps[-1] if hasattr(model, "steps") else ("", model)
    if not _required.takes_weights(last):
        return {}
    return {f"{name}__sample_weight" if name else "sample_weight": weights}


def chances(model: Any, inputs: Any) -> Float[np.ndarray, "rows seen"]:
    """How probable a fitted classifier takes each class to be; made of its votes if it knows no chances."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(inputs))
    if hasattr(model, "decision_function"):
        votes = np.asarray(model.decision_function(inputs), np.float64)
        votes = np.stack([-0.5 * votes, 0.5 * votes], axis=1) if votes.ndim == 1 else votes
        if votes.shape[1] == len(model.classes_):  # one against one has more columns than classes
            raised = np.exp(votes - votes.max(axis=1, keepdims=True))
            return raised / raised.sum(axis=1, keepdims=True)
    return (model.predict(inputs)[:, None] == model.classes_[None]).astype(np.float64)


@contextmanager
def _refusals(model: Any, labels: int) -> Iterator[None]:
    """What scikit-learn refuses is a mistake of the user or too small a set, and both have a cure."""
    try:
        yield
    except ValueError as error:
        raise ArgumentError(
            f"{_name(model)} refuses {labels} labelled rows: {_first_line(error)}; raise `least` if it needs more of "
            "them, or change its `options`"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")


def _name(model: Any) -> str:
    return type(model).__name__
