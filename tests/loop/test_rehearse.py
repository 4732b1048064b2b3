"""A rehearsal goes through every kind of round and computes nothing."""

import dataclasses
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import pytest
from jax.core import Tracer

from explora.core import CombinationError, Experience, Lesson, Outcome, Parts
from explora.loop import chunk, init, rehearse, step
from explora.testing import Carousel, Linear, Walk

MET: list[tuple[str, bool]] = []


class Listening(Linear):
    """Notes the phases that it learns in, and whether there were any numbers."""

    def update(self, state: Any, lesson: Lesson, experience: Experience, *, key: Any) -> Any:
        MET.append((lesson.phase, not isinstance(state.actor, Tracer)))
        return super().update(state, lesson, experience, key=key)


class Silent(Linear):
    """Does not measure what it says it does."""

    def measure(self, state: Any, lesson: Lesson, experience: Experience) -> Outcome:
        return dataclasses.replace(super().measure(state, lesson, experience), returns=None)


class Growing(Linear):
    """Its state does not stay what it was."""

    def play(self, state: Any, domain: Any, lesson: Lesson, *, key: Any) -> Any:
        state, experience, outcome = super().play(state, domain, lesson, key=key)
        return eqx.tree_at(lambda s: s.loss, state, jnp.zeros((2,))), experience, outcome


class Hosted(Listening):
    hosted = True


def rehearsed(learner: Linear) -> Parts:
    parts = Parts(Walk(), learner, Carousel())
    rehearse(parts, init(parts, key=jr.key(0)), root=jr.key(0), capacity=3)
    return parts


def test_every_phase_is_rehearsed_without_numbers_and_a_chunk_need_not_do_it_again():
    MET.clear()
    parts = rehearsed(Listening())
    assert set(MET) == {("", False)}  # both are one program, which is not told which it is
    MET.clear()
    chunk(parts, init(parts, key=jr.key(1)), root=jr.key(1), turns=2, capacity=3)
    assert MET == []


@pytest.mark.slow
def test_a_part_that_refuses_says_it_in_its_own_words():
    message = "^Carousel keeps returns, but the outcome has none: use a learner that measures them"
    with pytest.raises(CombinationError, match=message):
        rehearsed(Silent())
    parts = Parts(Walk(), Silent(), Carousel())
    with pytest.raises(CombinationError, match=message):
        step(parts, init(parts, key=jr.key(0)), root=jr.key(0))


def test_a_state_that_changes_its_shape_is_found():
    with pytest.raises(TypeError, match=r"loss"):
        rehearsed(Growing())


def test_what_needs_plain_python_is_not_rehearsed():
    MET.clear()
    rehearsed(Hosted())
    assert MET == []


class Particular(Walk):
    """Wants its programs compiled in another way."""

    @property
    def compiler(self) -> dict[str, bool | int | str]:
        return {"xla_cpu_use_fusion_emitters": False}


def test_what_a_domain_tells_the_compiler_is_rehearsed_too():
    parts = Parts(Particular(), Linear(), Carousel())
    rehearse(parts, init(parts, key=jr.key(0)), root=jr.key(0), capacity=3)
    state, _ = chunk(parts, init(parts, key=jr.key(0)), root=jr.key(0), turns=2, capacity=3)
    assert int(state.turn) == 2
