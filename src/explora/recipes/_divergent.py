"""Tasks of many kinds: the best of each, whatever is new, or whatever somebody can solve."""

from explora.core import Domain, Parts
from explora.explorers import Elites, MinimalCriterion, Novelty
from explora.learners import Population

from ._player import player


def map_elites(domain: Domain) -> Parts:
    """Keeps the most learnable task of every kind, plays these again, and edits of them.

    **Reference:** Mouret and Clune 2015, Illuminating Search Spaces by Mapping Elites (arXiv:1504.04909).
    """
    return Parts(domain, player(domain), Elites(rows=128, queue=4))


def novelty(domain: Domain) -> Parts:
    """Keeps learnable tasks that are unlike those before, plays these again, and edits of the most unlike ones.

    **Reference:** Lehman and Stanley 2011, Abandoning Objectives: Evolution Through the Search for Novelty Alone,
    Evolutionary Computation 19(2); with the minimal criterion of Lehman and Stanley 2010.
    """
    return Parts(domain, player(domain), Novelty(rows=128, queue=4, minimum=0.0))


def minimal_criterion(domain: Domain) -> Parts:
    """Four players and a queue of tasks: who solves none is replaced, what nobody solves is not queued.

    **Reference:** Brant and Stanley 2017, Minimal Criterion Coevolution: A New Approach to Open-Ended Search (GECCO).
    """
    return Parts(domain, Population(player(domain), members=4), MinimalCriterion(rows=32, members=4))
