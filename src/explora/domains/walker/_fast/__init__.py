"""The physics of the walker: seven coordinates, the lanes as the last axis of every array.

A step goes through the modules in this order: where the parts are and how heavy they are to move (`_dynamics`), how the
ground lies to them (`_outline`), which impulses act (`_solver`), what meets the ground within the step and what the
feet feel (`_impact`); `_physics` puts them together and maps them over lanes. Nothing here knows tasks, rewards or
episodes.
"""

from ._dynamics import origin_of as origin_of
from ._physics import Motion as Motion
from ._physics import Physics as Physics
from ._physics import advance as advance
from ._physics import motion_of as motion_of
from ._physics import sense as sense
from ._start import start_motion as start_motion
