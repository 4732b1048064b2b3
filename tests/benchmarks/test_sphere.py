"""The sphere benchmark: one function on both sides, one summary, and runs that are not run twice."""

import argparse
import importlib
import json
from pathlib import Path

import jax
import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


def test_the_function_is_the_published_one_on_both_sides():
    """100 at 2.048, 0 at the worst corner; beyond 5.12 a coordinate counts for 5.12 / x."""
    child, ours = importlib.import_module("_ribs_child"), importlib.import_module("_sphere")
    corners = np.stack([np.full(100, 2.048), np.full(100, -5.12), np.full(100, 10.24)]).astype(np.float32)
    objectives, measures = child.sphere(corners)
    np.testing.assert_allclose(objectives[:2], [100.0, 0.0], atol=1e-4)
    np.testing.assert_allclose(measures, [[102.4, 102.4], [-256.0, -256.0], [25.0, 25.0]], rtol=1e-5)
    points = np.random.default_rng(0).normal(0, 4, (20, 100)).astype(np.float32)
    for left, right in zip(jax.jit(ours.sphere)(points), child.sphere(points), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-3)


def test_recorded_batches_put_nothing_on_the_edge_of_rounding():
    ours = importlib.import_module("_sphere")
    cases, again = ours.recorded(3), ours.recorded(3)
    assert {"grid", "annealed", "centres", "novel"} <= set(cases)
    for name, case in cases.items():
        assert np.array_equal(case["measures"], again[name]["measures"])
        assert np.array_equal(case["measures"] * 32, np.round(case["measures"] * 32))
    assert len(np.unique(cases["grid"]["objectives"][0])) < 40  # there are ties


def row(iteration: int, qd_score: float, cpu: float) -> dict:
    return {"iteration": iteration, "qd_score": qd_score, "coverage": 0.5, "seconds": cpu, "cpu": cpu} | {
        "timed": iteration - 1,
        "restarts": 0,
    }


def test_the_summary_sets_ours_beside_theirs():
    """Theirs are 10 and 14: a mean of 12 and a spread of √8; ours is 2 higher and twice as fast."""
    benchmark = importlib.import_module("qd_sphere")
    runs = [
        {"algorithm": "a", "side": side, "marks": [row(11, score, cpu)]}
        for side, score, cpu in (("pyribs", 10.0, 4.0), ("pyribs", 14.0, 4.0), ("explora", 14.0, 2.0))
    ]
    (line,) = benchmark.summarised(runs)
    assert line["pyribs"]["qd_score"] == pytest.approx([12.0, 8.0**0.5])
    assert line["explora"]["apart"] == pytest.approx(2.0)
    assert line["explora"]["apart_in_sd"] == pytest.approx(2.0 / 8.0**0.5)
    assert line["explora"]["times_as_fast"] == pytest.approx(2.0)
    assert line["explora"]["cpu_rate"] == pytest.approx(540 * 10 / 2.0)


def test_a_run_that_is_there_is_not_run_again(monkeypatch, tmp_path):
    benchmark, ours = importlib.import_module("qd_sphere"), importlib.import_module("_sphere")
    asked: list[tuple[str, int, list[int]]] = []

    def fake(algorithm, seed, marks):
        asked.append((algorithm, seed, marks))
        return [row(mark, 1.0, 1.0) for mark in marks]

    monkeypatch.setattr(ours, "compiled", fake)
    out = tmp_path / "out.json"
    chosen = argparse.Namespace(iterations=150, seeds=2, only="cma_mae explora", ribs_python=None, out=out)
    monkeypatch.setattr(ours, "asked", fake)
    benchmark.runs(chosen, benchmark.read(out))
    assert [(seed, marks) for _, seed, marks in asked] == [(0, [100, 150])] * 2 + [(1, [100, 150])] * 2
    benchmark.runs(argparse.Namespace(**vars(chosen) | {"seeds": 3}), benchmark.read(out))
    assert [seed for _, seed, _ in asked[4:]] == [2, 2]
    assert len(json.loads(out.read_text())["runs"]) == 6
