"""Files of terrains that a user gives: one JSON object a line."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from explora.core import Suite, TaskError

from ._text import read_task, stacked, task_of

LARGEST_FILE = 64 * 1024 * 1024
"""Larger files are refused unread [bytes]."""


def load_terrains(path: str | os.PathLike, read: Callable[[Any], Any] = read_task) -> list[Suite]:
    """Reads a file of terrains.

    A line is an object of genes, such as `{"name": "gap", "ground_roughness": 0.6, "pit_gap": [0, 0.8], "seed": 3}`,
    with the names and units of the released code of POET, whose own saved terrains can be read too. Blank lines are
    passed over; a terrain without a name is called after its place.

    **Arguments:**

    - `path`: the file, UTF-8.
    - `read`: makes a task of an object: genes, or the `decode` of another space.

    **Returns:** one suite, in the order of the file.

    **Raises:** `TaskError`, one line that names file, line and cure.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise TaskError(f"there is no file {path}; give a text file with one JSON object a line")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise TaskError(f"{path} has {size:,} bytes, at most {LARGEST_FILE:,} are read; split it")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}; check its permissions") from error
    except UnicodeDecodeError:
        raise TaskError(f"{path} is not UTF-8 text; save it as plain text in UTF-8") from None
    return parse_terrains(text, str(path), read)


def parse_terrains(text: str, source: str = "", read: Callable[[Any], Any] = read_task) -> list[Suite]:
    """Reads terrains from text; as `load_terrains`, `source` is what error messages call it."""
    names: list[str] = []
    tasks: list[Any] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            place = f"{source}, line {number}" if source else f"line {number}"
            name, task = _read_line(line, place, read)
            name = name or f"terrain {len(tasks) + 1}"
            if name in names:
                raise TaskError(f"{place}: a second terrain called {name!r}; give each a name of its own")
            names.append(name)
            tasks.append(task)
    if not tasks:
        raise TaskError(f'{source or "the text"} holds no terrain; write a line such as {{"ground_roughness": 1}}')
    where = f"terrains of {source}" if source else "terrains"
    return [Suite(task_of(stacked(tasks)), tuple(names), summary=where, order=tuple(range(len(tasks))))]


def _read_line(line: str, place: str, read: Callable[[Any], Any]) -> tuple[str, Any]:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise TaskError(f"{place}: not a JSON object; write one terrain a line, braces included") from None
    name = ""
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        name = value["name"].strip()
        value = {key: gene for key, gene in value.items() if key != "name"}
        if not name.isprintable() or len(name) > 100:
            raise TaskError(f"{place}: the name must be at most 100 characters that can be printed")
    try:
        return name, read(value)
    except TaskError as error:
        raise TaskError(f"{place}: {error}") from None
