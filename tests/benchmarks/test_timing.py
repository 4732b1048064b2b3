"""The machinery of the benchmarks: who is timed when, what the numbers are, what is written down."""

import importlib
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


def load(name):
    return importlib.import_module(name)


def make(name, seconds, log, **fields):
    """A contestant that says it took the given seconds, one piece after the other."""
    timing = load("_timing")

    class Fake(timing.Contestant):
        def prepare(self):
            log.append(f"prepare {name}")
            if not seconds:
                raise timing.NotRun("it is not here")
            self.left = list(seconds)

        def work(self):
            log.append(name)
            return timing.Sample(100.0, self.left.pop(0), 2.0)

        def close(self):
            log.append(f"close {name}")

    fake = Fake()
    fake.name = name
    for key, value in fields.items():
        setattr(fake, key, value)
    return fake


def test_contestants_work_in_turn_and_are_compared_side_by_side():
    log = []
    ours, theirs = make("ours", [1.0, 2.0, 1.0], log, peer="theirs"), make("theirs", [4.0, 5.0, 2.0], log)
    rows = load("_timing").contest([ours, theirs], 3)
    assert log == ["prepare ours", "prepare theirs", *["ours", "theirs"] * 3, "close ours", "close theirs"]
    assert (rows[0]["min"], rows[0]["median"], rows[0]["max"]) == (50.0, 100.0, 100.0)
    assert rows[0]["ratio"] == {"median": 4.0, "min": 2.0, "max": 4.0, "thrift": 1.0}
    assert "ratio" not in rows[1]


def test_who_cannot_take_part_says_why_and_is_not_estimated():
    log = []
    rows = load("_timing").contest([make("ours", [1.0], log, peer="theirs"), make("theirs", [], log)], 1)
    assert rows[1]["not_run"] == "it is not here"
    assert "median" not in rows[1]
    assert "ratio" not in rows[0]
    assert log[-2:] == ["close ours", "close theirs"]


def child(tmp_path, body):
    script = tmp_path / "child.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(FOLDER)!r})\nfrom _protocol import Worker\n{body}")
    return load("_protocol").Peer([sys.executable, str(script)])


def test_a_peer_waits_for_the_word_and_its_chatter_is_passed_over(tmp_path):
    peer = child(tmp_path, "w = Worker()\nfor n in range(9):\n    print('chatter')\n    w.done(n, kept=n)\n")
    try:
        said = [peer.work() for _ in range(3)]
    finally:
        peer.close()
    assert [(x["amount"], x["facts"]) for x in said] == [(n, {"kept": n}) for n in range(3)]
    assert all(x["seconds"] >= 0 for x in said)


@pytest.mark.parametrize(
    ("body", "reason"),
    [("Worker().refuse('no such package')", "no such package"), ("raise OSError('disk is gone')", "disk is gone")],
)
def test_a_peer_that_ends_leaves_a_reason(tmp_path, body, reason):
    peer = child(tmp_path, body)
    try:
        with pytest.raises(RuntimeError, match=reason):
            peer.work()
    finally:
        peer.close()


def stamp(**machine):
    here = {"processor": "p", "cores": 2, "versions": {"jax": "1"}, "source": "a", "commit": "c", "changed": False}
    return {"machine": here | {"python": "3"} | machine, "settings": {"quick": False, "repeats": 3}}


def test_rows_are_read_back_and_measured_again_only_if_something_changed(tmp_path):
    report = load("_report")
    path = tmp_path / "results" / "x.json"
    row = {"name": "ours", "unit": "steps/s", "peer": None, "median": 5.0, "min": 4.0, "max": 6.0}
    report.Report(path).add("env", stamp(), [row], load=(0.5, 0.75))
    report.Report(path).add("train", stamp(), [row, {"name": "theirs", "not_run": "no folder"}], load=(1.0, 1.0))
    back = report.Report(path)
    assert back.has("env", stamp())
    assert not back.has("env", stamp(source="b"))
    assert not back.has("growth", stamp())
    assert not back.has("train", stamp())  # a row of it was not run: with what it needs it can be now
    shown = report.table(back.groups)
    assert "not run: no folder" in shown
    assert shown.splitlines()[0] == "p, 2 cores, JAX 1, Python 3, commit c (source a)"
    assert list(path.parent.iterdir()) == [path]


def test_the_cost_of_a_parity_step_is_that_of_the_published_network():
    parity = load("_parity")
    # 9 places of 27 × 16, 4 × 5, (149 + 256) × 1024, twice 256 × 32, 32 × 8; two operations each
    assert parity.forward_flops() == 2 * (3888 + 20 + 414_720 + 16_384 + 256)
    assert parity.step_flops(0.0) == parity.forward_flops()
    assert parity.step_flops(1.0) == 16 * parity.forward_flops()
