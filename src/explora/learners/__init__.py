"""Learners: what is trained. Playing and learning are apart, and a learner knows no explorer and no domain by name."""

from ._measure import measure as measure
from ._population import MembersPolicy as MembersPolicy
from ._population import Population as Population
from ._population import PopulationState as PopulationState
from ._ppo import PPO as PPO
from ._ppo import ActorCriticPolicy as ActorCriticPolicy
from ._ppo import PPOState as PPOState
from ._supervised import Supervised as Supervised
from ._supervised import Taught as Taught
