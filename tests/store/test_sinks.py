"""Sinks hand on what was measured, once a turn, and say what is missing."""

import json
import math
import sys
import types
from typing import Any

import pytest

from explora.core import MissingExtra, UnknownName
from explora.store import CSVSink, MLflowSink, Sink, TensorBoardSink, WandbSink, open_sink


def test_csv_has_a_line_a_record_and_a_column_a_metric(tmp_path):
    sink = open_sink("csv", tmp_path)
    assert isinstance(sink, Sink)
    sink.record(1, {"a": 0.1, "b": math.nan})
    sink.record(2, {"a": math.inf, "c,d": 2})
    sink.record(3, {"c,d": 3.0})
    sink.close()
    sink.close()
    assert (tmp_path / "metrics.csv").read_text() == 'turn,a,"c,d"\n1,0.1,\n2,inf,2.0\n3,,3.0\n'


def test_csv_of_a_resumed_run_has_every_turn_once(tmp_path):
    path = tmp_path / "metrics.csv"
    first = CSVSink(path)
    for turn in (10, 20, 120):
        first.record(turn, {"a": turn})
    first.close()
    path.write_bytes(path.read_bytes() + b"13")  # killed in the middle of a line
    second = CSVSink(path)
    second.record(20, {"a": 2.0, "b": 1.0})
    second.record(30, {"b": 1.0})
    second.close()
    assert path.read_text() == "turn,a,b\n10,10.0,\n20,2.0,1.0\n30,,1.0\n"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_reads_what_was_written_and_drops_what_was_repeated(tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for turns in ((1, 2, 3), (2, 4)):
        sink = TensorBoardSink(tmp_path)
        for turn in turns:
            sink.record(turn, {"play/solved": turn / 8 + len(turns), "unknown": math.nan})
        sink.close()
    found = reader.EventAccumulator(str(tmp_path))
    found.Reload()
    assert found.Tags()["scalars"] == ["play/solved"]
    values = [(event.step, event.value) for event in found.Scalars("play/solved")]
    assert values == [(1, 3.125), (2, 2.25), (4, 2.5)]


class Calls:
    """Remembers how it was called."""

    def __init__(self, **results: Any):
        self.made: list[tuple] = []
        self.results = results

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.made.append((name, *args, kwargs))
            return self.results.get(name)

        return call


def test_wandb_gets_numbers_and_the_same_name_again(tmp_path, monkeypatch):
    run = Calls()
    wandb = Calls(init=run)
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    for _ in range(2):
        sink = WandbSink(tmp_path, {"rows": 32})
        sink.record(5, {"a": 1, "b": math.nan})
        sink.close()
    (_, first), (_, second) = wandb.made
    assert first == second
    assert first["id"] == (tmp_path / "wandb.id").read_text()
    assert (first["resume"], first["config"], first["dir"]) == ("allow", {"explora": {"rows": 32}}, str(tmp_path))
    assert run.made[:2] == [("log", {"a": 1.0}, {"step": 5}), ("finish", {})]


def test_mlflow_gets_numbers_and_the_same_name_again(tmp_path, monkeypatch):
    started = types.SimpleNamespace(info=types.SimpleNamespace(run_id="abc"))
    mlflow = Calls(start_run=started)
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    for config in (json.loads('{"rows": 32}'), None):
        sink = MLflowSink(tmp_path, config)
        sink.record(5, {"a": 1, "b": math.nan})
        sink.close()
    assert mlflow.made == [
        ("set_experiment", "explora", {}),
        ("start_run", {"run_id": None, "run_name": tmp_path.name}),
        ("log_dict", {"rows": 32}, "config.json", {}),
        ("log_metrics", {"a": 1.0}, {"step": 5}),
        ("end_run", {}),
        ("set_experiment", "explora", {}),
        ("start_run", {"run_id": "abc", "run_name": tmp_path.name}),
        ("log_metrics", {"a": 1.0}, {"step": 5}),
        ("end_run", {}),
    ]


@pytest.mark.parametrize("name", ["tensorboard", "wandb", "mlflow"])
def test_a_missing_package_names_the_extra(tmp_path, monkeypatch, name):
    for module in [module for module in sys.modules if module.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=rf"this needs the package '{name}': pip install 'explora\[{name}\]'"):
        open_sink(name, tmp_path)


def test_an_unknown_sink_suggests_the_nearest(tmp_path):
    with pytest.raises(UnknownName, match="there is no sink 'tensorbord'; did you mean 'tensorboard'"):
        open_sink("tensorbord", tmp_path)
