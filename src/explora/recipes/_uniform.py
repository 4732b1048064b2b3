"""Domain randomisation: the baseline that every curriculum has to beat."""

from explora.core import Domain, Parts
from explora.explorers import Uniform

from ._player import player


def dr(domain: Domain) -> Parts:
    """Draws every task at random and learns from all of them.

    **Reference:** Tobin et al. 2017 (arXiv:1703.06907).
    """
    return Parts(domain, player(domain), Uniform(rows=128, queue=4))
