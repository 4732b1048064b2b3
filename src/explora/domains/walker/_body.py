"""The body of BipedalWalker-v3: sizes, masses, joints, motors, eyes.

Numbers are those of Gymnasium's `BipedalWalker-v3` and of Box2D 2.3; pixels are thirtieths of a metre.

**Reference:** O. Klimov, *BipedalWalker*; E. Catto, *Box2D* 2.3 (`b2Settings.h`).
"""

import numpy as np

PIXEL = 1 / 30

TIME_STEP = 1 / 50
"""[s]"""
GRAVITY = -10.0
"""[m/s²]"""

HULL = np.array([(-30, 9), (6, 9), (34, 1), (34, -8), (-30, -8)]) * PIXEL
"""The corners of the hull, around its origin [m]."""
HULL_DENSITY, LEG_DENSITY = 5.0, 1.0
LEG_HEIGHT = 34 * PIXEL
UPPER_WIDTH, LOWER_WIDTH = 8 * PIXEL, 0.8 * 8 * PIXEL
HIP = (0.0, -8 * PIXEL)
"""Where both legs hang, around the origin of the hull [m]."""

HALF = LEG_HEIGHT / 2
UPPER_MASS, LOWER_MASS = (LEG_DENSITY * LEG_HEIGHT * width for width in (UPPER_WIDTH, LOWER_WIDTH))
"""[kg]"""
UPPER_INERTIA, LOWER_INERTIA = (
    mass * (LEG_HEIGHT**2 + width**2) / 12 for mass, width in ((UPPER_MASS, UPPER_WIDTH), (LOWER_MASS, LOWER_WIDTH))
)
"""About the own middle [kg m²]."""

MOTOR_TORQUE = 80.0
"""[N m]"""
MOTOR_SPEEDS = (4.0, 6.0)
"""Of hip and knee [rad/s]."""
JOINT_LOW, JOINT_HIGH = (-0.8, -1.6), (1.1, -0.1)
"""Between which angles hip and knee turn [rad]."""
HIP_ZERO = (-0.05, 0.05)
"""Where the angle of each hip counts from: the legs are hung up a little apart [rad]."""

FRICTION = float(np.sqrt(0.2 * 2.5))
"""Of a leg (0.2, the default of Box2D) on the ground (2.5)."""
SKIN = 0.02
"""Two shapes touch where they come closer than this: each has a skin of two slops [m]."""
SLOP, ANGLE_SLOP = 0.005, 2 / 180 * float(np.pi)
"""What may remain of an overlap of skins [m] and of a joint beyond its limit [rad]."""
REST = SKIN - SLOP
"""The distance at which a foot rests on the ground [m]."""
FASTEST, FASTEST_TURN = 2 / TIME_STEP, float(np.pi) / 2 / TIME_STEP
"""No body moves or turns faster [m/s, rad/s]."""

RAYS = np.stack([np.sin(0.15 * np.arange(10)), -np.cos(0.15 * np.arange(10))])
"""The directions of the ten rays of the lidar, from straight down to nearly ahead."""
SIGHT = 160 * PIXEL
"""How far they reach [m]."""

GROUND = 100 * PIXEL
"""The height of the ground at the start [m]."""
STEP_LENGTH = 14 * PIXEL
FINISH = 190 * STEP_LENGTH
"""An episode ends behind this place [m]."""


def _polygon(corners: np.ndarray) -> tuple[float, np.ndarray, float]:
    """Area, middle and second moment of area about the middle of a polygon."""
    a, b = corners, np.roll(corners, -1, axis=0)
    cross = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    area = cross.sum() / 2
    middle = ((a + b) * cross[:, None]).sum(0) / (6 * area)
    moment = (cross * ((a * a).sum(1) + (a * b).sum(1) + (b * b).sum(1))).sum() / 12
    return float(abs(area)), middle, float(abs(moment) - abs(area) * (middle @ middle))


_area, HULL_MIDDLE, _moment = _polygon(HULL)
"""The centre of mass of the hull, around its origin [m]."""
HULL_MASS, HULL_INERTIA = HULL_DENSITY * _area, HULL_DENSITY * _moment
MASS = HULL_MASS + 2 * (UPPER_MASS + LOWER_MASS)
