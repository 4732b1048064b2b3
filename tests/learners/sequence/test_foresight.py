"""A network that foretells which clauses come true of every action, and acts by that."""

import dataclasses

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.adapters.stored import keep_apart
from explora.core import Box, CombinationError, Discrete, Episodes, Uniformly, record
from explora.domains.maze import Maze, MazeSpace
from explora.domains.views import Asking, Counted, Request, Spoken, standings
from explora.learners.sequence import Clauses, ForesightNet, Hindsight, Sequence, SequenceState
from explora.nets.sequence import Transformer

MAZE = Maze(MazeSpace(5, 6, walls=6), max_steps=24)
ASKING = Asking(Spoken(Counted(MAZE)), conditions=("goal",))
CLAUSES = [clause.says for clause in MAZE.language.clauses]
NET = ForesightNet(Transformer(32, 1, 2, window=8), bins=4, resolve=1.0)
LEARNER = Sequence(NET, Hindsight("none"), told=("goal",), batch=64, warmup=10, rate=3e-3, norm=1.0, room=0.0)


def test_what_is_asked_multiplies_what_is_usual_by_how_likely_it_comes_true():
    usual, foresight = jnp.log(jnp.array([[0.5, 0.25, 0.25]])), jnp.zeros((1, 3, 2))
    likely = jnp.array([[0.2, 0.9], [0.8, 0.9], [0.8, 0.3]])
    foresight = jnp.log(likely / (1 - likely))[None]
    outputs = jnp.concatenate([usual, foresight.reshape(1, 6)], axis=-1)
    told = lambda *goal: {"goal": jnp.array([goal], jnp.uint8), "told": jnp.array([[0, 0, 1, 0]], jnp.uint8)}
    odds = lambda moment, insist=1.0: jax.nn.softmax(NET.heeding(Discrete(3), outputs, moment, insist))[0]
    np.testing.assert_allclose(odds(told(0, 0)), [0.5, 0.25, 0.25], atol=1e-6)
    np.testing.assert_allclose(odds(told(1, 0)), [0.2, 0.4, 0.4], atol=1e-6)  # 0.5 · 0.2 : 0.25 · 0.8 : 0.25 · 0.8
    both = np.array([0.5 * 0.2 * 0.9, 0.25 * 0.8 * 0.9, 0.25 * 0.8 * 0.3])
    np.testing.assert_allclose(odds(told(1, 1)), both / both.sum(), atol=1e-6)
    twice = np.array([0.5 * 0.2**2, 0.25 * 0.8**2, 0.25 * 0.8**2])
    np.testing.assert_allclose(odds(told(1, 0), 2.0), twice / twice.sum(), atol=1e-6)
    silent = told(1, 1) | {"told": jnp.zeros((1, 4), jnp.uint8)}
    np.testing.assert_allclose(odds(silent), [0.5, 0.25, 0.25], atol=1e-6)


def test_a_clause_of_which_nothing_is_told_teaches_nothing():
    outputs = jnp.array([[0.0, 0.0, 2.0, 3.0, -1.0, 5.0]])  # two choices, two clauses
    loss = lambda *true: float(NET.losses(Discrete(2), outputs, jnp.array([1]), {"true": jnp.array([true])})[0])
    missed = lambda logit, true: float(np.log1p(np.exp(logit)) - true * logit)
    assert loss(-1, -1) == pytest.approx(np.log(2))
    assert loss(1, -1) == pytest.approx(np.log(2) + 0.25 * missed(-1.0, 1), rel=1e-5)
    assert loss(1, 0) == pytest.approx(np.log(2) + 0.25 * (missed(-1.0, 1) + missed(5.0, 0)), rel=1e-5)


def test_what_a_step_breaks_for_good_is_told_apart_from_what_seldom_comes_true():
    logit = lambda share: np.log(share / (1 - share))
    comes, holds = np.array([[0.01], [0.02]]), np.array([[0.9], [0.001]])  # of two choices, one clause
    both = np.concatenate([logit(comes), logit(holds)], axis=-1).reshape(1, 4)
    outputs = jnp.concatenate([jnp.zeros((1, 2)), jnp.asarray(both, jnp.float32)], axis=-1)
    moment = {"goal": jnp.ones((1, 1), jnp.uint8), "told": jnp.ones((1, 4), jnp.uint8)}
    at = lambda standing: moment | {"standing": jnp.array([[standing]])}
    odds = lambda standing: jax.nn.softmax(NET.heeding(Discrete(2), outputs, at(standing), 1.0))[0]
    product = (comes * holds)[:, 0]
    np.testing.assert_allclose(odds(0.5), product / product.sum(), rtol=1e-4)
    np.testing.assert_allclose(odds(-1.0), [0.5, 0.5], atol=1e-6)  # broken already: it does not matter
    loss = lambda standing, holds, true: float(
        NET.losses(
            Discrete(2),
            outputs,
            jnp.array([0]),
            {"true": jnp.array([[true]]), "holds": jnp.array([[holds]]), "standing": jnp.array([[standing]])},
        )[0]
    )
    done = np.log(2)
    assert loss(0.5, 1, 1) == pytest.approx(done - 0.25 * np.log(0.9 * 0.01), rel=1e-4)
    assert loss(0.5, 1, 0) == pytest.approx(done - 0.25 * np.log(0.9 * 0.99), rel=1e-4)
    assert loss(0.5, 0, 0) == pytest.approx(done - 0.25 * np.log(0.1), rel=1e-4)  # of the rest nothing is known
    assert loss(0.5, -1, 0) == pytest.approx(done - 0.25 * np.log(0.99), rel=1e-4)
    assert loss(-1.0, 1, 1) == pytest.approx(done)


def test_the_step_that_breaks_a_clause_is_known_but_for_the_last_of_an_episode():
    standing = np.array([[1.0], [0.5], [-1.0], [1.0], [0.5]], np.float16)  # an episode of three steps, and one of two
    clauses = Clauses(np.array([[0], [0]], np.int8), standing)
    at = clauses.at(np.arange(5), np.array([[0], [0], [0], [0], [0]]), np.array([False, False, True, False, True]))
    assert at["holds"][:, 0].tolist() == [1, 0, -1, 1, -1]
    true = clauses.at(np.array([4]), np.array([[1]]), np.array([True]))
    assert true["holds"].tolist() == [[1]]
    apart = clauses.at(np.arange(2), np.array([[-1], [-1]]), np.array([False, False]))
    assert apart["holds"].tolist() == [[-1], [-1]]  # of what is not to be told it is not told that it held


def test_of_what_is_held_out_one_clause_of_each_episode_is_not_told_and_the_rest_is():
    true = np.random.default_rng(0).random((400, 4)) < 0.6
    known = keep_apart(true, ((0, 1), (1, 2)), rng=np.random.default_rng(1))
    for one, other in ((0, 1), (1, 2)):
        assert not (known[:, [one, other]] == 1).all(1).any()
        assert {0, 1} <= {int(k) for k in known[true[:, [one, other]].all(1)][:, [one, other]].argmax(1)}
    told = known >= 0
    assert (known[told] == true[told]).all()
    assert true[~told].all()
    assert told[:, 3].all()
    assert (~told[:, 0] <= true[:, [0, 1]].all(1)).all()  # nothing is left out elsewhere


@pytest.fixture(scope="module")
def lived() -> Episodes:
    """Episodes of a player who does anything, as a run keeps them."""
    played = Asking(MAZE, conditions=())
    tasks = MAZE.space.samples(2000, key=jr.key(0))
    found = record(played, Uniformly(3), jax.vmap(played.space.of)(tasks), key=jr.key(1))
    columns = {f"task.{name}": np.asarray(value) for name, value in vars(tasks).items()}
    seen = {"observation": found.observation["seen"], "final": found.final["seen"]}
    return dataclasses.replace(found, columns=columns, **seen)


@pytest.fixture(scope="module")
def learned(lived: Episodes) -> SequenceState:
    true = MAZE.retell(lived)
    none = np.broadcast_to(np.uint8(0), (lived.steps, len(CLAUSES)))
    told = dataclasses.replace(lived, achieved=none, columns={**lived.columns, "goal": true.astype(np.uint8)})
    clauses = Clauses(true.astype(np.int8), standings(MAZE, lived))
    state = LEARNER.init(ASKING, key=jr.key(2))
    return LEARNER.learn(state, told, 400, rng=np.random.default_rng(3), clauses=clauses)


def asked(state: SequenceState, says: list[str], insist: float = 3.0) -> Episodes:
    """What comes of asking for some clauses in mazes that were not learned from."""
    policy = dataclasses.replace(LEARNER.policy(state), insist=insist)
    played = Asking(Counted(MAZE), ())
    tasks = MAZE.space.samples(200, key=jr.key(4))
    usual = jax.vmap(ASKING.space.of)(tasks)
    goal = jnp.broadcast_to(jnp.array([name in says for name in CLAUSES], jnp.uint8), (200, len(CLAUSES)))
    request = Request(usual.task, usual.returns, usual.horizon, goal, usual.skill, usual.told)
    found = record(played, policy, request, key=jr.key(5))
    columns = {f"task.{name}": np.asarray(value) for name, value in vars(tasks).items()}
    seen = {"observation": found.observation["seen"], "final": found.final["seen"]}
    return dataclasses.replace(found, columns=columns, **seen)


@pytest.mark.slow
def test_one_who_has_seen_random_play_alone_does_what_it_is_asked(lived, learned):
    pair = ["turn right first", "turn at most 3 times"]
    number = [CLAUSES.index(name) for name in pair]
    usual = MAZE.retell(lived)[:, number].all(1).mean()
    shown = MAZE.retell(asked(learned, pair))[:, number].all(1).mean()
    assert usual < 0.1
    assert shown > 0.8
    other = MAZE.retell(asked(learned, ["turn left first"]))
    assert other[:, CLAUSES.index("turn left first")].mean() > 0.95


def test_it_says_what_it_needs():
    spec = ASKING.observation
    with pytest.raises(CombinationError, match="actions Discrete"):
        NET.init(spec, Box((2,)), key=jr.key(0))
    state = LEARNER.init(ASKING, key=jr.key(0))
    nothing = Episodes(np.zeros(1, np.int64), None, None, np.zeros(0), np.zeros(0, np.float32), np.zeros(0, bool))
    with pytest.raises(CombinationError, match="nobody says which did"):
        LEARNER.learn(state, nothing, 1, rng=np.random.default_rng(0))
