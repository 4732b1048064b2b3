"""Explorers decide what to learn from next, by `ask` and `tell`.

They know the space that they search and how what was played went; they know neither domain nor learner. All but
`Query`, `Crowd` and `Stream` are compiled: fixed shapes, no host code.

| explorer | asks for | also known as |
|---|---|---|
| `Uniform` | random tasks | domain randomisation |
| `Replay` | tasks of high score again, new ones, edited ones | PLR, robust PLR, ACCEL |
| `Frontier` | tasks that are solved sometimes, found by a wide search | SFL |
| `Adversary` | tasks that a designer makes to tell members of a population apart | PAIRED, minimax |
| `Mixture` | places where results change, as Gaussians | ALP-GMM, Covar-GMM |
| `Bandit` | arms on which success changes | learning progress, OMNI, TSCL |
| `Elites` | the best task of every kind again, and edits of them | MAP-Elites |
| `Novelty` | tasks unlike those before, and edits of the most unlike | novelty search |
| `MinimalCriterion` | edits of whatever somebody can solve, for players that can solve something | MCC |
| `Beyond` | requests that were never met, and a little more than the best | exploration by asking |
| `SelfPaced` | a Gaussian that moves from easy tasks to the wanted ones | SPDL |
| `Query` | the labels worth most, chosen by a selector (`explora.explorers.query`) | active learning |
| `Crowd` | labels and second opinions, and whom to ask | ActiveLab, CROWDLAB |
| `Stream` | labels while items go by, as a budget manager decides (`explora.explorers.stream`) | stream sampling |

What an explorer keeps is a pytree of arrays, so that a checkpoint holds all of it. It asks in batches and is told in
batches; where published rules work one task at a time, its docstring says what that changes.

`Niches`, in `explora.explorers.niches`, has tasks and agents that evolve together: POET.

For searching other things than tasks for the best of every kind there is `explora.explorers.quality`.
`explora.explorers.stopping` says when asking on is no longer worth it.
"""

from ._adversary import Adversary as Adversary
from ._adversary import AdversaryState as AdversaryState
from ._adversary import credited as credited
from ._bandit import Bandit as Bandit
from ._bandit import BanditState as BanditState
from ._crowd import Crowd as Crowd
from ._crowd import Crowded as Crowded
from ._divergent import CriterionState as CriterionState
from ._divergent import Elite as Elite
from ._divergent import Elites as Elites
from ._divergent import Featured as Featured
from ._divergent import FeaturedState as FeaturedState
from ._divergent import MinimalCriterion as MinimalCriterion
from ._divergent import Novelty as Novelty
from ._frontier import Frontier as Frontier
from ._frontier import FrontierState as FrontierState
from ._further import Beyond as Beyond
from ._further import BeyondState as BeyondState
from ._mixture import Mixture as Mixture
from ._mixture import MixtureState as MixtureState
from ._query import FREE as FREE
from ._query import KNOWN as KNOWN
from ._query import OPEN as OPEN
from ._query import PASSED as PASSED
from ._query import REFUSED as REFUSED
from ._query import Queried as Queried
from ._query import Query as Query
from ._replay import Replay as Replay
from ._replay import ReplayState as ReplayState
from ._self_paced import SelfPaced as SelfPaced
from ._self_paced import SelfPacedState as SelfPacedState
from ._uniform import Uniform as Uniform
from .stream import Stream as Stream
from .stream import Streamed as Streamed
