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
| `Preferred` | another score is, and people like the task |
| `PredictedLoss`, `ReducibleLoss` | the learner expects a loss; it has one that learning can remove |

Those of a *pool* ask which row of somebody's data is worth an answer, before there is one. They read
`outcome.predictions` (rows × members × outputs) and `outcome.embeddings` (rows × features), are NumPy on the host, and
each stands beside a pure function of arrays that does the work: `Margin()` calls `margin(probabilities)`.

| score of a pool | large where |
|---|---|
| `LeastConfident`, `Margin`, `Entropy` | the learner is unsure of its own answer |
| `VoteEntropy`, `VariationRatio`, `ConsensusEntropy` | a committee's votes, or its mean prediction, are split |
| `Divergence`, `MaxDivergence`, `BALD`, `Variance` | members are sure of different things |
| `EPIG` | the answer would settle predictions elsewhere |
| `GradientLength`, `ModelChange` | the answer would move the last layer far |
| `VarianceReduction`, `ErrorReduction` | the answer would make the rest of the pool more certain, or more correct |
| `Dense` | the score inside is large, and many rows are alike |

`batch_bald` chooses several rows at once; `expected_error` tries every answer by training again.

Rows that were not answered have no score, and a score that is not finite enters no archive: the explorers see to that.
"""

from ._advantage import AbsoluteValueLoss as AbsoluteValueLoss
from ._advantage import PositiveValueLoss as PositiveValueLoss
from ._advantage import ValueDisagreement as ValueDisagreement
from ._losses import PredictedLoss as PredictedLoss
from ._losses import ReducibleLoss as ReducibleLoss
from ._pool import BALD as BALD
from ._pool import EPIG as EPIG
from ._pool import ConsensusEntropy as ConsensusEntropy
from ._pool import Dense as Dense
from ._pool import Divergence as Divergence
from ._pool import Entropy as Entropy
from ._pool import ErrorReduction as ErrorReduction
from ._pool import GradientLength as GradientLength
from ._pool import LeastConfident as LeastConfident
from ._pool import Margin as Margin
from ._pool import MaxDivergence as MaxDivergence
from ._pool import ModelChange as ModelChange
from ._pool import Variance as Variance
from ._pool import VarianceReduction as VarianceReduction
from ._pool import VariationRatio as VariationRatio
from ._pool import VoteEntropy as VoteEntropy
from ._pool import bald as bald
from ._pool import batch_bald as batch_bald
from ._pool import consensus_entropy as consensus_entropy
from ._pool import cosine_density as cosine_density
from ._pool import entropy as entropy
from ._pool import epig as epig
from ._pool import error_reduction as error_reduction
from ._pool import expected_error as expected_error
from ._pool import gaussian_density as gaussian_density
from ._pool import gradient_length as gradient_length
from ._pool import least_confident as least_confident
from ._pool import margin as margin
from ._pool import max_divergence as max_divergence
from ._pool import mean_divergence as mean_divergence
from ._pool import model_change as model_change
from ._pool import variance as variance
from ._pool import variance_reduction as variance_reduction
from ._pool import variation_ratio as variation_ratio
from ._pool import vote_entropy as vote_entropy
from ._preferred import Preferred as Preferred
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
