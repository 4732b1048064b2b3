"""Active learning: which labels to ask for next."""

from explora.core import Domain, Parts, Score
from explora.explorers import Crowd, Query, Stream
from explora.explorers.query import (
    Badge,
    BatchBALD,
    GreedyBoth,
    KCentre,
    MaxHerding,
    Power,
    ProbCover,
    Random,
    Selector,
    Switch,
    Top,
    TypiClust,
    UncertaintyHerding,
)
from explora.learners import Supervised
from explora.nets import Ensemble
from explora.scores import BALD, Entropy, LeastConfident, Margin, Variance, VoteEntropy


def uncertainty_herding(domain: Domain) -> Parts:
    """Asks for items that cover most of what the model is unsure of: our default, for the reasons in `docs/labels.md`.

    **Reference:** Bae et al. 2024, Uncertainty Herding (arXiv:2412.20644).
    """
    return _asking(domain, UncertaintyHerding(), Margin())


def random(domain: Domain) -> Parts:
    """Asks for items at random: the baseline.

    **Reference:** Settles 2009, Active Learning Literature Survey, sec. 1.
    """
    return _asking(domain, Random())


def least_confident(domain: Domain) -> Parts:
    """Asks where the first guess is least probable.

    **Reference:** Lewis and Gale 1994 (arXiv:cmp-lg/9407020).
    """
    return _asking(domain, Top(), LeastConfident())


def margin(domain: Domain) -> Parts:
    """Asks where the two likeliest classes are closest.

    **Reference:** Scheffer et al. 2001.
    """
    return _asking(domain, Top(), Margin())


def entropy(domain: Domain) -> Parts:
    """Asks where the prediction is most uncertain.

    **Reference:** Settles 2009, sec. 3.1.
    """
    return _asking(domain, Top(), Entropy())


def committee(domain: Domain) -> Parts:
    """Asks where the members of a committee vote differently.

    **Reference:** Seung et al. 1992; Settles 2009, sec. 3.2.
    """
    return _asking(domain, Top(), VoteEntropy(), members=8)


def bald(domain: Domain) -> Parts:
    """Asks where the answer would tell most about the model.

    **Reference:** Houlsby et al. 2011 (arXiv:1112.5745).
    """
    return _asking(domain, Top(), BALD(), members=8)


def batch_bald(domain: Domain) -> Parts:
    """Asks for the batch whose answers together would tell most about the model.

    **Reference:** Kirsch et al. 2019 (arXiv:1906.08158).
    """
    return _asking(domain, BatchBALD(), members=8)


def power_margin(domain: Domain) -> Parts:
    """Margin, drawn at random in proportion to it, so that a batch is diverse.

    **Reference:** Kirsch et al. 2021 (arXiv:2106.12059).
    """
    return _asking(domain, Power(), Margin())


def badge(domain: Domain) -> Parts:
    """Asks for a diverse batch of items that would move the model far.

    **Reference:** Ash et al. 2019 (arXiv:1906.03671).
    """
    return _asking(domain, Badge())


def core_set(domain: Domain) -> Parts:
    """Asks for the items farthest from all that were asked for.

    **Reference:** Sener and Savarese 2017 (arXiv:1708.00489).
    """
    return _asking(domain, KCentre())


def typiclust(domain: Domain) -> Parts:
    """Asks for the most typical item of each part of the pool.

    **Reference:** Hacohen et al. 2022 (arXiv:2202.02794).
    """
    return _asking(domain, TypiClust())


def typiclust_margin(domain: Domain) -> Parts:
    """Typical items until every class has been seen often enough, then those between two classes.

    **Reference:** Doucet et al. 2024 (arXiv:2403.03728): TypiClust, then margin (TCM), with another rule.
    """
    return _asking(domain, Switch(TypiClust(), Top()), Margin())


def probcover(domain: Domain) -> Parts:
    """Asks for items whose neighbourhoods cover most of the pool.

    **Reference:** Yehuda et al. 2022 (arXiv:2205.11603).
    """
    return _asking(domain, ProbCover())


def max_herding(domain: Domain) -> Parts:
    """Asks for items that resemble most of what is not yet covered.

    **Reference:** Bae et al. 2024, Generalized Coverage for More Robust Low-Budget Active Learning (arXiv:2407.12212).
    """
    return _asking(domain, MaxHerding())


def greedy(domain: Domain) -> Parts:
    """Where numbers are predicted: asks for items far from those answered, in inputs and in predictions.

    **Reference:** Wu et al. 2018, Active Learning for Regression Using Greedy Sampling (arXiv:1808.04245), iGS.
    """
    return _asking(domain, GreedyBoth())


def variance(domain: Domain) -> Parts:
    """Where numbers are predicted: asks where the members of a committee differ most.

    **Reference:** Burbidge et al. 2007; Settles 2009, sec. 3.2.
    """
    return _asking(domain, Top(), Variance(), members=8)


def crowd(domain: Domain) -> Parts:
    """With several annotators: asks where least is known, for a first label or another opinion, and chooses whom.

    **Reference:** Goh and Mueller 2023, ActiveLab (arXiv:2301.11856).
    """
    return Parts(domain, Supervised(Ensemble()), Crowd())


def stream(domain: Domain) -> Parts:
    """Items go by in their order, and each is asked for now or never: those of which the model is least sure of late.

    **Reference:** Kottke et al. 2015, Probabilistic Active Learning in Datastreams, for the budget;
    Žliobaitė et al. 2014 for the score.
    """
    return Parts(domain, Supervised(Ensemble()), Stream())


def _asking(domain: Domain, select: Selector, score: Score | None = None, members: int = 1) -> Parts:
    return Parts(
        domain,
        Supervised(Ensemble(members=members, bootstrap="poisson" if members > 1 else "none")),
        Query(select, score),
    )
