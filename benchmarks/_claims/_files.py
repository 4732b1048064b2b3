"""What a run leaves behind: a small JSON that is whole or not there, and arrays that later stages need."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

_ARRAYS = ("centre", "earned", "recent", "score", "known")


def write_json(path: Path, value: Any) -> None:
    """Writes a file at once: nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".half")
    half.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
    os.replace(half, path)


def read_json(path: Path) -> Any:
    """What was written, or None if nothing was."""
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """As `write_json`, for arrays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".half")
    with half.open("wb") as file:
        np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]
    os.replace(half, path)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """What `write_arrays` wrote; only numbers are read."""
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def write_moments(path: Path, moments: list[dict[str, Any]]) -> None:
    """Keeps the moments of a run of POET."""
    arrays = {f"{number}.{name}": x[name] for number, x in enumerate(moments) for name in _ARRAYS}
    write_arrays(path, arrays)
    rest = [{name: x[name] for name in x if name not in _ARRAYS} for x in moments]
    write_json(path.with_suffix(".json"), rest)


def read_moments(path: Path) -> list[dict[str, Any]]:
    """What `write_moments` kept."""
    arrays, rest = read_arrays(path), read_json(path.with_suffix(".json"))
    return [x | {name: arrays[f"{number}.{name}"] for name in _ARRAYS} for number, x in enumerate(rest)]
