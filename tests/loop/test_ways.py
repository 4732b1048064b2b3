"""Many turns: compiled and hosted, phases in their rhythm, and what is logged."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, Explorer, Parts
from explora.explorers import Frontier
from explora.loop import Count, chunk, host_chunk, init, phase_at, phases
from explora.loop._kinds import kinds
from explora.loop._rhythm import phase_index
from explora.testing import Carousel, Linear, Trails, Walk
from explora.testing._suite import difference

PARTS = Parts(Walk(), Linear(), Carousel())
ROOT = jr.key(3)


@pytest.fixture(scope="module")
def compiled() -> Any:
    """Seven turns in one dispatch, with room for twelve."""
    return chunk(PARTS, init(PARTS, key=jr.key(0)), root=ROOT, turns=7, capacity=12)


@pytest.fixture(scope="module")
def plain() -> Any:
    """The same seven turns, and every event of them."""
    events: list[Any] = []
    found = host_chunk(PARTS, init(PARTS, key=jr.key(0)), root=ROOT, turns=7, keep=events.append)
    return *found, events


def test_both_ways_lead_to_the_same_state(compiled: Any, plain: Any) -> None:
    assert difference(compiled[0], plain[0], 1e-4) is None


def test_both_ways_log_the_same(compiled: Any, plain: Any) -> None:
    cut = lambda log: jax.tree.map(lambda x: x[:7], log)
    assert difference(cut(compiled[1].metrics), plain[1].metrics, 1e-4) is None
    assert difference(cut(compiled[1].rows), plain[1].rows, 1e-4) is None
    assert plain[1].phase.tolist() == compiled[1].phase[:7].tolist()


def test_phases_follow_the_rhythm(compiled: Any) -> None:
    # two rounds of new tasks, one of those it has kept
    assert compiled[1].phase.tolist()[:7] == [0, 0, 1, 0, 0, 1, 0]
    state, log = chunk(PARTS, compiled[0], root=ROOT, turns=2, capacity=12)
    assert log.phase.tolist()[:2] == [0, 1]  # turns 7 and 8
    assert int(state.turn) == 9


class Careless(Carousel):
    """Its first state holds plain numbers, whose type JAX calls weak."""

    def init(self, space: Any, *, key: Any) -> Any:
        return dataclasses.replace(super().init(space, key=key), score=jnp.full((self.slots,), 0.0))


def test_a_second_chunk_is_not_compiled_anew_whatever_the_first_types_were() -> None:
    parts = Parts(Walk(), Linear(), Careless())
    first = Careless().init(parts.space, key=jr.key(0))
    assert any(getattr(leaf, "weak_type", False) for leaf in jax.tree.leaves(first))
    assert not any(getattr(leaf, "weak_type", False) for leaf in jax.tree.leaves(init(parts, key=jr.key(0))))


def test_phases_of_one_form_are_one_program() -> None:
    state = init(PARTS, key=jr.key(0))
    assert kinds(PARTS.explorer, state.explorer, PARTS.space) == (("new", "again"),)
    frontier = Frontier(rows=4, candidates=8, kept=4)
    apart = kinds(frontier, frontier.init(PARTS.space, key=jr.key(0)), PARTS.space)
    assert apart == (("search",), ("train",))


def test_every_turn_logs_its_tasks_under_its_phase(compiled: Any) -> None:
    rows = compiled[1].rows
    assert set(rows) == {"new", "again"}
    assert rows["new"].id[:2].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert rows["again"].id[2].tolist() == [0, 1, 2, 3]
    assert rows["new"].id[3].tolist() == [8, 9, 10, 11]
    assert rows["again"].id[3].tolist() == [0, 0, 0, 0]  # another phase's turn


def test_metrics_have_a_column_for_each_part(compiled: Any) -> None:
    metrics = compiled[1].metrics
    assert {name.split("/")[0] for name in metrics} == {"play", "learner", "explorer"}
    assert all(column.shape == (12,) and column.dtype == jnp.float32 for column in metrics.values())
    assert metrics["explorer/kept"][:4].tolist() == [4.0, 8.0, 8.0, 8.0]
    assert metrics["play/answered"][:7].tolist() == [1.0] * 7


def test_whoever_asks_gets_the_experience(plain: Any) -> None:
    events = plain[2]
    assert len(events) == 7
    assert events[0].experience.data.rewards.shape == (16, 4)
    assert events[2].lesson.phase == "again"


def test_an_explorer_that_keeps_nothing_logs_no_tasks() -> None:
    class Nothing(Carousel):
        def archive(self, state: Any) -> None:
            return None

    own = Parts(Walk(), Linear(), Nothing())
    log = host_chunk(own, init(own, key=jr.key(0)), root=ROOT, turns=1)[1]
    assert log.rows == {"new": None, "again": None}


def test_what_nobody_measured_is_not_a_number() -> None:
    own = Parts(Walk(Trails(64), steps=1, patience=9), Linear(), Carousel())  # hardly any trail is that short
    log = host_chunk(own, init(own, key=jr.key(0)), root=jr.key(7), turns=1)[1]
    assert float(log.metrics["play/answered"][0]) == 0.0
    assert np.isnan(float(log.metrics["play/solved"][0]))


@pytest.mark.parametrize("turns", [0, 13])
def test_a_chunk_has_room_for_its_turns(turns: int) -> None:
    with pytest.raises(ArgumentError, match=f"`turns` must lie between 1 and `capacity`=12, got {turns}"):
        chunk(PARTS, init(PARTS, key=jr.key(0)), root=ROOT, turns=turns, capacity=12)


# --- rhythm ----------------------------------------------------------------------------------------------------------


class Waltz(Explorer[Any, Any]):
    @property
    def rhythm(self) -> tuple[tuple[str, int], ...]:
        return (("step", 2), ("turn", 1), ("step", 1), ("bow", 3))


def test_a_phase_that_comes_twice_is_one_phase() -> None:
    assert phases(Waltz()) == ("step", "turn", "bow")


def test_the_phase_of_a_turn_is_the_same_on_the_host_and_under_jit() -> None:
    expected = ["step", "step", "turn", "step", "bow", "bow", "bow"] * 2
    assert [phase_at(Waltz(), turn) for turn in range(14)] == expected
    found = jax.jit(jax.vmap(lambda turn: phase_index(Waltz(), turn)))(jnp.arange(14, dtype=jnp.int32))
    assert [phases(Waltz())[index] for index in found.tolist()] == expected


# --- counters --------------------------------------------------------------------------------------------------------


def test_a_counter_outlives_32_bits() -> None:
    add = jax.jit(lambda count, number: count.plus(number))
    count = Count.zero()
    for _ in range(9):
        count = add(count, jnp.asarray(999_999_999, jnp.int32))
    assert int(count) == 9 * 999_999_999 > 2**32
    assert (int(count.high), int(count.low)) == (8, 999_999_991)
    assert float(count.real()) == pytest.approx(9 * 999_999_999, rel=1e-6)


def test_a_counter_carries_exactly_at_its_base() -> None:
    count = Count.zero().plus(jnp.asarray(999_999_999, jnp.int32))
    assert int(count) == 999_999_999
    assert int(count.plus(jnp.asarray(1, jnp.int32))) == 1_000_000_000
    assert int(count.plus(jnp.asarray(1, jnp.int32)).low) == 0
