"""What is kept of rounds in the folder of a run."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from explora._version import __version__
from explora.core import RunError
from explora.domains.pool import Target, split
from explora.store import guard, write_file

FOLDER = "rounds"
_FORMAT = 1
_FILES = ("base.jsonl", "train.jsonl", "suite.jsonl")


class RoundExample(NamedTuple):
    """An example that was confirmed.

    **Arguments:**

    - `address`: of its content.
    - `values`: what stands in each field.
    - `origin`: the item of the pool of which it was made; None if it was written from nothing.
    - `label`: what is right.
    - `model`: what the version in the loop said.
    - `version`: which one that was.
    - `authors`, `validators`: who wrote and who confirmed it, by id.
    - `fooled`: whether the version was wrong.
    """

    address: str
    values: dict[str, Any]
    origin: str | None
    label: Any
    model: Any
    version: int
    authors: tuple[str, ...] = ()
    validators: tuple[str, ...] = ()
    fooled: bool = False


def round_parts(run: Path, part: str) -> dict[int, tuple[RoundExample, ...]]:
    """The examples of all rounds that ended.

    **Arguments:**

    - `run`: its folder.
    - `part`: `"train"` or `"suite"`.

    **Returns:** the examples by the number of the round.

    **Raises:** `RunError` for a file that cannot be read.
    """
    found = {}
    for number in range(1, newest_folder(run) + 1):
        path = place(run, number) / f"{part}.jsonl"
        if path.is_file():
            found[number] = tuple(_example(row) for row in read_lines(path))
    return found


def divide(
    examples: Sequence[RoundExample], target: Target, share: float, *, rng: np.random.Generator
) -> tuple[tuple[RoundExample, ...], tuple[RoundExample, ...]]:
    """What teaches the next version, and what is set aside as a suite: of each class its share.

    Examples made of the same item of the pool stay together, and no class is set aside altogether.
    """
    ordered = sorted(examples, key=lambda example: example.address)
    groups = [example.address if example.origin is None else f"item {example.origin}" for example in ordered]
    codes = target.encode([example.label for example in ordered])
    taught, held = split(np.asarray(codes), groups, share, rng=rng)
    return tuple(ordered[i] for i in taught.tolist()), tuple(ordered[i] for i in held.tolist())


def write_parts(run: Path, number: int, taught: Iterable[RoundExample], suite: Iterable[RoundExample]) -> None:
    """Writes what a round amounts to, once: what is there already stays as it is."""
    if (place(run, number) / "suite.jsonl").is_file():
        return
    for name, part in (("train", taught), ("suite", suite)):  # the suite last: it vouches for both
        write_lines(place(run, number) / f"{name}.jsonl", [_row(example) for example in part])


def write_version(run: Path, number: int, facts: dict[str, Any]) -> None:
    """Writes down what a version was made of: it exists from here on."""
    folder = place(run, number)
    sums = {name: _digest(folder / name) for name in _FILES if (folder / name).is_file()}
    content = {"format": _FORMAT, "explora": __version__, "version": number, **facts, "sha256": sums}
    with guard("write", folder):
        write_file(folder / "version.json", json.dumps(content, indent=1, sort_keys=True).encode())


def read_version(run: Path, number: int) -> dict[str, Any] | None:
    """What a version was made of; None if there is none of that number.

    **Raises:** `RunError` if a file of it was changed.
    """
    path = place(run, number) / "version.json"
    if not path.is_file():
        return None
    with guard("read", path):
        try:
            facts = json.loads(path.read_bytes())
            sums = dict(facts["sha256"])
        except (ValueError, TypeError, KeyError) as error:
            raise RunError(f"{path} is damaged ({error}); restore it from a backup") from error
    changed = [name for name, known in sums.items() if _digest(path.with_name(name)) != known]
    if changed:
        raise RunError(f"{path.with_name(changed[0])} was changed or is missing; restore it from a backup")
    return facts


def newest_folder(run: Path) -> int:
    """The greatest number of a round of which something was written; 0 if nothing was."""
    folder = run / FOLDER
    return max((int(path.name) for path in folder.glob("[0-9]*") if path.name.isdigit()), default=0)


def place(run: Path, number: int) -> Path:
    """The folder of a round."""
    return run / FOLDER / f"{number:03d}"


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Writes a file of JSON Lines, whole or not at all."""
    text = "".join(json.dumps(row, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    with guard("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text.encode())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Reads a file of JSON Lines."""
    with guard("read", path):
        text = path.read_bytes().decode()
    try:
        return [json.loads(line) for line in text.split("\n") if line]
    except ValueError as error:
        raise RunError(f"{path} is damaged ({error}); restore it from a backup") from error


def _digest(path: Path) -> str:
    with guard("read", path):
        return hashlib.sha256(path.read_bytes() if path.is_file() else b"missing").hexdigest()


def _row(example: RoundExample) -> dict[str, Any]:
    return example._asdict() | {"authors": list(example.authors), "validators": list(example.validators)}


def _example(row: dict[str, Any]) -> RoundExample:
    known = {name: row[name] for name in RoundExample._fields if name in row}
    return RoundExample(**known)._replace(authors=tuple(row["authors"]), validators=tuple(row["validators"]))
