"""Modules of PyTorch as models of ours."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from explora.core import ArgumentError, Model, between
from explora.nets import Bootstrap, Labelled, generator

from .. import _required
from ._host import blocks


@dataclass(frozen=True)
class TorchCommittee:
    """What a `TorchModel` learned.

    **Arguments:**

    - `modules`: the trained modules; none if there was nothing to learn.
    - `members`: how many there should be.
    - `prior`: what is said without a module: chances of the classes, or values.
    - `allowed`: the classes that were seen; None: the outputs are values.
    - `middle`, `spread`: mean and standard deviation of the values, which the modules see scaled.
    """

    modules: tuple[Any, ...]
    members: int
    prior: Float[np.ndarray, " outputs"]
    allowed: Bool[np.ndarray, " outputs"] | None
    middle: Float[np.ndarray, " outputs"]
    spread: Float[np.ndarray, " outputs"]


class TorchModel(Model):
    """A module of PyTorch, or several of them, trained from scratch on every labelled set, on the CPU.

    The loss is cross-entropy for classes and half the squared error for values, which are scaled; the optimiser is
    Adam. Members differ by their first weights and by their samples of the rows. Inputs should have mean 0 and variance
    1 over the whole pool. Nothing is stored of it: the same labels and key train the same modules again.

    **Arguments:**

    - `make`: makes a module from the numbers of features and of outputs (logits of classes, or values).
    - `members`: how many.
    - `bootstrap`: `"none"`, `"poisson"` or `"multinomial"`. A class that a sample lost is put back.
    - `steps`: gradient steps, whatever the number of rows.
    - `batch`: rows of a step; with no more rows than that, every step sees all of them.
    - `rate`: the learning rate.
    - `decay`: the weight of ½‖weights‖² in the loss.
    """

    make: Callable[[int, int], Any] = eqx.field(static=True)
    members: int = eqx.field(static=True, default=1)
    bootstrap: Bootstrap = eqx.field(static=True, default="none")
    steps: int = eqx.field(static=True, default=300)
    batch: int = eqx.field(static=True, default=64)
    rate: float = eqx.field(static=True, default=3e-3)
    decay: float = eqx.field(static=True, default=1e-4)

    hosted: ClassVar[bool] = True

    def __check_init__(self):
        for name in ("members", "steps", "batch"):
            between(name, getattr(self, name), 1)
        between("rate", self.rate, 0.0, strict=True)
        between("decay", self.decay, 0.0)
        if not callable(self.make):
            raise ArgumentError(f"`make` must be a function of (features, outputs), got {self.make!r}")
        _required.torch()

    def fit(
        self,
        inputs: Float[Array | np.ndarray, "rows features"],
        targets: Int[Array | np.ndarray, " rows"] | Float[Array | np.ndarray, "rows outputs"],
        weights: Float[Array | np.ndarray, " rows"] | None = None,
        *,
        classes: int | None = None,
        key: PRNGKeyArray,
    ) -> TorchCommittee:
        """Trains all members from scratch.

        **Arguments:**

        - `inputs`: the labelled rows.
        - `targets`: their classes, from 0, or their values.
        - `weights`: how much each row counts; None: 1. Rows of weight zero are left out.
        - `classes`: how many classes are known by now; needed if the targets are classes.
        - `key`: for samples, first weights and the order of the rows.
        """
        rows = Labelled.of(inputs, targets, weights, classes)
        prior = rows.prior(classes)
        allowed = None if rows.valued else prior > 0
        middle, spread = np.zeros(len(prior)), np.ones(len(prior))
        if rows.valued and len(rows.targets):
            middle, spread = rows.targets.mean(0), rows.targets.std(0)
            scaled = (rows.targets - middle) / np.where(spread > 0, spread, 1.0)
            rows = rows._replace(targets=scaled)
        learnable = len(rows.targets) > 0 and (spread.any() if allowed is None else allowed.sum() > 1)
        numbers = (generator(key, member) for member in range(self.members))
        modules = tuple(self._trained(rows, allowed, len(prior), rng) for rng in numbers) if learnable else ()
        return TorchCommittee(modules, self.members, prior, allowed, middle, spread)

    def predict(
        self, fitted: TorchCommittee, inputs: Float[Array | np.ndarray, "rows features"]
    ) -> Float[np.ndarray, "rows members outputs"]:
        """What each member says of each row: probabilities of the classes (0 for one that was never seen), or values.

        **Arguments:**

        - `fitted`: from `fit`.
        - `inputs`: any number of rows; they are read in blocks.
        """
        said = np.zeros((len(inputs), fitted.members, len(fitted.prior)), np.float32)
        if not fitted.modules:
            said[:] = fitted.prior
        for member, module in enumerate(fitted.modules):
            for rows in blocks(len(inputs)):
                block = _asked(module, inputs[rows])
                if fitted.allowed is None:
                    chances = block.astype(np.float64) * fitted.spread + fitted.middle
                else:
                    chances = np.where(fitted.allowed, np.exp(block - block[:, fitted.allowed].max(1)[:, None]), 0.0)
                    chances = chances / chances.sum(1, keepdims=True)
                said[rows, member] = chances
        return said

    def embed(
        self, fitted: TorchCommittee, inputs: Float[Array | np.ndarray, "rows features"]
    ) -> Float[np.ndarray, "rows coordinates"]:
        """Where the rows lie for the first member: by its method `embed`, before the last layer of a
        `torch.nn.Sequential`, or the inputs.

        **Arguments:**

        - `fitted`: from `fit`.
        - `inputs`: any number of rows.
        """
        first: Any = fitted.modules[0] if fitted.modules else None
        before = getattr(first, "embed", None)
        if before is None and isinstance(first, _required.torch().nn.Sequential):
            before = first[:-1]
        if before is None or not len(inputs):
            return np.asarray(inputs, np.float32)
        return np.concatenate([_asked(before, inputs[rows]) for rows in blocks(len(inputs))])

    def _trained(self, rows: Labelled, allowed: np.ndarray | None, outputs: int, rng: np.random.Generator) -> Any:
        torch = _required.torch()
        places = rows.sample(self.bootstrap, rng=rng)
        inputs = torch.tensor(np.asarray(rows.inputs[places], np.float32))
        targets = torch.tensor(rows.targets[places].astype(np.float32 if allowed is None else np.int64))
        weights = torch.tensor((rows.weights / rows.weights.mean())[places].astype(np.float32))
        closed = None if allowed is None else torch.tensor(~allowed)
        with torch.random.fork_rng(devices=[]):  # first weights and dropout draw from PyTorch's global numbers
            torch.manual_seed(int(rng.integers(2**31 - 1)))
            module = self.make(rows.inputs.shape[1], outputs)
            adam = torch.optim.Adam(module.parameters(), lr=self.rate, weight_decay=self.decay)
            module.train()
            for _ in range(self.steps):
                drawn = slice(None) if len(places) <= self.batch else rng.integers(0, len(places), self.batch)
                adam.zero_grad()
                said = module(inputs[drawn])
                if closed is None:
                    each = 0.5 * ((said - targets[drawn]) ** 2).sum(1)
                else:
                    logits = said.masked_fill(closed, -1e30)
                    each = torch.nn.functional.cross_entropy(logits, targets[drawn], reduction="none")
                (weights[drawn] * each).mean().backward()
                adam.step()
        return module.eval()


def _asked(module: Any, inputs: Any) -> Float[np.ndarray, "rows outputs"]:
    torch = _required.torch()
    with torch.no_grad():
        return module(torch.tensor(np.asarray(inputs, np.float32))).numpy()
