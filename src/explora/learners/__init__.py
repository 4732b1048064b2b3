"""Learners: what is trained. Playing and learning are apart, and a learner knows no explorer and no domain by name.

`Ranker` learns beside a run, from comparisons: what people prefer (a `Taste`), of tasks or of trajectories.
"""

from ._dqn import DQN as DQN
from ._dqn import DQNPolicy as DQNPolicy
from ._dqn import DQNState as DQNState
from ._dqn import Transitions as Transitions
from ._es import ES as ES
from ._es import ESState as ESState
from ._es import Fading as Fading
from ._es import Horizon as Horizon
from ._kept import Recalling as Recalling
from ._kept import RecallState as RecallState
from ._lane_nets import LanePolicy as LanePolicy
from ._measure import measure as measure
from ._noisy import Noisy as Noisy
from ._population import MembersPolicy as MembersPolicy
from ._population import Population as Population
from ._population import PopulationState as PopulationState
from ._ppo import PPO as PPO
from ._ppo import ActorCriticPolicy as ActorCriticPolicy
from ._ppo import PPOState as PPOState
from ._ranking import Comparisons as Comparisons
from ._ranking import Judgement as Judgement
from ._ranking import Lasting as Lasting
from ._ranking import NetworkTaste as NetworkTaste
from ._ranking import Ranked as Ranked
from ._ranking import Ranker as Ranker
from ._ranking import Ranking as Ranking
from ._ranking import Yardstick as Yardstick
from ._supervised import Supervised as Supervised
from ._supervised import Taught as Taught
