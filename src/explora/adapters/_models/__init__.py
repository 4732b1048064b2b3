"""Other people's models behind the interface of `explora.nets.Ensemble`: `fit`, `predict`, `embed`.

What all share is in `_host`: samples of the labelled rows, and the answer where there is nothing to learn. A model is
never stored: it is fitted again, from its labels and the same key.
"""

from ._estimator import Committee as Committee
from ._estimator import Estimator as Estimator
from ._estimator import chances as chances
from ._torch import TorchCommittee as TorchCommittee
from ._torch import TorchModel as TorchModel
