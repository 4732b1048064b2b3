import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.domains.maze import MazeSpace
from explora.domains.maze._carve import carve, is_carved
from explora.domains.maze._solver import UNSOLVABLE, cells_away

from ._mazes import KEY


@pytest.mark.parametrize(("height", "width"), [(13, 13), (3, 3), (5, 8), (12, 7)])
def test_exactly_one_path_joins_any_two_crossings(height, width):
    walls = jax.jit(jax.vmap(lambda key: carve(height, width, key=key)))(jr.split(KEY, 200))
    crossings = ((height + 1) // 2) * ((width + 1) // 2)
    free = ~np.asarray(walls)
    assert np.all(free[:, ::2, ::2])
    assert np.all(free.sum((1, 2)) == 2 * crossings - 1)  # a tree of crossings and the doors between them
    corner = jnp.zeros(2, jnp.uint8)
    away = jax.vmap(lambda walls: cells_away(walls, corner))(walls)
    assert np.all((np.asarray(away) < UNSOLVABLE) == free)  # all of which can be reached


def test_every_turn_is_as_likely():
    walls = jax.jit(jax.vmap(lambda key: carve(3, 3, key=key)))(jr.split(KEY, 4000))
    closed = np.asarray(walls)[:, [0, 1, 1, 2], [1, 0, 2, 1]]  # one of the four doors stays shut
    assert np.all(closed.sum(1) == 1)
    assert np.allclose(closed.mean(0), 0.25, atol=0.03)  # four standard deviations


@pytest.mark.slow
def test_a_share_of_the_mazes_is_carved_and_breached():
    space = MazeSpace(walls=0, carved=0.25, openings=24)
    walls = np.asarray(jax.jit(lambda key: space.samples(4000, key=key))(KEY).walls.sum((1, 2)))
    carved = walls > 0
    assert carved.mean() == pytest.approx(0.25, abs=0.03)
    assert walls[carved].max() == 169 - 97  # no opening
    # 0 … 24 draws among the 84 cells between crossings, of which 36 are walls; so are the 36 posts.
    expected = 36 + np.mean([36 * (1 - 1 / 84) ** count for count in range(25)])
    assert walls[carved].mean() == pytest.approx(expected, abs=0.6)


@pytest.mark.slow
@pytest.mark.slow
def test_all_of_a_carved_maze_can_be_reached():
    tasks = jax.jit(lambda key: MazeSpace(6, 9, walls=10, carved=1.0).samples(500, key=key))(KEY)
    away = np.asarray(jax.vmap(cells_away)(tasks.walls, tasks.start))
    assert np.all((away < UNSOLVABLE) == ~np.asarray(tasks.walls))


def test_empty_mazes_are_not_carved():
    assert not np.any(MazeSpace(carved=1.0, empty=True).sample(key=KEY).walls)


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("carved", [0.25, 1.0])
def test_coordinates_tell_corridors_from_other_mazes(carved):
    space = MazeSpace(carved=carved)
    assert len(space.parameter_names) == (3 if carved < 1 else 2)
    tasks = jax.jit(lambda key: space.samples(500, key=key))(KEY)
    places = np.asarray(jax.jit(jax.vmap(space.parameters))(tasks))
    kinds = np.asarray(jax.vmap(is_carved)(tasks.walls))
    assert kinds.mean() == pytest.approx(carved, abs=0.08)
    if carved < 1:
        assert np.allclose(places[:, 2], np.where(kinds, 0.875, 0.375))
    assert places[kinds, 0].mean() == pytest.approx(0.5, abs=0.1)  # 0 … 24 openings, evenly


@pytest.mark.slow
@pytest.mark.slow
def test_coordinates_draw_what_they_say():
    space = MazeSpace(carved=0.25)
    wanted = jnp.stack([jnp.full(300, 0.5), jnp.full(300, 0.7), jnp.linspace(0.0, 1.0, 300)], axis=1)
    tasks = jax.jit(jax.vmap(lambda place, key: space.from_parameters(place, key=key)))(wanted, jr.split(KEY, 300))
    kinds = np.asarray(jax.vmap(is_carved)(tasks.walls))
    assert np.array_equal(kinds, np.asarray(wanted[:, 2]) >= 0.75)
    found = np.asarray(jax.jit(jax.vmap(space.parameters))(tasks))
    assert found[kinds, 0].mean() == pytest.approx(0.5, abs=0.08)
    assert found[~kinds, 0].mean() == pytest.approx(0.5, abs=0.08)
    assert found[:, 1].mean() == pytest.approx(0.7, abs=0.05)
