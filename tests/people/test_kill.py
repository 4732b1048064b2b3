"""A server that is killed in mid-traffic, again and again."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent


def worked(words: str) -> dict[str, Any]:
    """What came of simulated annotators and a server that is killed under them: it is read from the database."""
    command = [sys.executable, ROOT / "benchmarks" / "people_load.py", *words.split()]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_no_acknowledged_answer_is_lost_and_none_counts_twice(store: str, request: pytest.FixtureRequest):
    where = store if store == "sqlite" else request.getfixturevalue("server_url")
    found = worked(f"--seconds 16 --people 6 --items 20000 --overlap 2 --kills 3 --pause 0 --store {where}")
    assert found["store"] == store
    assert found["acknowledged"] > 30
    assert found["sent again"] >= 3, "nobody was talking to the server when it died"
    assert (found["lost"], found["doubled"], found["beyond overlap"]) == (0, 0, 0)
