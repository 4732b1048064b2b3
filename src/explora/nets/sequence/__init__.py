"""A causal transformer for sequences of steps, and what remembers for it while it acts.

`Transformer` is a configuration with `init` and `__call__`; its weights are a separate pytree. A sequence is a *body*
of one token a step, in time, behind an optional *prefix* of conditions that every step sees at any distance.

While it acts, a model is asked for one step at a time. `Ring` keeps keys and values of the last `window` steps and
works each step out once: exactly what the whole sequence would give with attention over a sliding window. `Window`
keeps the last `window` tokens and goes through all of them again at each step, as the published code of Decision
Transformer does; with more than one layer the two differ, because a key that `Ring` keeps has seen steps that `Window`
has dropped.
"""

from ._memory import Memory as Memory
from ._memory import Ring as Ring
from ._memory import Window as Window
from ._transformer import Transformer as Transformer
from ._transformer import norm as norm
