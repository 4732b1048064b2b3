"""What an answer would tell: about predictions elsewhere, and about the model when several are asked at once."""

from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int

from explora.core import ArgumentError, Lesson, Outcome, Score, between

from ._arrays import by_blocks, committee, draw, finite_rows, logarithm, nats


def epig(
    predictions: Float[np.ndarray, "rows members classes"], targets: Float[np.ndarray, "targets _members _classes"]
) -> Float[np.ndarray, " rows"]:
    """The expected predictive information gain: what the answer at x tells about the answer at x*, on average over x*.

    H[p(y|x)] + E_x* H[p(y*|x*)] − E_x* H[p(y, y*|x, x*)], where the joint prediction is the mean over the members of
    the products of theirs. Work and time are rows × targets × classes² × members, memory is linear in the rows.

    **Arguments:**

    - `predictions`: the class probabilities of each member at the rows. A row with a NaN scores NaN.
    - `targets`: those of the same members where the learner is going to be used; all of them finite.

    **Returns:** one number a row [nats], of the dtype of `predictions`; at least 0 and at most BALD's.

    **Raises:** `ArgumentError` if there is no target, or members or classes differ.

    **Reference:** Bickford Smith et al. 2023, Prediction-Oriented Bayesian Active Learning (arXiv:2304.08151).
    """
    members, classes = predictions.shape[1:]
    count = targets.shape[0]
    if count == 0 or targets.shape[1:] != (members, classes):
        raise ArgumentError(
            f"`targets` must be the predictions of the same {members} members of {classes} classes at one target or "
            f"more, got shape {targets.shape}"
        )
    # In double precision: the gain is a small difference of large entropies.
    theirs = targets.astype(np.float64)
    aside = nats(theirs.mean(axis=1)).mean()
    across = theirs.transpose(1, 0, 2).reshape(members, -1) / members

    def gain(block: Float[np.ndarray, "some members classes"]) -> Float[np.ndarray, " some"]:
        own = block.astype(np.float64)
        joint = (own.transpose(0, 2, 1).reshape(-1, members) @ across).reshape(len(own), -1)
        return np.maximum(nats(own.mean(axis=1)) + aside - nats(joint) / count, 0)

    return by_blocks(gain, predictions, width=count * classes * classes)


class EPIG(Score):
    """What the answer would tell about the predictions that matter: BALD aimed at where the learner is used [nats].

    BALD also asks for what settles questions that no prediction depends on (outliers, say); this does not. The
    predictions that matter are those of a random sample of the lesson's rows, as the pool is all that is known of
    where the learner is going to be used; for other targets call `epig`.

    **Arguments:**

    - `targets`: how many rows are drawn.
    - `seed`: of the draw. The same seed draws the same places among the rows that are finite, so a score is a function
      of its outcome.

    **Reference:** see `epig`.
    """

    targets: int = eqx.field(static=True, default=100)
    seed: int = eqx.field(static=True, default=0)
    hosted: ClassVar[bool] = True

    def __check_init__(self) -> None:
        between("targets", self.targets, 1)
        between("seed", self.seed, 0)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"predictions", "committee", "classes"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        given = committee(self, outcome)
        drawn = given[draw(finite_rows(given), self.targets, self.seed)]
        return (epig(given, drawn) if len(drawn) else np.full(len(given), np.nan, given.dtype)), rows


def batch_bald(
    predictions: Float[np.ndarray, "rows members classes"],
    count: int,
    *,
    rng: np.random.Generator,
    samples: int = 1000,
) -> tuple[Int[np.ndarray, " chosen"], Float[np.ndarray, " chosen"]]:
    """Chooses rows one by one so that all their answers together tell most about which member is right.

    The row added is the one of highest I(y_1 … y_b; member) = H(y_1 … y_b) − Σ_i Σ_m H(y_i | m) / M. The joint entropy
    is exact as long as the chosen rows have no more than `samples` combinations of classes; from then on combinations
    are drawn from the members' own predictions, as many from each, anew for each choice. It cannot exceed ln members,
    so with few members the estimates of a large batch are mostly noise: then prefer a stochastic batch around `bald`.

    **Arguments:**

    - `predictions`: the class probabilities of each member. A row with a NaN is never chosen.
    - `count`: how many rows to choose; all finite rows if there are fewer.
    - `rng`: for the draws.
    - `samples`: how many combinations of classes are looked at; rounded down to a multiple of the members.

    **Returns:** the rows in the order in which they were chosen, and what they tell together with all before them
    [nats].

    **Raises:** `ArgumentError` if `count` or `samples` is below 1.

    **Reference:** Kirsch, van Amersfoort & Gal 2019, BatchBALD (arXiv:1906.08158), sec. 3.
    """
    between("count", count, 1)
    between("samples", samples, 1)
    members, classes = predictions.shape[1:]
    own = by_blocks(lambda block: nats(block).mean(axis=1), predictions)
    free = finite_rows(predictions)
    chosen: list[int] = []
    scores: list[float] = []
    joint = _nothing(members)
    for number in range(min(count, int(free.sum()))):
        if number > 0 and classes**number <= samples:
            joint = _enumerated(joint, predictions[chosen[-1]])
        elif number > 0:
            joint = _drawn(predictions[chosen], max(1, samples // members), rng)
        together = joint.entropy + by_blocks(joint.rest, predictions, width=joint.weights.size * classes)
        value = np.where(free, together - own - own[chosen].sum(), -np.inf)
        chosen.append(int(np.argmax(value)))
        scores.append(float(value[chosen[-1]]))
        free[chosen[-1]] = False
    return np.array(chosen, int), np.array(scores, predictions.dtype)


class _Joint(NamedTuple):
    """The answers of the rows chosen so far, as weighted combinations of classes."""

    posterior: Float[np.ndarray, "combinations members"]
    """How likely each member is, once a combination was seen; equally likely before."""
    weights: Float[np.ndarray, " combinations"]
    entropy: float
    """Of the combination [nats]."""

    def rest(self, block: Float[np.ndarray, "some members classes"]) -> Float[np.ndarray, " some"]:
        """The entropy of one more answer, given the combination."""
        members = block.shape[1]
        answers = self.posterior @ block.transpose(1, 0, 2).reshape(members, -1)
        return -(self.weights @ (answers * logarithm(answers))).reshape(len(block), -1).sum(axis=1)


def _nothing(members: int) -> _Joint:
    return _Joint(np.full((1, members), 1 / members), np.ones(1), 0.0)


def _enumerated(joint: _Joint, row: Float[np.ndarray, "members classes"]) -> _Joint:
    """Every combination, with every class of one more row."""
    members = row.shape[0]
    both = (joint.posterior * joint.weights[:, None])[:, None, :] * row.T[None]
    both = both.reshape(-1, members)
    weights = both.sum(axis=1)
    posterior = np.divide(both, weights[:, None], out=np.full_like(both, 1 / members), where=weights[:, None] > 0)
    return _Joint(posterior, weights, float(nats(weights[None])[0]))


def _drawn(rows: Float[np.ndarray, "chosen members classes"], each: int, rng: np.random.Generator) -> _Joint:
    """`each` combinations from every member."""
    count, members, _ = rows.shape
    shares = np.cumsum(rows, axis=2, dtype=np.float64)
    shares /= shares[:, :, -1:]
    uniform = rng.random((count, members, each))
    likelihood = np.zeros((members, members * each))
    for row, edges, u in zip(logarithm(rows), shares, uniform):
        classes = (u[:, :, None] >= edges[:, None, :]).sum(axis=2).ravel()
        likelihood += row[:, classes]
    top = likelihood.max(axis=0)
    posterior = np.exp(likelihood - top)
    total = posterior.sum(axis=0)
    known = np.log(total / members) + top
    return _Joint((posterior / total).T, np.full(total.size, 1 / total.size), float(-known.mean()))
