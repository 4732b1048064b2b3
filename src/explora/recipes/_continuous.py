"""Curricula that move in the coordinates of a space."""

from explora.core import Domain, Parts
from explora.explorers import Mixture, SelfPaced

from ._player import player


def alp_gmm(domain: Domain) -> Parts:
    """Draws tasks where the absolute learning progress is greatest.

    **Reference:** Portelas et al. 2019 (arXiv:1910.07224), algorithm 1.
    """
    return Parts(domain, player(domain), Mixture(rows=128, queue=4, signal="progress"))


def covar_gmm(domain: Domain) -> Parts:
    """Draws tasks where results rise with time.

    **Reference:** Portelas et al. 2019 (arXiv:1910.07224), the baseline of section 5.
    """
    return Parts(domain, player(domain), Mixture(rows=128, queue=4, signal="covariance"))


def spdl(domain: Domain) -> Parts:
    """Moves a Gaussian of tasks towards the target as fast as success allows.

    **Reference:** Klink et al. 2020 (arXiv:2004.11812).
    """
    return Parts(domain, player(domain), SelfPaced(rows=128, queue=4))
