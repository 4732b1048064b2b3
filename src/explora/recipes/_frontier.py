"""Sampling for learnability."""

from explora.core import Domain, Parts
from explora.explorers import Frontier

from ._player import player


def sfl(domain: Domain) -> Parts:
    """Now and then looks far for tasks that are solved sometimes, and trains on those and on new ones.

    **Reference:** Rutherford et al. 2024, No Regrets (arXiv:2408.15099).
    """
    return Parts(domain, player(domain), Frontier(rows=128, queue=4))
