"""When to stop asking: rules that look at successive models, as small parts with a state.

| rule | stops when | needs |
|---|---|---|
| `KappaStability` | successive models hardly change their answers | predictions |
| `ClassificationChange` | hardly any item changes its class | predictions |
| `OverallUncertainty` | the model is sure of nearly everything | probabilities |
| `GainPerCall` | another call buys too little | a model's score on a random audit set |

`explora.explorers.Query` keeps the advice of one of the first three, and heeds it if it is told to. None of them knows
how good the model is: `explora.ledger.labels` estimates that.
"""

from ._rule import GainPerCall as GainPerCall
from ._rule import GainState as GainState
from ._rule import OverallUncertainty as OverallUncertainty
from ._rule import StoppingRule as StoppingRule
from ._rule import UncertaintyState as UncertaintyState
from ._rule import normalised_entropy as normalised_entropy
from ._stability import ClassificationChange as ClassificationChange
from ._stability import KappaStability as KappaStability
from ._stability import KappaState as KappaState
from ._stability import kappa_guarantee as kappa_guarantee
