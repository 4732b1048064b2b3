import jax.numpy as jnp

from explora.maths import mean_distance, nearest


def test_the_nearest_that_counts_the_earliest_of_equals():
    points = jnp.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.3, 0.4]])
    index, distance = nearest(jnp.array([[0.3, 0.4], [1.0, 1.0]]), points, jnp.array([True, True, True, False]))
    assert index.tolist() == [0, 1]
    assert distance.tolist() == [0.5, 1.0]


def test_without_points_nothing_is_near():
    assert nearest(jnp.zeros((1, 2)), jnp.ones((3, 2)), jnp.zeros(3, bool))[1].tolist() == [float("inf")]


def test_the_mean_distance_to_the_nearest_few():
    points = jnp.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0], [9.0, 9.0]])
    counts = jnp.array([True, True, True, False])
    assert mean_distance(jnp.zeros((1, 2)), points, counts, 2).tolist() == [0.5]
    assert mean_distance(jnp.zeros((1, 2)), points, counts, 4).tolist() == [2.0]  # there are only three
    assert mean_distance(jnp.zeros((1, 2)), points, ~counts & False, 2).tolist() == [float("inf")]
