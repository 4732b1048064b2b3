"""Several small models of the same labelled rows, fitted and asked as one compiled program."""

from functools import partial
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Int32, PRNGKeyArray

from explora.core import ArgumentError, CombinationError, Model, between, row_keys

from ._affine import affine
from ._blocks import FEWEST, by_blocks, padded, power_of_two
from ._linear import Axes, Coefficients, Logistic, ridge
from ._perceptron import Perceptron, Rows, hidden, judged, picked
from ._resample import Bootstrap, resampled

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
    padded to a power of two (64 at least) and classes too, so that a labelled set that grows to n rows compiles about
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
        inputs, targets, weights = _rows(inputs, targets, weights, classes)
        rows = power_of_two(len(inputs), FEWEST)
        arrays = [padded(x, rows) for x in (inputs, targets, weights)]
        if targets.ndim == 2:
            return _fit_values(self, *arrays, key)
        known = classes or 1
        return _fit_classes(self, *arrays, np.int32(known), power_of_two(known, 2), key)

    def predict(
        self, fitted: Fitted, inputs: Float[Array | np.ndarray, "rows features"]
    ) -> Float[np.ndarray, "rows members outputs"]:
        """What each member says of each row: probabilities of the classes (0 for one that was never seen), or values.

        **Arguments:**

        - `fitted`: from `fit`.
        - `inputs`: any number of rows; they are read in blocks.
        """
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
    classes: Int32[Array, ""],
    capacity: int,
    key: PRNGKeyArray,
) -> Fitted:
    present = jnp.zeros((capacity,)).at[targets].add(weights) > 0
    allowed = jnp.where(jnp.any(present), present, jnp.arange(capacity) < classes)
    samples = _samples(ensemble, weights, targets, present, key)
    hot = jax.nn.one_hot(targets, capacity)
    if ensemble.kind == "linear":
        axes = Axes.of(inputs, weights)
        solve = lambda sample: Logistic(axes, hot, sample, allowed, ensemble.penalty).solve(ensemble.turns)
        models = jax.vmap(solve)(samples)
    else:
        models = _train(ensemble, Rows(inputs, hot, weights), samples, allowed, key)
    return Fitted(models, allowed, classes, None, None)


@partial(jax.jit, static_argnames=("ensemble",))
def _fit_values(
    ensemble: Ensemble,
    inputs: Float[Array, "rows features"],
    targets: Float[Array, "rows outputs"],
    weights: Float[Array, " rows"],
    key: PRNGKeyArray,
) -> Fitted:
    total = jnp.maximum(jnp.sum(weights), 1e-30)
    middle = weights @ targets / total
    variance = weights @ (targets - middle[None]) ** 2 / total
    # Where all values are the same, or none is there, that is the answer: what models say is taken times zero.
    spread = jnp.where(variance > 1e-12 * middle**2, jnp.sqrt(variance), 0.0)
    scaled = (targets - middle[None]) / jnp.where(spread > 0, spread, 1.0)[None]
    same = jnp.zeros(weights.shape, jnp.int32)
    samples = _samples(ensemble, weights, same, jnp.any(weights > 0)[None], key)
    if ensemble.kind == "linear":
        axes = Axes.of(inputs, weights)
        models = jax.vmap(lambda sample: ridge(axes, scaled, sample, ensemble.penalty))(samples)
    else:
        models = _train(ensemble, Rows(inputs, scaled, weights), samples, None, key)
    return Fitted(models, None, None, middle, spread)


def _samples(
    ensemble: Ensemble, weights: Array, classes: Array, present: Array, key: PRNGKeyArray
) -> Float[Array, "members rows"]:
    sample = lambda k: resampled(weights, classes, present, bootstrap=ensemble.bootstrap, key=k)
    return jax.vmap(sample)(row_keys(jr.fold_in(key, 0), ensemble.members))


def _train(ensemble: Ensemble, rows: Rows, samples: Array, allowed: Array | None, key: PRNGKeyArray) -> Any:
    """All members go through the same rows in the same order: the first layer is then one product for all."""
    e = ensemble
    model = Perceptron(e.width, e.depth, e.penalty, e.turns, e.rate, e.judges, allowed)
    picks = picked(rows.weights, e.turns, key=jr.fold_in(key, 1))
    fit = lambda sample, k: model.fit(rows._replace(weights=sample), picks, key=k)
    trained = jax.vmap(fit)(samples, row_keys(jr.fold_in(key, 2), e.members))
    # Where nothing was seen, first weights would say something all the same.
    seen = jnp.any(rows.weights > 0).astype(jnp.float32)
    out = jax.tree.map(lambda x: x * seen, trained["out"])
    return trained | {"out": out}


@jax.jit
def _predict(fitted: Fitted, inputs: Float[Array, "rows features"]) -> Float[Array, "rows members outputs"]:
    said = jax.vmap(lambda model: _said(model, inputs), out_axes=1)(fitted.weights)
    if fitted.allowed is not None:
        return jax.nn.softmax(jnp.where(fitted.allowed[None, None], said, -jnp.inf), axis=2)
    return said * fitted.spread[None, None] + fitted.middle[None, None]


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


def _rows(
    inputs: Any, targets: Any, weights: Any, classes: int | None
) -> tuple[Float[np.ndarray, "rows features"], np.ndarray, Float[np.ndarray, " rows"]]:
    """The rows that count, in 32 bits, on the host, where padding compiles nothing."""
    inputs, targets = np.asarray(inputs, np.float32), np.asarray(targets)
    weights = np.ones(len(inputs), np.float32) if weights is None else np.asarray(weights, np.float32)
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ArgumentError("`weights` must be finite and not negative")
    count = weights > 0
    inputs, targets, weights = inputs[count], targets[count], weights[count]
    if not np.isfinite(inputs).all():
        raise ArgumentError("`inputs` must be finite, but some are missing or infinite: fill them in first")
    if targets.ndim == 2:
        _check_values(targets, classes)
        return inputs, targets.astype(np.float32), weights
    _check_classes(targets, classes)
    return inputs, targets.astype(np.int32), weights


def _check_values(targets: np.ndarray, classes: int | None) -> None:
    if classes is not None:
        raise ArgumentError("`classes` counts classes, but `targets` are values: leave it out")
    if not np.isfinite(targets).all():
        raise ArgumentError("`targets` must be finite, but some are missing or infinite: leave these rows out")


def _check_classes(targets: np.ndarray, classes: int | None) -> None:
    if classes is None or classes < 1:
        raise ArgumentError(f"`classes` must be at least 1 where `targets` are classes, got {classes}")
    if len(targets) and (targets.min() < 0 or targets.max() >= classes):
        raise ArgumentError(
            f"`targets` must be classes from 0 to {classes - 1}, got {targets.min()} to {targets.max()}"
        )
