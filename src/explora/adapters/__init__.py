"""Adapters: explora in other people's code, and other people's code in explora.

- `AskTell` is an explorer without the loop: `ask` for tasks, train however you like, `tell` what came of them.
- `Labelling` says which items of a pool to label next: `ask`, have them labelled, `tell`.
- `Queue` is an oracle for pools: people, who answer when they find the time.
- `to_gymnasium`, `to_gymnasium_vector` make an environment of ours a Gymnasium one; `register` makes them known to
  `gymnasium.make` by name.
- `GymnasiumDomain` makes an environment of Gymnasium a domain of ours, so that it gets every explorer. Its tasks are
  rows of a `ParameterSpace` (gravity, length, …) or, for environments that are generated at random, seeds of a
  `SeedSpace`. An adversary designs such a row in a `ParameterStudio`, one number after the other.
- `Estimator` makes any classifier or regressor of scikit-learn a model that pools can ask, as `nets.Ensemble` is, and
  `TorchModel` any module of PyTorch.
- `explora.adapters.learning` has estimators in scikit-learn's manner that say what to label next, and
  `explora.adapters.modal` has modAL's interface; both are imported by these names.

Gymnasium, scikit-learn and PyTorch are extras (`pip install 'explora[gymnasium,sklearn,torch]'`) and imported when they
are used.
"""

from ._ask_tell import AskTell as AskTell
from ._from_gymnasium import GymnasiumDomain as GymnasiumDomain
from ._labelling import Labelling as Labelling
from ._models import Committee as Committee
from ._models import Estimator as Estimator
from ._models import TorchCommittee as TorchCommittee
from ._models import TorchModel as TorchModel
from ._parameter_studio import ParameterSketch as ParameterSketch
from ._parameter_studio import ParameterStudio as ParameterStudio
from ._parameters import Choice as Choice
from ._parameters import ParameterSpace as ParameterSpace
from ._parameters import Real as Real
from ._parameters import Whole as Whole
from ._queue import Queue as Queue
from ._seeds import SeedSpace as SeedSpace
from ._to_gymnasium import register as register
from ._to_gymnasium import to_gymnasium as to_gymnasium
from ._to_gymnasium import to_gymnasium_vector as to_gymnasium_vector
