"""The mass matrix and the solver against dense linear algebra in double precision."""

import jax.numpy as jnp
import numpy as np
import pytest

from explora.domains.walker import _body as body
from explora.domains.walker._draw import parts
from explora.domains.walker._fast._dynamics import body_of, free_speeds, leg_speeds, mass_of, moved, origin_of

POSES = np.array(
    [
        [4.7, 5.2, 0.0, 0.05, -0.1, -0.05, -0.3],
        [40.0, 6.0, 0.7, -0.4, -1.2, 1.5, 0.2],
        [80.0, 3.0, -2.5, 2.9, 1.4, -2.0, -3.4],
    ]
)
MASSES = np.repeat([body.HULL_MASS, *[body.UPPER_MASS, body.LOWER_MASS] * 2], 2)
INERTIAS = np.array([body.HULL_INERTIA, *[body.UPPER_INERTIA, body.LOWER_INERTIA] * 2])


def middles(pose: np.ndarray) -> np.ndarray:
    """The middles of hull, thigh, shank, thigh, shank, x and y, in plain trigonometry."""
    x, y, angle, *legs = pose
    arm = np.array(body.HIP) - body.HULL_MIDDLE
    hip = np.array(
        [x + np.cos(angle) * arm[0] - np.sin(angle) * arm[1], y + np.sin(angle) * arm[0] + np.cos(angle) * arm[1]]
    )
    found = [np.array([x, y])]
    down = lambda a: np.array([np.sin(a), -np.cos(a)])
    for upper, lower in (legs[:2], legs[2:]):
        knee = hip + 2 * body.HALF * down(upper)
        found += [hip + body.HALF * down(upper), knee + body.HALF * down(lower)]
    return np.concatenate(found)


def jacobian(pose: np.ndarray) -> np.ndarray:
    """How the middles move with the coordinates, by differences."""
    step = 1e-6
    moves = [(middles(pose + step * e) - middles(pose - step * e)) / (2 * step) for e in np.eye(7)]
    return np.stack(moves, axis=1)


def mass_matrix(pose: np.ndarray) -> np.ndarray:
    lever = jacobian(pose)
    return lever.T @ (MASSES[:, None] * lever) + np.diag([0, 0, *INERTIAS])


def lanes(x: np.ndarray) -> jnp.ndarray:
    return jnp.asarray(x.T, jnp.float32)


def test_the_hull_weighs_what_box2d_says():
    # Read from b2Body in Gymnasium 1.3's BipedalWalker-v3.
    assert pytest.approx(5.4222, abs=1e-3) == body.HULL_MASS
    assert pytest.approx(0.30222, abs=1e-4) == body.UPPER_MASS
    assert pytest.approx(0.24178, abs=1e-4) == body.LOWER_MASS


@pytest.mark.slow
def test_an_impulse_moves_the_body_as_the_inverse_of_the_mass_matrix_says():
    mass = mass_of(body_of(lanes(POSES)))
    for leg in (0, 1):
        felt = np.random.default_rng(leg).normal(size=(5, 4, len(POSES))).astype(np.float32)
        found = np.stack(moved(mass, leg, jnp.asarray(felt[:3]), jnp.asarray(felt[3]), jnp.asarray(felt[4])))
        for lane, pose in enumerate(POSES):
            places = [0, 1, 2, 3 + 2 * leg, 4 + 2 * leg]
            push = np.zeros((7, 4))
            push[places] = felt[:, :, lane]
            assert np.allclose(found[:, :, lane], np.linalg.solve(mass_matrix(pose), push), rtol=2e-3, atol=2e-3)


@pytest.mark.slow
def test_parts_keep_their_momentum_as_far_as_the_joints_let_them():
    """The new speeds are those of the least change, weighed by mass: Gauss's principle."""
    random = np.random.default_rng(0)
    speeds = random.normal(size=(len(POSES), 7))
    old = body_of(lanes(POSES))
    kept = leg_speeds(old, lanes(speeds))
    turned = POSES + 0.05 * random.normal(size=POSES.shape)
    new = body_of(lanes(turned))
    found = np.asarray(free_speeds(new, mass_of(new), lanes(speeds), kept)).T
    for lane, pose in enumerate(turned):
        each = jacobian(POSES[lane]) @ speeds[lane]
        each[1::2] += body.GRAVITY * body.TIME_STEP
        momentum = jacobian(pose).T @ (MASSES * each) + np.array([0, 0, *INERTIAS * speeds[lane, 2:]])
        assert np.allclose(found[lane], np.linalg.solve(mass_matrix(pose), momentum), rtol=2e-3, atol=2e-3)


@pytest.mark.slow
def test_the_speeds_of_the_legs_are_those_of_their_middles():
    speeds = np.random.default_rng(1).normal(size=(len(POSES), 7))
    found = np.asarray(leg_speeds(body_of(lanes(POSES)), lanes(speeds)))  # (x and y, parts, legs, lanes)
    for lane, pose in enumerate(POSES):
        expected = (jacobian(pose) @ speeds[lane])[2:].reshape(2, 2, 2)  # legs, parts, x and y
        assert np.allclose(found[..., lane], expected.transpose(2, 1, 0), atol=1e-4)


@pytest.mark.slow
def test_places_agree_with_the_picture():
    for pose in POSES:
        found = body_of(lanes(pose[None]))
        origin = np.array(origin_of(lanes(pose[None])))[:, 0]
        far, _, hull, near, _ = (corners for corners, _ in parts(pose))
        turn = np.array([[np.cos(pose[2]), -np.sin(pose[2])], [np.sin(pose[2]), np.cos(pose[2])]])
        assert np.allclose(hull, origin + body.HULL @ turn.T, atol=1e-4)
        assert np.allclose(np.asarray(found.knee)[:, 0, 0], (far[0] + far[1]) / 2, atol=1e-4)
        assert np.allclose(np.asarray(found.lower_middle)[:, 1, 0], near.mean(0), atol=1e-4)
        assert np.allclose(middles(pose)[4:6], np.asarray(found.lower_middle)[:, 0, 0], atol=1e-4)
