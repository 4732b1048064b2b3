"""`explora export`."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy
import tyro

from explora._version import __version__
from explora.core import Questions, RunError
from explora.domains.pool import Pool
from explora.plots import AskedFormat, asked, asked_file
from explora.runs import Player, load
from explora.store import RunFolder, TaskRow, find, guard, write_file

from ._parse import RunPath, parse
from ._screen import Quiet

WEIGHTS, TASKS = "weights.safetensors", "tasks.jsonl"
ASKED = "asked"
_DATA = ("state.inputs", "state.targets", "state.weights")


def export(words: list[str]) -> int:
    """Takes weights and tasks out of a run."""

    def export(
        run: RunPath,
        out: Annotated[str | None, tyro.conf.arg(help="a new folder; default: export in the run's folder")] = None,
        format: Annotated[AskedFormat, tyro.conf.arg(help="of the questions of a run on a pool")] = "jsonl",
    ) -> int:
        """Take out what a run has learned and found, in formats that other programs read.

        weights.safetensors: the arrays with which the published learner acts, named by their place in it; the metadata
        hold the configuration (`config`, JSON), the version of explora and the steps. tasks.jsonl: one task a line with
        id, parent, generation, turn, score, address and spec. Of a run that asks questions instead asked.jsonl (or
        .csv, .parquet): one question a line with the item as it was read, the answer, who gave it and when, what it
        cost, and which version chose it with which score.
        """
        path = find(run)
        target = Path(out).expanduser() if out is not None else path / "export"
        _refuse_taken(target)
        player = load(path, noted=Quiet().noted)
        with RunFolder.open(path, mend=True) as folder:
            files = _weights(folder, player)
            if isinstance(player.parts.domain, Questions):
                files[f"{ASKED}.{format}"] = _asked(folder, player, format)
            else:
                files[TASKS] = b"".join(_lines(folder.database.tasks()))
        _write(target, files)
        for name in files:
            sys.stdout.write(f"{target / name}\n")
        return 0

    return parse(export, words, "explora export")


def _refuse_taken(target: Path) -> None:
    with guard("look at", target):
        if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
            raise RunError(f"{target} is there already and would be overwritten: move it away, or choose another --out")


def _weights(folder: RunFolder, player: Player) -> dict[str, bytes]:
    """The file of weights. A model of another library has none: its answers, which make it again, are exported."""
    arrays = _arrays(player.policy)
    if isinstance(player.parts.domain, Questions):  # the pool's own data are no weights
        arrays = {name: array for name, array in arrays.items() if name not in _DATA}
    if arrays:
        return {WEIGHTS: safetensors.numpy.save(arrays, _metadata(folder, int(player.state.spent.steps)))}
    if not isinstance(player.parts.domain, Questions):
        raise RunError(f"a {type(player.policy).__name__} has no arrays to export")
    Quiet().noted("this model has no arrays of ours to export; the answers make it again")
    return {}


def _asked(folder: RunFolder, player: Player, format: str) -> bytes:
    database, domain, explorer = folder.database, player.parts.domain, player.parts.explorer
    scored = getattr(explorer, "score", None) is not None
    questions = asked(database.records(), database.tasks(), database.journal("answer"), scored=scored)
    return asked_file(questions, domain.items if isinstance(domain, Pool) else None, format)


def _arrays(policy: Any) -> dict[str, np.ndarray]:
    """The arrays with which a policy acts, by dotted path."""
    leaves = jax.tree_util.tree_flatten_with_path(eqx.filter(policy, eqx.is_array))[0]
    return {
        jax.tree_util.keystr(path, simple=True, separator="."): np.ascontiguousarray(leaf)
        for path, leaf in leaves
        if not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    }


def _metadata(folder: RunFolder, steps: int) -> dict[str, str]:
    facts = folder.facts
    return {
        "format": "np",
        "explora": __version__,
        "recipe": str(facts["config"].get("recipe", "")),
        "steps": str(steps),
        "config": json.dumps(facts["config"]),
    }


def _lines(tasks: list[TaskRow]) -> Iterator[bytes]:
    for task in tasks:
        row = {
            "id": task.id,
            "parent": None if task.parent < 0 else task.parent,
            "generation": task.generation,
            "turn": task.turn,
            "score": task.score,
            "address": task.address,
            "spec": task.spec,
        }
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _write(target: Path, files: dict[str, bytes]) -> None:
    """The folder appears whole, or not at all."""
    building = target.with_name(f".{target.name}.new-{os.getpid()}")
    try:
        with guard("write", target):
            target.parent.mkdir(parents=True, exist_ok=True)
            building.mkdir()
            for name, data in files.items():
                write_file(building / name, data)
            building.rename(target)  # onto nothing, or onto an empty folder
    finally:
        shutil.rmtree(building, ignore_errors=True)
