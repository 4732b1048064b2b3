"""Watching a run that goes on, in a real browser."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ._stage import Tab, staged

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SMALL = (
    "--recipe accel --domain.space.height 5 --domain.space.width 5 --domain.space.walls 5 --domain.steps 16 "
    "--explorer.rows 16 --explorer.capacity 64 --learner.net.core.width 16 --learner.minibatches 2 "
    "--record 2048 --watch graded --quiet"
)


def test_a_live_run_is_watched(tmp_path: Path, tab: Callable[..., Tab]):
    path = tmp_path / "run"
    words = [sys.executable, "-m", "explora", "run", "maze", *SMALL.split(), "--minutes", "5", "--out", str(path)]
    with subprocess.Popen(words, stderr=subprocess.PIPE) as run:
        try:
            watched = tab()
            watched.until(lambda: (path / "run.db").is_file(), 120.0)
            watched.until(lambda: run.poll() is not None or (path / "run.db-wal").is_file(), 120.0)
            with staged(path) as stage:
                watched.enter(stage.link())
                watched.until(lambda: len(stage.people.follower.known.records.turn) > 2, 180.0)
                tiles = lambda: watched.text(".tiles")
                assert "running" in tiles()
                steps = lambda: int("0" + re.sub(r"\D", "", watched.text(".tile:has-text('environment steps') b")))
                before = watched.until(steps)
                watched.until(lambda: steps() > before, 60.0)  # by itself: nobody reloads
                watched.page.wait_for_selector("figure.chart path.line")
                watched.press("2")
                watched.page.wait_for_selector("button[aria-pressed=true]:has-text('minutes')")
                watched.press("g", "ArrowRight", "Enter")
                watched.page.wait_for_selector("dialog[open] .picture img")
                watched.until(lambda: watched.page.evaluate("document.querySelector('dialog img').naturalWidth"), 60.0)
                watched.press("Escape")
                run.terminate()
                run.wait(60)
                watched.until(lambda: "running" not in tiles(), 20.0)
                watched.fine()
                watched.page.goto("about:blank")  # before the server goes, which the page would miss
        finally:
            if run.poll() is None:
                run.kill()
