"""Several small models of the same labelled rows, fitted and asked as one compiled program."""

from functools import partial
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Int32, PRNGKeyArray

from explora.core import ArgumentError, CombinationError, Model, between

from ._affine import affine
from ._blocks import by_blocks, padded, power_of_two
from ._labelled import Labelled
from ._linear import Axes, Coefficients, logistic, ridge
from ._perceptron import Perceptron, Rows, first_weights, hidden, judged, picked
from ._resample import Bootstrap, generator, resampled

_FEWEST = 256
"""Rows of the smallest program that fits: a second one takes longer to compile than fewer rows would ever save."""

_SAMPLE, _WEIGHTS, _ORDER = 0, 1, 2
"""What the numbers of a key are used for."""

_DEFAULTS = {"linear": {"decay": 1.0, "steps": 200}, "mlp": {"decay": 0.01, "steps": 300}}


class Fitted(eqx.Module):
    """What an `Ensemble` learned: arrays only.

    **Arguments:**

    - `weights`: of the models, the members along a leading axis.
    - `allowed`: the classes that were seen (all, if none was); None: the outputs are values.
    - `classes`: how many classes there are, of which `allowed` holds a power of two; None: the outputs are values.
    - `middle`, `spread`: mean and standard deviation of the values, which the models see scaled; None for classes.
    """

    weights: Any
    allowed: Bool[Array, " capacity"] | None
    classes: Int32[Array, ""] | None
    middle: Float[Array, " outputs"] | None
    spread: Float[Array, " outputs"] | None


class Ensemble(Model):
    """Classifiers or regressors that are fitted from scratch to a few labelled rows, again and again.

    Whole numbers as targets make classifiers, other numbers regressors. All members are one compiled program. Rows are
    padded to a power of two (256 at least) and classes too, so that a labelled set that grows to n rows compiles about
    log₂ n programs, and not n. Where there is nothing to learn, the prior answers: with one class seen, that class;
    with none, all classes alike; without any row, the value zero.

    `kind="linear"` is multinomial logistic regression or ridge regression, solved to convergence: the optimum of
    scikit-learn's `LogisticRegression(C=1 / decay)` and `Ridge(alpha=decay)`, with a level that is not penalised.
    `kind="mlp"` is a perceptron, trained by AdamW for a fixed number of steps; it expects inputs of mean 0 and
    variance 1 over the whole pool. Nothing stops early: a small labelled set has no rows to spare for that.

    **Arguments:**

    - `kind`: `"linear"` or `"mlp"`.
    - `members`: how many models. They differ by their samples of the rows (`bootstrap`) and, if `"mlp"`, by their
      first weights. Linear members without a bootstrap are all the same.
    - `bootstrap`: `"none"`, `"poisson"` or `"multinomial"`. A class that a sample lost is put back.
    - `width`, `depth`: of the hidden layers, and how many there are; for `"mlp"`.
    - `decay`: linear: the weight of ½‖slope‖² beside the sum of the losses; mlp: AdamW's. None: 1, and 0.01.
    - `steps`: linear: Newton-like steps at most; mlp: gradient steps. None: 200, and 300.
    - `rate`: the first learning rate of the `"mlp"`.
    - `judges`: whether an `"mlp"` has a second head that predicts its loss, for `losses`.
    """

    kind: Literal["linear", "mlp"] = eqx.field(static=True, default="linear")
    members: int = eqx.field(static=True, default=1)
    bootstrap: Bootstrap = eqx.field(static=True, default="none")
    width: int = eqx.field(static=True, default=64)
    depth: int = eqx.field(static=True, default=2)
    decay: float | None = eqx.field(static=True, default=None)
    steps: int | None = eqx.field(static=True, default=None)
    rate: float = eqx.field(static=True, default=3e-3)
    judges: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        if self.kind not in _DEFAULTS:
            raise ArgumentError(f"`kind` must be 'linear' or 'mlp', got {self.kind!r}")
        if self.bootstrap not in ("none", "poisson", "multinomial"):
            raise ArgumentError(f"`bootstrap` must be 'none', 'poisson' or 'multinomial', got {self.bootstrap!r}")
        for name in ("members", "width", "depth", "steps"):
            between(name, getattr(self, name), 1)
        between("decay", self.decay, 0.0, strict=self.kind == "linear")
        between("rate", self.rate, 0.0, strict=True)
        if self.judges and self.kind != "mlp":
            raise CombinationError("`judges` reads hidden layers, which a linear model has not; use kind='mlp'")

    def fit(
        self,
        inputs: Float[Array | np.ndarray, "rows features"],
        targets: Int[Array | np.ndarray, " rows"] | Float[Array | np.ndarray, "rows outputs"],
        weights: Float[Array | np.ndarray, " rows"] | None = None,
        *,
        classes: int | None = None,
        key: PRNGKeyArray,
    ) -> Fitted:
        """Fits all members from scratch; the same rows and key give the same models.

        **Arguments:**

        - `inputs`: the labelled rows.
        - `targets`: their classes, from 0, or their values.
        - `weights`: how much each row counts; None: 1. Rows of weight zero are as absent.
        - `classes`: how many classes are known by now; needed if the targets are classes.
        - `key`: for samples and first weights.

        **Raises:** `ArgumentError` for targets outside the classes, negative weights, and numbers that are not finite.
        """
        inputs, targets, weights = Labelled.of(inputs, targets, weights, classes)
        if not np.isfinite(inputs).all():
            raise ArgumentError("`inputs` must be finite, but some are missing or infinite: fill them in first")
        members = [generator(key, _SAMPLE, member) for member in range(self.members)]
        samples = np.stack([weights * resampled(targets, bootstrap=self.bootstrap, rng=rng) for rng in members])
        known = targets.shape[1] if classes is None else power_of_two(classes, 2)
        start = None if self.kind == "linear" else self._start(len(inputs), inputs.shape[1], known, key)
        rows = power_of_two(len(inputs), _FEWEST)
        numbers = np.int32 if targets.ndim == 1 else np.float32
        arrays = [padded(x.astype(kind), rows) for x, kind in ((inputs, np.float32), (targets, numbers))]
        arrays += [padded(weights.astype(np.float32), rows), padded(samples.T.astype(np.float32), rows).T]
        if classes is None:
            return _fit_values(self, *arrays, start)
        return _fit_classes(self, *arrays, start, np.int32(classes), known)

    def predict(
        self, fitted: Fitted, inputs: Float[Array | np.ndarray, "rows features"]
    ) -> Float[np.ndarray, "rows members outputs"]:
        """What each member says of each row: probabilities of the classes (0 for one that was never seen), or values.

        **Arguments:**

        - `fitted`: from `fit`.
        - `inputs`: any number of rows; they are read in blocks.

        **Raises:** `ArgumentError` for rows of another length than those that it was fitted to.
        """
        _same_features(fitted, inputs)
        capacity = _capacity(fitted)
        wide = self.members * max(self.width if self.kind == "mlp" else 1, capacity)
        outputs = capacity if fitted.classes is None else int(fitted.classes)
        return by_blocks(lambda rows: np.asarray(_predict(fitted, rows))[:, :, :outputs], inputs, wide=wide)

    def embed(
        self, fitted: Fitted, inputs: Float[Array | np.ndarray, "rows features"]
    ) -> Float[np.ndarray, "rows coordinates"]:
        """Where the rows lie for the first member: its last hidden layer, or the inputs if it is linear.

        **Arguments:**

        - `fitted`: from `fit`.
        - `inputs`: any number of rows.
        """
        if self.kind == "linear":
            return np.asarray(inputs, np.float32)
        return by_blocks(partial(_embed, fitted), inputs, wide=self.width)

    def losses(
        self, fitted: Fitted, inputs: Float[Array | np.ndarray, "rows features"]
    ) -> Float[np.ndarray, " rows"] | None:
        """The loss that the second head expects of each row, on a scale of its own; None without `judges`.

        **Arguments:**

        - `fitted`: from `fit`.
        - `inputs`: any number of rows.

        **Returns:** the mean of the members.

        **Reference:** Yoo & Kweon 2019 (arXiv:1905.03677).
        """
        if not self.judges:
            return None
        return by_blocks(partial(_losses, fitted), inputs, wide=self.members * self.width)

    def _start(self, rows: int, features: int, outputs: int, key: PRNGKeyArray) -> tuple[Any, np.ndarray]:
        """The first weights of all members, and the rows of every step. All members go through the same rows: the
        first layer is then one product for all."""
        sizes = {"width": self.width, "depth": self.depth, "judges": self.judges}
        first = [
            first_weights(features, outputs, **sizes, rng=generator(key, _WEIGHTS, member))
            for member in range(self.members)
        ]
        return jax.tree.map(lambda *x: np.stack(x), *first), picked(rows, self.turns, rng=generator(key, _ORDER))

    @property
    def penalty(self) -> float:
        """`decay`, or what it is by default."""
        return _DEFAULTS[self.kind]["decay"] if self.decay is None else self.decay

    @property
    def turns(self) -> int:
        """`steps`, or what it is by default."""
        return int(_DEFAULTS[self.kind]["steps"] if self.steps is None else self.steps)


@partial(jax.jit, static_argnames=("ensemble", "capacity"))
def _fit_classes(
    ensemble: Ensemble,
    inputs: Float[Array, "rows features"],
    targets: Int32[Array, " rows"],
    weights: Float[Array, " rows"],
    samples: Float[Array, "members rows"],
    start: Any,
    classes: Int32[Array, ""],
    capacity: int,
) -> Fitted:
    present = jnp.zeros((capacity,)).at[targets].add(weights) > 0
    allowed = jnp.where(jnp.any(present), present, jnp.arange(capacity) < classes)
    hot = jax.nn.one_hot(targets, capacity)
    if ensemble.kind == "linear":
        axes = Axes.of(inputs, weights)
        models = logistic(axes, hot, samples, allowed, decay=ensemble.penalty, steps=ensemble.turns)
    else:
        models = _train(ensemble, Rows(inputs, hot, weights), samples, start, allowed)
    return Fitted(models, allowed, classes, None, None)


@partial(jax.jit, static_argnames=("ensemble",))
def _fit_values(
    ensemble: Ensemble,
    inputs: Float[Array, "rows features"],
    targets: Float[Array, "rows outputs"],
    weights: Float[Array, " rows"],
    samples: Float[Array, "members rows"],
    start: Any,
) -> Fitted:
    total = jnp.maximum(jnp.sum(weights), 1e-30)
    middle = weights @ targets / total
    variance = weights @ (targets - middle[None]) ** 2 / total
    # Where all values are the same, or none is there, that is the answer: what models say is taken times zero.
    spread = jnp.where(variance > 1e-12 * middle**2, jnp.sqrt(variance), 0.0)
    scaled = (targets - middle[None]) / jnp.where(spread > 0, spread, 1.0)[None]
    if ensemble.kind == "linear":
        axes = Axes.of(inputs, weights)
        models = jax.vmap(lambda sample: ridge(axes, scaled, sample, ensemble.penalty))(samples)
    else:
        models = _train(ensemble, Rows(inputs, scaled, weights), samples, start, None)
    return Fitted(models, None, None, middle, spread)


def _train(
    ensemble: Ensemble,
    rows: Rows,
    samples: Float[Array, "members rows"],
    start: tuple[Any, Int32[Array, "steps batch"]],
    allowed: Bool[Array, " classes"] | None,
) -> Any:
    model = Perceptron(ensemble.penalty, ensemble.turns, ensemble.rate, ensemble.judges, allowed)
    first, picks = start
    fit = lambda weights, sample: model.fit(weights, rows._replace(weights=sample), picks)
    trained = jax.vmap(fit)(first, samples)
    # Where nothing was seen, first weights would say something all the same.
    seen = jnp.any(rows.weights > 0).astype(jnp.float32)
    return trained | {"out": jax.tree.map(lambda x: x * seen, trained["out"])}


@jax.jit
def _predict(fitted: Fitted, inputs: Float[Array, "rows features"]) -> Float[Array, "rows members outputs"]:
    said = jax.vmap(lambda model: _said(model, inputs), out_axes=1)(fitted.weights)
    if fitted.middle is not None and fitted.spread is not None:
        return said * fitted.spread[None, None] + fitted.middle[None, None]
    return jax.nn.softmax(said, axis=2, where=None if fitted.allowed is None else fitted.allowed[None, None])


def _said(model: Any, inputs: Float[Array, "rows features"]) -> Float[Array, "rows outputs"]:
    if isinstance(model, Coefficients):
        return affine(inputs - model.centre[None], model.slope, model.level)
    return affine(hidden(model, inputs)[-1], *model["out"])


@jax.jit
def _embed(fitted: Fitted, inputs: Float[Array, "rows features"]) -> Float[Array, "rows width"]:
    return hidden(jax.tree.map(lambda x: x[0], fitted.weights), inputs)[-1]


@jax.jit
def _losses(fitted: Fitted, inputs: Float[Array, "rows features"]) -> Float[Array, " rows"]:
    return jnp.mean(jax.vmap(lambda model: judged(model, hidden(model, inputs)))(fitted.weights), axis=0)


def _capacity(fitted: Fitted) -> int:
    found = fitted.middle if fitted.allowed is None else fitted.allowed
    assert found is not None
    return found.shape[0]


def _same_features(fitted: Fitted, inputs: Any) -> None:
    weights = fitted.weights
    wanted = weights.centre.shape[1] if isinstance(weights, Coefficients) else weights["layers"][0][0].shape[1]
    if inputs.shape[1] != wanted:
        raise ArgumentError(f"`inputs` must have the {wanted} features that were fitted, got {inputs.shape[1]}")
