"""Running a recipe from Python."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._catalogue import DEFAULT

if TYPE_CHECKING:
    from explora.core import Domain, Parts
    from explora.engines import Engine
    from explora.runs import Finished, Watcher


def run(
    what: "str | Parts" = DEFAULT,
    domain: "str | Domain" = "maze",
    *,
    minutes: float | None = None,
    steps: int | None = None,
    seed: int = 0,
    out: Path | str | None = None,
    fields: dict[str, Any] | None = None,
    watchers: "tuple[Watcher, ...]" = (),
    engine: "Engine | str | None" = None,
) -> "Finished":
    """Runs a recipe, or parts of your own.

    **Arguments:**

    - `what`: the name of a recipe, or `Parts`.
    - `domain`: the name of a domain, or a `Domain`; parts of your own bring theirs.
    - `minutes`, `steps`: when to stop, by the clock [min] or by environment steps.
    - `seed`: determines everything.
    - `out`: the folder; None: a new one under `runs`.
    - `fields`: changes to fields by dotted path, `{"explorer.capacity": 1000, "learner.rate": 3e-4}`.
    - `watchers`: who looks on.
    - `engine`: where it is executed, or its name, `"processes:2"` say (see `explora.engines`); None: in this process,
      compiled. `Local(keep=f)` hands every turn's lesson, experience and outcome to `f`; the run is then plain Python
      with compiled parts.

    **Returns:** the run's folder and how it did on the watched suites.

    **Raises:** `UnknownName` for a recipe, domain or field that nothing has, with the nearest that exists.
    """
    from explora.core import Parts, override
    from explora.domains import domain as find_domain
    from explora.runs import Plan
    from explora.runs import run as begin

    from . import recipe

    if isinstance(domain, str):
        domain = find_domain(domain).build()
    parts = what if isinstance(what, Parts) else recipe(what).build(domain)
    if fields:
        parts = override(parts, fields)
    plan = Plan(minutes=minutes, steps=steps, seed=seed)
    name = "custom" if isinstance(what, Parts) else what
    return begin(parts, plan, out=out, recipe=name, watchers=watchers, engine=engine)
