"""Who labels what: whom it asks, that it asks nobody twice, and that second opinions go where they are needed."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from jaxtyping import PRNGKeyArray

from explora.core import CombinationError, Lesson, Memory, Outcome, Parts, Space, override
from explora.domains.pool import Annotators, Calling, Loaded, Nobody, Pool, Recorded, from_arrays, oracle_function
from explora.explorers import Crowd
from explora.learners import PPO, Supervised
from explora.loop import hosted, init
from explora.nets import Ensemble
from explora.recipes import recipe
from explora.testing import ExplorerSuite, Middles, Walk


def clouds(each: int = 40) -> Pool:
    """Two clouds of points that overlap a little."""
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(size=(each, 2)), rng.normal((2.5, 0.0), size=(each, 2))])
    return Pool(
        Loaded(from_arrays(points, ["left"] * each + ["right"] * each)), Annotators((0.95, 0.95, 0.55)), held_out=0.0
    )


def turns(what: Parts, count: int) -> list:
    return list(hosted(what, init(what, key=jr.key(0)), root=jr.key(1), turns=count))


def questions(steps: list) -> list[tuple[int, int]]:
    lessons = [event.lesson for _, event in steps if event.lesson.plays]
    return [(int(i), int(w)) for lesson in lessons for i, w in zip(lesson.tasks, lesson.who, strict=True)]


def test_nobody_is_asked_twice_and_people_form_blocks():
    steps = turns(Parts(clouds(), Supervised(Middles()), Crowd(batch=8)).check(), 20)
    asked = questions(steps)
    assert len(asked) == 80
    assert len(set(asked)) == 80
    for _, event in steps:
        if event.lesson.plays:
            assert (np.diff(np.asarray(event.lesson.who)) >= 0).all()


def test_the_bad_annotator_is_found_out_and_left_alone():
    steps = turns(Parts(clouds(), Supervised(Middles()), Crowd(batch=10)), 20)
    asked = questions(steps)
    late = [who for _, who in asked[50:]]
    assert late.count(2) < len(late) / 6
    votes = steps[-1][0].explorer.votes
    assert 0 < ((votes >= 0).sum(axis=1) > 1).sum() < 50  # some items got a second opinion, most did not


def test_the_model_learns_what_most_say():
    @oracle_function("three-people")
    def say(name: str, row: dict[str, Any], who: int) -> str:
        return "no" if who == 1 else "yes" if int(name) % 2 else "maybe"

    pool = Pool(
        Loaded(from_arrays(np.arange(4.0)[:, None], [None] * 4)), Calling("three-people", several=3), held_out=0.0
    )
    what = Parts(pool, Supervised(Middles()), Crowd(batch=12, budget=12)).noting(Memory())
    steps = turns(what, 12)
    last = steps[-1][0]
    assert what.explorer.finished(last.explorer) == "the budget of 12 questions is spent"
    assert sorted(questions(steps)) == [(item, who) for item in range(4) for who in range(3)]
    names = [pool.target.classes, last.learner.targets]
    assert len(names[1]) == 4


def test_what_somebody_declines_goes_to_somebody_else():
    @oracle_function("shy")
    def say(name: str, row: dict[str, Any], who: int) -> str | None:
        return None if who == 0 else "ab"[int(name) % 2]

    inputs = np.random.default_rng(0).normal(size=(6, 2))
    pool = Pool(Loaded(from_arrays(inputs, [None] * 6)), Calling("shy", several=2), held_out=0.0)
    what = Parts(pool, Supervised(Middles()), Crowd(batch=6)).noting(Memory())
    steps = turns(what, 4)
    assert sorted(questions(steps)) == [(item, who) for item in range(6) for who in range(2)]
    assert what.explorer.finished(steps[-1][0].explorer) == "everybody has been asked about every item"


def test_one_word_against_another_waits_for_a_third():
    pool = clouds(10)
    what = Parts(pool, Supervised(Middles()), Crowd(batch=60))
    last = turns(what, 2)[-1][0]
    assert (last.explorer.votes >= 0).sum() == 20  # each item once in a batch
    assert np.array_equal(last.explorer.together, last.learner.targets)


def test_it_needs_several_annotators():
    for oracle in (Recorded(), Nobody()):
        with pytest.raises(CombinationError, match="one oracle here"):
            Parts(Pool(oracle=oracle), Supervised(Ensemble()), Crowd()).check()
    with pytest.raises(CombinationError, match="Crowd needs classes, items"):
        Parts(Walk(), PPO(), Crowd()).check()


def test_the_recipe_runs_where_the_oracle_is_several():
    parts = override(recipe("crowd").build(Pool(oracle=Annotators())), {"explorer.batch": 50}).check()
    assert len(questions(turns(parts, 4))) == 100


class TestCrowd(ExplorerSuite):
    TURNS = 8

    def part(self) -> Crowd:
        return Crowd(batch=5)

    def space(self) -> Space:
        return clouds(20).space

    def outcome(self, lesson: Lesson, *, key: PRNGKeyArray) -> Outcome:
        said = jnp.asarray(lesson.tasks) % 2
        drawn = super().outcome(lesson, key=key)
        both = (said, said, jnp.asarray(drawn.predictions)[:, :, :2])
        return eqx.tree_at(lambda o: (o.made, o.said, o.predictions), drawn, both, is_leaf=lambda x: x is None)
