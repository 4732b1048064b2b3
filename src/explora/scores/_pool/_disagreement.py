"""How much the members of a committee disagree."""

from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int

from explora.core import ArgumentError, Lesson, Outcome, Score

from ._arrays import by_blocks, committee, consensus, finite_rows, logarithm, nats


def vote_entropy(votes: Int[np.ndarray, "rows members"]) -> Float[np.ndarray, " rows"]:
    """−Σ_c v_c ln v_c, where v_c is the share of members that vote for class c: in [0, ln min(members, classes)].

    **Arguments:**

    - `votes`: the number of the class that each member thinks likeliest, from 0.

    **Returns:** one number a row [nats].

    **Raises:** `ArgumentError` if a vote is negative.

    **Reference:** Engelson & Dagan 1996, Minimizing Manual Annotation Cost in Supervised Training from Corpora
    (arXiv:cmp-lg/9606030), without its division by ln members.
    """
    return _by_shares(nats, votes)


def variation_ratio(votes: Int[np.ndarray, "rows members"]) -> Float[np.ndarray, " rows"]:
    """The share of members that do not vote as most do: in [0, 1 − 1/classes].

    **Arguments:**

    - `votes`: the number of the class that each member thinks likeliest, from 0.

    **Returns:** one number a row.

    **Raises:** `ArgumentError` if a vote is negative.

    **Reference:** Beluch et al. 2018, The Power of Ensembles for Active Learning in Image Classification.
    """
    return _by_shares(lambda shares: 1 - shares.max(axis=1), votes)


def consensus_entropy(predictions: Float[np.ndarray, "rows members classes"]) -> Float[np.ndarray, " rows"]:
    """H(P̄), the entropy of the mean prediction of the members [nats]."""
    return by_blocks(lambda block: nats(consensus(block)), predictions)


def mean_divergence(predictions: Float[np.ndarray, "rows members classes"]) -> Float[np.ndarray, " rows"]:
    """Σ_m KL(P_m ‖ P̄) / M, how far the members are from their mean: in [0, ln min(members, classes)].

    **Arguments:**

    - `predictions`: the class probabilities of each member. A row with a NaN scores NaN.

    **Returns:** one number a row [nats], of the same dtype.

    **Reference:** McCallum & Nigam 1998, Employing EM and Pool-Based Active Learning for Text Classification.
    """
    return by_blocks(lambda block: np.maximum(_divergences(block).mean(axis=1), 0), predictions)


def max_divergence(predictions: Float[np.ndarray, "rows members classes"]) -> Float[np.ndarray, " rows"]:
    """max_m KL(P_m ‖ P̄): how far the member that is farthest from the mean is from it, in [0, ln members] [nats]."""
    return by_blocks(lambda block: np.maximum(_divergences(block).max(axis=1), 0), predictions)


def bald(predictions: Float[np.ndarray, "rows members classes"]) -> Float[np.ndarray, " rows"]:
    """H(P̄) − Σ_m H(P_m) / M: what the answer would tell about which member is right.

    This is the mutual information between answer and member. It is also, term by term, the mean divergence of the
    members from their mean, and is computed as such: the difference of two entropies loses more digits.

    **Arguments:**

    - `predictions`: the class probabilities of each member. A row with a NaN scores NaN.

    **Returns:** one number a row [nats], of the same dtype; at least 0.

    **Reference:** Houlsby et al. 2011, Bayesian Active Learning for Classification and Preference Learning
    (arXiv:1112.5745), eq. 2.
    """
    return mean_divergence(predictions)


def variance(predictions: Float[np.ndarray, "rows members targets"]) -> Float[np.ndarray, " rows"]:
    """The variance of the predicted targets over the members, averaged over the targets [unit of the targets, squared].

    **Reference:** Krogh & Vedelsby 1995, Neural Network Ensembles, Cross Validation, and Active Learning.
    """
    return by_blocks(lambda block: block.var(axis=1).mean(axis=1), predictions)


class _OfCommittee(Score):
    """What scores of several members share."""

    hosted: ClassVar[bool] = True

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"predictions", "committee", "classes"})


class VoteEntropy(_OfCommittee):
    """How split the votes of the members are [nats]; each votes for the class that it thinks likeliest.

    **Reference:** see `vote_entropy`.
    """

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        return _of_votes(vote_entropy, committee(self, outcome)), rows


class VariationRatio(_OfCommittee):
    """The share of members that do not vote as most do.

    **Reference:** see `variation_ratio`.
    """

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        return _of_votes(variation_ratio, committee(self, outcome)), rows


class ConsensusEntropy(_OfCommittee):
    """The entropy of the mean prediction [nats]: large where the members disagree, and where all are unsure.

    For a committee the same as `Entropy`; this one insists that there is a committee.

    **Reference:** Danka & Horvath 2018, modAL (arXiv:1805.00979).
    """

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        return consensus_entropy(committee(self, outcome)), rows


class Divergence(_OfCommittee):
    """How far the members are from their mean, on average: Σ_m KL(P_m ‖ P̄) / M [nats]. The same number as `BALD`.

    **Reference:** see `mean_divergence`.
    """

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        return mean_divergence(committee(self, outcome)), rows


class MaxDivergence(_OfCommittee):
    """How far the member that is farthest from the mean is from it: max_m KL(P_m ‖ P̄) [nats].

    **Reference:** see `max_divergence`; Danka & Horvath 2018, modAL (arXiv:1805.00979).
    """

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        return max_divergence(committee(self, outcome)), rows


class BALD(_OfCommittee):
    """What the answer would tell about the learner: the mutual information between answer and member [nats].

    Unlike an entropy it is small where all members agree that nobody can know.

    **Reference:** see `bald`.
    """

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        return bald(committee(self, outcome)), rows


class Variance(_OfCommittee):
    """How far apart the members' predictions of the targets are: for regression.

    **Reference:** see `variance`.
    """

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"predictions", "committee"})

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[np.ndarray, " tasks"], Any]:
        return variance(committee(self, outcome)), rows


def _divergences(block: Float[np.ndarray, "rows members classes"]) -> Float[np.ndarray, "rows members"]:
    """KL(P_m ‖ P̄) of each member."""
    mean = block.mean(axis=1, keepdims=True)
    return np.einsum("rmc,rmc->rm", block, logarithm(block) - logarithm(mean))


def _by_shares(function: Any, votes: Int[np.ndarray, "rows members"]) -> Float[np.ndarray, " rows"]:
    """`function` of the shares of the votes that each class gets, a block of rows at a time."""
    if votes.size and votes.min() < 0:
        raise ArgumentError(f"`votes` must be numbers of classes, from 0, got {votes.min()}")
    classes = int(votes.max()) + 1 if votes.size else 1

    def of(block: Int[np.ndarray, "rows members"]) -> Float[np.ndarray, " rows"]:
        rows, members = block.shape
        cells = (block + np.arange(rows)[:, None] * classes).ravel()
        return function(np.bincount(cells, minlength=rows * classes).reshape(rows, classes) / members)

    return by_blocks(of, votes, width=votes.shape[1] + classes, dtype=float)


def _of_votes(function: Any, predictions: Float[np.ndarray, "rows members classes"]) -> Float[np.ndarray, " rows"]:
    values = by_blocks(lambda block: function(block.argmax(axis=2)), predictions)
    values[~finite_rows(predictions)] = np.nan  # who predicts a NaN votes for nothing
    return values
