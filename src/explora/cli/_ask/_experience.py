"""`explora experience`: what episodes there are; converting and checking them."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from explora.adapters.stored import open_source
from explora.core import ArgumentError, Episodes, RunError
from explora.store.experience import SUFFIXES, EpisodeStore, write_episodes

from .._parse import parse

Source = Annotated[
    tyro.conf.Positional[str],
    tyro.conf.arg(metavar="SOURCE", help=f"a run, the folder of a store, or a file ({', '.join(SUFFIXES)})"),
]
"""The argument that names episodes."""


def experience(words: list[str]) -> int:
    """Counts, converts and checks episodes."""

    def experience(
        source: Source,
        out: Annotated[str | None, tyro.conf.arg(help="write them there: a file, or a new folder for a store")] = None,
        check: Annotated[bool, tyro.conf.arg(help="read everything and compare it with its checksums")] = False,
        as_json: Annotated[bool, tyro.conf.arg(name="json", help="one JSON object on stdout")] = False,
    ) -> int:
        """Say what episodes there are; write them into a file of another format, or into a store.

        .npz and .parquet hold everything; .hdf5 is laid out as Minari lays it out, and files of Minari are read. All
        are exact both ways. A run keeps episodes if it was begun with --keep-experience.
        """
        found = open_source(source)
        if check and isinstance(found, EpisodeStore):
            found.check()
        facts = _facts(found)
        if out is not None:
            _write(Path(out).expanduser(), found)
            facts["out"] = out
        sys.stdout.write(json.dumps(facts) + "\n" if as_json else _text(facts))
        return 0

    return parse(experience, words, "explora experience")


def _facts(found: EpisodeStore | Episodes) -> dict[str, Any]:
    """What is to be said about episodes; of a store few arrays are read."""
    stored = isinstance(found, EpisodeStore)
    names = found.column_names if stored else tuple(found.columns)
    facts: dict[str, Any] = {"episodes": len(found), "steps": found.steps, "columns": sorted(names)}
    if stored:
        facts["bytes"] = found.size
    if not len(found):
        return facts
    column = found.column if stored else found.columns.__getitem__
    facts["terminated"] = float(found.terminated.mean())
    facts["length"] = _spread(found.lengths)
    if "return" in names or not stored:
        facts["return"] = _spread(column("return") if "return" in names else found.returns)  # pyright: ignore
    if "solved" in names:
        facts["solved"] = float(column("solved").mean())
    if "turn" in names:
        facts["turns"] = len(np.unique(column("turn")))
    return facts


def _spread(x: np.ndarray) -> dict[str, float]:
    least, middle, most = np.quantile(x, (0, 0.5, 1)).tolist()
    return {"least": least, "mean": float(x.mean()), "median": middle, "greatest": most}


def _text(facts: dict[str, Any]) -> str:
    lines = []
    for name, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {number:.4g}" for key, number in value.items())
        elif isinstance(value, float):
            value = f"{value:.3f}"
        elif isinstance(value, list):
            value = ", ".join(value)
        elif isinstance(value, int):
            value = f"{value:,}"
        lines.append(f"{name:<10}  {value}\n")
    return "".join(lines)


def _write(out: Path, found: EpisodeStore | Episodes) -> None:
    """Writes all episodes somewhere; a store is copied shard by shard."""
    if not len(found):
        raise ArgumentError("there are no episodes to write")
    if out.suffix.lower() in SUFFIXES:
        if out.exists():
            raise RunError(f"{out} is there already and would be overwritten: move it away, or choose another --out")
        write_episodes(out, found.read() if isinstance(found, EpisodeStore) else found)
        return
    if out.suffix:
        raise ArgumentError(f"`out` must end in {', '.join(SUFFIXES)}, or be the name of a folder; got {out}")
    with EpisodeStore.create(out) as store:
        for part in found.shards() if isinstance(found, EpisodeStore) else (found,):
            store.append(part)
