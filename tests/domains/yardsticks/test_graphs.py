import itertools

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, record
from explora.domains.yardsticks import Graph, GraphTask, Wanderer, distances, first_steps, random_edges
from explora.testing import EnvironmentSuite, SpaceSuite

#  0 → 1 → 3 (the goal), 0 → 2 → 0, 2 → 3 is missing, 1 → 0
EDGES = np.array([[0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 0], [1, 0, 0, 0]], bool)


@pytest.mark.slow
class TestSpace(SpaceSuite):
    def part(self):
        return Graph(jnp.asarray(EDGES)).space


@pytest.mark.slow
class TestLaws(EnvironmentSuite):
    COUNT = 3

    def part(self):
        return Graph(jnp.asarray(EDGES), patience=6)


def test_a_walk_by_hand():
    env = Graph(jnp.asarray(EDGES), patience=4)
    task = GraphTask(jnp.int32(0))
    state, places, rewards = env.reset(task, key=jr.key(0)), [], []
    for action in (3, 2, 0):  # there is no edge to 3
        done = env.step(task, state, jnp.int32(action), key=jr.key(0))
        state = done.state
        places.append(int(state.place))
        rewards.append(float(done.reward))
    assert (places, rewards) == ([0, 2, 0], [-1, -1, -1])
    assert bool(env.step(task, state, jnp.int32(1), key=jr.key(0)).truncated)
    assert np.asarray(distances(jnp.asarray(EDGES))).tolist() == [2, 1, 3, 0]
    assert float(env.optimal_return(task)) == -1.0


def test_wanderers_go_along_edges_only():
    env = Graph(jnp.asarray(EDGES), patience=6)
    tasks = env.space.samples(60, key=jr.key(0))
    walks = record(env, Wanderer(env.edges), tasks, key=jr.key(1)).checked()
    place = walks.observation["place"]
    assert EDGES[place, walks.action].all()
    assert (walks.terminated == (walks.final["place"] == 3)).all()
    assert (walks.returns == walks.terminated - walks.lengths.astype(np.float32)).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_first_steps_are_those_of_all_walks_that_arrive_in_time(seed: int):
    edges = random_edges(5, 0.4, rng=np.random.default_rng(seed))
    found = first_steps(edges, 4)
    degree = edges.sum(1)
    for steps, start in itertools.product(range(1, 5), range(4)):
        weights = np.zeros(5)
        for walk in itertools.product(range(5), repeat=steps):
            path = (start, *walk)
            if 4 not in path[:-1] and path[-1] == 4 and all(edges[a, b] for a, b in itertools.pairwise(path)):
                weights[path[1]] += np.prod([1 / degree[a] for a in path[:-1]])
        expected = weights / weights.sum() if weights.any() else weights
        assert found[steps - 1, start] == pytest.approx(expected)


def test_one_can_leave_every_place():
    edges = random_edges(30, 0.01, rng=np.random.default_rng(0))
    assert edges.any(1).all()
    assert not edges.diagonal().any()


def test_edges_must_be_a_square():
    with pytest.raises(ArgumentError, match="a square"):
        Graph(jnp.zeros((2, 3), bool))
