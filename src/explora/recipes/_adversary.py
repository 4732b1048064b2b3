"""A designer that learns to make tasks, rewarded by what its students make of them."""

from explora.core import Domain, Parts
from explora.explorers import Adversary
from explora.learners import PPO, Population
from explora.nets import GRU, ActorCritic, Dense
from explora.scores import Difficulty, Regret

from ._player import player


def paired(domain: Domain) -> Parts:
    """The designer earns the regret: the best of the antagonist less the mean of the protagonist.

    **Reference:** Dennis et al. 2020 (arXiv:2012.02096).
    """
    return Parts(domain, Population(player(domain), members=2), Adversary(_designer(), rows=32))


def flexible_paired(domain: Domain) -> Parts:
    """Whoever of the two does better on a task is its antagonist.

    **Reference:** Dennis et al. 2020 (arXiv:2012.02096), appendix.
    """
    return Parts(
        domain, Population(player(domain), members=2), Adversary(_designer(), rows=32, score=Regret(form="flexible"))
    )


def population(domain: Domain) -> Parts:
    """Four students: the regret is the best of any less the mean of all.

    **Reference:** Dennis et al. 2020 (arXiv:2012.02096), appendix.
    """
    regret = Regret(members=4, form="population")
    return Parts(
        domain, Population(player(domain), members=4), Adversary(_designer(), rows=32, members=4, score=regret)
    )


def minimax(domain: Domain) -> Parts:
    """One student, and a designer that earns what the student fails to get.

    **Reference:** Dennis et al. 2020 (arXiv:2012.02096), the baseline of section 5.
    """
    return Parts(domain, player(domain), Adversary(_designer(), rows=32, members=1, score=Difficulty()))


def _designer() -> PPO:
    """Sees the whole task, so it needs little memory; explores more than a student."""
    net = ActorCritic(encoder=Dense(128), core=GRU(64))
    return PPO(net=net, rate=3e-4, discount=0.995, trace=0.98, entropy=0.05, segment=None)
