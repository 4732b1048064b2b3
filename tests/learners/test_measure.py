"""What is measured of trajectories, against loops in plain Python."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import Experience, Policy, fresh_lesson
from explora.learners import measure
from explora.testing import Trails, Walk


class Dreamer(Policy):
    """Acts at random and reports random values, three of them."""

    def __call__(self, observations: Any, memory: Any, fresh: Any, *, keys: Any, who: Any = None) -> Any:
        draw = lambda key: (jr.bernoulli(key).astype(jnp.int32), jr.normal(key, (3,)))
        actions, values = jax.vmap(draw)(keys)
        return actions, memory, {"values": values}


ROWS, QUEUE = 6, 2


@pytest.fixture(scope="module")
def lived() -> tuple[Any, Experience, np.ndarray]:
    """Three lanes of two rows: episodes of one step, gaps, and rows of which nothing is finished."""
    env = Walk(Trails(7), steps=24, patience=7)
    lesson = fresh_lesson(env.space.samples(ROWS, key=jr.key(1)), False, queue=QUEUE)
    experience = jax.jit(lambda lesson: env.play(Dreamer(), lesson, key=jr.key(2)))(lesson)
    advantage = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
    return lesson, experience, advantage


def slowly(experience: Experience, advantage: np.ndarray) -> dict[str, np.ndarray]:
    """The same by loops: a list of finished episodes for each row, then means over them."""
    data = jax.tree.map(np.asarray, experience.data)
    names = ("return", "length", "solved", "value", "positive", "absolute", "spread")
    finished: list[list[dict[str, float]]] = [[] for _ in range(ROWS)]
    steps = np.zeros(ROWS, int)
    for lane in range(ROWS // QUEUE):
        now: list[int] = []
        for t in range(24):
            row = data.row[t, lane]
            if data.gap[t, lane]:
                continue
            steps[row] += 1
            now.append(t)
            if data.terminated[t, lane] or data.truncated[t, lane]:
                values = data.policy["values"][now, lane]
                finished[row].append(
                    {
                        "return": data.rewards[now, lane].sum(),
                        "length": len(now),
                        "solved": float(data.solved[t, lane]),
                        "value": values.mean(),
                        "positive": np.maximum(advantage[now, lane], 0).mean(),
                        "absolute": np.abs(advantage[now, lane]).mean(),
                        "spread": values.std(axis=-1).mean(),
                    }
                )
                now = []
    means = {name: np.array([np.mean([e[name] for e in row]) if row else 0.0 for row in finished]) for name in names}
    best = np.array([max((e["return"] for e in row), default=-np.inf) for row in finished])
    return means | {"best": best, "episodes": np.array([len(row) for row in finished]), "steps": steps}


def test_every_column_is_what_the_loops_find(lived: Any) -> None:
    lesson, experience, advantage = lived
    found = jax.jit(lambda l, e, a: measure(l, e, a))(lesson, experience, jnp.asarray(advantage))
    expected = slowly(experience, advantage)
    columns = {
        "return": found.returns,
        "length": found.lengths,
        "solved": found.solved,
        "value": found.values,
        "positive": found.positive_advantages,
        "absolute": found.absolute_advantages,
        "spread": found.disagreement,
        "best": found.max_returns,
        "episodes": found.episodes,
        "steps": found.steps,
    }
    for name, column in columns.items():
        assert np.allclose(column, expected[name], atol=1e-5), name
    assert 0 < expected["solved"].sum() < ROWS  # the fixture is worth its name: some solve, some do not
    assert (expected["episodes"] > 1).any()
    assert np.asarray(experience.data.gap).any()


def test_a_row_that_finished_nothing_has_no_best(lived: Any) -> None:
    lesson, experience, _ = lived
    cut = jax.tree.map(lambda x: x, experience)
    none = fresh_lesson(lesson.tasks, False, queue=QUEUE)
    data = cut.data
    silent = type(data)(
        **{
            name: getattr(data, name) if name not in ("terminated", "truncated", "solved") else jnp.zeros_like(data.gap)
            for name in data.__dataclass_fields__
        }
    )
    found = jax.jit(measure)(none, Experience(cut.status, silent))
    assert found.max_returns is not None
    assert np.all(np.isneginf(found.max_returns))
    assert found.returns is not None
    assert found.returns.tolist() == [0.0] * ROWS
    assert found.episodes is not None
    assert found.episodes.tolist() == [0] * ROWS


def test_what_the_policy_did_not_report_is_not_measured(lived: Any) -> None:
    lesson, experience, _ = lived
    data = experience.data
    fields = {name: getattr(data, name) for name in data.__dataclass_fields__}
    mute = type(data)(**(fields | {"policy": {}, "last": {}}))
    found = measure(lesson, Experience(experience.status, mute))
    assert found.values is None
    assert found.disagreement is None
    one = type(data)(**(fields | {"policy": {"values": data.policy["values"][..., :1]}}))
    assert measure(lesson, Experience(experience.status, one)).disagreement is None
