"""The explorer of streams: every item goes by once, and the manager decides."""

from pathlib import Path

import jax.random as jr
import numpy as np
import pytest

from explora.core import CombinationError, Parts, override
from explora.domains.pool import Loaded, Pool, from_arrays
from explora.explorers import PASSED, Stream
from explora.explorers.stream import BalancedQuantile, Periodic, RandomBudget, StreamDensity
from explora.learners import PPO, Supervised
from explora.loop import hosted, init
from explora.recipes import recipe
from explora.runs import Plan, resume, run
from explora.testing import ExplorerSuite, Middles, Points, Quiz, Walk


class TestPeriodicQuestions(ExplorerSuite):
    TURNS = 8

    def part(self) -> Stream:
        return Stream(Periodic(0.5), batch=6)

    def space(self) -> Points:
        return Quiz().space


def turns(what: Parts, count: int) -> list:
    return list(hosted(what, init(what, key=jr.key(0)), root=jr.key(1), turns=count))


def asked(steps: list) -> list[int]:
    return [item for _, event in steps if event.lesson.plays for item in np.asarray(event.lesson.tasks).tolist()]


def test_every_item_goes_by_once_and_the_manager_decides():
    what = Parts(Quiz(), Supervised(Middles()), Stream(Periodic(0.25), batch=8))
    steps = turns(what, 16)
    looked = [item for _, event in steps if not event.lesson.plays for item in np.asarray(event.lesson.tasks).tolist()]
    assert looked == list(range(60))
    assert asked(steps) == list(range(3, 60, 4))
    last = steps[-1][0].explorer
    assert what.explorer.finished(last) == "every item has gone by"
    assert what.explorer.done(last) == 1.0
    assert (last.items.status == PASSED).sum() == 45
    assert what.explorer.finished(steps[-3][0].explorer) is None


def test_what_is_known_from_the_start_is_not_decided_on():
    what = Parts(Quiz(each=2), Supervised(Middles()), Stream(Periodic(0.5), batch=4))
    assert asked(turns(what, 4)) == [7, 9, 11, 13]


def test_a_batch_in_which_nothing_is_asked_costs_nothing():
    what = Parts(Quiz(), Supervised(Middles()), Stream(Periodic(0.1), batch=4))
    steps = turns(what, 6)
    assert [int(state.spent.calls) for state, _ in steps] == [0, 0, 0, 0, 0, 1]
    assert asked(steps) == [9]


def test_a_hard_end():
    what = Parts(Quiz(), Supervised(Middles()), Stream(Periodic(0.5), batch=10, budget=8))
    steps = turns(what, 4)
    assert asked(steps) == [1, 3, 5, 7, 9, 11, 13, 15]
    assert what.explorer.finished(steps[-1][0].explorer) == "the budget of 8 questions is spent"


def test_managers_that_look_at_places_are_shown_them():
    rng = np.random.default_rng(0)
    pool = Pool(Loaded(from_arrays(rng.normal(size=(80, 3)), ["a", "b"] * 40)), held_out=0.0)
    what = Parts(pool, Supervised(Middles()), Stream(StreamDensity(0.3), batch=10))
    steps = turns(what.check(), 16)
    assert 0 < len(asked(steps)) < 40
    assert np.isfinite(steps[-1][0].explorer.manager.recent).sum() == 80 * 3


def test_it_needs_questions():
    with pytest.raises(CombinationError, match="Stream needs items"):
        Parts(Walk(), PPO(), Stream()).check()


@pytest.mark.slow
def test_a_stream_of_a_real_set_learns_from_a_share_of_it_and_resumes(tmp_path: Path):
    parts = override(recipe("stream").build(Pool()), {"explorer.batch": 50, "explorer.manager.budget": 0.1})
    whole = run(parts, Plan(seed=1), out=tmp_path / "whole", recipe="stream")
    assert 100 < whole.answers < 200  # of 1,347
    assert whole.verdicts["held-out"].mean > 0.8
    half = Stream(BalancedQuantile(0.1), batch=50, budget=whole.answers)
    assert half.manager == parts.explorer.manager
    part = run(parts, Plan(seed=1, minutes=1e-6), out=tmp_path / "part", recipe="stream")
    assert part.answers < whole.answers
    rest = resume(tmp_path / "part", minutes=60.0)
    assert (rest.answers, rest.verdicts["held-out"].mean) == (whole.answers, whole.verdicts["held-out"].mean)


def test_a_random_share_is_kept():
    what = Parts(Quiz(rows=600), Supervised(Middles()), Stream(RandomBudget(0.2), batch=60))
    assert 90 < len(asked(turns(what, 20))) < 150
