"""The manifest of a store of episodes: what there is, is what it names."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from explora.core import RunError

from .. import _files as files
from .. import _format, _values
from ._layout import Layout
from ._shard import Shard

NAME = "manifest.json"
_SHARD = re.compile(r"\d{6}-[0-9a-f]{8}")


class Manifest(NamedTuple):
    """What a store holds.

    **Arguments:**

    - `layout`: of its arrays; None before the first episode.
    - `facts`: what else is known of it, as JSON.
    - `shards`: in the order in which they were written.
    """

    layout: Layout | None
    facts: dict[str, Any]
    shards: tuple[Shard, ...]


def write(folder: Path, manifest: Manifest) -> None:
    """Puts the manifest in place of the one before, all at once."""
    content = {
        **_format.stamp(),
        "layout": None if manifest.layout is None else manifest.layout.to_json(),
        "facts": manifest.facts,
        "shards": [list(shard) for shard in manifest.shards],
    }
    text = json.dumps({"checksum": _checksum(content), **content}, separators=(",", ":"))
    files.write_file(folder / NAME, text.encode())


def read(folder: Path) -> Manifest:
    """The manifest of a store.

    **Raises:** `RunError` if it is missing, damaged or from a newer explora.
    """
    path = folder / NAME
    with files.guard("read", path):
        text = path.read_bytes()
    try:
        content = json.loads(text)
        checksum = content.pop("checksum")
        if checksum != _checksum(content):
            raise ValueError("its checksum differs")
        _format.check(str(path), content["format"], content["explora"])
        layout = None if content["layout"] is None else Layout.from_json(content["layout"])
        shards = tuple(Shard(str(name), *map(int, numbers)) for name, *numbers in content["shards"])
        strange = [shard.name for shard in shards if not is_shard(shard.name)]
        if strange:
            raise ValueError(f"{strange[0]!r} is no name of a shard")
        return Manifest(layout, dict(content["facts"]), shards)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunError(f"{path} is damaged: {error}; restore it from a backup") from None


def is_shard(name: str) -> bool:
    """Whether a folder of that name can be a shard: nothing else is ever opened or removed."""
    return _SHARD.fullmatch(name) is not None


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(_values.text(content).encode()).hexdigest()
