"""What the comparison with the `transformers` package does without the package."""

from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_without_the_package_nothing_is_run_and_that_is_said(benchmarks: None, tmp_path: Path):
    from just_ask_parity import refused

    assert "--peer" in (refused(None) or "")
    assert "has no torch and transformers" in (refused(str(tmp_path / "python")) or "")


def test_windows_are_padded_on_the_side_that_was_asked_for(benchmarks: None):
    from _decision_transformer import REAL, SCALE, episodes, sampler, shifted, theirs

    data = episodes(REAL, np.array([2]), rng=np.random.default_rng(0))
    batch = sampler(data, REAL, 3).draw(40, rng=np.random.default_rng(1))
    row = int(np.flatnonzero(batch.weight.sum(1) == 2)[0])
    left, right = (theirs(batch, REAL, left=side) for side in (True, False))
    assert left["attention_mask"][row].tolist() == [0, 1, 1]
    assert right["attention_mask"][row].tolist() == [1, 1, 0]
    assert left["timesteps"][row].tolist() == [0, 0, 1]
    assert right["timesteps"][row].tolist() == [0, 1, 0]
    assert left["states"][row].tolist() == [[0.0] * 11, *data.observation.tolist()]
    assert right["actions"][row].tolist() == [*data.action.tolist(), [0.0] * 3]
    assert left["returns_to_go"][row, 1:, 0] == pytest.approx(data.returns_to_go / SCALE)
    moments, action, there = shifted(batch, REAL)
    assert there[row].tolist() == [False, True, True]
    assert action[row, 1:].tolist() == data.action.tolist()
    assert moments["seen"][row, 1:].tolist() == data.observation.tolist()
