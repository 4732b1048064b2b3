"""A run that is killed at any instant and resumed equals the run that was not, bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from explora.store import RunFolder

SMALL = (
    "--recipe accel --steps 20000 --seed 3 --quiet --record 2048 --checkpoint 0.2 --watch graded "
    "--domain.space.height 5 --domain.space.width 5 --domain.space.walls 6 --domain.steps 64 "
    "--explorer.rows 16 --explorer.capacity 64 --learner.net.core.width 16 --learner.minibatches 2"
).split()


KILLS = int(os.environ.get("EXPLORA_KILLS", "8"))  # how many deaths to survive


def command(*words: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from explora.cli import main; sys.exit(main())", *words]


def content(path: Path) -> tuple[dict, dict]:
    """The tables without the columns of the clock, and the arrays of the last checkpoint."""
    with RunFolder.open(path) as folder:
        tables = folder.database.content()
        manifest = folder.checkpoints.latest().manifest
    arrays = load_file(path / "checkpoints" / manifest.file)
    return tables, arrays


def kill_and_resume(path: Path, generator: random.Random, longest: float) -> int:
    """Starts the run and kills it after random times until it ends by itself; returns how often it was killed."""
    kills = 0
    words = command("run", "maze", *SMALL, "--out", str(path))
    while True:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _, err = process.communicate(timeout=generator.uniform(0.3, longest) if kills < 3 else None)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process.stderr.close()
            kills += 1
            if (path / "config.json").exists():
                words = command("resume", str(path), "--quiet")
            continue
        assert process.returncode == 0, err.decode()
        return kills


@pytest.mark.slow
def test_a_killed_run_equals_one_that_was_not(tmp_path: Path):
    whole = tmp_path / "whole"
    subprocess.run(command("run", "maze", *SMALL, "--out", str(whole)), check=True, stdout=subprocess.DEVNULL)
    expected_tables, expected_arrays = content(whole)
    started = time.monotonic()
    subprocess.run(
        command("run", "maze", *SMALL, "--out", str(tmp_path / "warm")), check=True, stdout=subprocess.DEVNULL
    )
    longest = time.monotonic() - started
    generator = random.Random(0)
    killed = attempts = 0
    while killed < KILLS:
        path = tmp_path / f"killed-{attempts}"
        killed += kill_and_resume(path, generator, longest)
        attempts += 1
        tables, arrays = content(path)
        assert tables == expected_tables
        assert arrays.keys() == expected_arrays.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, expected_arrays[name], err_msg=name)
        assert attempts <= KILLS, "the run ends before it can be killed"
