"""Scores: the learning potential of a task for this learner, now.

A score is a small pure function from an `Outcome` to one number a task; larger means more worth learning from. What it
needs to have been measured it names in `needs`. A score that remembers something of each task (the highest return ever
seen, how fast success changes) keeps it in a *memory row* that an archive stores beside the task.

| score | large where |
|---|---|
| `PositiveValueLoss`, `AbsoluteValueLoss` | the learner's predictions are wrong |
| `MaxMC`, `TrueRegret` | the best known return is out of reach |
| `Regret`, `Difficulty` | members of a population differ; everybody fails |
| `Learnability`, `Solved` | some episodes succeed and some do not; most succeed |
| `LearningProgress` | success is changing |
| `ValueDisagreement` | an ensemble does not agree |
| `Sum` | several of them are, each factor logged |

Rows that were not answered have no score, and a score that is not finite enters no archive: the explorers see to that.
"""

from ._advantage import AbsoluteValueLoss as AbsoluteValueLoss
from ._advantage import PositiveValueLoss as PositiveValueLoss
from ._advantage import ValueDisagreement as ValueDisagreement
from ._regret import Difficulty as Difficulty
from ._regret import Regret as Regret
from ._returns import MaxMC as MaxMC
from ._returns import TrueRegret as TrueRegret
from ._success import Learnability as Learnability
from ._success import LearningProgress as LearningProgress
from ._success import Pace as Pace
from ._success import Solved as Solved
from ._success import reweighted as reweighted
from ._sum import Sum as Sum
