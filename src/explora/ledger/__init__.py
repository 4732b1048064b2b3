"""The ledger: every version × every task. Is the new version more general than the last, and what was forgotten?

An evaluation uses keys of its own and the published state of the learner, so a run that is judged goes on exactly as
one that is not. Where answers come from people, `explora.ledger.labels` says how far they can be believed.
"""

from ._evaluate import Verdict as Verdict
from ._evaluate import evaluate as evaluate
from ._evaluate import joined as joined
from ._generality import Comparison as Comparison
from ._generality import compare_versions as compare_versions
from ._generality import forgetting as forgetting
