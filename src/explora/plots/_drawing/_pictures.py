"""Pictures of tasks and of episodes, embedded in the page."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from ._page import escape


def png_uri(pixels: UInt8[np.ndarray, "height width 3"]) -> str:
    """A picture as a `data:` address."""
    return _uri("image/png", png_bytes(pixels, 32))


def png_bytes(pixels: UInt8[np.ndarray, "height width 3"], colours: int = 128) -> bytes:
    """A picture as a PNG file of a few colours."""
    file = io.BytesIO()
    _with_few_colours(pixels, colours).save(file, "PNG", optimize=True)
    return file.getvalue()


def gif_uri(frames: Sequence[UInt8[np.ndarray, "height width 3"]], *, milliseconds: int, rest: int = 1400) -> str:
    """An animation as a `data:` address; as `gif_bytes`."""
    return _uri("image/gif", gif_bytes(frames, milliseconds=milliseconds, rest=rest))


def gif_bytes(frames: Sequence[UInt8[np.ndarray, "height width 3"]], *, milliseconds: int, rest: int = 1400) -> bytes:
    """An animation as a GIF file; it repeats for ever.

    **Arguments:**

    - `frames`: of equal size.
    - `milliseconds`: how long each is shown [ms].
    - `rest`: how long the last one is shown [ms].
    """
    # One palette for all, from the first and the last frame: what changes between frames is then small to store.
    palette = _with_few_colours(np.concatenate([frames[0], frames[len(frames) // 2], frames[-1]]))
    images = [Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    file = io.BytesIO()
    durations = [milliseconds] * (len(images) - 1) + [rest]
    images[0].save(
        file, "GIF", save_all=True, append_images=images[1:], duration=durations, loop=0, optimize=True, disposal=1
    )
    return file.getvalue()


def picture(uri: str, alt: str, *, still: str | None = None) -> str:
    """An `<img>`; for readers who want no motion a still one instead.

    **Arguments:**

    - `uri`: the picture.
    - `alt`: what it shows.
    - `still`: instead of an animation.
    """
    image = f'<img src="{uri}" alt="{escape(alt)}" loading="lazy" decoding="async">'
    if still is None:
        return image
    return f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{still}">{image}</picture>'


def _with_few_colours(pixels: np.ndarray, colours: int = 32) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels)).quantize(colours, dither=Image.Dither.NONE)


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
