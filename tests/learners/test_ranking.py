"""The ranking learner: tasks and trajectories by one model, networks where a line is not enough."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, CombinationError
from explora.learners import Comparisons, Judgement, NetworkTaste, Ranker, Yardstick
from explora.maths import LEFT, RIGHT, LinearTaste, fit_preference
from explora.testing import Trails

KEY = jr.key(0)


def test_a_trajectory_is_as_good_as_the_sum_of_its_steps() -> None:
    rng = np.random.default_rng(0)
    steps = rng.integers(1, 6, (2, 40))
    left, right = rng.normal(size=(2, 40, 5, 3))
    answers = rng.choice([LEFT, RIGHT], 40)
    said = Comparisons(left, right, steps[0], steps[1], answers, np.zeros(40, np.int64), np.ones(40))
    sums = [np.array([x[i, : n[i]].sum(0) for i in range(40)]) for x, n in zip((left, right), steps, strict=True)]
    expected = fit_preference(sums[0] - sums[1], answers)
    found = Ranker().fit(said, key=KEY)
    np.testing.assert_allclose(found.linear.weights, expected.weights, atol=1e-9)
    # what lies behind the last step is not looked at
    left = np.where(np.arange(5)[:, None] < steps[0][:, None, None], left, 99.0)
    again = Ranker().fit(said._replace(left=left), key=KEY)
    np.testing.assert_allclose(again.linear.weights, expected.weights, atol=1e-9)


def test_the_taste_is_the_fit_in_the_units_of_the_features() -> None:
    rng = np.random.default_rng(1)
    centre, scale = np.array([10.0, -2.0]), np.array([5.0, 0.1])
    left, right = (centre + scale * rng.normal(size=(30, 2)) for _ in range(2))
    said = Comparisons.of_things(left, right, rng.choice([LEFT, RIGHT], 30))
    taste, linear = Ranker().fit(said, key=KEY, centre=centre, scale=scale)
    things = centre + scale * rng.normal(size=(4, 2))
    mean, deviation = taste(jnp.asarray(things, jnp.float32))
    along = (things - centre) / scale
    np.testing.assert_allclose(mean, along @ linear.weights, atol=1e-4)
    np.testing.assert_allclose(deviation, np.sqrt(np.einsum("tf,fg,tg->t", along, linear.covariance, along)), rtol=1e-3)
    with pytest.raises(ArgumentError, match="scale"):
        Ranker().fit(said, key=KEY, scale=np.zeros(2))


@pytest.mark.slow
def test_networks_learn_what_no_line_can_and_say_where_they_do_not_know() -> None:
    rng = np.random.default_rng(2)
    left, right = rng.uniform(-1, 1, (2, 300, 1))
    likes = lambda x: 8.0 * np.abs(x[..., 0])  # both ends are liked, the middle is not
    answers = np.where(rng.random(300) < 1 / (1 + np.exp(likes(right) - likes(left))), LEFT, RIGHT)
    said = Comparisons.of_things(left, right, answers)
    taste, linear = Ranker(hidden=(16,), members=4, steps=200, rate=0.02).fit(said, key=KEY)
    points = jnp.linspace(-1, 1, 21)[:, None]
    mean, _ = taste(points)
    assert np.corrcoef(mean, likes(np.asarray(points)))[0, 1] > 0.9
    assert abs(np.corrcoef(points[:, 0] * linear.weights[0], likes(np.asarray(points)))[0, 1]) < 0.2
    inside, outside = taste(jnp.array([[0.5], [4.0]]))[1]
    assert outside > 2 * inside
    for n in range(4):  # comparisons leave the level of a utility open, so nobody may differ in it
        member = NetworkTaste(jax.tree.map(lambda x, n=n: x[n : n + 1], taste.members), taste.centre, taste.scale)
        level, _ = member(jnp.concatenate([said.left, said.right]))
        assert abs(float(level.mean())) < 1e-4
    again = Ranker(hidden=(16,), members=4, steps=200, rate=0.02).fit(said, key=KEY)[0]
    assert np.array_equal(again(points)[0], mean)


def test_a_yardstick_measures_tasks_once_and_fits_what_was_said_of_them() -> None:
    space = Trails()
    yard = Yardstick(space)
    specs = [space.encode(space.sample(key=jr.key(n))) for n in range(20)]
    features = yard.features([*specs, "no trail", specs[0]])
    assert np.isnan(features[20]).all()
    assert np.array_equal(features[21], features[0])
    np.testing.assert_allclose(features[3], space.features(space.decode(specs[3])), rtol=1e-6)
    np.testing.assert_allclose(yard.standard(specs), (features[:20] - yard.centre) / yard.scale)
    liked = features[:20, 1]
    judgements = [
        Judgement(specs[i], specs[j], "left" if liked[i] > liked[j] else "right", "a")
        for i in range(20)
        for j in range(i)
        if liked[i] != liked[j]
    ]
    extra = [Judgement(specs[0], specs[1], "unsure"), Judgement("no trail", specs[1], "left", "a")]
    found = yard.fit(judgements + extra)
    assert int(np.argmax(found.linear.weights)) == 1
    assert found.linear.weights.tolist() == yard.fit(judgements).linear.weights.tolist()
    assert isinstance(yard.fit([]).taste, LinearTaste)
    assert not np.asarray(yard.fit([]).taste(jnp.asarray(features[:3], jnp.float32))[0]).any()


def test_a_fit_does_not_depend_on_what_people_are_called() -> None:
    yard, rng = Yardstick(Trails()), np.random.default_rng(0)
    specs = [yard.space.encode(yard.space.sample(key=jr.key(n))) for n in range(12)]
    pairs = rng.integers(0, 12, (60, 2)).tolist()
    said = [("left", "tie", "right")[n] for n in rng.integers(0, 3, 60).tolist()]
    people = ["ann", "bob", "cid"] * 20
    fits = [
        yard.fit(
            [
                Judgement(specs[i], specs[j], word, names[who])
                for (i, j), word, who in zip(pairs, said, people, strict=True)
            ]
        )
        for names in ({"ann": "ann", "bob": "bob", "cid": "cid"}, {"ann": "zoe", "bob": "bob", "cid": "abe"})
    ]
    for one, other in zip(*(fit.linear[:3] for fit in fits), strict=True):
        assert np.asarray(one).tolist() == np.asarray(other).tolist(), "bit for bit"
    assert Yardstick.raters(
        [Judgement(0, 1, "unsure", "c"), Judgement(0, 1, "tie", "b"), Judgement(0, 1, "left", "a")]
    ) == ["b", "a"]


def test_a_space_without_features_cannot_be_compared() -> None:
    class Plain(Trails):
        @property
        def provides(self):
            return frozenset({"mutate"})

    with pytest.raises(CombinationError, match="features"):
        Yardstick(Plain())
