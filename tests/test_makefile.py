"""What `make` would do, without doing it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")


@pytest.fixture
def world(tmp_path: Path) -> dict[str, str]:
    """An environment in which no two calls of `date` say the same."""
    date = tmp_path / "date"
    date.write_text(f'#!/bin/sh\necho x >> {tmp_path}/calls\necho "at-$(($(wc -l < {tmp_path}/calls)))"\n')
    date.chmod(0o755)
    outer = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "OUT"}
    # Which Python is found does not matter here, and looking for one takes seconds.
    return outer | {"PYTHON": sys.executable, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}


def folders(world: dict[str, str], *words: str) -> list[str]:
    """The folder that each command of `make run` names."""
    done = subprocess.run(["make", "-n", "run", *words], cwd=ROOT, env=world, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return re.findall(r"explora (?:run maze .*--out|eval|report) (\S+)$", done.stdout, re.MULTILINE)


def test_make_run_stays_in_one_folder(world: dict[str, str]):
    found = folders(world)
    assert len(found) == 3
    assert len(set(found)) == 1, f"`make run` would use {', '.join(found)}"
    assert re.fullmatch(r"runs/maze-at-\d+", found[0])


def test_out_says_where_make_run_goes(world: dict[str, str]):
    assert folders(world, "OUT=runs/mine") == ["runs/mine"] * 3
    assert folders(world | {"OUT": "runs/theirs"}) == ["runs/theirs"] * 3
