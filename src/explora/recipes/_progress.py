"""Curricula over a finite set of tasks, by learning progress."""

from explora.core import Domain, Parts
from explora.explorers import Bandit

from ._player import player


def learning_progress(domain: Domain) -> Parts:
    """Plays tasks on which success changes fastest, for better or worse.

    **Reference:** Kanitscheider et al. 2021 (arXiv:2106.14876), section 3, as used inside
    OMNI (arXiv:2306.01711).
    """
    return Parts(domain, player(domain), Bandit(rows=128, queue=4))


def tscl(domain: Domain) -> Parts:
    """Plays the tasks whose results slope most over the last attempts.

    **Reference:** Matiisen et al. 2017 (arXiv:1707.00183), algorithm 2.
    """
    return Parts(domain, player(domain), Bandit(rows=128, queue=4, estimate="window", choice="greedy"))
