"""Scores of the rows of a pool, from what the learner predicts there before anybody is asked: NumPy, on the host.

Each is a pure function of arrays (`margin(probabilities)`) and a part that calls it (`Margin()`). The arrays are
`outcome.predictions` of shape `(rows, members, outputs)` and `outcome.embeddings` of shape `(rows, features)`; a score
of a single prediction takes the mean over the members. Rows are worked on a block at a time, so that what is made on
the way does not grow with the pool; what comes in as single precision comes out so; inputs are never written to; a row
that is not finite scores NaN and changes no other row's score.
"""

from ._change import GradientLength as GradientLength
from ._change import ModelChange as ModelChange
from ._change import gradient_length as gradient_length
from ._change import model_change as model_change
from ._density import Dense as Dense
from ._density import cosine_density as cosine_density
from ._density import gaussian_density as gaussian_density
from ._disagreement import BALD as BALD
from ._disagreement import ConsensusEntropy as ConsensusEntropy
from ._disagreement import Divergence as Divergence
from ._disagreement import MaxDivergence as MaxDivergence
from ._disagreement import Variance as Variance
from ._disagreement import VariationRatio as VariationRatio
from ._disagreement import VoteEntropy as VoteEntropy
from ._disagreement import bald as bald
from ._disagreement import consensus_entropy as consensus_entropy
from ._disagreement import max_divergence as max_divergence
from ._disagreement import mean_divergence as mean_divergence
from ._disagreement import variance as variance
from ._disagreement import variation_ratio as variation_ratio
from ._disagreement import vote_entropy as vote_entropy
from ._information import EPIG as EPIG
from ._information import batch_bald as batch_bald
from ._information import epig as epig
from ._risk import ErrorReduction as ErrorReduction
from ._risk import VarianceReduction as VarianceReduction
from ._risk import error_reduction as error_reduction
from ._risk import expected_error as expected_error
from ._risk import variance_reduction as variance_reduction
from ._uncertainty import Entropy as Entropy
from ._uncertainty import LeastConfident as LeastConfident
from ._uncertainty import Margin as Margin
from ._uncertainty import entropy as entropy
from ._uncertainty import least_confident as least_confident
from ._uncertainty import margin as margin
