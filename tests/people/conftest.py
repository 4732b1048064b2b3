"""A run that asks people, and its server."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_LACKING = [name for name in ("fastapi", "uvicorn", "httpx2") if importlib.util.find_spec(name) is None]
if _LACKING and not {"CI", "EXPLORA_CI"} & set(os.environ):  # there they must be installed
    collect_ignore_glob = ["test_*.py"]


def pytest_report_header() -> str | None:
    return f"the tests of explora.people are left out: they need {', '.join(_LACKING)}" if _LACKING else None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    """A finished run with six tasks and four questions, each for two people."""
    yield from _served(tmp_path)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The same, for tests that change nothing on which others rely."""
    yield from _served(tmp_path_factory.mktemp("still"))


def _served(place: Path) -> Iterator[Any]:
    from ._around import offer, served, write_run

    offer(place / "queue.db", 4, overlap=2)
    with served(write_run(place / "run", queue=place / "queue.db")) as found:
        yield found
