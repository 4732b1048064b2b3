"""The model that people play against: loaded once, asked by a worker of its own."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from typing import Any, NamedTuple

from explora.core import ExploraError, NotThere
from explora.runs import RoundVersions

_START = 400  # items of the pool that are looked at for those of which the model is least sure


class Reply(NamedTuple):
    """What a version says of an example.

    **Arguments:**

    - `version`: which one.
    - `label`: what it takes for right.
    - `chances`: of all labels that it knows, likeliest first.
    """

    version: int
    label: Any
    chances: tuple[tuple[Any, float], ...]


class Sparring:
    """The versions of a model, loaded aside and asked one question after the other: no request waits for either.

    **Arguments:**

    - `run`: the folder of the run.
    """

    def __init__(self, run: Path):
        self.run = run
        self.problem: str | None = None
        """Why there is no model; None if there is one, or may be soon."""
        self.labelled: frozenset[int] = frozenset()
        """The places of the items whose label the run knew when the first round began."""
        self._versions: RoundVersions | None = None
        self._started, self._lock, self._ready = False, Lock(), Event()
        self._starts: tuple[int, list[tuple[str, int, Reply]]] = (-1, [])
        self._asking = ThreadPoolExecutor(1, "fool-asking")

    def start(self, version: Callable[[], int], loaded: Callable[[], None]) -> None:
        """Begins to load the model, unless somebody has.

        **Arguments:**

        - `version`: says which one is in the loop.
        - `loaded`: is called when it is there.
        """
        with self._lock:
            if self._started:
                return
            self._started = True
        self._asking.submit(self._load, version, loaded)

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until the model is there, or cannot be."""
        return self._ready.wait(seconds)

    def shut(self) -> None:
        """Lets go of the model."""
        self._asking.shutdown(wait=True, cancel_futures=True)

    @property
    def ready(self) -> bool:
        """Whether the model is there."""
        return self._versions is not None

    @property
    def versions(self) -> RoundVersions:
        """The versions of the model.

        **Raises:** `NotThere` while it is being loaded, and if it cannot be.
        """
        if self._versions is None:
            raise NotThere(self.problem or "the model is being loaded; try again in a moment")
        return self._versions

    def ask(self, values: dict[str, Any], origin: str | None, version: int) -> "Future[Reply]":
        """What a version says of an example, as a promise.

        **Arguments:**

        - `values`: from `ExampleForm.read`.
        - `origin`: the item of the pool of which it was made.
        - `version`: which one.
        """
        versions = self.versions
        return self._asking.submit(lambda: _reply(versions.answers([values], [origin], version)[0], version))

    def items(self, offset: int, count: int) -> list[tuple[str, dict[str, Any], Reply]]:
        """Items of the pool to start from, those first of which the model was least sure: id, values, what it said."""
        form, (_, found) = self.versions.form, self._starts
        return [(id, form.values(place), reply) for id, place, reply in found[offset : offset + count]]

    def look(self, version: int) -> None:
        """Finds out of which items a version is least sure, aside."""
        self._asking.submit(self._looked, self.versions, version)

    def _load(self, version: Callable[[], int], loaded: Callable[[], None]) -> None:
        try:
            versions = RoundVersions(self.run)
            self.labelled = versions.labelled
            versions.form.look()
            self._looked(versions, version())
            self._versions = versions
            loaded()
        except (ExploraError, OSError) as error:
            self.problem = f"There is no model to play against: {error}"
        except Exception as error:  # nobody waits for this thread: whatever it is, people must hear of it
            self.problem = f"The model could not be loaded: {type(error).__name__}: {error}"
        finally:
            self._ready.set()

    def _looked(self, versions: RoundVersions, version: int) -> None:
        if self._starts[0] == version:
            return
        places, ids = _sample(len(versions.form.items), _START), versions.form.items.ids
        replies = [_reply(row, version) for row in versions.of_items(places, version)]
        found = [(ids[place], place, reply) for place, reply in zip(places, replies, strict=True)]
        self._starts = version, sorted(found, key=lambda start: _margin(start[2]))


def _reply(chances: Sequence[tuple[Any, float]], version: int) -> Reply:
    return Reply(version, chances[0][0], tuple(chances))


def _margin(reply: Reply) -> float:
    return reply.chances[0][1] - (reply.chances[1][1] if len(reply.chances) > 1 else 0.0)


def _sample(count: int, most: int) -> list[int]:
    return sorted(random.Random(count).sample(range(count), min(count, most)))
