"""Several annotators who make mistakes: what is the label, and how good is each of them?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from explora.core import ArgumentError, between

from ._agreement import vote_counts


def majority_vote(
    votes: Int[np.ndarray, "items annotators"],
    classes: int,
    *,
    probabilities: Float[np.ndarray, "items classes"] | None = None,
) -> Int[np.ndarray, " items"]:
    """The label that most annotators gave.

    **Arguments:**

    - `votes`: class numbers from 0 on; negative where an annotator did not label the item.
    - `classes`: how many classes there are.
    - `probabilities`: a model's opinion, which decides between labels with equally many votes.

    **Returns:** a label an item, −1 where nobody voted. Ties that the model does not break go to the label that was
    given more often in all, then to the lower number: never to chance.
    """
    counts = vote_counts(votes, classes).astype(np.float64)
    # Each tie-breaker is brought below the smallest difference of what comes before it.
    total = counts.sum(axis=0)
    finer = (total / (total.sum() + 1.0))[None] * 1e-6
    if probabilities is not None:
        finer = finer + probabilities * 0.5
    return np.where(counts.sum(axis=1) > 0, np.argmax(counts + finer, axis=1), -1)


class DawidSkene(NamedTuple):
    """What expectation-maximisation found of the labels and of those who gave them.

    **Arguments:**

    - `probabilities`: of the true class of each item; the prior where nobody labelled it.
    - `prior`: how frequent each true class is.
    - `confusion`: for each annotator and true class (rows) the probability of each label (columns).
    - `objective`: after each iteration the log-likelihood plus the log-prior of the smoothing, but for a constant; it
      never falls.
    - `converged`: whether the last iteration changed it by less than the tolerance.
    """

    probabilities: Float[np.ndarray, "items classes"]
    prior: Float[np.ndarray, " classes"]
    confusion: Float[np.ndarray, "annotators classes classes"]
    objective: Float[np.ndarray, " iterations"]
    converged: bool

    @property
    def labels(self) -> Int[np.ndarray, " items"]:
        """The likeliest class of each item."""
        return np.argmax(self.probabilities, axis=1)

    @property
    def skill(self) -> Float[np.ndarray, " annotators"]:
        """The probability that each annotator is right on an item of the pool."""
        return np.einsum("akk,k->a", self.confusion, self.prior)


def dawid_skene(
    votes: Int[np.ndarray, "items columns"],
    classes: int,
    *,
    who: Int[np.ndarray, " columns"] | None = None,
    smoothing: float = 0.0,
    iterations: int = 500,
    tolerance: float = 1e-8,
) -> DawidSkene:
    """The true labels and every annotator's confusion, estimated together by expectation-maximisation.

    It starts from the share of votes of each item. With few labels an annotator the likelihood is highest where some
    confusions are exactly zero, which no single label can then ever overcome; `smoothing` keeps them off that edge.

    **Arguments:**

    - `votes`: class numbers from 0 on; negative where there is no label.
    - `classes`: how many classes there are.
    - `who`: the annotator of each column, counted from 0, where somebody labelled an item more than once; by default
      each column is an annotator.
    - `smoothing`: how many labels of each kind are taken to have been seen of each annotator before the first; also of
      the classes themselves. 0 is the maximum likelihood of the paper.
    - `iterations`: at most so many.
    - `tolerance`: it ends when an iteration gains less than this share of the objective.

    **Returns:** a `DawidSkene`.

    **Raises:** `ArgumentError` if nobody labelled anything, or a label is no class.

    **Reference:** Dawid and Skene 1979, Applied Statistics 28.
    """
    between("smoothing", smoothing, 0.0)
    between("iterations", iterations, 1)
    counts = vote_counts(votes, classes).astype(np.float64)
    if not counts.any():
        raise ArgumentError("`votes` must have at least one label that is not negative")
    column = np.arange(votes.shape[1]) if who is None else who
    annotators = int(column.max()) + 1
    item, place = np.nonzero(votes >= 0)
    cell = column[place] * classes + votes[item, place]  # annotator and label
    voted = counts.sum(axis=1) > 0
    share = np.where(voted[:, None], counts, 1.0)
    share = share / share.sum(axis=1, keepdims=True)

    trace: list[float] = []
    converged = False
    prior, log_confusion = np.zeros(classes), np.zeros((annotators, classes, classes))
    for _ in range(iterations):
        # Items without a label say nothing about the classes: they do not count here.
        prior = share[voted].sum(axis=0) + smoothing
        prior = prior / prior.sum()
        seen = np.stack(
            [np.bincount(cell, share[item, k], annotators * classes) for k in range(classes)], axis=0
        ).reshape(classes, annotators, classes)
        seen = seen.transpose(1, 0, 2) + smoothing
        mass = seen.sum(axis=2, keepdims=True)
        log_confusion = _log(np.where(mass > 0, seen / np.where(mass > 0, mass, 1.0), 1.0 / classes))
        table = log_confusion.transpose(0, 2, 1).reshape(annotators * classes, classes)[cell]
        joint = _log(prior) + np.stack([np.bincount(item, table[:, k], len(votes)) for k in range(classes)], axis=1)
        highest = joint.max(axis=1, keepdims=True)
        weight = np.exp(joint - highest)
        share = weight / weight.sum(axis=1, keepdims=True)
        likelihood = np.sum((highest[:, 0] + np.log(weight.sum(axis=1)))[voted])
        penalty = smoothing * (_log(prior).sum() + log_confusion.sum()) if smoothing else 0.0
        trace.append(float(likelihood + penalty))
        if len(trace) > 1 and trace[-1] - trace[-2] <= tolerance * max(1.0, abs(trace[-1])):
            converged = True
            break
    return DawidSkene(share, prior, np.exp(log_confusion), np.array(trace), converged)


def _log(values: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """The logarithm, very low instead of infinite for 0, so that sums with it stay numbers."""
    return np.log(np.maximum(values, 1e-300))
