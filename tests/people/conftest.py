"""A run that asks people, and its server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

if "CI" not in os.environ:  # there it must be installed
    pytest.importorskip("fastapi", reason="the pages need the extra `people`")

from ._around import Server, offer, served, write_run


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A finished run with six tasks and four questions, each for two people."""
    queue = tmp_path / "queue.db"
    offer(queue, 4, overlap=2)
    with served(write_run(tmp_path / "run", queue=queue)) as found:
        yield found
