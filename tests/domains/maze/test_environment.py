import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.core import ArgumentError, Policy, fresh_lesson
from explora.domains.maze import Maze, MazeSpace
from explora.testing import EnvironmentSuite

from ._mazes import KEY, SMALL, maze, raw, walk


class TestLaws(EnvironmentSuite):
    COUNT = 4

    def part(self):
        return Maze(MazeSpace(5, 5, walls=5), view=7, steps=48, max_steps=20)


def places(env: Maze, steps: list) -> list[tuple[int, int, int]]:
    stride = 4 + 2 * env.pad
    cells = [(int(step.state.cell), int(step.state.heading)) for step in steps]
    return [(cell // stride - env.pad, cell % stride - env.pad, heading) for cell, heading in cells]


def test_a_walk_by_hand():
    env = Maze()
    steps = walk(env, maze(SMALL), "lflfrrfffrlf")
    assert places(env, steps) == [
        (2, 0, 3),  # left of right is up
        (1, 0, 3),
        (1, 0, 2),
        (1, 0, 2),  # the border stops it
        (1, 0, 3),
        (1, 0, 0),
        (1, 0, 0),  # so does a wall
        (1, 0, 0),
        (1, 0, 0),
        (1, 0, 1),
        (1, 0, 0),
        (1, 0, 0),
    ]
    assert [int(step.state.time) for step in steps] == list(range(1, 13))
    assert not any(bool(step.terminated | step.truncated | step.solved) for step in steps)


def test_the_goal_is_bumped_into_and_pays_by_the_clock():
    env = Maze()
    steps = walk(env, maze(SMALL), "ffflf")
    assert places(env, steps)[-1] == (2, 3, 3)  # the goal's cell is not entered
    assert bool(steps[-1].terminated)
    assert bool(steps[-1].solved)
    assert not bool(steps[-1].truncated)
    assert [float(step.reward) for step in steps[:-1]] == [0.0] * 4
    assert float(steps[-1].reward) == pytest.approx(1 - 0.9 * 5 / 250)


@pytest.mark.parametrize("terminates", [False, True])
def test_the_limit_truncates_unless_asked_to_terminate(terminates):
    env = Maze(max_steps=3, limit_terminates=terminates)
    steps = walk(env, maze(SMALL), "lrl")
    assert [bool(step.terminated) for step in steps] == [False, False, terminates]
    assert [bool(step.truncated) for step in steps] == [False, False, not terminates]
    assert not bool(steps[-1].solved)


def test_the_goal_at_the_last_step_is_no_truncation():
    step = walk(Maze(max_steps=5), maze(SMALL), "ffflf")[-1]
    assert bool(step.terminated)
    assert not bool(step.truncated)
    assert float(step.reward) == pytest.approx(0.1)


def test_further_actions_do_nothing():
    env = Maze(actions=7)
    assert env.action.count == 7
    assert len(env.action.names) == 7
    assert Maze().action.names == ("left", "right", "forward")
    assert places(env, walk(env, maze(SMALL), "xf")) == [(2, 0, 0), (2, 1, 0)]


@pytest.mark.parametrize(
    ("text", "image"),
    [
        # Row 0 is farthest ahead; the player stands in the middle of the last row; beyond the border is wall.
        ("\n.#..\n>..G\n.#..\n", ["#####", "#.G.#", "#...#", "##.##", "#...#"]),
        ("\n....\n^#.G\n", ["#####", "#####", "#####", "##...", "##.#."]),
        ("\nv#.G\n....\n", ["#####", "#####", "#####", "...##", ".#.##"]),
        ("\n#...\n.#.<\nG...\n", ["#####", "#G.##", "#.#.#", "#...#", "#...#"]),
    ],
)
def test_the_view_turns_with_the_player(text, image):
    env, task = Maze(), maze(text)
    world = env.world(task)
    shown = env.observe(world, env.reset(world, key=KEY))
    codes = np.array([[".#G".index(letter) for letter in row] for row in image])
    np.testing.assert_array_equal(shown["image"], codes)
    assert shown["image"].dtype == jnp.uint8
    assert int(shown["direction"]) == int(task.heading)


def test_the_limit_follows_the_size_of_the_world():
    env = Maze()
    empty = lambda rows, columns: raw(["." * columns] * rows, (0, 1), (0, 0), 0)
    limit = lambda rows, columns: env.limit(env.world(empty(rows, columns)))
    assert limit(13, 13) == limit(5, 9) == 250
    assert limit(14, 13) == 2 * 16 * 15
    assert limit(51, 51) == 5618
    assert Maze(max_steps=77).limit(env.world(empty(51, 51))) == 77


def test_optimal_returns():
    @jax.jit
    def found(task):
        envs = (Maze(), Maze(max_steps=5), Maze(max_steps=4))
        returns = [env.optimal_return(env.world(task)) for env in envs]
        return [*returns, envs[0].optimal_length(envs[0].world(task))]

    best = [1 - 0.9 * 5 / 250, 0.1, 0.0, 5]  # the third is out of reach in time
    np.testing.assert_allclose(found(maze(SMALL)), best, rtol=1e-6)
    np.testing.assert_array_equal(found(raw(["..#.", "..#.", "..#."], (0, 3), (0, 0), 0)), [0, 0, 0, np.inf])


class _Planner(Policy):
    """Walks along a table of the fewest actions: a perfect player of one maze."""

    env: Maze
    world: object
    table: jax.Array

    def memory(self, lanes):
        return jax.vmap(lambda _: self.env.reset(self.world, key=KEY))(jnp.arange(lanes))

    def __call__(self, observations, memory, fresh, *, keys, who=None):
        def act(state):
            stride, pad = self.world.codes.shape[1], self.env.pad
            after = [self.env.step(self.world, state, jnp.int32(a), key=KEY) for a in range(3)]
            left = [
                jnp.where(
                    s.solved, 0, self.table[s.state.heading, s.state.cell // stride - pad, s.state.cell % stride - pad]
                )
                for s in after
            ]
            best = jnp.argmin(jnp.stack(left)).astype(jnp.int32)
            return best, jax.tree.map(lambda *xs: jnp.stack(xs)[best], *[s.state for s in after])

        actions, memory = jax.vmap(act)(memory)
        return actions, memory, {}


def test_a_perfect_player_gets_the_optimal_return():
    from explora.domains.maze import all_actions

    env = Maze()
    suite = env.suite("holdout")
    task = jax.tree.map(lambda x: x[6], suite.tasks)
    tasks = jax.tree.map(lambda x: x[None], task)
    player = _Planner(env, env.world(task), all_actions(task))
    outcome = jax.jit(lambda t: env.judge(player, fresh_lesson(t, False, plays=2), key=KEY))(tasks)
    assert float(outcome.solved[0]) == 1.0
    assert float(outcome.lengths[0]) == 73
    assert float(outcome.returns[0]) == pytest.approx(float(outcome.optimal_returns[0]))


def test_frame_shows_the_player_where_it_is():
    env = Maze(MazeSpace(3, 4, walls=0))
    task = maze(SMALL)
    state = walk(env, task, "ff")[-1].state
    picture = env.frame(task, state, 184)  # 4.6 cells: 40 pixels a cell, a border of 12
    assert picture.shape == (144, 184, 3)
    assert picture.dtype == np.uint8
    middle = lambda row, column: picture[12 + 40 * row + 20, 12 + 40 * column + 20].astype(int)
    red, green, blue = middle(2, 2)
    assert red > 150
    assert green < 100
    assert blue < 100
    assert np.all(middle(2, 0) > 240)  # where it was; not seen, for it looks right
    assert middle(2, 3)[2] < 220 < middle(2, 3)[0]  # seen: tinted
    assert np.any(picture != env.space.draw(task, 184))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"view": 4}, "`view`"),
        ({"view": 1}, "`view`"),
        ({"actions": 2}, "`actions`"),
        ({"steps": 0}, "`steps`"),
        ({"max_steps": 0}, "`max_steps`"),
    ],
)
def test_impossible_fields(fields, words):
    with pytest.raises(ArgumentError, match=words):
        Maze(**fields)


def test_a_step_at_any_size_reads_the_same_number_of_cells():
    """The cost of a step must not grow with the maze: nothing as large as the world may be computed in it."""

    def largest(side: int) -> int:
        env = Maze()
        world = env.world(raw(["." * side] * side, (0, 1), (0, 0), 0))
        state = env.reset(world, key=KEY)
        trace = jax.make_jaxpr(lambda w, s: (env.step(w, s, jnp.int32(2), key=KEY), env.observe(w, s)))(world, state)
        sizes = [v.aval.size for eqn in trace.jaxpr.eqns for v in eqn.outvars if eqn.primitive.name != "reshape"]
        return max(size for size in sizes if size)

    assert largest(13) == largest(51) < 200
