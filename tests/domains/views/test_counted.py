"""How clauses stand while an episode goes on: in mazes, against what is said of it when it is over."""

import dataclasses

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import CombinationError, Episodes, Uniformly, record
from explora.domains.maze import Maze, MazeSpace, parse_mazes
from explora.domains.views import Asking, Counted, Spoken, standings
from explora.testing import EnvironmentSuite, Walk

ROOM = """
>..#G
.#...
.....
"""
LEFT, RIGHT, GO = 0, 1, 2
MAZE = Maze(MazeSpace(5, 6, walls=6), max_steps=40)
CLAUSES = [clause.says for clause in MAZE.language.clauses]


@pytest.mark.slow
class TestLaws(EnvironmentSuite):
    def part(self):
        return Counted(MAZE)


@pytest.fixture(scope="module")
def lived() -> tuple[Episodes, np.ndarray]:
    """Episodes of a player who does anything, as a run keeps them, and how clauses stood while they were played."""
    played = Asking(Counted(MAZE), conditions=())
    tasks = MAZE.space.samples(300, key=jr.key(0))
    found = record(played, Uniformly(3), jax.vmap(played.space.of)(tasks), key=jr.key(1))
    columns = {f"task.{name}": np.asarray(value) for name, value in vars(tasks).items()}
    seen = {"observation": found.observation["seen"], "final": found.final["seen"]}
    return dataclasses.replace(found, columns=columns, **seen), found.observation["standing"]


def test_what_is_counted_of_stored_episodes_is_what_was_counted_while_they_were_played(lived):
    episodes, online = lived
    assert len(set(episodes.lengths)) > 10
    np.testing.assert_array_equal(standings(MAZE, episodes), online.astype(np.float16))


def test_what_is_broken_comes_true_no_more_and_what_is_not_is_true_at_the_end(lived):
    episodes, _ = lived
    # one step longer, so that the last standing is that after the last step
    more = np.repeat(np.arange(episodes.steps), 1 + (np.diff(episodes.episode, append=len(episodes)) > 0))
    longer = Episodes(
        episodes.offsets + np.arange(len(episodes) + 1),
        jax.tree.map(lambda x: x[more], episodes.observation),
        episodes.final,
        episodes.action[more],
        episodes.reward[more],
        episodes.terminated,
        episodes.achieved[more],
        episodes.columns,
    )
    stood, true = standings(MAZE, longer), MAZE.retell(episodes)
    last, episode = stood[longer.offsets[1:] - 1], longer.episode
    for number, says in enumerate(CLAUSES):
        broken = np.zeros(len(episodes), bool)
        np.logical_or.at(broken, episode, stood[:, number] == -1)
        if says.startswith("hug"):
            continue
        assert not (broken & true[:, number]).any(), says
        if says.startswith(("take at most", "turn at most", "never", "stay")):
            np.testing.assert_array_equal(~broken, true[:, number], says)
        if says.startswith(("pass", "turn left first", "turn right first")):
            np.testing.assert_array_equal(last[:, number] == 1, true[:, number], says)
    for side in ("left", "right"):
        number = CLAUSES.index(f"hug the {side} wall")
        assert np.all(last[true[:, number], number] >= 0)
        assert 0 < true[:, number].mean() < 1


def test_a_way_worked_by_hand():
    env = Counted(MAZE)
    world = env.world(jax.tree.map(lambda x: x[0], parse_mazes(ROOM)[0].tasks))
    state = env.reset(world, key=jr.key(0))
    shown = [env.standing(world, state)]
    for action in (GO, LEFT, LEFT, GO, GO):  # a step along the upper border, back again, and against the border
        state = env.step(world, state, jnp.int32(action), key=jr.key(0)).state
        shown.append(env.standing(world, state))
    told = {says: [round(float(x[n]), 3) for x in shown] for n, says in enumerate(CLAUSES)}
    assert told["turn at most 3 times"] == [1, 1, 0.667, 0.333, 0.333, 0.333]
    assert told["take at most 15 steps"] == [1, 0.933, 0.867, 0.8, 0.733, 0.667]
    assert told["never enter a cell twice"] == [1, 1, 1, 0, -1, -1]  # looking back, then there
    assert told["never bump"] == [1, 1, 1, 1, 1, -1]
    assert told["turn left first"] == [0, 0, 1, 1, 1, 1]
    assert told["turn right first"] == [0, 0, -1, -1, -1, -1]
    assert told["hug the left wall"] == [0, 0.05, 0.05, 0.05, -0.15, -0.15]
    assert told["hug the right wall"] == [0, 0.05, 0.05, 0.05, 0.1, 0.1]
    assert told["stay in the lower half"] == [-1] * 6
    assert told["stay in the left half"] == [1] * 6
    assert told["pass through the upper half"] == [0, 1, 1, 1, 1, 1]
    assert told["reach the goal"] == [0] * 6


def test_words_hand_on_how_they_stand_and_a_domain_that_counts_nothing_says_so():
    asking = Asking(Spoken(Counted(MAZE)), conditions=("goal",))
    assert asking.observation["standing"].shape == (len(CLAUSES),)
    assert "standing" not in Asking(Spoken(MAZE), conditions=("goal",)).observation
    with pytest.raises(CombinationError, match="counts nothing"):
        Counted(Walk())
