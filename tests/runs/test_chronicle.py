"""What is written down of places, against stories written by hand."""

import jax.numpy as jnp
import numpy as np

from explora.core import Archive, Space, Story
from explora.loop import Log
from explora.loop._digest import Rows
from explora.runs import Chronicle, Lineage

INF = np.inf


class Numbers(Space):
    """Every task is a number."""

    def encode(self, task):
        return float(task["value"])


def story(task, source, score, solved, scores=None) -> Story:
    one = lambda x, kind: np.asarray(x, kind)
    return Story(one(task, np.int32), one(source, np.int32), one(score, np.float32), one(solved, bool), scores)


def log(*turns: tuple) -> Log:
    columns = [np.stack(column) for column in zip(*turns)]
    return Log({}, {}, jnp.zeros((len(turns),), jnp.int32), story(*columns))


NOTHING = story([-1, -1], [-1, -1], [-INF, -INF], [False, False])
FIVE = log(
    ([0, -1], [-1, -1], [20.0, -INF], [False, False]),  # the first task has a number
    ([0, -1], [-1, -1], [240.0, -INF], [True, False]),  # it is solved
    ([0, 7], [-1, 0], [240.0, 120.5], [True, False]),  # a child comes, with the agent of the first
    ([0, 7], [7, -1], [250.0, 130.0], [True, False]),  # whose agent takes the first one over
    ([0, 9], [-1, 7], [250.0, 260.04], [True, True]),  # another takes its place and is solved at once
)


def test_every_turn_is_compared_with_the_one_before():
    assert Chronicle(NOTHING).news(FIVE, 5, NOTHING, 105) == [
        ("entered", {"turn": 101, "place": 0, "task": 0, "score": 20.0, "source": None}),
        ("solved", {"turn": 102, "place": 0, "task": 0, "score": 240.0}),
        ("entered", {"turn": 103, "place": 1, "task": 7, "score": 120.5, "source": 0}),
        ("moved", {"turn": 104, "place": 0, "task": 0, "score": 250.0, "source": 7}),
        ("entered", {"turn": 105, "place": 1, "task": 9, "score": 260.0, "source": 7}),
        ("solved", {"turn": 105, "place": 1, "task": 9, "score": 260.0}),
    ]


def test_two_chunks_tell_what_one_tells_and_turns_that_do_not_count_tell_nothing():
    whole = Chronicle(NOTHING).news(FIVE, 5, NOTHING, 5)
    chronicle = Chronicle(NOTHING)
    later = Log({}, {}, FIVE.phase[2:], story(*(np.asarray(x)[2:] for x in (FIVE.story.task, FIVE.story.source,
        FIVE.story.score, FIVE.story.solved))))  # fmt: skip
    assert chronicle.news(FIVE, 2, NOTHING, 2) + chronicle.news(later, 3, NOTHING, 5) == whole


def test_a_run_that_goes_on_does_not_tell_again_what_it_had_told():
    now = story([0, 7], [-1, -1], [250.0, 130.0], [True, False], np.array([[250.0, 12.34], [-INF, 130.0]], np.float32))
    same = log(([0, 7], [-1, -1], [251.0, 131.0], [True, False]))
    assert Chronicle(now).news(same, 1, now, 8) == []
    other = story([0, 7], [-1, -1], [250.0, 130.0], [True, False], np.array([[250.0, 12.34], [5, 130.0]], np.float32))
    told = {"turn": 8, "tasks": [0, 7], "scores": [[250.0, 12.3], [5.0, 130.0]]}
    assert Chronicle(now).news(same, 1, other, 8) == [("standings", told)]


def test_explorers_without_places_have_no_story():
    chronicle = Chronicle(None)
    assert chronicle.news(Log({}, {}, jnp.zeros((2,), jnp.int32)), 2, None, 2) == []


def test_what_is_told_of_is_written_down_though_it_came_and_went_between_two_records():
    """JAX sorts the kinds of round by name; a task must be looked up in the rows of its own kind."""
    rows = lambda *numbers: Rows(
        {"value": jnp.array([[float(n)] for n in numbers])},
        jnp.array([[n] for n in numbers], jnp.int32),
        jnp.array([[n - 1] for n in numbers], jnp.int32),
        jnp.ones((len(numbers), 1), bool),
    )
    # Turns: two of "train" (tasks 0 and 4), one of "direct" (task 3); what was not lived is zeros.
    lived = {"direct": rows(0, 0, 3), "train": rows(0, 4, 0)}
    log = Log({}, lived, jnp.array([0, 0, 1], jnp.int32), None, ("train", "direct"))
    one = lambda x: jnp.array([x], jnp.int32)
    archive = Archive({"value": jnp.array([5.0])}, jnp.array([True]), one(5), one(4), jnp.array([1.0]))
    found = Lineage({0}).news(Numbers(), archive, log, 3, 30, [3])
    assert [(row.id, row.parent, row.spec) for row in found] == [(3, 2, 3.0), (4, 3, 4.0), (5, 4, 5.0)]
