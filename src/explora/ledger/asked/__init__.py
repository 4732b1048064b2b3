"""Who is told what to achieve: does it get what it was asked for?

`calibrate` asks a player for returns from low to high in some tasks and plays; a `Calibration` is what came of it. What
was asked and not got has two causes that are told apart by doing the same again: the actions of each episode are played
a second time with other chance. If they then earn something else, **luck** decides there, and who asks for the best
that was ever got asks for luck. The remedy is to learn from what was to be expected of an action instead of from what
it got (`Sequence(returns="expected")`, `explora learn … --recipe expected`).
"""

from ._calibrate import Recited as Recited
from ._calibrate import calibrate as calibrate
from ._calibrate import requests as requests
from ._calibrate import usual_steps as usual_steps
from ._calibration import Calibration as Calibration
from ._calibration import Level as Level
