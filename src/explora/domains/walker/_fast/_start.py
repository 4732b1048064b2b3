"""How an episode starts: as BipedalWalker-v3 stands one idle step after its reset.

There the legs are hung up half a metre too high, and the first step pulls the parts together, which bends the knees in
a single jump. A body whose joints cannot come apart starts behind the jump. The numbers were read from Gymnasium 1.4
with Box2D 2.3.10, for 21 strengths of the random push; what they say is linear in the push up to 0.002 m, 0.01 rad and
0.1 rad/s.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._dynamics import body_of, leg_speeds
from ._impact import pieces_at
from ._physics import Motion, motion_of

_POSE = np.array([4.62799, 5.726919, -0.005234, 0.38038, -0.504246, 0.383118, -0.499887], np.float32)
_POSE_PUSHED = np.array([0.000745, 0.0, 0.0, -0.000244, -0.001269, -0.00018, -0.001355], np.float32)
_SPEED = np.array([-0.030371, -0.016211, 0.000106, 0.272211, -0.241721, 0.28417, -0.253796], np.float32)
_SPEED_PUSHED = np.array([0.017787, 0.001765, -0.000364, -0.030658, 0.014473, -0.014165, -0.002731], np.float32)
_FEET = 4.5
"""About where both feet stand [m]."""


def start_motion(push: Float[Array, ""]) -> Motion:
    """The motion at the start of an episode.

    **Arguments:**

    - `push`: the random push of the reset, as a share of the strongest, from -1 (back) to 1 (ahead).
    """
    pose = jnp.asarray(_POSE) + push * jnp.asarray(_POSE_PUSHED)
    speed = jnp.asarray(_SPEED) + push * jnp.asarray(_SPEED_PUSHED)
    legs = leg_speeds(body_of(pose[:, None]), speed[:, None])[..., 0]
    motion = motion_of(pose, speed, legs, jnp.ones((2,), bool))
    feet = pieces_at(jnp.full((1, 2), _FEET), jnp.ones((1, 2), bool))
    return eqx.tree_at(lambda m: m.pieces, motion, feet)
