import hashlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.domains.walker import Walker, WalkerSpace, boxes, host_terrain, lay, outline, polyline
from explora.domains.walker._terrain import METRE, PAD_LEFT, POINTS, STEP_UNITS
from explora.domains.walker._text import read_task, stacked

from ._reference import envelope, generate

STAIRS = {"stair_height": [0.2, 1.4], "stair_width": [4, 5], "stair_steps": [1, 6]}
LEVELS = [
    {"ground_roughness": 0, "seed": 0},
    {"ground_roughness": 1, "seed": 3},
    {"ground_roughness": 9.3, "seed": 77},
    {"ground_roughness": 0.6, "pit_gap": [0, 0.8], "seed": 5},
    {"ground_roughness": 0, "pit_gap": [1.6, 7.99], "seed": 8},
    {"ground_roughness": 2, "stump_height": [0.4, 2.6], "stump_width": [1, 2], "seed": 13},
    {"ground_roughness": 1, "stump_height": [1, 3], "stump_width": [1, 4], "seed": 14},
    {"ground_roughness": 0.3, **STAIRS, "seed": 999_999},
    {"ground_roughness": 1, "pit_gap": [0, 10], "stump_height": [0, 5], "stump_width": [1, 2], **STAIRS, "seed": 4},
    {
        "ground_roughness": 1,
        "pit_gap": [2, 3],
        "stump_height": [1, 2],
        "stump_width": [1, 3],
        "stair_height": [1, 1],
        "stair_width": [4, 5],
        "stair_steps": [3, 5],
        "whole": True,
        "seed": 2**31 - 1,
    },
]


@pytest.fixture(scope="module")
def terrains():
    return [host_terrain(read_task(level)) for level in LEVELS]


@pytest.mark.parametrize("number", range(len(LEVELS)))
def test_the_ground_is_the_published_generators_to_the_last_bit(terrains, number):
    terrain = terrains[number]
    xs, ys, found = generate(LEVELS[number])
    assert terrain.x.tolist() == xs
    assert terrain.y.tolist() == ys
    solid = [box for box in found if box[3] > box[1]]
    corners = (boxes(terrain)[:, [0, 2]] * METRE).astype(int)  # upper left, lower right
    assert corners.reshape(-1, 4).tolist() == [[left, top, right, bottom] for left, bottom, right, top in solid]
    assert (polyline(terrain) * METRE).astype(int).tolist() == [list(pair) for pair in zip(xs, ys)]


@pytest.mark.parametrize("number", range(len(LEVELS)))
def test_the_outline_is_the_upper_edge_of_polyline_and_boxes(terrains, number):
    terrain = terrains[number]
    made = generate(LEVELS[number])
    edge, end = terrain.edge.tolist(), [*terrain.edge[1:].tolist(), POINTS * STEP_UNITS]
    for piece in range(POINTS - 1):
        for share in (0.013, 0.5, 0.987):
            x = edge[piece] + share * (end[piece] - edge[piece])
            height = terrain.left[piece] + share * (int(terrain.right[piece]) - int(terrain.left[piece]))
            assert height == pytest.approx(envelope(x, *made), abs=2.0)  # units of 8 micrometres


def test_points_never_go_back(terrains):
    for terrain in terrains:
        assert np.all(np.diff(terrain.x) > 0)
        assert np.all(np.diff(terrain.edge) > 0)


def test_obstacles_are_where_they_should_be(terrains):
    began = [set(terrain.began.tolist()) - {0} for terrain in terrains]
    assert began == [set(), set(), set(), {3}, {3}, {1}, {1}, {2}, {1, 2, 3}, {1, 2, 3}]
    hardcore = terrains[-1]
    for point in np.flatnonzero(hardcore.began):
        steps, size = int(hardcore.steps[point]), hardcore.size[point] / STEP_UNITS
        assert size == pytest.approx(round(size), abs=1e-4)
        if hardcore.began[point] == 1:
            assert round(size) == hardcore.wide[point] in (1, 2)
        elif hardcore.began[point] == 2:
            assert (round(size), abs(steps) in (3, 4), hardcore.wide[point]) == (1, True, 4)
        else:
            assert round(size) in (2, 3)


@pytest.mark.slow
def test_a_layout_does_not_depend_on_company_or_compilation():
    tasks = [read_task(level) for level in LEVELS]
    many = jax.tree.map(jnp.asarray, stacked(tasks))
    laid = jax.jit(jax.vmap(lay))(many)
    alone = lay(jax.tree.map(jnp.asarray, tasks[8]))
    for together, one, host in zip(*(jax.tree.leaves(x) for x in (laid, alone, host_terrain(tasks[8])))):
        assert np.array_equal(together[8], one)
        assert np.array_equal(one, host)


def test_a_layout_is_the_same_for_ever():
    """Who kept a score of a terrain must find the same terrain in a later version."""
    terrain = host_terrain(read_task(LEVELS[8]))
    words = np.stack([terrain.x, terrain.y, terrain.edge, terrain.left, terrain.right]).astype("<i4")
    assert hashlib.sha256(words.tobytes()).hexdigest()[:16] == "a3bb61a0c1969ac5"


@pytest.mark.slow
def test_metres_are_exact_and_nothing_is_beyond_the_ends(terrains):
    ground = outline(jax.tree.map(jnp.asarray, terrains[8]))
    assert np.array_equal(np.asarray(ground.edge, float)[PAD_LEFT : PAD_LEFT + POINTS] * METRE, terrains[8].edge)
    assert np.array_equal(
        np.asarray(ground.left, float)[PAD_LEFT : PAD_LEFT + POINTS - 1] * METRE, terrains[8].left[:-1]
    )
    assert np.all(np.diff(np.asarray(ground.edge)) > 0)
    assert np.all(np.asarray(ground.left)[:PAD_LEFT] < -500)
    assert np.all(np.asarray(ground.right)[PAD_LEFT + POINTS - 1 :] < -500)


@pytest.mark.slow
def test_flat_ground_is_flat_and_the_start_always_is():
    tasks = WalkerSpace(rules="paper", start="random").samples(16, key=jax.random.key(0))
    laid = jax.jit(jax.vmap(lay))(tasks)
    assert np.all(np.asarray(laid.y)[:, :20] == laid.y[0, 0])
    flat = host_terrain(jax.tree.map(lambda x: x[0], Walker().suite("flat").tasks))
    assert np.all(flat.y == flat.y[0])
