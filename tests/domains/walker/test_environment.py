from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.core import ArgumentError, build, fresh_lesson, spec
from explora.domains.walker import Walker, WalkerSpace
from explora.domains.walker._body import FINISH
from explora.domains.walker._fast import Physics, advance
from explora.testing import EnvironmentSuite, Fidget

KEY = jax.random.key(0)
SHORT = Walker(max_steps=60, steps=40, iterations=4, contacts=2)


@pytest.mark.slow
class TestLaws(EnvironmentSuite):
    COUNT = 4

    def part(self):
        return Walker(
            space=WalkerSpace(rules="paper", start="random"), max_steps=60, steps=40, iterations=4, contacts=2
        )


@pytest.fixture(scope="module")
def step():
    return jax.jit(lambda world, state, action: SHORT.step(world, state, action, key=KEY))


@pytest.fixture(scope="module")
def world():
    return jax.jit(SHORT.world)(SHORT.space.sample(key=KEY))


@pytest.fixture(scope="module")
def start(world):
    return SHORT.reset(world, key=KEY)


def at(state, place: float):
    """The same body with its hull elsewhere."""
    pose = state.motion.pose.at[0].add(place - state.motion.pose[0])
    motion = replace(state.motion, pose=pose)
    return type(state)(motion, state.merit + (130 / 30) * (pose[0] - state.motion.pose[0]), state.time)


@pytest.mark.slow
def test_strength_costs_and_the_way_pays(step, world, start):
    nothing, half = (step(world, start, jnp.full((4,), x)) for x in (0.0, -0.5))
    moved = float(half.state.merit - start.merit)
    assert float(half.reward) == pytest.approx(moved - 4 * 0.5 * 0.028, abs=1e-4)
    assert float(nothing.reward) == pytest.approx(float(nothing.state.merit - start.merit), abs=1e-5)


@pytest.mark.slow
def test_strength_beyond_one_is_one(step, world, start):
    one, three = (step(world, start, jnp.full((4,), x)) for x in (1.0, 3.0))
    assert np.array_equal(one.state.motion.speed, three.state.motion.speed)
    assert float(one.reward) == float(three.reward)


@pytest.mark.slow
def test_behind_the_last_place_the_terrain_is_solved(step, world, start):
    before, behind = (step(world, at(start, FINISH + x), jnp.zeros((4,))) for x in (-0.5, 1.0))
    assert (bool(before.terminated), bool(before.solved)) == (False, False)
    assert (bool(behind.terminated), bool(behind.solved), bool(behind.truncated)) == (True, True, False)
    assert float(behind.reward) > -1


@pytest.mark.slow
def test_beyond_the_left_end_is_a_fall(step, world, start):
    after = step(world, at(start, -0.5), jnp.zeros((4,)))
    assert (bool(after.terminated), bool(after.solved), float(after.reward)) == (True, False, -100.0)


@pytest.mark.slow
def test_a_hull_on_the_ground_is_a_fall(step, world, start):
    motion = replace(start.motion, pose=start.motion.pose.at[1].add(-2.2))
    after = step(world, type(start)(motion, start.merit, start.time), jnp.zeros((4,)))
    assert (bool(after.terminated), float(after.reward)) == (True, -100.0)


@pytest.mark.slow
def test_a_motion_that_is_not_finite_is_a_fall_and_leaves_no_trace(step, world, start):
    after = step(world, start, jnp.array([jnp.nan, 0.0, 0.0, 0.0]))
    assert (bool(after.terminated), bool(after.truncated), float(after.reward)) == (True, False, -100.0)
    for new, old in zip(jax.tree.leaves(after.state.motion), jax.tree.leaves(start.motion)):
        assert np.array_equal(new, old)


@pytest.mark.slow
def test_patience_is_not_an_end(step, world, start):
    late = type(start)(start.motion, start.merit, jnp.asarray(59, jnp.int32))
    after = step(world, late, jnp.zeros((4,)))
    assert (bool(after.terminated), bool(after.truncated)) == (False, True)


@pytest.mark.slow
def test_a_push_at_the_start_is_the_only_chance(world):
    starts = [SHORT.reset(world, key=jax.random.key(seed)) for seed in range(8)]
    speeds = np.array([start.motion.speed for start in starts])
    assert len(np.unique(speeds[:, 0])) == 8
    assert all(np.allclose(start.motion.pose, starts[0].motion.pose, atol=0.003) for start in starts)


@pytest.mark.slow
def test_one_lane_and_many_do_the_same(world, start, step):
    action = jnp.array([0.3, -0.8, 0.5, 0.1])
    alone = step(world, start, action)
    many = jax.tree.map(lambda x: jnp.stack([x] * 5), (world, start, action))
    together = jax.jit(jax.vmap(lambda w, s, a: SHORT.step(w, s, a, key=KEY)))(*many)
    nested = jax.jit(jax.vmap(jax.vmap(lambda s, a: SHORT.step(world, s, a, key=KEY))))(
        *jax.tree.map(lambda x: jnp.stack([x[:2], x[2:4]]), many[1:])
    )
    for one, row, deep in zip(*(jax.tree.leaves(x) for x in (alone, together, nested))):
        assert np.allclose(one, row[3], atol=1e-5)
        assert np.allclose(one, deep[1, 1], atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("constant", [(), ("world",), ("world", "action"), ("world", "state", "action")])
@pytest.mark.parametrize("wanted", ["pose", "held", "touch", "crash", "everything"])
def test_it_compiles_whatever_is_constant_and_whatever_is_wanted(world, start, step, constant, wanted):
    action = jnp.full((4,), 0.5)
    state, actions = jax.tree.map(lambda x: jnp.stack([x] * 3), (start, action))
    given = {"world": world, "state": state, "action": actions}

    def chosen(done):
        motion = done.state.motion
        parts = {"pose": motion.pose, "held": motion.held, "touch": motion.touch, "crash": done.terminated}
        return parts if wanted == "everything" else parts[wanted]

    def advanced(**free):
        every = given | free
        one = lambda state, action: chosen(SHORT.step(every["world"], state, action, key=KEY))
        return jax.vmap(one)(every["state"], every["action"])

    found = jax.jit(advanced)(**{name: x for name, x in given.items() if name not in constant})
    for one, many in zip(*(jax.tree.leaves(x) for x in (chosen(step(world, start, action)), found))):
        assert np.allclose(one, many, atol=1e-4)


@pytest.mark.slow
def test_thousands_of_lanes_compile(world, start, step):
    # XLA takes sums of long arrays from a library, which it cannot do inside one piece of machine code
    action = jnp.full((4,), 0.5)
    states, actions = jax.tree.map(lambda x: jnp.broadcast_to(x, (3000, *x.shape)), (start, action))
    many = jax.jit(jax.vmap(lambda s, a: SHORT.step(world, s, a, key=KEY).state.motion))(states, actions)
    for one, row in zip(*(jax.tree.leaves(x) for x in (step(world, start, action).state.motion, many))):
        assert np.allclose(one, row[-1], atol=1e-4)


@pytest.mark.slow
def test_blocks_of_lanes_are_put_together_as_they_were(start, step):
    tasks = SHORT.space.samples(300, key=KEY)
    worlds = jax.jit(jax.vmap(SHORT.world))(tasks)
    actions = jax.random.uniform(KEY, (300, 4), minval=-1.0)
    states = jax.tree.map(lambda x: jnp.broadcast_to(x, (300, *x.shape)), start)
    after = jax.jit(jax.vmap(lambda w, s, a: SHORT.step(w, s, a, key=KEY).state))(worlds, states, actions)
    shown = jax.jit(jax.vmap(SHORT.observe))(worlds, after)
    for lane in (0, 191, 192, 299):  # two blocks of 192 lanes
        world, action = jax.tree.map(lambda x: x[lane], (worlds, actions))  # noqa: B023
        alone = step(world, start, action).state
        for one, row in zip(jax.tree.leaves(alone), jax.tree.leaves(after)):
            assert np.allclose(one, row[lane], atol=1e-4)
        assert np.allclose(SHORT.observe(world, alone), shown[lane], atol=1e-4)


def test_the_physics_takes_nothing_from_a_library(world, start):
    motion, actions = jax.tree.map(lambda x: jnp.stack([x] * 2), (start.motion, jnp.zeros(4)))
    step = jax.vmap(lambda m, a: advance(world, m, a, Physics()))
    used = primitives(jax.make_jaxpr(step)(motion, actions).jaxpr)
    assert {"scan", "gather", "select_n"} <= used
    assert not {name for name in used if name.startswith(("reduce_sum", "dot", "sort", "conv_", "cum", "top_k"))}


def primitives(program) -> set[str]:
    """The names of all operations, those of programs within it included."""
    found = {each.primitive.name for each in program.eqns}
    inner = [x for each in program.eqns for x in jax.tree.leaves(list(each.params.values()))]
    programs = [getattr(x, "jaxpr", x) for x in inner]
    return found.union(*(primitives(x) for x in programs if hasattr(x, "eqns")))


def test_company_changes_nothing_but_rounding():
    walker = Walker(space=WalkerSpace(rules="paper", start="random"), max_steps=200, iterations=4, contacts=2)
    tasks = walker.space.samples(70, key=KEY)
    worlds = jax.jit(jax.vmap(walker.world))(tasks)
    starts = jax.jit(jax.vmap(lambda w, k: walker.reset(w, key=k)))(worlds, jax.random.split(KEY, 70))
    step = jax.jit(jax.vmap(lambda w, s, a: walker.step(w, s, a, key=KEY).state))
    actions = np.clip(np.random.default_rng(0).normal(size=(10, 70, 4)), -1, 1).astype(np.float32)

    def end(count):
        cut = lambda tree: jax.tree.map(lambda x: x[:count], tree)
        now = cut(starts)
        for action in actions:
            now = step(cut(worlds), now, jnp.asarray(action[:count]))
        return now.motion

    for one, other in zip(jax.tree.leaves(end(2)), jax.tree.leaves(end(70))):
        assert np.allclose(one, other[:2], atol=2e-3)


def test_a_walker_is_its_configuration():
    walker = Walker(iterations=20, space=WalkerSpace(rules="paper"))
    assert build(spec(walker)) == walker


def test_impossible_walkers_are_refused():
    with pytest.raises(ArgumentError, match="`steps` and `max_steps`"):
        Walker(max_steps=0)
    with pytest.raises(ArgumentError, match="`iterations`"):
        Walker(iterations=0)
    with pytest.raises(ArgumentError, match="`contacts`"):
        Walker(contacts=9)


@pytest.mark.slow
def test_pictures_show_the_strip_and_the_body(world, start):
    task = SHORT.space.decode({"ground_roughness": 1, "stump_height": [2, 2], "seed": 3})
    strip, moment = SHORT.space.draw(task, 160), SHORT.frame(task, start, 120)
    assert strip.shape[1] == 160
    assert strip.shape[0] < 60
    assert moment.shape == (80, 120, 3)
    colours = {tuple(x) for x in moment.reshape(-1, 3)}
    assert (127, 86, 196) in colours  # the hull


@pytest.mark.slow
def test_judging_needs_no_policy_of_a_learner():
    lesson = fresh_lesson(SHORT.space.samples(2, key=KEY), False, plays=2)
    outcome = jax.jit(lambda key: SHORT.judge(Fidget(SHORT.action), lesson, key=key))(KEY)
    assert np.all(np.isfinite(outcome.returns))
    assert np.all(outcome.lengths <= 60)
