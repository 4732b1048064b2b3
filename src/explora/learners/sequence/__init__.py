"""One sequence learner that is told what to be: supervised learning of all behaviour, given what it was good for.

`Hindsight` says what that is; `Sampler` cuts windows out of stored episodes; `SequenceNet` makes one token of each
step, in which what is asked for scales and shifts what is seen; `Sequence` learns to predict the actions, and its
`SequencePolicy` is then asked for what is wanted. `TripleNet` makes three tokens of a step instead, as Decision
Transformer does, to be compared with it. Nothing here knows a domain: `explora.domains.views.Asking` shows
any environment the way that it was learned from.
"""

from .._kept import unasked as unasked
from ._foresight import ForesightNet as ForesightNet
from ._hindsight import Aims as Aims
from ._hindsight import Hindsight as Hindsight
from ._hindsight import Strategy as Strategy
from ._learner import Sequence as Sequence
from ._learner import SequenceState as SequenceState
from ._luck import alike as alike
from ._luck import expected_returns as expected_returns
from ._luck import rows_alike as rows_alike
from ._net import SequenceNet as SequenceNet
from ._net import ToldNet as ToldNet
from ._past import Past as Past
from ._past import demonstrated as demonstrated
from ._policy import SequencePolicy as SequencePolicy
from ._triples import TripleNet as TripleNet
from ._windows import Batch as Batch
from ._windows import Clauses as Clauses
from ._windows import Sampler as Sampler
