"""Sinks: where else the metrics of a run go. The store itself needs none of them."""

import csv
import importlib
import io
import math
import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TextIO, runtime_checkable

from explora.core import MissingExtra, UnknownName

from . import _files as files


@runtime_checkable
class Sink(Protocol):
    """Takes the metrics of a run, record by record.

    A run that was killed and resumed repeats the turns since its last checkpoint: a later record of a turn counts.
    """

    def record(self, turn: int, metrics: Mapping[str, Any]) -> None:
        """Takes one record.

        **Arguments:**

        - `turn`: how many turns are over.
        - `metrics`: one number each, by name; not-a-number where nothing was measured.
        """
        ...

    def close(self) -> None:
        """Writes out what is still held back; nothing can be recorded afterwards."""
        ...


SINKS = ("csv", "tensorboard", "wandb", "mlflow")
"""The names of all sinks."""

_EVENTS = "tensorboard.summary.writer.event_file_writer"


def check_sinks(names: Iterable[str]) -> None:
    """Whether sinks could be opened, as far as one can tell without opening them.

    **Arguments:**

    - `names`: some of `SINKS`.

    **Raises:** `MissingExtra` if a package is not installed.
    """
    modules = {"tensorboard": _EVENTS, "wandb": "wandb", "mlflow": "mlflow"}
    for name in names:
        if name in modules:
            _load(modules[name], name)


def open_sink(name: str, folder: Path, config: Any = None) -> Sink:
    """Opens a sink for the run in a folder.

    **Arguments:**

    - `name`: one of `SINKS`.
    - `folder`: the folder of the run.
    - `config`: what the run is made of, as JSON, for the trackers that show it.

    **Raises:** `UnknownName`; `MissingExtra` if the package it needs is not installed.
    """
    match name:
        case "csv":
            return CSVSink(folder / "metrics.csv")
        case "tensorboard":
            return TensorBoardSink(folder / "tensorboard")
        case "wandb":
            return WandbSink(folder, config)
        case "mlflow":
            return MLflowSink(folder, config)
    raise UnknownName("sink", name, SINKS)


class CSVSink:
    """One line a record and one column a metric, in a file that any spreadsheet opens.

    Lines of turns that are about to be repeated are removed; a metric that appears later gets a column of its own.

    **Arguments:**

    - `path`: the file.
    """

    def __init__(self, path: Path):
        self.path = path
        self._names: list[str] = []
        self._file: TextIO | None = None

    def record(self, turn: int, metrics: Mapping[str, Any]) -> None:
        found = _measured(metrics)
        with files.guard("write", self.path):
            fresh = [name for name in found if name not in self._names]
            file = self._rewrite(turn, fresh) if self._file is None or fresh else self._file
            row = {"turn": turn} | {name: repr(number) for name, number in found.items()}
            csv.DictWriter(file, ["turn", *self._names], lineterminator="\n").writerow(row)
            file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _rewrite(self, turn: int, fresh: list[str]) -> TextIO:
        """The file, open behind all earlier lines, with the columns of all metrics known so far."""
        self.close()
        rows: list[dict[str, str]] = []
        if self.path.exists():
            old = self.path.read_text(encoding="utf-8")
            whole = old[: old.rfind("\n") + 1]  # a line that was cut short could pass for an earlier turn
            reader = csv.DictReader(io.StringIO(whole))
            rows = [row for row in reader if row["turn"].isdigit() and int(row["turn"]) < turn]
            self._names = [name for name in reader.fieldnames or () if name != "turn"]
        self._names += [name for name in fresh if name not in self._names]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, ["turn", *self._names], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        files.write_file(self.path, text.getvalue().encode())
        self._file = open(self.path, "a", newline="", encoding="utf-8")  # noqa: SIM115 - closed by `close`
        return self._file


class TensorBoardSink:
    """Scalars for TensorBoard (extra `tensorboard`): `tensorboard --logdir FOLDER`.

    **Arguments:**

    - `folder`: where its files go.
    """

    def __init__(self, folder: Path):
        writer = _load(_EVENTS, "tensorboard")
        self._events = _load("tensorboard.compat.proto.event_pb2", "tensorboard")
        self._summaries = _load("tensorboard.compat.proto.summary_pb2", "tensorboard")
        self._writer = writer.EventFileWriter(str(folder))
        self._begun = False

    def record(self, turn: int, metrics: Mapping[str, Any]) -> None:
        event, summary = self._events.Event, self._summaries.Summary
        if not self._begun:  # makes TensorBoard drop what an interrupted run wrote of this turn and later ones
            start = self._events.SessionLog(status=self._events.SessionLog.START)
            self._writer.add_event(event(wall_time=time.time(), step=turn, session_log=start))
            self._begun = True
        values = [summary.Value(tag=name, simple_value=number) for name, number in _measured(metrics).items()]
        self._writer.add_event(event(wall_time=time.time(), step=turn, summary=summary(value=values)))

    def close(self) -> None:
        self._writer.close()


class WandbSink:
    """Metrics for Weights & Biases (extra `wandb`); a resumed run goes on in the same place there.

    Weights & Biases keeps the first record of a turn and says so when turns are repeated.

    **Arguments:**

    - `folder`: the folder of the run.
    - `config`: what the run is made of, as JSON.
    """

    def __init__(self, folder: Path, config: Any = None):
        wandb = _load("wandb", "wandb")
        name = _remembered(folder / "wandb.id") or secrets.token_hex(8)
        self._run = wandb.init(
            project="explora", name=folder.name, id=name, resume="allow", dir=str(folder), config={"explora": config}
        )
        _remember(folder / "wandb.id", name)

    def record(self, turn: int, metrics: Mapping[str, Any]) -> None:
        self._run.log(_measured(metrics), step=turn)

    def close(self) -> None:
        self._run.finish()


class MLflowSink:
    """Metrics for MLflow (extra `mlflow`); a resumed run goes on in the same place there.

    **Arguments:**

    - `folder`: the folder of the run.
    - `config`: what the run is made of, as JSON.
    """

    def __init__(self, folder: Path, config: Any = None):
        self._mlflow = _load("mlflow", "mlflow")
        self._mlflow.set_experiment("explora")
        run = self._mlflow.start_run(run_id=_remembered(folder / "mlflow.id"), run_name=folder.name)
        _remember(folder / "mlflow.id", run.info.run_id)
        if config is not None:
            self._mlflow.log_dict(config, "config.json")

    def record(self, turn: int, metrics: Mapping[str, Any]) -> None:
        self._mlflow.log_metrics(_measured(metrics), step=turn)

    def close(self) -> None:
        self._mlflow.end_run()


def _measured(metrics: Mapping[str, Any]) -> dict[str, float]:
    numbers = {name: float(x) for name, x in metrics.items()}
    return {name: number for name, number in numbers.items() if not math.isnan(number)}


def _load(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != module.split(".")[0]:
            raise  # the package is there and lacks something of its own
        raise MissingExtra(module.split(".")[0], extra) from None


def _remembered(path: Path) -> str | None:
    return path.read_text().strip() if path.is_file() else None


def _remember(path: Path, name: str) -> None:
    with files.guard("write", path):
        files.write_file(path, name.encode())
