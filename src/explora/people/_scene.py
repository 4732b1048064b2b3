"""The parts of a run, for what only they can do: drawing its tasks and items, naming its labels."""

import io
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Event, Lock, Thread
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from explora.core import ExploraError, Parts
from explora.domains.pool import Items, Pool
from explora.plots import things
from explora.runs import read
from explora.store import RunFolder, TaskRow

from ._label._schema import Schema, starting

_KEPT = 2000  # pictures that are remembered
_MOST = 320  # the longer side of a picture of a task [pixels]


class Scene:
    """What a run's parts can show. Building them takes seconds of a processor, so it is done aside, and nobody waits
    for it; and not before `begin`, or before somebody does wait, so that it is in the way of nothing more urgent.

    **Arguments:**

    - `folder`: of the run.
    """

    def __init__(self, folder: RunFolder):
        self._folder, self._lock = folder, Lock()
        self._parts: Parts | None = None
        self._kept: OrderedDict[Hashable, bytes | None] = OrderedDict()
        self._begun, self._ready = False, Event()
        self.problem: str | None = None
        """Why there are no pictures; None if there are, or may be soon."""

    def begin(self) -> None:
        """Begins to build the parts, unless that was begun."""
        with self._lock:
            begun, self._begun = self._begun, True
        if not begun:
            Thread(target=self._build, name="parts", daemon=True).start()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until the parts are there, or cannot be."""
        self.begin()
        return self._ready.wait(seconds)

    def parts(self, seconds: float = 0.0) -> Parts | None:
        """The parts of the run; None if they are not there after so many seconds."""
        self.wait(seconds)
        return self._parts

    def task(self, row: TaskRow, size: int = 160) -> bytes | None:
        """A task as a PNG image; None if its space cannot draw, or the parts are not there (yet)."""
        return self._drawn(("task", row.address, size), lambda parts: _task(parts.space, row, min(size, _MOST)))

    def describe(self, row: TaskRow) -> str:
        """A task in one line; empty if the parts are not there (yet)."""
        if self._parts is None:
            return ""
        try:
            return str(self._parts.space.describe(self._parts.space.decode(row.spec)))[:500]
        except ExploraError:
            return ""

    def item(self, id: str) -> bytes | None:
        """An item of a pool as a PNG image; None if it has none."""
        return self._drawn(("item", id), lambda parts: _item(parts.domain, id))

    def row(self, id: str) -> Any:
        """What is shown of an item of a pool, set aside or not; None if there is no such item (or no parts, yet)."""
        found = _place(None if self._parts is None else self._parts.domain, id)
        return None if found is None else found[0].row(found[1])

    def judged(self) -> tuple[list[int], bool] | None:
        """How many items each task of the suite `held-out` of a pool has, and whether classes are predicted."""
        domain = None if self._parts is None else self._parts.domain
        if not isinstance(domain, Pool):
            return None
        return [len(domain.parted.held)], domain.target.kind == "classes"

    def schema(self) -> Schema:
        """What an answer may be, as far as the data tell."""
        self.wait(0.2)
        domain = None if self._parts is None else self._parts.domain
        if not isinstance(domain, Pool):
            return Schema()
        return starting(domain.target.kind, domain.target.classes)

    def _build(self) -> None:
        try:
            self._parts = read(self._folder)[0]
            if isinstance(self._parts.domain, Pool):
                _ = self._parts.domain.target  # reads the data
        except (ExploraError, OSError) as error:
            self.problem = f"There are no pictures, because the parts of this run cannot be built here: {error}"
        finally:
            self._ready.set()

    def _drawn(self, key: Hashable, draw: Callable[[Any], bytes | None]) -> bytes | None:
        if key in self._kept:
            return self._kept[key]
        if self._parts is None:
            return None
        png = draw(self._parts)
        with self._lock:
            self._kept[key] = png
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return png


def _task(space: Any, row: TaskRow, size: int) -> bytes | None:
    try:
        return _png(space.draw(space.decode(row.spec), size))
    except ExploraError:  # a space need not be able to draw
        return None


def _place(domain: Any, id: str) -> tuple[Items, int] | None:
    """Where an item of a pool is: among those that can be asked for, or among those that were set aside."""
    if not isinstance(domain, Pool):
        return None
    places = ((items, items.place(id)) for items in (domain.items, domain.parted.held))
    return next(((items, place) for items, place in places if place is not None), None)


def _item(domain: Any, id: str) -> bytes | None:
    found = _place(domain, id)
    seen = None if found is None else things(found[0], [id]).get(id)
    return None if seen is None or seen.pixels is None else _png(seen.pixels)


def _png(pixels: UInt8[np.ndarray, "height width 3"]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG")
    return file.getvalue()
