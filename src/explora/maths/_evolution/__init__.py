"""Evolution strategies: what a population of perturbed vectors says about where to go next.

`CMAES` adapts a Gaussian to the order of its samples; the others are the pieces of a strategy that follows an estimated
gradient: centred ranks, the gradient itself, and Adam as the strategies of the literature use it.
"""

from ._adam import Adam as Adam
from ._adam import AdamState as AdamState
from ._cma_es import CMAES as CMAES
from ._cma_es import CMAState as CMAState
from ._gradient import centred_ranks as centred_ranks
from ._gradient import es_gradient as es_gradient
from ._gradient import mirrored as mirrored
