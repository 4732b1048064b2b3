"""Terrains that networks write: the arithmetic, the rules by which they change, and that both bodies get the same."""

import json
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.core import ArgumentError, TaskError
from explora.domains.walker import CppnSpace, CppnTask, Walker, host_terrain, lay, outline, polyline
from explora.domains.walker._cppn._change import _changed, _with_unit, _without_unit, mutate_task
from explora.domains.walker._cppn._fixed import ONE, sigmoid, sine, square, tangent, times
from explora.domains.walker._cppn._genome import GONE, OFF, ON, answers, highest, straight_line
from explora.domains.walker._terrain import HEIGHT_UNITS, METRE
from explora.testing import SpaceSuite

WAVE = {
    "bias": 0.5,
    "nodes": [{"activation": "sin", "bias": 0.125}, {"activation": "square"}],
    "edges": [
        {"from": "place", "to": 1, "weight": 0.75},
        {"from": 1, "to": 2, "weight": -1.5},
        {"from": 2, "to": "height", "weight": 2},
        {"from": "place", "to": "height", "weight": 3, "on": False},
        {"from": "place", "to": 2, "weight": 0.25},
    ],
}
TANGLE = {
    "nodes": [{"activation": "tanh", "bias": -0.3}, {"activation": "sigmoid", "bias": 1}, {"activation": "identity"}],
    "edges": [
        {"from": "place", "to": 1, "weight": 1},
        {"from": 3, "to": 2, "weight": -0.5},
        {"from": 1, "to": 3, "weight": 4},
        {"from": 2, "to": "height", "weight": -3},
        {"from": 1, "to": "height", "weight": 0.5},
    ],
    "response": 1.75,
}


@pytest.mark.slow
class TestLaws(SpaceSuite):
    COUNT = 8

    def part(self) -> CppnSpace:
        return CppnSpace(hidden=3)

    def disguises(self, task: CppnTask) -> list:
        """Numbers where there is nothing, and edges in another order."""
        nobody, gone = task.kind == 0, task.state == GONE
        return [
            eqx.tree_at(lambda t: t.bias, task, jnp.where(nobody, 7, task.bias)),
            eqx.tree_at(lambda t: t.weight, task, jnp.where(gone, 7, task.weight)),
            eqx.tree_at(
                lambda t: (t.start, t.end, t.state, t.weight),
                task,
                tuple(x[::-1] for x in (task.start, task.end, task.state, task.weight)),
            ),
        ]


@pytest.mark.slow
class TestLawsOfThePaper(SpaceSuite):
    VARIED = False  # every sample is flat ground

    def part(self) -> CppnSpace:
        return CppnSpace(rules="paper", hidden=3)


def fixed(*numbers: float) -> jax.Array:
    return jnp.array([round(x * ONE) for x in numbers], jnp.int32)


def test_products_are_exact_and_cut_off() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-256 * ONE, 256 * ONE + 1, 4000).astype(np.int32) for _ in range(2))
    exact = [
        max(-256 * ONE, min(256 * ONE, abs(x * y) // ONE * (1 if x * y >= 0 else -1)))
        for x, y in zip(*map(np.ndarray.tolist, (a, b)))
    ]
    assert np.asarray(times(jnp.asarray(a), jnp.asarray(b))).tolist() == exact
    few = fixed(1.5, -2.0, 15.0, 16.0, 17.0, 256.0)
    assert (np.asarray(square(few)) / ONE).tolist() == [2.25, 4.0, 225.0, 256.0, 256.0, 256.0]


def test_functions_are_those_of_the_published_networks() -> None:
    x = np.linspace(-13, 13, 4001)
    whole = jnp.asarray(np.round(x * ONE).astype(np.int32))
    near = lambda found, right: np.abs(np.asarray(found) / ONE - right).max()
    assert near(sine(whole), np.sin(5 * np.clip(x, -12, 12))) < 3e-4
    assert near(sigmoid(whole), 1 / (1 + np.exp(-5 * x))) < 2e-4
    assert near(tangent(whole), np.tanh(2.5 * x)) < 3e-4


def plain(value: dict, place: float) -> float:
    """What a network says, in floating-point numbers, written down once more."""
    nodes, response = value["nodes"], value.get("response", 1.0)
    functions = {
        "identity": lambda z: z,
        "sin": lambda z: math.sin(5 * z),
        "sigmoid": lambda z: 1 / (1 + math.exp(-5 * z)),
        "square": lambda z: z * z,
        "tanh": lambda z: math.tanh(2.5 * z),
    }

    def said(unit: object) -> float:
        if unit == "place":
            return place
        total = sum(e["weight"] * said(e["from"]) for e in value["edges"] if e["to"] == unit and e.get("on", True))
        if unit == "height":
            return value.get("bias", 0.0) + response * total
        node = nodes[unit - 1]
        return functions[node["activation"]](node.get("bias", 0.0) + total)

    return said("height")


@pytest.mark.parametrize("value", [WAVE, TANGLE])
def test_a_network_says_what_its_sums_and_functions_say(value: dict) -> None:
    task = CppnSpace().decode(value)
    x = np.linspace(-3, 3, 61)
    found = np.asarray(jax.jit(answers)(task, jnp.asarray(np.round(x * ONE).astype(np.int32)))) / ONE
    assert np.allclose(found, [plain(value, place) for place in x], atol=6e-3)


def test_the_ground_is_flat_and_then_as_the_network_says() -> None:
    space = CppnSpace()
    terrain = host_terrain(space.decode(WAVE))
    place = lambda i: (i - 100) * math.pi / 100
    rise = (np.asarray(terrain.y) - HEIGHT_UNITS) / METRE
    assert np.array_equal(rise[:22], np.zeros(22))  # the first point that the network places is where it begins
    expected = [plain(WAVE, place(i)) - plain(WAVE, place(21)) for i in range(21, 200)]
    assert np.allclose(rise[21:], expected, atol=6e-3)
    assert not np.asarray(terrain.began).any()
    assert np.array_equal(terrain.left, terrain.y)


@pytest.mark.slow
def test_the_ground_is_equal_to_the_last_bit_however_it_is_laid() -> None:
    space = CppnSpace()
    tasks = grown(space, 24, 12)
    alone = [host_terrain(jax.tree.map(lambda x: x[i], tasks)).y for i in range(24)]  # noqa: B023
    together = jax.jit(jax.vmap(lay))(tasks).y
    assert np.array_equal(np.stack(alone), together)
    with jax.disable_jit():
        assert np.array_equal(lay(jax.tree.map(lambda x: x[5], tasks)).y, alone[5])
    padded = jax.jit(jax.vmap(lambda task: outline(lay(task))))(tasks)
    line = polyline(host_terrain(jax.tree.map(lambda x: x[7], tasks)))
    assert np.array_equal(np.asarray(padded.left[7, 8:207], np.float64), line[:-1, 1])


def test_both_bodies_stand_on_one_ground() -> None:
    pytest.importorskip("Box2D", reason="needs the extra box2d: pip install 'explora[box2d]'")
    from explora.domains.walker import box2d_walker

    space = CppnSpace()
    walker = box2d_walker(WAVE, space=space)
    walker.reset(seed=1)
    line = polyline(host_terrain(space.decode(WAVE)))
    assert np.array_equal(np.stack([walker.unwrapped.terrain_x, walker.unwrapped.terrain_y], 1), line)
    assert len(walker.unwrapped.terrain) == 199


def grown(space: CppnSpace, count: int, changes: int) -> CppnTask:
    """Networks that have changed so many times."""

    def grow(task: CppnTask, key: jax.Array) -> CppnTask:
        step = lambda i, task: space.mutate(task, key=jax.random.fold_in(key, i))
        return jax.lax.fori_loop(0, changes, step, task)

    keys = jax.random.split(jax.random.key(3), count)
    return jax.jit(jax.vmap(grow))(jax.vmap(lambda k: space.sample(key=k))(keys), keys)


@pytest.mark.slow
def test_mutants_rise_and_are_scaled() -> None:
    space = CppnSpace()
    tasks = grown(space, 64, 25)
    rises = np.asarray(jax.vmap(lambda t: highest(t, released=True))(tasks)) / ONE
    assert rises.min() > 0.24
    assert rises.max() < 16.1
    assert (np.asarray(tasks.kind[:, 1:]) != 0).any()
    paper = grown(CppnSpace(rules="paper"), 64, 25)
    walked = (np.asarray(jax.vmap(lambda t: t.heights())(paper)) - HEIGHT_UNITS).max(1) / METRE
    assert walked.min() > 0.24  # of what is walked on, not of some other stretch
    assert walked.max() < 16.1


@pytest.mark.slow
def test_a_small_rise_is_scaled_up_and_a_large_one_down() -> None:
    mutate = jax.jit(lambda task, key: mutate_task(task, True, key=key))
    for weight in (0.02, 9.9):
        task = straight_line(2, round(weight * ONE), 0)
        for number in range(4):
            after = mutate(task, jax.random.key(number))
            rise = float(highest(after, released=True)) / ONE
            assert 0.245 < rise < 16.01
            raw = rise / (float(after.response) / ONE)
            if raw < 0.25:
                assert 0.245 < rise < 0.755
            elif raw > 16:
                assert rise > 11.9
            else:
                assert float(after.response) == ONE


def test_a_unit_goes_into_an_edge_and_comes_out_with_its_edges() -> None:
    task = straight_line(2, round(0.3 * ONE), 0)
    grown = _with_unit(task, key=jax.random.key(0))
    edges = CppnSpace(hidden=2).encode(grown)["edges"]
    weight = round(0.3 * ONE) / ONE
    assert edges == [
        {"from": "place", "to": "height", "weight": weight, "on": False},
        {"from": "place", "to": 1, "weight": 1.0, "on": True},
        {"from": 1, "to": "height", "weight": weight, "on": True},
    ]
    assert grown.kind[1] in range(1, 6)
    full = _with_unit(_with_unit(grown, key=jax.random.key(1)), key=jax.random.key(2))
    assert int((full.kind != 0).sum()) == 3  # there is room for no more
    back = _without_unit(grown, key=jax.random.key(3))
    assert back.state.tolist() == [OFF, GONE, GONE, GONE, GONE]  # what it stood in stays switched off
    same = _without_unit(task, key=jax.random.key(3))
    assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), same, task))


@pytest.mark.slow
def test_chances_are_the_published_ones() -> None:
    count = 8000
    task = CppnSpace(hidden=4).decode(WAVE)
    after = jax.jit(jax.vmap(lambda key: _changed(task, key=key)))(jax.random.split(jax.random.key(0), count))
    hidden = np.asarray((after.kind != 0).sum(1)) - 1
    assert np.mean(hidden == 3) == pytest.approx(0.1, abs=0.012)
    assert np.mean(hidden == 1) == pytest.approx(0.075, abs=0.01)
    moved = (np.asarray(after.bias[:, 0]) - int(task.bias[0])) / ONE
    assert np.mean(moved != 0) == pytest.approx(0.75, abs=0.02)
    assert moved[moved != 0].std() == pytest.approx(0.1, rel=0.04)
    kinds = np.asarray(after.kind)[hidden == 3][:, 3]
    assert set(kinds.tolist()) == {1, 2, 3, 4, 5}
    switched = np.asarray(after.state)[hidden == 2]
    assert np.all(np.sort(switched[:, :5], 1) == np.sort(np.asarray(task.state)[:5]))  # nothing is switched by itself
    assert set(np.asarray(task.state).tolist()) == {GONE, OFF, ON}


def test_where_runs_begin() -> None:
    key = jax.random.key(1)
    assert CppnSpace(rules="paper").describe(CppnSpace(rules="paper").sample(key=key)) == "flat ground"
    slope = CppnSpace().sample(key=key)
    steps = np.diff(np.asarray(slope.heights())[21:])
    assert np.ptp(steps) <= 8  # a straight line, up to rounding
    assert abs(steps[0]) > 0


def test_features_and_words() -> None:
    space = CppnSpace()
    task = space.decode(WAVE)
    rise = (np.asarray(host_terrain(task).y)[21:] - HEIGHT_UNITS) / METRE
    expected = [rise.max(), rise.min(), np.diff(rise).max(), np.diff(rise).min()]
    assert np.allclose(space.features(task), expected, atol=1e-5)
    assert space.describe(task).endswith("through sin, square")
    assert space.draw(task, 96).shape[1:] == (96, 3)


def test_what_is_written_is_read_again(tmp_path) -> None:
    space = CppnSpace()
    value = space.encode(space.decode(WAVE))
    assert space.encode(space.decode(json.loads(json.dumps(value)))) == value
    path = tmp_path / "networks.jsonl"
    path.write_text("\n".join(json.dumps({"name": name} | one) for name, one in (("wave", WAVE), ("tangle", TANGLE))))
    [suite] = Walker(space=space).read_tasks(str(path))
    assert suite.names == ("wave", "tangle")
    assert space.encode(jax.tree.map(lambda x: x[0], suite.tasks)) == value
    path.write_text('{"ground_roughness": 1}')
    with pytest.raises(TaskError, match="line 1: a terrain of a network is an object such as"):
        Walker(space=space).read_tasks(str(path))


def test_suites_of_genes_are_played_as_genes() -> None:
    suite = Walker(space=CppnSpace()).suite("flat")
    assert suite.domain is not None
    assert suite.domain.space.describe(jax.tree.map(lambda x: x[0], suite.tasks)) == "flat ground"
    assert Walker().suite("flat").domain is None


EDGE = {"from": "place", "to": "height", "weight": 1}
IMPOSSIBLE = [
    ([], "is an object such as"),
    ({"edges": [EDGE], "seed": 1}, "no entry 'seed'"),
    ({"edges": [EDGE] * 2}, "same other"),
    ({"edges": [EDGE | {"weight": 11}]}, "`weight` must be a number within ± 10, got 11"),
    ({"edges": [EDGE | {"weight": float("nan")}]}, "`weight` must be a number"),
    ({"edges": [EDGE | {"from": 1}]}, "1 to 0; got 1"),
    ({"edges": [EDGE | {"on": 1}]}, "`on` must be true or false"),
    ({"edges": [{"to": "height"}]}, "an edge is an object such as"),
    ({"edges": [EDGE], "response": 0}, "`response` must be greater than 0"),
    ({"edges": [EDGE], "nodes": [{"activation": "sine"}]}, "no activation 'sine'"),
    ({"edges": [EDGE], "nodes": [{"bias": 1}]}, "a node is an object such as"),
    ({"edges": [EDGE], "nodes": [{"activation": "sin"}] * 9}, "at most 8"),
    ({"edges": [EDGE] * 18}, "at most 17"),
    ({"edges": [{"from": 1, "to": 1}], "nodes": [{"activation": "sin"}]}, "in a circle"),
    (
        {"edges": [{"from": 1, "to": 2}, {"from": 2, "to": 1, "on": False}], "nodes": [{"activation": "sin"}] * 2},
        "in a circle",
    ),
]


@pytest.mark.parametrize(("value", "message"), IMPOSSIBLE, ids=[message for _, message in IMPOSSIBLE])
def test_impossible_networks_are_refused(value: object, message: str) -> None:
    with pytest.raises(TaskError) as error:
        CppnSpace().decode(value)
    assert message in str(error.value)


def test_impossible_spaces_are_refused() -> None:
    with pytest.raises(ArgumentError, match="`hidden` must be at least 1"):
        CppnSpace(hidden=0)


@pytest.mark.slow
def test_a_walker_falls_on_the_ground_of_a_network() -> None:
    from explora.core import fresh_lesson
    from explora.learners import ES

    env = Walker(space=CppnSpace(), max_steps=60)
    learner = ES(pairs=2)
    lesson = fresh_lesson(env.space.samples(3, key=jax.random.key(0)), False)
    state = learner.init(env, key=jax.random.key(1))
    outcome = eqx.filter_jit(env.judge)(learner.policy(state), lesson, key=jax.random.key(2))
    assert np.isfinite(outcome.returns).all()


@pytest.mark.slow
def test_enhanced_poet_runs_on_the_ground_of_networks() -> None:
    from explora.recipes import recipe

    recipe("enhanced-poet").build(Walker(space=CppnSpace(hidden=3))).check()
