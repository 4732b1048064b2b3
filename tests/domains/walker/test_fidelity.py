"""How far our physics are from Box2D, on what Box2D was recorded to do (`record_traces.py`)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.domains.walker import Motion, WalkerSpace, lay, outline
from explora.domains.walker import _body as body
from explora.domains.walker._environment import _merit
from explora.domains.walker._fast import Physics, advance, motion_of, sense

from .record_traces import FLIGHT, GROUNDS, PLACE

TRACES = np.load(PLACE)
LANES = len(TRACES["ground"])
PHYSICS = Physics()


def motion(when: str, rows=slice(None)) -> Motion:
    field = lambda name: jnp.asarray(TRACES[f"{when}_{name}"][rows])
    return motion_of(field("pose"), field("speed"), field("legs"), field("touch"))


@pytest.fixture(scope="module")
def grounds():
    tasks = jax.tree.map(lambda *x: jnp.stack(x), *[WalkerSpace().decode(genes) for genes in GROUNDS])
    laid = jax.jit(jax.vmap(lambda task: outline(lay(task))))(tasks)
    return jax.tree.map(lambda x: x[TRACES["ground"].astype(int)], laid)


@pytest.fixture(scope="module")
def go():
    return jax.jit(jax.vmap(lambda ground, now, action: advance(ground, now, action, PHYSICS)))


@pytest.fixture(scope="module")
def stepped(grounds, go):
    return go(grounds, motion("before"), jnp.asarray(TRACES["after_action"]))


@pytest.mark.slow
def test_the_walker_feels_and_sees_what_box2ds_does(grounds):
    """Angles, speeds, contacts, and the ten rays of the lidar on all six terrains."""
    felt = jax.jit(jax.vmap(sense))(grounds, motion("before"))
    assert np.abs(felt - TRACES["before_observation"]).max() < 2e-5


def test_rewards_are_those_of_box2d():
    ended = TRACES["after_ended"]
    merit = jax.vmap(_merit)
    effort = 0.028 * np.abs(TRACES["after_action"]).sum(1)
    found = np.asarray(merit(motion("after")) - merit(motion("before"))) - effort
    assert np.abs(found - TRACES["after_reward"])[~ended].max() < 2e-4
    assert set(TRACES["after_reward"][ended].tolist()) == {-100.0}
    assert ended.sum() >= 6


@pytest.mark.slow
def test_the_hull_hits_the_ground_when_box2ds_does(stepped):
    _, crash = stepped
    assert np.mean(np.asarray(crash) == TRACES["after_ended"]) > 0.98
    assert np.all(np.asarray(crash)[TRACES["after_ended"]])


@pytest.mark.slow
def test_a_step_on_the_ground_is_near_box2ds(stepped):
    """Motors, gravity, contacts, friction and limits together; the exceptions are impacts within a step.

    Box2D stops a part that hits the ground within a step as if it hung on no joint; we stop the whole body.
    """
    found, _ = stepped
    speed = np.abs(np.asarray(found.speed) - TRACES["after_speed"])
    pose = np.abs(np.asarray(found.pose) - TRACES["after_pose"])
    usual = np.abs(TRACES["after_speed"]).mean(0)
    assert np.all(np.median(speed, axis=0) < 0.1 * usual + 0.02)
    assert np.median(pose[:, :2]) < 0.002
    assert np.median(pose[:, 2:]) < 0.006
    agree = np.asarray(found.touch) == TRACES["after_touch"]
    assert agree.mean() > 0.75


@pytest.mark.slow
def test_flights_are_box2ds(grounds, go):
    """Free fall, the sign and strength of every motor, and joint limits: twelve steps in the air, from one start."""
    flat = jax.tree.map(lambda x: x[:1], grounds)
    many = lambda x: jnp.concatenate([x, jnp.broadcast_to(x[:1], (LANES - x.shape[0], *x.shape[1:]))])
    ground = jax.tree.map(lambda x: jnp.broadcast_to(x, (LANES, *x.shape[1:])), flat)
    now = jax.tree.map(many, motion("air", (slice(None), 0)))
    first = np.asarray(now.pose)[:8]
    for time in range(1, FLIGHT + 1):
        now, _ = go(ground, now, many(jnp.asarray(TRACES["air_action"][:, time])))
    pose, recorded = np.asarray(now.pose)[:8], TRACES["air_pose"][:, FLIGHT]
    assert np.abs(pose[:, :2] - recorded[:, :2]).max() < 0.02
    turned = lambda x: np.stack([x[:, 3] - x[:, 2], x[:, 4] - x[:, 3], x[:, 5] - x[:, 2], x[:, 6] - x[:, 5]], 1)
    joints, reference = turned(pose), turned(recorded)
    assert np.abs(joints - reference).max() < 0.15
    for flight in range(8):
        joint, side = divmod(flight, 2)
        change = (joints - turned(first))[flight, joint]
        assert np.sign(change) == (1, -1)[side]


@pytest.mark.slow
def test_a_body_in_the_air_falls_as_its_weight_says(grounds, go):
    """Its centre of mass falls with 10 m/s², whatever the motors do, and its turn is kept."""
    now = motion("before")
    lifted = motion_of(now.pose.at[:, 1].add(40.0), now.speed, now.legs, now.touch)
    after, crash = go(grounds, lifted, jnp.asarray(TRACES["after_action"]))
    assert not np.any(crash)
    masses = np.array([body.UPPER_MASS, body.LOWER_MASS])[None, None, :, None]

    def momentum(state: Motion) -> np.ndarray:
        legs = (np.asarray(state.legs, float) * masses).sum((2, 3))
        return legs + body.HULL_MASS * np.asarray(state.speed, float)[:, :2]

    change = momentum(after) - momentum(lifted)
    expected = np.array([0.0, body.MASS * body.GRAVITY * body.TIME_STEP])
    assert np.abs(change - expected).max() < 5e-3
