"""Prioritized level replay and its descendants: one explorer, and which of its switches are on."""

from explora.core import Domain, Parts
from explora.explorers import Replay
from explora.scores import MaxMC, PositiveValueLoss

from ._player import player


def plr(domain: Domain) -> Parts:
    """Replays tasks of high positive value loss; learns from new and replayed ones.

    **Reference:** Jiang et al. 2021, Prioritized Level Replay (arXiv:2010.03934).
    """
    return Parts(
        domain, player(domain), Replay(rows=32, score=PositiveValueLoss(), probability=0.5, explore_learns=True)
    )


def robust_plr(domain: Domain) -> Parts:
    """Learns from replayed tasks only; new ones are scored first.

    **Reference:** Jiang et al. 2021, Replay-Guided Adversarial Environment Design (arXiv:2110.02439).
    """
    return Parts(domain, player(domain), Replay(rows=32, score=MaxMC(), probability=0.5))


def accel(domain: Domain) -> Parts:
    """Edits the tasks that were just replayed, so that complexity compounds.

    **Reference:** Parker-Holder et al. 2022 (arXiv:2203.01302).
    """
    return Parts(domain, player(domain), Replay(rows=32, score=MaxMC(), probability=0.8, edit=True))


def parallel_plr(domain: Domain) -> Parts:
    """New and replayed tasks side by side in every round; learns from the replayed half.

    **Reference:** Jiang et al. 2023, minimax (arXiv:2311.12716), section 4.
    """
    return Parts(domain, player(domain), Replay(rows=32, score=MaxMC(), probability=1.0, parallel=True))


def parallel_accel(domain: Domain) -> Parts:
    """New, replayed and edited tasks side by side in every round; learns from the replayed third.

    **Reference:** Jiang et al. 2023, minimax (arXiv:2311.12716), section 4.
    """
    return Parts(domain, player(domain), Replay(rows=32, score=MaxMC(), probability=1.0, parallel=True, edit=True))
