"""Spaces of named numbers, and seeds as tasks."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.adapters import Choice, ParameterSpace, Real, SeedSpace, Whole
from explora.core import ArgumentError, TaskError, build, spec
from explora.testing import SpaceSuite

SPACE = ParameterSpace(
    (
        Real("gravity", -2.0, 12.0),
        Real("mass", 0.01, 100.0, log=True),
        Whole("rooms", 2, 5),
        Choice("sky", ("clear", "fog", "rain")),
    )
)


class TestParameterSpace(SpaceSuite):
    def part(self):
        return SPACE


class TestSeedSpace(SpaceSuite):
    def part(self):
        return SeedSpace(levels=1000)


def at(*place: float) -> list[float]:
    return np.asarray(SPACE.from_parameters(jnp.array(place, jnp.float32), key=jr.key(0))).tolist()


def test_places_of_the_unit_box():
    assert at(0, 0, 0, 0) == pytest.approx([-2.0, 0.01, 2, 0])
    assert at(1, 1, 1, 1) == pytest.approx([12.0, 100.0, 5, 2])
    # The middle of a logarithmic scale is the geometric mean; whole numbers and options share the box evenly.
    assert at(0.5, 0.5, 0.49, 0.34) == pytest.approx([5.0, 1.0, 3, 1])


def test_the_way_back():
    task = jnp.array([5.0, 1.0, 3.0, 1.0])
    np.testing.assert_allclose(SPACE.parameters(task), [0.5, 0.5, 0.375, 0.5], atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4))
def test_a_task_made_from_a_place_is_near_it(place):
    task = SPACE.from_parameters(jnp.array(place, jnp.float32), key=jr.key(0))
    away = np.abs(np.asarray(SPACE.parameters(task)) - np.array(place))
    assert np.all(away <= [1e-5, 1e-5, 0.126, 0.168])


def test_tasks_are_written_by_name():
    task = SPACE.decode({"gravity": 9.8, "mass": 2, "rooms": 4, "sky": "fog"})
    assert np.asarray(task).tolist() == pytest.approx([9.8, 2, 4, 1])
    assert SPACE.encode(task) == {"gravity": pytest.approx(9.8), "mass": 2.0, "rooms": 4, "sky": "fog"}
    assert SPACE.describe(task) == "gravity 9.8, mass 2, rooms 4, sky fog"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"gravity": 13}, r"`gravity` must be a number in \[-2.0, 12.0\], got 13"),
        ({"rooms": 2.5}, "`rooms`"),
        ({"rooms": True}, "`rooms`"),
        ({"sky": "snow"}, "`sky` must be .*clear.*got 'snow'"),
        ({"wind": 1}, "the entries gravity, mass, rooms, sky"),
    ],
)
def test_what_is_no_task_is_refused(changed, said):
    with pytest.raises(TaskError, match=said):
        SPACE.decode({"gravity": 9.8, "mass": 2, "rooms": 4, "sky": "fog"} | changed)


def test_mutation_is_local_and_reaches_every_option():
    task = jnp.array([5.0, 1.0, 3.0, 1.0])
    many = jax.tree.map(lambda x: jnp.broadcast_to(x, (2000, *x.shape)), task)
    moved = np.asarray(jax.vmap(SPACE.parameters)(jax.jit(lambda k: SPACE.mutants(many, key=k))(jr.key(1))))
    np.testing.assert_allclose(moved[:, :2].std(0), 0.1, rtol=0.1)
    np.testing.assert_allclose(moved[:, :2].mean(0), 0.5, atol=0.02)
    changed = np.mean(moved[:, 3] != 0.5)
    assert changed == pytest.approx(0.1 * 2 / 3, abs=0.02)
    assert len(set(np.round(moved[:, 3], 3))) == 3


def test_noise_is_reflected_at_the_walls():
    edge = jnp.broadcast_to(jnp.array([12.0, 100.0, 5.0, 2.0]), (500, 4))
    moved = np.asarray(jax.vmap(SPACE.parameters)(SPACE.mutants(edge, key=jr.key(2))))[:, :2]
    assert np.all(moved <= 1.0)
    assert np.mean(moved == 1.0) < 0.01
    assert moved.mean() == pytest.approx(1 - 0.1 * np.sqrt(2 / np.pi), abs=0.01)


def test_the_suite_fills_the_box_evenly():
    suite = SPACE.suite(32)
    places = np.asarray(jax.vmap(SPACE.parameters)(suite.tasks))[:, :2]
    # Every quarter of each axis, and of the square, gets its share.
    assert np.histogram(places[:, 0], 4, (0, 1))[0].tolist() == [8, 8, 8, 8]
    cells = np.histogram2d(places[:, 0], places[:, 1], 2, [[0, 1], [0, 1]])[0]
    assert cells.min() >= 6


def test_a_picture_shows_one_bar_a_parameter():
    picture = SPACE.draw(jnp.array([12.0, 0.01, 2.0, 1.0]), 90)
    green = np.all(picture == (39, 158, 96), axis=-1)
    bars = [green[picture.shape[0] * (2 * bar + 1) // 9 + 2].mean() for bar in range(4)]
    assert bars == pytest.approx([1.0, 0.0, 0.125, 0.5], abs=0.02)


def test_spaces_are_configurations():
    for space in (SPACE, SeedSpace(levels=5, reserved=2)):
        assert build(spec(space)) == space
        assert hash(build(spec(space))) == hash(space)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Real("x", 2.0, 1.0), "'x': `low` must be less than `high`, got 2.0 and 1.0"),
        (lambda: Real("x", 0.0, 1.0, log=True), "must be positive if `log`"),
        (lambda: Whole("x", 0, 2**25), "within ±2²⁴"),
        (lambda: Choice("x", ("a", "a")), "different values"),
        (lambda: ParameterSpace((Real("x", 0.0, 1.0), Real("x", 0.0, 2.0))), "different names"),
        (lambda: ParameterSpace((Real("x", 0.0, 1.0),), spread=0.0), "`spread`"),
        (lambda: SeedSpace(levels=2**31), "less than 2³¹"),
    ],
)
def test_impossible_spaces_are_refused(make, said):
    with pytest.raises(ArgumentError, match=said):
        make()


def test_reserved_seeds_are_never_drawn_and_make_a_suite():
    space = SeedSpace(levels=3, reserved=40)
    drawn = np.asarray(jax.jit(lambda k: space.samples(200, key=k))(jr.key(0)))
    assert sorted(set(drawn.tolist())) == [40, 41, 42]
    assert space.suite(32).tasks.tolist() == list(range(32))
    assert SeedSpace(reserved=4).suite().names == ("seed-0", "seed-1", "seed-2", "seed-3")
