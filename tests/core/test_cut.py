"""What lanes lived, cut into episodes: hand-worked."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import (
    After,
    ArgumentError,
    CombinationError,
    Experience,
    Parts,
    Status,
    Trajectories,
    cut,
    fresh_lesson,
    watching,
)
from explora.learners import Population
from explora.testing import Carousel, Linear, Quiz, Walk

T, F = True, False


def lived(reward: float = 0.5) -> tuple:
    """Two lanes of six steps.

    The first lane terminates after two steps, is cut off after two more, looks once into the gap, and begins a third
    episode. The second lane plays on and on.
    """
    lanes = lambda one, two: jnp.array([one, two]).T
    none = jnp.zeros((6, 2), bool)
    seen = jnp.arange(12, dtype=jnp.uint8).reshape(2, 6).T
    trajectories = Trajectories(
        observations={"cell": seen},
        actions=seen.astype(jnp.int32) * 10,
        rewards=lanes([0.0, 1.0, 0.25, reward, 0.0, 0.0], [0.0] * 6).astype(jnp.float32),
        terminated=lanes([F, T, F, F, F, F], [F] * 6),
        truncated=lanes([F, F, F, T, F, F], [F] * 6),
        solved=lanes([F, T, F, F, F, F], [F] * 6),
        fresh=lanes([T, F, T, F, F, T], [T, F, F, F, F, F]),
        gap=lanes([F, F, F, F, T, F], [F] * 6),
        row=lanes([0, 0, 1, 1, 1, 0], [2, 2, 2, 2, 2, 2]).astype(jnp.int32),
        policy={},
        last={},
        after=After({"cell": seen + jnp.uint8(100)}, none),
    )
    lesson = fresh_lesson({"size": jnp.array([7, 8, 9, 9])}, False, id=jnp.array([40, 41, 42, 43], jnp.int32), queue=2)
    return lesson, Experience(jnp.full((4,), Status.ANSWERED, jnp.int8), trajectories)


def test_episodes_end_where_they_ended_and_the_gap_is_no_step():
    episodes = cut(*lived())
    assert episodes.checked().lengths.tolist() == [2, 2]
    assert episodes.observation["cell"].tolist() == [0, 1, 2, 3]
    assert episodes.action.tolist() == [0, 10, 20, 30]
    assert episodes.final["cell"].tolist() == [101, 103]
    assert episodes.terminated.tolist() == [True, False]
    assert episodes.columns["solved"].tolist() == [True, False]
    assert episodes.columns["return"].tolist() == [1.0, 0.75]
    assert episodes.columns["task"].tolist() == [40, 41]
    assert episodes.columns["task.size"].tolist() == [7, 8]
    assert episodes.columns["member"].tolist() == [0, 0]


def test_unfinished_tails_are_kept_only_where_they_are_marked():
    episodes = cut(*lived(), unfinished=True, columns={"turn": np.int64(5)})
    assert episodes.lengths.tolist() == [2, 2, 1, 6]
    assert episodes.terminated.tolist() == [True, False, False, False]
    assert episodes.columns["unfinished"].tolist() == [False, False, True, True]
    assert episodes.columns["task"].tolist() == [40, 41, 40, 42]
    assert episodes.final["cell"].tolist() == [101, 103, 105, 111]
    assert episodes.columns["turn"].tolist() == [5, 5, 5, 5]


def test_rows_that_were_not_answered_and_rewards_that_are_not_finite_are_left_out():
    lesson, experience = lived()
    void = experience.status.at[0].set(jnp.int8(Status.VOID))
    assert cut(lesson, Experience(void, experience.data)).columns["task"].tolist() == [41]
    assert cut(*lived(float("nan"))).columns["task"].tolist() == [40]
    nobody = jnp.full((4,), Status.VOID, jnp.int8)
    assert cut(lesson, Experience(nobody, experience.data)) is None


def test_experience_that_was_not_watched_says_so():
    walk = Walk()
    lesson = fresh_lesson(walk.space.samples(2, key=jr.key(0)), False)
    with pytest.raises(ArgumentError, match="watching"):
        cut(lesson, Experience(jnp.ones((2,), jnp.int8), {}))
    with pytest.raises(CombinationError, match="no episodes to keep"):
        watching(Parts(Quiz(), Linear(), Carousel()))


def test_watching_changes_nothing_of_what_is_played_and_every_finished_episode_is_there():
    walk = Walk()
    learner = Population(Linear(), members=2)
    parts = watching(Parts(walk, learner, Carousel()))
    state = learner.init(walk, key=jr.key(1))
    lesson = fresh_lesson(walk.space.samples(4, key=jr.key(0)), False)
    _, plain, outcome = learner.play(state, walk, lesson, key=jr.key(2))
    _, watched, _ = learner.play(state, parts.domain, lesson, key=jr.key(2))
    before, after = plain.data.data, watched.data.data
    assert before.after is None
    for name in ("rewards", "actions", "gap", "row"):
        assert np.array_equal(getattr(before, name), getattr(after, name))
    episodes = cut(lesson, watched).checked()
    assert len(episodes) == int(outcome.episodes.sum()) > 4
    # members play their own tasks, and what was seen after an action is what the next one was taken upon
    marks = np.asarray(lesson.tasks.mark)
    mine = episodes.columns["member"] == 1
    assert set(episodes.columns["task.mark"][mine]) <= set(marks[2:])
    assert episodes.steps == int((~np.asarray(after.gap)).sum()) - (
        cut(lesson, watched, unfinished=True).steps - episodes.steps
    )
    lane = jax.tree.map(lambda x: np.asarray(x)[0, :, 0], (after.observations, after.after.observation, after.fresh))
    goes_on = ~lane[2][1:]
    for seen, then in zip(jax.tree.leaves(lane[0]), jax.tree.leaves(lane[1])):
        assert np.array_equal(seen[1:][goes_on], then[:-1][goes_on])
