"""The best task of every kind."""

from explora.core import Domain, Parts
from explora.explorers import Elites
from explora.learners import PPO


def map_elites(domain: Domain) -> Parts:
    """Keeps the most learnable task of every kind, plays these again, and edits of them.

    **Reference:** Mouret and Clune 2015, Illuminating Search Spaces by Mapping Elites (arXiv:1504.04909).
    """
    return Parts(domain, PPO(), Elites(rows=128, queue=4))
