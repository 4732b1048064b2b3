"""Episodes as an `.npz` archive: an array for each array, and `layout`, which says in JSON how they belong together."""

import json
import zipfile
from pathlib import Path

import numpy as np

from explora.core import Episodes

from .._layout import Layout, put_together, take_apart

_FORMAT = 1


def write(path: Path, episodes: Episodes) -> None:
    """Writes an archive."""
    layout, arrays = take_apart(episodes)
    text = json.dumps({"format": _FORMAT, **layout.to_json()})
    named = {"layout": np.array(text), "offsets": episodes.offsets, **arrays}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in named.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)


def read(path: Path) -> Episodes:
    """Reads an archive."""
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no archive of arrays, or not a whole one")
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            missing = {"layout", "offsets"} - set(archive.files)
            if missing:
                raise ValueError(f"the array `{min(missing)}` is missing")
            layout = Layout.from_json(_json(archive["layout"]))
            absent = [name for name in layout.fields if name not in archive.files]
            if absent:
                raise ValueError(f"the array `{absent[0]}` is missing")
            return put_together(layout, archive["offsets"], {name: archive[name] for name in layout.fields})
    except (zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"it is damaged ({error})") from error


def _json(text: np.ndarray) -> dict:
    found = json.loads(str(text))
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise ValueError(f"its layout is not of format {_FORMAT}: a newer explora wrote it")
    return found
