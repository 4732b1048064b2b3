"""Files of mazes that a user gives.

A file is UTF-8 text: blocks of lines separated by blank lines, one block a maze, each with an optional first line
`# name` (hash, space, name). Mazes of several sizes may be mixed.
"""

import os
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from explora.core import Suite, TaskError

from ._solver import UNSOLVABLE, fewest_actions_of_many
from ._task import MazeTask
from ._text import LARGEST, Grid, read_grid, stacked, task_of

LARGEST_FILE = 64 * 1024 * 1024
"""Larger files are refused unread [bytes]; some 360,000 mazes of 13 × 13 fit."""

_NAME = re.compile(r"#\s+(\S.*)")
_INK = re.compile(r"\S[^\n]*")
_LONGEST_NAME = 100
_CHUNK = 1024


def load_mazes(path: str | os.PathLike) -> list[Suite[MazeTask]]:
    """Reads a file of mazes.

    **Arguments:**

    - `path`: the file.

    **Returns:** one suite for each size, in the order in which the sizes appear; the mazes of a suite keep the file's
    order, `order` has their places in it. A maze without a name is called after its place: "maze 1", "maze 2", …

    **Raises:** `TaskError`, one line that names file, line and cure.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise TaskError(f"{path} is a folder; give a file of mazes")
        if not path.is_file():
            raise TaskError(f"there is no file {path}; give a text file of mazes")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise TaskError(f"{path} has {size:,} bytes, at most {LARGEST_FILE:,} are read; split it")
        content = path.read_bytes()
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}; check its permissions") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TaskError(f"{path}, line {line}: not UTF-8 text; save the mazes as plain text in UTF-8") from None
    return parse_mazes(text, str(path))


def parse_mazes(text: str, source: str = "") -> list[Suite[MazeTask]]:
    """Reads mazes from text.

    **Arguments:**

    - `text`: what a file of mazes holds.
    - `source`: what error messages call it.

    **Returns:** as `load_mazes`.

    **Raises:** `TaskError`, one line that names source, line and cure.
    """
    found = read_mazes(text, source)
    _refuse_unreachable(found, source)
    names, grids, _ = zip(*found)
    groups: dict[tuple[int, ...], list[int]] = {}
    for number, grid in enumerate(grids):
        groups.setdefault(grid.walls.shape, []).append(number)
    where = f"mazes of {source}" if source else "mazes"
    return [
        Suite(
            task_of(stacked(grids[number] for number in group)),
            tuple(names[number] for number in group),
            summary=f"{where}, {shape[0]} × {shape[1]}",
            order=tuple(group),
        )
        for shape, group in groups.items()
    ]


def read_mazes(text: str, source: str = "") -> list[tuple[str, Grid, int]]:
    """The mazes of a text: the name of each, the maze, and the number of its first row in the text."""
    found: list[tuple[str, Grid, int]] = []
    taken: set[str] = set()
    for name, first, rows in _blocks(text, source):
        unique = _unique(name or f"maze {len(found) + 1}", taken)
        taken.add(unique)
        found.append((unique, read_grid(rows, source, first), first))
    if not found:
        raise TaskError(f"{source or 'the text'} holds no maze; write one as lines of . # G and one of > v < ^")
    return found


def _blocks(text: str, source: str) -> Iterator[tuple[str, int, list[str]]]:
    """Name, number of the first row and rows of each maze."""
    name, rows, first, last = "", [], 0, 0
    place = lambda number: f"{source}, line {number}" if source else f"line {number}"

    def nameless() -> None:
        if name and not rows:
            raise TaskError(f"{place(last)}: a name without a maze; write the maze right below its name")

    for number, line in _lines(text):
        if number > last + 1:
            nameless()
            if rows:
                yield name, first, rows
            name, rows = "", []
        last = number
        found = _NAME.fullmatch(line)
        if found is None:
            first = first if rows else number
            rows.append(line)
            if len(rows) > LARGEST or len(line) > LARGEST:
                break  # hopeless: the reader says why, and the rest need not be looked at
        elif rows or name:
            raise TaskError(f"{place(number)}: a name inside a maze; put a blank line before it")
        else:
            name = _clean(found[1], place(number))
    nameless()
    if rows:
        yield name, first, rows


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers; one by one, for a wrong file is seldom read to its end."""
    number, start = 1, 0
    for found in _INK.finditer(text):
        begin = text.rfind("\n", start, found.start()) + 1 or start
        number += text.count("\n", start, begin)
        start = begin
        yield number, text[begin : found.end()].rstrip(" \t\r")


def _clean(name: str, place: str) -> str:
    if len(name) > _LONGEST_NAME:
        raise TaskError(f"{place}: a name of {len(name):,} characters; at most {_LONGEST_NAME}")
    if not name.isprintable():
        raise TaskError(f"{place}: a name with characters that cannot be printed; use letters and digits")
    return name.strip()


def _unique(name: str, taken: set[str]) -> str:
    """`name`, or `name (2)` and so on if an earlier maze has it."""
    if name not in taken:
        return name
    return next(unique for number in count(2) if (unique := f"{name} ({number})") not in taken)


def _refuse_unreachable(found: list[tuple[str, Grid, int]], source: str) -> None:
    """**Raises:** `TaskError` for the first maze of the text whose goal cannot be reached."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for number, (_, grid, _) in enumerate(found):
        by_size.setdefault(grid.walls.shape, []).append(number)
    bad = []
    for numbers in by_size.values():
        for begin in range(0, len(numbers), _CHUNK):
            chunk = numbers[begin : begin + _CHUNK]
            actions = fewest_actions_of_many(stacked(found[n][1] for n in chunk))
            bad += [number for number, fewest in zip(chunk, actions) if fewest == UNSOLVABLE]
    if bad:
        _, grid, first = found[min(bad)]
        line = first + int(grid.goal[0])
        place = f"{source}, line {line}" if source else f"line {line}"
        raise TaskError(f"{place}: no path leads from the player to this goal; open a wall between them")
