"""Every explorer keeps the laws of its contract, on the space of bits."""

import jax
import pytest

from explora.explorers import Bandit, Frontier, Mixture, Replay, SelfPaced, Uniform
from explora.scores import Learnability, MaxMC, Sum
from explora.testing import ExplorerSuite

from ._bits import Bits


class Laws(ExplorerSuite):
    TURNS = 9

    def space(self):
        return Bits()

    def test_the_first_state_has_the_types_of_the_later_ones(self):
        """A weakly typed number in the first state would compile every program twice."""
        for state in (self.first, self.turns[-1].state):
            assert [leaf for leaf in jax.tree.leaves(state) if getattr(leaf, "weak_type", False)] == []


class TestUniform(Laws):
    def part(self):
        return Uniform(rows=6, queue=3)


class TestACCEL(Laws):
    def part(self):
        score = Sum({"missed": MaxMC(), "learnability": Learnability()})
        return Replay(rows=4, capacity=16, minimum_fill=0.25, score=score, edit=True, edit_from="easy", easiest=2)


@pytest.mark.slow
class TestParallelACCEL(Laws):
    def part(self):
        return Replay(rows=4, capacity=16, minimum_fill=0.5, probability=1.0, parallel=True, edit=True, distinct=True)


@pytest.mark.slow
class TestFrontier(Laws):
    def part(self):
        return Frontier(rows=4, candidates=6, batches=2, kept=5, train=3, plays=2, edited=0.5)


@pytest.mark.slow
class TestMixture(Laws):
    def part(self):
        return Mixture(rows=4, window=8, bootstrap=8, most=3, memory=16)


class TestBandit(Laws):
    def part(self):
        return Bandit(rows=4, arms=10)


@pytest.mark.slow
class TestRegions(Laws):
    def part(self):
        return Bandit(rows=4, cells=3, estimate="window", choice="greedy", window=3)


@pytest.mark.slow
class TestSelfPaced(Laws):
    def part(self):
        return SelfPaced(rows=4, window=8)
