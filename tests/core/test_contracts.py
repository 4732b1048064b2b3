"""Small things that everything stands on: lessons, parts that fit, sentences of errors, addresses."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import (
    NEW,
    CombinationError,
    Domain,
    ExploraError,
    Learner,
    Lesson,
    MissingExtra,
    Outcome,
    Parts,
    Score,
    Space,
    Status,
    Suite,
    UnknownName,
    fresh_lesson,
    judge_suite,
    suggest,
    turn_keys,
)
from explora.testing import Carousel, Fidget, Linear, Trail, Trails, Walk


def lesson(**fields: Any) -> Lesson:
    return fresh_lesson({"x": jnp.arange(6.0)}, **({"learn": True} | fields))


# --- lessons ---------------------------------------------------------------------------------------------------------


def test_a_fresh_lesson_has_no_numbers_yet() -> None:
    found = lesson()
    assert found.id.tolist() == found.parent.tolist() == [NEW] * 6
    assert (found.rows, found.lanes) == (6, 6)


def test_a_queue_makes_fewer_lanes() -> None:
    assert lesson(queue=3).lanes == 2


def test_the_learn_mask_is_an_array_always() -> None:
    assert lesson(learn=False).learn_mask.tolist() == [False] * 6
    assert lesson(learn=jnp.arange(6) < 2).learn_mask.tolist() == [True, True, False, False, False, False]


def test_a_cut_keeps_what_belongs_to_its_rows() -> None:
    whole = lesson(
        learn=jnp.arange(6) < 3,
        id=jnp.arange(6, dtype=jnp.int32),
        who=jnp.repeat(jnp.arange(2, dtype=jnp.int32), 3),
        memo="mine",
        plays=2,
        phase="train",
        where="browser",
    )
    cut = whole.take(2, 5)
    assert cut.tasks["x"].tolist() == [2.0, 3.0, 4.0]
    assert cut.id.tolist() == [2, 3, 4]
    assert cut.learn.tolist() == [True, False, False]
    assert cut.who is not None
    assert cut.who.tolist() == [0, 1, 1]
    assert (cut.plays, cut.phase, cut.where, cut.memo) == (2, "train", "browser", None)


def test_told_and_answered() -> None:
    outcome = Outcome(jnp.array([Status.WAITING, Status.ANSWERED, Status.VOID], jnp.int8))
    assert outcome.answered.tolist() == [False, True, False]
    assert outcome.told.tolist() == [False, True, True]


@pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_what_the_learner_makes_of_a_row_is_kept_as_it_comes(array: Any) -> None:
    status = jnp.full((4,), Status.ANSWERED, jnp.int8)
    predictions, embeddings = array(np.ones((4, 3, 2), np.float32)), array(np.ones((4, 5), np.float32))
    outcome = Outcome(status, predictions=predictions, embeddings=embeddings, irreducible=array(np.ones(4, np.float32)))
    assert outcome.predictions is predictions
    assert outcome.embeddings is embeddings
    assert Outcome(status).embeddings is None


def test_the_keys_of_turns_and_verbs_all_differ() -> None:
    keys = [turn_keys(jr.key(0), jnp.asarray(turn), 5) for turn in range(4)]
    assert len({tuple(x) for key in keys for x in np.asarray(jr.key_data(key)).tolist()}) == 20


# --- parts -----------------------------------------------------------------------------------------------------------


class Still(Space[Trail]):
    """A space that offers nothing beyond the bare minimum."""


class Pond(Domain[Trail]):
    @property
    def space(self) -> Still:
        return Still()


class Wishful(Carousel):
    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"returns", "unicorns", "members"})


class Picky(Learner[Any]):
    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"returns"})

    def refuses(self, parts: Parts) -> str | None:
        return "Picky plays nothing; use Linear()"


def test_parts_that_fit_are_returned() -> None:
    parts = Parts(Walk(), Linear(), Carousel())
    assert parts.check() is parts


def test_what_is_missing_is_named_with_who_lacks_it() -> None:
    with pytest.raises(CombinationError, match=r"^Wishful needs members, unicorns, which neither Walk nor Linear prov"):
        Parts(Walk(), Linear(), Wishful()).check()


def test_a_part_may_refuse_with_its_own_sentence() -> None:
    with pytest.raises(CombinationError, match=r"^Picky plays nothing; use Linear\(\)$"):
        Parts(Walk(), Picky(), Carousel()).check()


def test_a_learner_that_acts_refuses_a_domain_that_is_not_played_in_time() -> None:
    with pytest.raises(CombinationError, match="Linear learns by acting, but Pond is no Environment"):
        Parts(Pond(), Linear(), Carousel()).check()


def test_a_lesson_is_played_where_it_says() -> None:
    browser = Walk(patience=3)
    parts = Parts(Walk(), Linear(), Carousel(), {"browser": browser})
    assert parts.played_in("main") is parts.domain
    assert parts.played_in("browser") is browser
    assert browser in parts.all()


def test_one_hosted_part_makes_a_hosted_run() -> None:
    class Slow(Carousel):
        hosted = True

    assert not Parts(Walk(), Linear(), Carousel()).hosted
    assert Parts(Walk(), Linear(), Slow()).hosted


def test_what_a_space_does_not_offer_it_says() -> None:
    task = Trails().sample(key=jr.key(0))
    with pytest.raises(CombinationError, match="Still has no `mutate`; use an explorer that edits nothing"):
        Still().mutate(task, key=jr.key(0))
    with pytest.raises(CombinationError, match="Still has no `features`"):
        Still().features(task)
    with pytest.raises(CombinationError, match="Still has no `draw`"):
        Still().draw(task)
    assert Still().studio() is None


def test_members_are_asked_of_a_population() -> None:
    with pytest.raises(CombinationError, match=r"Linear has no members; wrap it in Population"):
        Linear().start(None, jnp.array([-1], jnp.int32), key=jr.key(0))


def test_a_score_without_memory_keeps_nothing() -> None:
    assert Score().init() == ()


# --- suites ----------------------------------------------------------------------------------------------------------


def test_a_suite_has_one_name_for_each_task() -> None:
    tasks = Trails().samples(3, key=jr.key(0))
    with pytest.raises(ExploraError, match=r"`names` must have one name a task.*3 tasks and 2"):
        Suite(tasks, ("one", "two"))


def test_an_unknown_suite_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"^there is no suite 'corner'; did you mean 'corners'\?$"):
        Walk().suite("corner")


def test_a_suite_is_played_in_its_own_domain_where_it_has_one() -> None:
    suite = Walk().suite("corners")
    moved = Suite(suite.tasks, suite.names, domain=Walk(patience=1))
    lengths = [
        judge_suite(Walk(), Fidget(Walk().action), x, episodes=2, key=jr.key(0)).lengths.max() for x in (suite, moved)
    ]
    assert float(lengths[0]) > 1.0
    assert float(lengths[1]) == 1.0


# --- errors ----------------------------------------------------------------------------------------------------------


def test_an_unknown_name_is_a_key_error_that_reads_well() -> None:
    error = UnknownName("recipe", "acel", ["accel", "plr", "uniform"])
    assert str(error) == "there is no recipe 'acel'; did you mean 'accel'?"
    assert isinstance(error, KeyError)
    assert isinstance(error, ExploraError)


def test_a_name_that_is_like_nothing_gets_the_list() -> None:
    assert suggest("zzz", ["b", "a"]) == "; known are a, b"
    assert suggest("zzz", []) == "; none are known"


def test_a_missing_extra_says_what_to_install() -> None:
    error = MissingExtra("tensorboard", "tensorboard")
    assert str(error) == "this needs the package 'tensorboard': pip install 'explora[tensorboard]'"
    assert isinstance(error, ImportError)


# --- addresses -------------------------------------------------------------------------------------------------------


def test_an_address_is_16_hexadecimal_digits_and_never_changes() -> None:
    trail = Trails().decode({"cells": "..~..", "mark": 4, "toll": 0.03125})
    # sha256 of {"cells":"..~..","mark":4,"toll":0.03125}
    assert Trails().address(trail) == "f36efb0f43c85167"


def test_a_fingerprint_never_changes() -> None:
    trail = Trails().decode({"cells": "..~..", "mark": 4, "toll": 0.03125})
    assert Trails().fingerprint(trail).tolist() == [1383436915, 1750630365]


def test_many_tasks_have_many_fingerprints() -> None:
    # All trails of 8 cells: 256 muds × 7 marks. A collision in 64 bits would be a broken hash.
    mud = (jnp.arange(256)[:, None] >> jnp.arange(8)[None]) & 1 > 0
    marks = jnp.array([0, 1, 2, 3, 5, 6, 7], jnp.uint8)
    make = lambda mud, mark: Trail(jnp.uint8(8), mark, mud, jnp.zeros(()))
    every = jax.vmap(lambda mud: jax.vmap(lambda mark: Trails().fingerprint(make(mud, mark)))(marks))
    prints = np.asarray(jax.jit(every)(mud)).reshape(-1, 2)
    assert len({tuple(x) for x in prints.tolist()}) == 256 * 7
    for lane in prints.T:
        assert len(set(lane.tolist())) == 256 * 7  # either half alone tells them apart as well
