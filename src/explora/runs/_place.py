"""Where a run is executed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from explora.core import Parts
from explora.engines import Engine, Local, Shared
from explora.engines import engine as named


@contextmanager
def placed(engine: Engine | str | None, parts: Parts, noted: Callable[[str], None]) -> Iterator[Engine]:
    """The engine of a run. One that is only named lasts as long as the run.

    **Arguments:**

    - `engine`: an engine, or its name; None: this process.
    - `parts`: what it is to execute.
    - `noted`: is told what a person should know.

    **Raises:** `CombinationError` if it cannot.
    """
    place = named(engine or Local.name) if engine is None or isinstance(engine, str) else engine
    try:
        place.check(parts)
        if isinstance(place, Shared):
            place.team.noted = noted
        yield place
    finally:
        if place is not engine:
            place.close()


def mode(parts: Parts, engine: Engine) -> dict[str, Any]:
    """What a folder says of how its run is executed."""
    return {
        "mode": "hosted" if parts.hosted else "compiled",
        "engine": engine.name,
        "workers": engine.workers,
    }
