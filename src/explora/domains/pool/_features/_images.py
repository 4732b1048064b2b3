"""Images, by small fixed descriptors of brightness, edges and colours."""

import dataclasses
import io
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from explora.core import ArgumentError, TaskError

from .._table import Column, missing
from ._embeddings import scale_block, scaling
from ._encoder import Block, Encoder

SIDE = 64
"""Images are brought to this side first [pixels]."""

_GRID, _CELLS, _DIRECTIONS, _SHADES = 16, 4, 8, 4
_SIZES = (_GRID**2, _CELLS**2 * _DIRECTIONS, _CELLS**2 * 3, _SHADES**3)
_NAMES = ("brightness", "edges", "colour of cell", "shade")
DIMS = sum(_SIZES)
"""The length of a descriptor: 16 × 16 brightness, 4 × 4 × 8 edges, 4 × 4 × 3 colours of cells, 64 shades."""


@dataclasses.dataclass(frozen=True, eq=False)
class Images(Encoder):
    """A column of images: paths, encoded images as bytes, arrays, or Pillow images.

    Each of the four parts of a descriptor is scaled as a whole, so that none outweighs the others.

    **Arguments:**

    - `name`: of the column.
    - `mean`: what is subtracted.
    - `scale`: what each part is then divided by; 0 for a part that never varies.

    **Reference:** Dalal and Triggs 2005, histograms of oriented gradients, here with one block over the whole image.
    """

    kind: ClassVar[str] = "images"
    mean: Float[np.ndarray, " dims"]
    scale: tuple[float, ...]

    @staticmethod
    def prepare(column: Column, base: Path | None) -> Float[np.ndarray, "rows dims"]:
        block = np.full((len(column), DIMS), np.nan, np.float32)
        for place, value in enumerate(column):
            if not missing(value):
                block[place] = descriptor(pixels(value, base, place))
        return block

    @classmethod
    def fit(cls, name: str, prepared: Float[np.ndarray, "rows dims"]) -> "Images | None":
        scaled = [scaling(part) for part in _split(prepared)]
        if not any(scaled):
            return None
        means = [np.zeros(size, np.float32) if own is None else own[0] for own, size in zip(scaled, _SIZES)]
        return cls(name, np.concatenate(means), tuple(0.0 if own is None else own[1] for own in scaled))

    @property
    def names(self) -> tuple[str, ...]:
        parts = zip(_NAMES, _SIZES, self.scale)
        return tuple(f"{self.name}: {part} {i}" for part, size, scale in parts if scale for i in range(size))

    def encode(self, prepared: Float[np.ndarray, "rows dims"]) -> Block:
        parts = zip(_split(prepared), _split(self.mean[None]), self.scale)
        return np.concatenate([scale_block(part, mean[0], scale) for part, mean, scale in parts if scale], axis=1)


def _split(block: np.ndarray) -> list[np.ndarray]:
    return np.split(block, np.cumsum(_SIZES)[:-1], axis=1)


def pixels(value: Any, base: Path | None, place: int) -> Float[np.ndarray, "side side colours"]:
    """An image as 64 × 64 pixels of red, green and blue between 0 and 1.

    **Raises:** `TaskError`, one line that names the file and the cure, for an image that cannot be opened.
    """
    from PIL import Image, UnidentifiedImageError

    value = (value.get("bytes") or value.get("path")) if isinstance(value, dict) else value
    name = str((base or Path()) / value) if isinstance(value, str | Path) else f"the image in row {place}"
    if not isinstance(value, str | Path | bytes | np.ndarray | list | Image.Image):
        raise ArgumentError(f"{name} must be a path, bytes, an array or a Pillow image, got {value!r:.60}")
    if isinstance(value, np.ndarray | list):
        value = _from_array(np.asarray(value), name)
    try:
        small = _shrunk(Path(name).read_bytes() if isinstance(value, str | Path) else value)
    except FileNotFoundError:
        raise TaskError(f"there is no image {name}; correct its path or leave its row out") from None
    except UnidentifiedImageError:
        raise TaskError(f"{name} is not an image; save it as PNG or JPEG, or leave it out") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error).replace("\n", " ")[:80]
        raise TaskError(f"{name} cannot be opened ({reason}); save it anew as PNG or JPEG, or leave it out") from None
    return np.asarray(small, np.float32) / np.float32(255)


def _shrunk(image: Any) -> Any:
    """An image, or the bytes of one, at 64 × 64 pixels; what is transparent becomes white, as on paper."""
    from PIL import Image

    if isinstance(image, bytes):
        image = Image.open(io.BytesIO(image))
        image.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG is decoded at a fraction of its size
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)


def _from_array(array: np.ndarray, name: str) -> Any:
    from PIL import Image

    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or not array.size:
        raise ArgumentError(f"{name} must have the shape (height, width) or (height, width, 3), got {array.shape}")
    if array.dtype != np.uint8:
        array = np.nan_to_num(array.astype(np.float32))
        top = 1.0 if array.max(initial=0.0) <= 1 else 255.0
        array = (np.clip(array / np.float32(top), 0, 1) * 255).round().astype(np.uint8)
    return Image.fromarray(array)


def descriptor(image: Float[np.ndarray, "side side colours"]) -> Float[np.ndarray, " dims"]:
    """What is kept of an image."""
    grey = image @ np.array([0.299, 0.587, 0.114], np.float32)
    small = _means(grey[:, :, None], _GRID)
    shade = np.minimum((image * _SHADES).astype(np.int64), _SHADES - 1) @ np.array([_SHADES**2, _SHADES, 1])
    shades = np.sqrt(np.bincount(shade.ravel(), minlength=_SHADES**3) / shade.size)
    parts = (small.ravel(), _edges(grey), _means(image, _CELLS).ravel(), shades)
    return np.concatenate(parts).astype(np.float32)


def _means(image: Float[np.ndarray, "side side colours"], cells: int) -> Float[np.ndarray, "cells cells colours"]:
    size = SIDE // cells
    return image.reshape(cells, size, cells, size, -1).mean(axis=(1, 3))


def _edges(grey: Float[np.ndarray, "side side"]) -> Float[np.ndarray, " bins"]:
    """How strong the edges of each direction are in each cell, on the whole of length 1."""
    down, across = np.gradient(grey)
    strength = np.hypot(down, across)
    turn = np.arctan2(down, across) / np.pi % 1.0 * _DIRECTIONS  # opposite directions are the same edge
    lower = np.floor(turn).astype(np.int64) % _DIRECTIONS
    share = turn - np.floor(turn)
    cell = np.arange(SIDE) // (SIDE // _CELLS)
    place = (cell[:, None] * _CELLS + cell[None, :]) * _DIRECTIONS
    count = _CELLS**2 * _DIRECTIONS
    bins = np.bincount((place + lower).ravel(), (strength * (1 - share)).ravel(), count)
    bins += np.bincount((place + (lower + 1) % _DIRECTIONS).ravel(), (strength * share).ravel(), count)
    return bins / max(float(np.linalg.norm(bins)), 1e-3)
