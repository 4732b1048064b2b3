"""Tasks and agents that evolve together."""

from explora.core import Domain, Parts
from explora.explorers.niches import Niches
from explora.learners import ES, Fading, Horizon


def poet(domain: Domain) -> Parts:
    """Evolution strategies in eight niches; whoever does better takes over.

    Two things are ours: copies of agents that earn little play a fifth of an episode, and steps are twice as long as
    in the released code, which has four times as many copies.

    **Reference:** Wang et al. 2019, Paired Open-Ended Trailblazer (arXiv:1901.01753).
    """
    niches = Niches()
    return Parts(domain, _strategies(niches), niches)


def enhanced_poet(domain: Domain) -> Parts:
    """The stricter rule of transfer, and novelty by what agents make of a task.

    Tasks are those of the domain's own space. The terrains of the paper, which networks write, are
    `Walker(space=CppnSpace())`, or `--domain.space cppn-space`.

    **Reference:** Wang et al. 2020, Enhanced POET (arXiv:2003.08536).
    """
    niches = Niches(rule="enhanced", novelty="agents")
    return Parts(domain, _strategies(niches), niches)


def _strategies(niches: Niches) -> ES:
    return ES(
        rate=Fading(0.02, 0.9999, 0.001),
        horizon=Horizon(0.2, niches.criterion.reproduce),
        members=niches.members,
    )
