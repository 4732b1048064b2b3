from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.core import ArgumentError, TaskError
from explora.domains.walker import WalkerSpace, WalkerTask
from explora.domains.walker._task import flat_task
from explora.testing import SpaceSuite

KEY = jax.random.key(0)


@pytest.mark.slow
class TestLawsOfTheReleasedCode(SpaceSuite):
    VARIED = False  # every sample is flat ground

    def part(self):
        return WalkerSpace()

    def disguises(self, task):
        """What does not show: the shape of absent obstacles, the seed of flat ground."""
        found = []
        if int(task.stair_height[1]) == 0:
            found.append(changed(task, stair_steps=[3, 4], stair_width=[2, 9]))
        if int(task.pit_gap[1]) == int(task.stump_height[1]) == int(task.roughness) == 0:
            found.append(changed(task, seed=int(task.seed) + 5))
        return found


@pytest.mark.slow
class TestLawsOfThePaper(SpaceSuite):
    COUNT = 8

    def part(self):
        return WalkerSpace(rules="paper", start="random")


def changed(task: WalkerTask, **genes) -> WalkerTask:
    fields = {name: getattr(task, name) for name in WalkerTask.__dataclass_fields__}
    return WalkerTask(**(fields | {name: jnp.asarray(x, fields[name].dtype) for name, x in genes.items()}))


def mutants(space: WalkerSpace, count: int = 4000, **genes):
    task = jax.tree.map(jnp.asarray, flat_task(**genes))
    mutate = jax.jit(lambda keys: jax.vmap(lambda key: space.mutate(task, key=key))(keys))
    return jax.device_get(mutate(jax.random.split(KEY, count)))


def pairs(field) -> Counter:
    return Counter(tuple(pair) for pair in field.tolist())


def test_the_first_mutation_brings_every_obstacle_at_its_smallest():
    found = mutants(WalkerSpace(), 500)
    assert pairs(found.pit_gap) == {(0, 80): 500}
    assert pairs(found.stump_height) == {(0, 40): 500}
    assert pairs(found.stair_height) == {(0, 0): 500}  # the published command line leaves them out
    assert 0 <= found.seed.min() < found.seed.max() < 1_000_000


@pytest.mark.slow
def test_the_ends_of_a_range_move_uniformly_among_the_legal_moves():
    found = mutants(WalkerSpace(), pit_gap=(0, 80), stump_height=(40, 60))
    # Neither end may fall below where it began: the lower stays or rises, the upper too.
    assert set(pairs(found.pit_gap)) == {(0, 120), (40, 80), (40, 120)}
    assert min(pairs(found.pit_gap).values()) > 1200
    legal = {(low, high) for low in (20, 40, 60) for high in (40, 60, 80) if low <= high} - {(40, 60)}
    assert set(pairs(found.stump_height)) == legal
    assert min(pairs(found.stump_height).values()) > 4000 / len(legal) * 0.8


@pytest.mark.slow
def test_pits_stop_at_8_in_the_code_and_at_10_in_the_paper():
    assert pairs(mutants(WalkerSpace(), 500, pit_gap=(800, 800)).pit_gap).keys() == {(760, 800), (760, 760)}
    paper = pairs(mutants(WalkerSpace("paper", ("pit_gap",)), 500, pit_gap=(800, 800)).pit_gap)
    assert (840, 840) in paper
    widest = pairs(mutants(WalkerSpace("paper", ("pit_gap",)), 500, pit_gap=(1000, 1000)).pit_gap)
    assert widest.keys() == {(960, 1000), (960, 960)}


@pytest.mark.slow
def test_the_paper_changes_some_or_all_kinds():
    found = mutants(WalkerSpace("paper"), pit_gap=(80, 160), stump_height=(40, 80), stair_height=(40, 80))
    kept = np.stack([np.all(x == x0, axis=1) for x, x0 in (
        (found.pit_gap, [80, 160]), (found.stump_height, [40, 80]), (found.stair_height, [40, 80])
    )])  # fmt: skip
    assert np.abs(kept.mean(1) - 7 / 15).max() < 0.03  # of the 15 sets of 4 kinds that are not empty 7 leave one out
    assert set(pairs(found.stair_steps)) == {(1, 2), (1, 3), (2, 3)}


@pytest.mark.slow
def test_the_code_never_changes_the_number_of_stairs():
    space = WalkerSpace(obstacles=("stair_height",))
    found = mutants(space, 500, stair_height=(40, 80), stair_steps=(3, 4))
    assert pairs(found.stair_steps) == {(3, 4): 500}
    assert set(found.roughness.tolist()) == {0}


@pytest.mark.slow
def test_roughness_changes_by_tenths_and_stays_in_its_range():
    found = Counter(mutants(WalkerSpace(), 20_000, roughness=500).roughness.tolist())
    assert set(found) == set(range(440, 561, 10))
    assert found[440] + found[560] == pytest.approx(found[500], rel=0.15)  # rounding halves the ends
    assert set(mutants(WalkerSpace(), 500, roughness=1000).roughness.tolist()) == set(range(940, 1001, 10))
    assert set(mutants(WalkerSpace(), 500).roughness.tolist()) == set(range(0, 61, 10))


@pytest.mark.slow
def test_coordinates_come_back():
    space = WalkerSpace(rules="paper", start="random")
    tasks = space.samples(8, key=KEY)
    shares = jax.vmap(space.parameters)(tasks)
    again = jax.vmap(lambda p: space.from_parameters(p, key=KEY))(shares)
    for name in ("roughness", "pit_gap", "stump_height", "stair_height", "stair_steps"):
        assert np.array_equal(getattr(tasks, name), getattr(again, name))
    assert len(space.parameter_names) == 8
    assert WalkerSpace().parameter_names == ("roughness", "pit low", "pit high", "stump low", "stump high")


def test_features_are_the_encoding_of_poet():
    space = WalkerSpace()
    genes = {"ground_roughness": 5.6, "stump_height": [2.4, 2.82], "pit_gap": [4.48, 6.4], "seed": 1}
    task = space.decode(genes)
    expected = [5.6, 4.48, 6.4, 2.4, 2.82, 0, 0, 0]
    assert np.asarray(space.features(task)).tolist() == pytest.approx(expected)
    assert space.encode(task) == genes | {"stump_width": [1, 2]}
    assert space.describe(task) == "roughness 5.6, pits of 4.48 to 6.4, stumps of 2.4 to 2.82 (layout 1)"
    assert space.describe(space.decode({"ground_roughness": 0, "seed": 4})) == "flat ground"


def test_what_the_released_code_saves_can_be_read():
    config = {"name": "r0.6.p0_0.8.b1_0_0.4", "ground_roughness": 0.6, "pit_gap": [0, 0.8], "stump_width": [1, 2]}
    config |= {
        "stump_height": [0, 0.4],
        "stump_float": [0, 1],
        "stair_height": [],
        "stair_width": [],
        "stair_steps": [],
    }
    task = WalkerSpace().decode({"config": config, "seed": 42})
    assert WalkerSpace().describe(task) == "roughness 0.6, pits of 0 to 0.8, stumps of 0 to 0.4 (layout 42)"


IMPOSSIBLE = [
    ({}, "without any gene"),
    ({"ground_roughness": 11}, "[0, 10], got 11"),
    ({"ground_roughness": float("nan")}, "[0, 10]"),
    ({"ground_roughness": "rough"}, "[0, 10]"),
    ({"pit_gap": [2, 1]}, "low ≤ high"),
    ({"pit_gap": [0, 12]}, "[0, 10], got 12"),
    ({"pit_gap": 3}, "pair such as [0.4, 0.8]"),
    ({"stump_height": [0, 1], "stump_width": [1.5, 2]}, "two whole numbers"),
    ({"stump_height": [0, 1], "stump_width": [2, 2]}, "low < high"),
    ({"stair_steps": [1, 2]}, "without `stair_height`"),
    ({"stump_height": [0, 1], "stump_float": [1, 2]}, "stand on the ground"),
    ({"pit_gap": [0, 1], "whole": 1}, "true or false"),
    ({"ground_roughness": 1, "seed": -1}, "whole number from 0"),
    ({"ground_roughness": 1, "seed": 1.5}, "whole number from 0"),
    ({"ground_roughnes": 1}, "did you mean 'ground_roughness'?"),
    ([1, 2], "a terrain is an object"),
]


@pytest.mark.parametrize(("value", "message"), IMPOSSIBLE)
def test_impossible_genes_are_refused_in_a_sentence(value, message):
    with pytest.raises(TaskError) as error:
        WalkerSpace().decode(value)
    assert message in str(error.value)


def test_impossible_spaces_are_refused():
    for obstacles in ((), ("lava",), ("pit_gap", "pit_gap")):
        with pytest.raises(ArgumentError, match="`obstacles` must be some of"):
            WalkerSpace(obstacles=obstacles)
