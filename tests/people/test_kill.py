"""A server that is killed in mid-traffic, again and again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_no_acknowledged_answer_is_lost_and_none_counts_twice():
    words = "--seconds 20 --people 6 --items 3000 --overlap 2 --kills 6".split()
    command = [sys.executable, ROOT / "benchmarks" / "people_load.py", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["acknowledged"] > 30
    assert (found["lost"], found["doubled"], found["beyond overlap"]) == (0, 0, 0)
