"""A run written by hand, and a small real one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from explora.core import Parts
from explora.runs import Plan, run
from explora.store import RunFolder
from explora.testing import Carousel, Linear, Walk

from ._by_hand import write_by_hand


@pytest.fixture(scope="session")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunFolder]:
    path = tmp_path_factory.mktemp("hand") / "by-hand"
    write_by_hand(path)
    with RunFolder.open(path) as folder:
        yield folder


@pytest.fixture(scope="session")
def toy_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a linear learner on trails: six turns."""
    path = tmp_path_factory.mktemp("toys") / "toy"
    plan = Plan(steps=384, record=192, watch=("corners",), final_episodes=4)
    run(Parts(Walk(), Linear(), Carousel()), plan, out=path, recipe="carousel")
    return path
