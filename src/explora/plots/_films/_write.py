"""Episodes as films and pictures."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from explora.core import ArgumentError, Environment, MissingExtra
from explora.store import guard, write_file

from .._drawing import gif_bytes, png_bytes
from ._episode import Episode

KINDS = (".gif", ".mp4", ".png")
"""What an episode can be written as, by the end of the file's name: films, and one picture of the whole of it."""

_RATES = {".gif": 25, ".mp4": 50}
"""How many frames a second there are at most; browsers slow down what GIF says goes faster than 50."""


def check_kind(path: Path) -> str:
    """How a file's name ends, if an episode can be written so here.

    **Raises:** `ArgumentError` if it cannot; `MissingExtra` for MP4 without an encoder.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise ArgumentError(f"the name of the file must end in {', '.join(KINDS)}; got {path.name!r}")
    if kind == ".mp4":
        _encoder()
    return kind


class Film(NamedTuple):
    """Pictures to be shown one after the other.

    **Arguments:**

    - `frames`: of equal size, the first and the last moment among them.
    - `rate`: how many are shown a second.
    """

    frames: tuple[UInt8[np.ndarray, "height width 3"], ...]
    rate: float


def film_of(environment: Environment, episode: Episode, kind: str, *, size: int = 480, speed: float = 1.0) -> Film:
    """An episode as a film, at equal distances in time.

    **Arguments:**

    - `environment`: draws it.
    - `episode`: of which.
    - `kind`: what it is going to be written as, `.gif` or `.mp4`.
    - `size`: the width of each picture [pixels].
    - `speed`: how many times faster than `Environment.pace` it goes.
    """
    steps_a_second = environment.pace * speed
    rate = min(_RATES[kind], steps_a_second)
    chosen = np.unique(np.arange(0, episode.steps, steps_a_second / rate).astype(int)).tolist()
    frames = (environment.frame(episode.task, episode.states[i], size) for i in (*chosen, episode.steps))
    return Film(tuple(frames), rate)


def write_film(path: Path, film: Film) -> None:
    """Writes a film; it rests a moment on its last picture.

    **Arguments:**

    - `path`: ends in `.gif` or `.mp4`.
    - `film`: what to write.

    **Raises:** `RunError` if that place cannot be written to; `MissingExtra` for MP4 without an encoder.
    """
    if check_kind(path) == ".mp4":
        data = _mp4(film)
    else:
        data = gif_bytes(film.frames, milliseconds=max(20, round(1000 / film.rate)))
    with guard("write", path):
        write_file(path, data)


def write_picture(path: Path, pixels: UInt8[np.ndarray, "height width 3"]) -> None:
    """Writes one picture as PNG.

    **Raises:** `RunError` if that place cannot be written to.
    """
    with guard("write", path):
        write_file(path, png_bytes(pixels))


def _mp4(film: Film) -> bytes:
    """H.264 in MP4, which every browser plays; both sides are even, as it demands."""
    av = _encoder()
    file = io.BytesIO()
    height, width = (side - side % 2 for side in film.frames[0].shape[:2])
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(film.rate).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "20"}
        for pixels in [*film.frames, *[film.frames[-1]] * round(film.rate)]:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:height, :width]), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return file.getvalue()


def _encoder() -> Any:
    try:
        import av
    except ImportError as error:
        raise MissingExtra("av", "film") from error
    return av
