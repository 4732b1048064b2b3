"""Neural-network pieces. A network is a configuration with `init` and `__call__`; its weights are a separate pytree.

Encoders are built from an environment's `Spec`, so that a network needs to know no environment. Recurrent cores carry
their own backward pass, which is where most of the training time of a recurrent policy goes.

What an actor says is a `Decision`: a choice among several (`Choices`) or a row of `Numbers`, drawn and judged alike.

An `Ensemble` is for labelled rows instead of environments: `fit` a few models from scratch, `predict` with all of them.
`resampled` rows make its members differ.
"""

from ._actor_critic import ActorCritic as ActorCritic
from ._affine import affine as affine
from ._decision import Choices as Choices
from ._decision import Decision as Decision
from ._decision import Numbers as Numbers
from ._decision import acted as acted
from ._encoder import Convolution as Convolution
from ._encoder import Dense as Dense
from ._encoder import features as features
from ._encoder import flatten as flatten
from ._ensemble import Ensemble as Ensemble
from ._ensemble import Fitted as Fitted
from ._labelled import Labelled as Labelled
from ._memoryless import Memoryless as Memoryless
from ._recurrent import GRU as GRU
from ._recurrent import LSTM as LSTM
from ._recurrent import Core as Core
from ._resample import Bootstrap as Bootstrap
from ._resample import generator as generator
from ._resample import resampled as resampled
