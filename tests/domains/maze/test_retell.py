"""What an episode in a maze did, in words: every clause on trajectories worked by hand."""

import equinox as eqx
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, CombinationError, Episodes, Language, Uniformly, cut, fresh_lesson
from explora.domains.maze import Maze, MazeSpace, parse_mazes
from explora.testing import Walk

ROOM = """
>..#G
.#...
.....
"""
AHEAD = ((0, 1), (1, 0), (0, -1), (-1, 0))
LEFT, RIGHT, GO = 0, 1, 2
LANGUAGE: Language = Maze().language

ALWAYS = ["take at most 30 steps", "take at most 60 steps"]
SHORT = ["take at most 15 steps", *ALWAYS]
TURNS = ["turn at most 3 times", "turn at most 6 times", "turn at most 12 times"]
CALM = ["never bump", "never enter a cell twice"]


def walked(*walks: list[int], text: str = ROOM) -> Episodes:
    """Episodes in one maze, lived by a simulator of a dozen lines."""
    task = parse_mazes(text)[0].tasks
    walls, goal, start = (np.asarray(x)[0] for x in (task.walls, task.goal, task.start))
    reached, headings, ended = [], [], []
    for actions in walks:
        place, heading = start.astype(int), int(task.heading[0])
        for action in actions:
            headings.append(heading)
            heading = (heading + {LEFT: 3, RIGHT: 1, GO: 0}[action]) % 4
            ahead = place + AHEAD[heading]
            if action == GO and np.all((ahead >= 0) & (ahead < walls.shape)) and not walls[tuple(ahead)]:
                place = ahead
            reached.append(place)
        ended.append(bool(np.all(place == goal)))
    count, steps = len(walks), len(headings)
    many = lambda x: np.repeat(x[None], count, axis=0)
    return Episodes(
        np.cumsum([0, *map(len, walks)]).astype(np.int64),
        {"direction": np.array(headings, np.uint8)},
        {"direction": np.zeros(count, np.uint8)},
        np.concatenate(walks).astype(np.int32),
        np.zeros(steps, np.float32),
        np.array(ended),
        np.array(reached, np.uint8),
        {"task.walls": many(walls), "task.goal": many(goal), "task.start": many(start)},
    )


@pytest.mark.parametrize(
    ("actions", "true"),
    [
        # along the top, down, under the wall, up into the goal: six moves and three turns, which is the best there is
        (
            [GO, GO, RIGHT, GO, LEFT, GO, GO, LEFT, GO],
            ["reach the goal", "take the shortest way", *SHORT, *TURNS, *CALM, "turn right first"]
            + [f"pass through the {half} half" for half in ("upper", "left", "right")]
            + ["stay in the upper half"],
        ),
        # the same with a look around: not the shortest way, and one turn too many for three
        (
            [LEFT, RIGHT, GO, GO, RIGHT, GO, LEFT, GO, GO, LEFT, GO],
            ["reach the goal", *SHORT, *TURNS[1:], *CALM, "turn left first"]
            + [f"pass through the {half} half" for half in ("upper", "left", "right")]
            + ["stay in the upper half"],
        ),
        # it only looks around
        (
            [LEFT, LEFT],
            [
                "miss the goal",
                *SHORT,
                *TURNS,
                *CALM,
                "turn left first",
                "stay in the upper half",
                "stay in the left half",
            ],
        ),
        # down along the border at its right hand and around the corner: three moves, three walls
        (
            [RIGHT, GO, GO, LEFT, GO],
            [
                "miss the goal",
                *SHORT,
                *TURNS,
                *CALM,
                "turn right first",
                "hug the right wall",
                "pass through the lower half",
                "pass through the left half",
                "stay in the left half",
            ],
        ),
        # the same, but it bumps into the corner, turns round and comes back to it: three walls of four on either hand
        (
            [RIGHT, GO, GO, GO, LEFT, GO, LEFT, LEFT, GO],
            [
                "miss the goal",
                *SHORT,
                *TURNS[1:],
                "turn right first",
                "stay in the left half",
                "pass through the lower half",
                "pass through the left half",
            ],
        ),
        # nothing but waiting in front of the border
        (
            [RIGHT, RIGHT] + [GO] * 29,
            [
                "miss the goal",
                ALWAYS[1],
                *TURNS,
                "never enter a cell twice",
                "turn right first",
                "stay in the upper half",
                "stay in the left half",
            ],
        ),
        # straight ahead into the wall before the goal, without a turn; two moves are too few to hug anything
        (
            [GO, GO, GO],
            [
                "miss the goal",
                *SHORT,
                *TURNS,
                "never enter a cell twice",
                "stay in the upper half",
                "pass through the upper half",
                "pass through the left half",
                "stay in the left half",
            ],
        ),
    ],
)
def test_a_trajectory_is_described_by_what_it_did(actions: list[int], true: list[str]):
    env = Maze()
    # a second episode beside it must not be mixed up with it
    told = env.retell(walked([GO, LEFT, GO], actions, [RIGHT]))[1]
    found = [clause.says for clause, holds in zip(LANGUAGE.clauses, told, strict=True) if holds]
    assert sorted(found) == sorted(true)


def test_a_wall_at_the_left_hand_is_hugged():
    corridor = "v..\n.#.\n..G"
    told = Maze().retell(walked([GO, GO, LEFT, GO, GO], [LEFT, GO, GO, RIGHT, GO, GO], text=corridor))
    left, right = (LANGUAGE.parse(f"hug the {side} wall")[0] for side in ("left", "right"))
    # round the middle: down and right the wall in the middle is on the left after the first and third move only, and
    # the border on the right after all of them
    assert told[:, left].tolist() == [False, True]
    assert told[:, right].tolist() == [True, False]


def test_a_maze_of_an_even_number_of_rows_has_no_middle():
    told = Maze().retell(walked([GO], [GO, GO], text="v.\n..\n..\nG."))
    lower = LANGUAGE.parse("pass through the lower half")[0]
    upper = LANGUAGE.parse("stay in the upper half")[0]
    assert told[:, lower].tolist() == [False, True]
    assert told[:, upper].tolist() == [True, False]


@pytest.mark.slow
def test_what_a_run_keeps_is_described_as_what_was_played():
    """Against the environment itself: solved, lengths and turns are those of the trajectories."""
    env = Maze(space=MazeSpace(5, 5, walls=5), steps=64, max_steps=20)
    lesson = fresh_lesson(eqx.filter_jit(env.space.samples)(16, key=jr.key(0)), False)
    episodes = cut(lesson, eqx.filter_jit(env.watch)(Uniformly(3), lesson, key=jr.key(1)))
    told = dict(zip((clause.says for clause in LANGUAGE.clauses), env.retell(episodes).T, strict=True))
    assert np.array_equal(told["reach the goal"], episodes.columns["solved"])
    assert 0 < told["reach the goal"].sum() < len(episodes)
    assert np.array_equal(told["miss the goal"], ~episodes.columns["solved"])
    assert np.array_equal(told["take at most 15 steps"], episodes.lengths <= 15)
    assert not np.any(told["take the shortest way"] & ~(told["reach the goal"] & told["never bump"]))
    for clause in LANGUAGE.clauses:
        for other in clause.against:
            assert not np.any(told[clause.says] & told[other])
        for other in clause.implies:
            assert not np.any(told[clause.says] & ~told[other])


def test_episodes_that_do_not_say_where_they_were_played_are_refused():
    episodes = walked([GO])
    episodes.columns.pop("task.walls")
    with pytest.raises(ArgumentError, match=r"lack task\.walls; keep them"):
        Maze().retell(episodes)
    assert Walk().language is None
    with pytest.raises(CombinationError, match="has no words"):
        Walk().retell(episodes)
