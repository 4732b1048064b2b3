"""A run that asks people, and its server."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_LACKING = [name for name in ("fastapi", "uvicorn", "httpx") if importlib.util.find_spec(name) is None]
if _LACKING and "CI" not in os.environ:  # there they must be installed
    collect_ignore_glob = ["test_*.py"]


def pytest_report_header() -> str | None:
    return f"the tests of explora.people are left out: they need {', '.join(_LACKING)}" if _LACKING else None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    """A finished run with six tasks and four questions, each for two people."""
    from ._around import offer, served, write_run

    queue = tmp_path / "queue.db"
    offer(queue, 4, overlap=2)
    with served(write_run(tmp_path / "run", queue=queue)) as found:
        yield found
