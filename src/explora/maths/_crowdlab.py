"""Labels from several annotators and a model together, and which label to ask for next."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from explora.core import ArgumentError, between

from ._agreement import vote_counts
from ._annotators import majority_vote

_LEAST = 1e-6
"""The least weight that the model or an annotator keeps, however bad."""


class Consensus(NamedTuple):
    """What annotators and a model say together.

    **Arguments:**

    - `labels`: of each item; the model's where nobody labelled it.
    - `quality`: how likely that label is right.
    - `probabilities`: of all classes.
    - `annotator_quality`: how likely a label of each annotator is right; NaN for somebody who labelled nothing.
    - `annotator_weight`, `model_weight`: how much each counts.
    """

    labels: Int[np.ndarray, " items"]
    quality: Float[np.ndarray, " items"]
    probabilities: Float[np.ndarray, "items classes"]
    annotator_quality: Float[np.ndarray, " annotators"]
    annotator_weight: Float[np.ndarray, " annotators"]
    model_weight: float


class _Weights(NamedTuple):
    """How often an annotator agrees, and how much annotators and model count."""

    agreement: float
    annotators: Float[np.ndarray, " annotators"]
    model: float


def crowdlab(votes: Int[np.ndarray, "items annotators"], probabilities: Float[np.ndarray, "rows classes"]) -> Consensus:
    """CROWDLAB: a weighted mean of the model's prediction and of what each label says, weights by measured trust.

    An annotator weighs as much as it agrees with the others better than always answering the commonest class would; the
    model as much as it agrees with the majority better than that, times the root of the mean number of labels an item.
    This is done twice: with the majority's labels, then with the labels which that gives. Where no item has two labels,
    nobody can be measured and all weigh 1.

    **Arguments:**

    - `votes`: class numbers from 0 on; negative where an annotator did not label the item.
    - `probabilities`: of a model that had not seen the item's own labels (`out_of_fold`), at least two classes. They
      are taken as they come: calibrate them before if they are too sure.

    **Returns:** a `Consensus`.

    **Raises:** `ArgumentError` if the sizes do not fit or nobody labelled anything.

    **Reference:** Goh, Tkachenko and Mueller 2022 (arXiv:2210.06812).
    """
    labelled = _labelled(votes, probabilities)
    classes = probabilities.shape[1]
    known, guess = votes[labelled], probabilities[labelled].astype(np.float64)
    labels = majority_vote(known, classes, probabilities=guess)
    weights = _weights(known, guess, labels)
    first = _posterior(known, guess, weights)
    # Of equally likely classes the majority's, if it is among them.
    rows = np.arange(len(labels))
    labels = np.where(first[rows, labels] >= first.max(axis=1), labels, np.argmax(first, axis=1))
    weights = _weights(known, guess, labels)
    posterior = probabilities.astype(np.float64)
    posterior[labelled] = _posterior(known, guess, weights)
    consensus = np.argmax(posterior, axis=1)
    consensus[labelled] = labels
    quality = posterior[np.arange(len(votes)), consensus]
    skill = _skill(known, posterior[labelled], labels, weights)
    return Consensus(consensus, quality, posterior, skill, weights.annotators, weights.model)


def activelab(
    votes: Int[np.ndarray, "items annotators"], probabilities: Float[np.ndarray, "rows classes"]
) -> Float[np.ndarray, " items"]:
    """ActiveLab: how much is known about each item, labelled or not; the lowest should be labelled next.

    The quality of the consensus is drawn towards 1 / classes by the weight of one mean annotator. So an item with few
    labels scores lower than one with many of the same quality, and asking a third time about an old item competes, by
    the same number, with asking about a new one.

    **Arguments:** as `crowdlab`; votes may be all negative.

    **Returns:** scores in [0, 1].

    **Reference:** Goh and Mueller 2023 (arXiv:2301.11856).
    """
    classes = probabilities.shape[1]
    given = votes >= 0
    if given.any():
        found = crowdlab(votes, probabilities)
        quality, annotators, model = found.quality, found.annotator_weight, found.model_weight
    else:
        _sizes(votes, probabilities)
        quality, annotators, model = probabilities.max(axis=1), np.ones(votes.shape[1]), 1.0
    weight = model + given @ annotators
    mean = float(annotators.mean())
    return (weight * quality + mean / classes) / (weight + mean)


def next_labels(
    votes: Int[np.ndarray, "items annotators"],
    probabilities: Float[np.ndarray, "items classes"],
    count: int,
    *,
    available: Bool[np.ndarray, " annotators"] | None = None,
    capacity: int | None = None,
    declined: Bool[np.ndarray, "items annotators"] | None = None,
) -> tuple[Int[np.ndarray, " asked"], Int[np.ndarray, " asked"]]:
    """Which items to have labelled or labelled again, and by whom.

    Items come in the order of `activelab`, each once. Each goes to the best annotator who has not labelled it and has
    room left: by quality as `crowdlab` finds it, where somebody without a label is taken to be as good as the mean.

    **Arguments:**

    - `votes`, `probabilities`: as for `activelab`.
    - `count`: how many labels to ask for.
    - `available`: who can be asked; by default everybody.
    - `capacity`: how many items each annotator takes at most; by default any number.
    - `declined`: who has been asked about what and gave no label: they are not asked again.

    **Returns:** items and annotators; fewer than `count` if there is nobody left to ask.
    """
    between("count", count, 0)
    annotators = votes.shape[1]
    free = np.ones(annotators, bool) if available is None else available
    room = np.where(free, len(votes) if capacity is None else capacity, 0)
    quality = crowdlab(votes, probabilities).annotator_quality if (votes >= 0).any() else np.ones(annotators)
    quality = np.where(np.isnan(quality), np.nanmean(quality), quality)
    askable = votes < 0 if declined is None else (votes < 0) & ~declined
    order = np.argsort(activelab(votes, probabilities), kind="stable")
    items, who = [], []
    for item in order:
        if len(items) == count or not room.any():
            break
        candidates = np.flatnonzero(askable[item] & (room > 0))
        if candidates.size:
            # Of equally good ones the one with most room, so that work is shared out.
            best = max(candidates, key=lambda a: (quality[a], room[a], -a))
            items.append(item)
            who.append(best)
            room[best] -= 1
    return np.array(items, np.int64), np.array(who, np.int64)


def _labelled(
    votes: Int[np.ndarray, "items annotators"], probabilities: Float[np.ndarray, "rows classes"]
) -> Bool[np.ndarray, " items"]:
    """Which items have a label; complains if none has."""
    _sizes(votes, probabilities)
    labelled = votes.max(axis=1, initial=-1) >= 0
    if not labelled.any():
        raise ArgumentError("`votes` must have at least one label that is not negative")
    return labelled


def _sizes(votes: Int[np.ndarray, "items annotators"], probabilities: Float[np.ndarray, "rows classes"]) -> None:
    """Complains about sizes that do not fit."""
    if len(votes) != len(probabilities):
        raise ArgumentError(
            f"`probabilities` must have one row for each of {len(votes)} items, got {len(probabilities)}"
        )
    if probabilities.shape[1] < 2:
        raise ArgumentError(f"`probabilities` must have at least two classes, got {probabilities.shape[1]}")


def _weights(
    votes: Int[np.ndarray, "items annotators"],
    probabilities: Float[np.ndarray, "items classes"],
    labels: Int[np.ndarray, " items"],
) -> _Weights:
    """Weights by agreement on the items that have at least two labels."""
    classes = probabilities.shape[1]
    given = votes >= 0
    many = given.sum(axis=1)
    several = many > 1
    if not several.any():
        # Nothing can be measured. Alone, an annotator's label is the consensus: it is right where the model says so.
        own = probabilities[np.arange(len(labels)), labels]
        return _Weights(float(np.clip(own.mean(), 1.0 / classes, 1.0)), np.ones(votes.shape[1]), 1.0)
    truth = labels[several]
    agreement = float(np.mean(((votes == labels[:, None]) & given).sum(axis=1)[several] / many[several]))
    baseline = max(1.0 - np.bincount(truth, minlength=classes).max() / truth.size, _LEAST)

    # An item that an annotator shares with m others counts m times: once for each of them.
    counts = vote_counts(votes, classes)
    row, column = np.nonzero(given)
    alike = np.bincount(column, counts[row, votes[row, column]] - 1.0, votes.shape[1])
    others = np.bincount(column, many[row] - 1.0, votes.shape[1])
    measured = others > 0
    own = np.divide(alike, others, out=np.zeros(len(others)), where=measured)
    own = np.where(measured, own, own[measured].mean())
    annotators = np.maximum(1.0 - (1.0 - own) / baseline, _LEAST)
    error = float(np.mean(np.argmax(probabilities[several], axis=1) != truth))
    return _Weights(agreement, annotators, max(1.0 - error / baseline, _LEAST) * float(np.sqrt(many.mean())))


def _posterior(
    votes: Int[np.ndarray, "items annotators"], probabilities: Float[np.ndarray, "items classes"], weights: _Weights
) -> Float[np.ndarray, "items classes"]:
    """The weighted mean of the model's probabilities and of what each label says."""
    classes = probabilities.shape[1]
    elsewhere = (1.0 - weights.agreement) / (classes - 1)
    given = votes >= 0
    row, column = np.nonzero(given)
    cells = row * classes + votes[row, column]
    backing = np.bincount(cells, weights.annotators[column], votes.shape[0] * classes).reshape(-1, classes)
    total = given @ weights.annotators
    mixed = weights.model * probabilities + backing * weights.agreement + (total[:, None] - backing) * elsewhere
    return mixed / (weights.model + total)[:, None]


def _skill(
    votes: Int[np.ndarray, "items annotators"],
    posterior: Float[np.ndarray, "items classes"],
    labels: Int[np.ndarray, " items"],
    weights: _Weights,
) -> Float[np.ndarray, " annotators"]:
    """The quality of each annotator: the posterior of its labels, mixed with its agreement with the consensus."""
    given = votes >= 0
    many = given.sum(axis=1)
    share = weights.model / (weights.model + weights.annotators.sum() * many.mean() / votes.shape[1])
    skill = np.full(votes.shape[1], np.nan)
    for number in range(votes.shape[1]):
        own = given[:, number]
        if not own.any():
            continue
        skill[number] = posterior[own, votes[own, number]].mean()
        together = own & (many > 1)
        if together.any():  # alone, its label is the consensus and agrees with itself
            agreed = np.mean(votes[together, number] == labels[together])
            skill[number] = share * skill[number] + (1.0 - share) * agreed
    return skill
