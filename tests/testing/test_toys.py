"""The worked examples obey every law; this also shows how a suite is used."""

from typing import Any

import jax.numpy as jnp
import pytest

from explora.core import Parts, TaskError
from explora.testing import (
    Blanks,
    Carousel,
    EnvironmentSuite,
    ExplorerSuite,
    Flags,
    LearnerSuite,
    Linear,
    Sled,
    SpaceSuite,
    Trail,
    Trailblazer,
    Trails,
    Walk,
    check_run,
    check_space,
)


class TestTrails(SpaceSuite):
    def part(self) -> Trails:
        return Trails()

    def disguises(self, task: Trail) -> list[Any]:
        beyond = jnp.arange(8) >= task.length.astype(jnp.int32)
        return [Trail(task.length, task.mark, task.mud | beyond, task.toll)]


class TestWalk(EnvironmentSuite):
    def part(self) -> Walk:
        return Walk()


@pytest.mark.slow
class TestSled(EnvironmentSuite):
    def part(self) -> Sled:
        return Sled()


class TestTrailblazer(EnvironmentSuite):
    LIMIT_IS_END = True

    def part(self) -> Trailblazer:
        return Trailblazer()


class TestLinear(LearnerSuite):
    def part(self) -> Linear:
        return Linear()


class TestCarousel(ExplorerSuite):
    def part(self) -> Carousel:
        return Carousel()


def test_the_blanks_of_the_studio_obey_the_laws_too() -> None:
    check_space(Blanks(), COUNT=4)


@pytest.mark.slow
def test_the_flags_of_the_sled_obey_the_laws_too() -> None:
    check_space(Flags(), COUNT=4)


@pytest.mark.slow
def test_the_toys_run_together() -> None:
    check_run(Parts(Walk(), Linear(), Carousel()))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"cells": "..", "mark": 0, "toll": 0.0}, "`cells` must be 3 to 8 characters"),
        ({"cells": "..x", "mark": 0, "toll": 0.0}, "each '.' or '~'; got '..x'"),
        ({"cells": "...", "mark": 1, "toll": 0.0}, "other than the middle one, 1; got 1"),
        ({"cells": "...", "mark": 0, "toll": 1.0}, r"`toll` must lie in \[0, 0.05\]; got 1.0"),
    ],
)
def test_a_trail_that_cannot_be_read_says_why(value: Any, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        Trails().decode(value)
