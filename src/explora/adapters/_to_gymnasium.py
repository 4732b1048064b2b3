"""Our environments as Gymnasium environments: one at a time, many at once, or by name through `gymnasium.make`."""

from typing import TYPE_CHECKING, Any

from explora.core import CombinationError, Environment, UnknownName, flat, override
from explora.domains import DOMAINS

from . import _required

if TYPE_CHECKING:
    import gymnasium

    from ._gymnasium_env import ExploraEnv
    from ._gymnasium_vector import ExploraVectorEnv


_BOX2D = "explora/BipedalWalker-v0"


def to_gymnasium(
    environment: Environment, task: Any = None, *, render_mode: str | None = None, size: int = 320
) -> "ExploraEnv":
    """An environment of explora as a `gymnasium.Env`.

    `reset(options={"task": …})` plays that task; the same forms are understood as for `task`.

    **Arguments:**

    - `environment`: such as `Maze()`.
    - `task`: what every episode plays: a task, or what its space's `encode` writes (the text of a maze); None: a
      random task each.
    - `render_mode`: `"rgb_array"`, or None.
    - `size`: of the picture [pixels].

    **Raises:** `MissingExtra` without Gymnasium; `CombinationError` for a domain that is no environment of ours.
    """
    _required.gymnasium()
    from ._gymnasium_env import ExploraEnv

    return ExploraEnv(_pure(environment), task, render_mode=render_mode, size=size)


def to_gymnasium_vector(environment: Environment, lanes: int, task: Any = None) -> "ExploraVectorEnv":
    """An environment of explora as a `gymnasium.vector.VectorEnv`: all lanes step in one compiled call.

    It resets as Gymnasium's `AutoresetMode.NEXT_STEP` says: the step after the end of an episode starts the next one.

    **Arguments:**

    - `environment`, `task`: as for `to_gymnasium`.
    - `lanes`: how many episodes run side by side.

    **Raises:** as `to_gymnasium`.
    """
    _required.gymnasium()
    from ._gymnasium_vector import ExploraVectorEnv

    return ExploraVectorEnv(_pure(environment), lanes, task)


def register() -> tuple[str, ...]:
    """Makes `gymnasium.make("explora/Maze-v0", height=9, width=9, walls=25)` work, and so for every domain.

    Keyword arguments are fields of the environment or of its space. `explora/BipedalWalker-v0` is Gymnasium's own
    walker in Box2D on our terrains; its arguments are those of `box2d_walker`. Importing `explora.adapters.registered`
    does the same, so `gymnasium.make("explora.adapters.registered:explora/Maze-v0")` needs no other line.

    **Returns:** the registered names.
    """
    gymnasium = _required.gymnasium()
    names = []
    for entry in (entry for entry in DOMAINS if entry.plays == "environments"):
        name = f"explora/{entry.place.partition(':')[2]}-v0"
        names.append(name)
        if name not in gymnasium.registry:
            gymnasium.register(
                name,
                entry_point="explora.adapters._to_gymnasium:make_registered",
                vector_entry_point="explora.adapters._to_gymnasium:make_registered_vector",
                kwargs={"domain": entry.name},
            )
    if _BOX2D not in gymnasium.registry:
        gymnasium.register(_BOX2D, entry_point="explora.domains.walker:box2d_walker")
    return (*names, _BOX2D)


def make_registered(
    domain: str, *, task: Any = None, render_mode: str | None = None, size: int = 320, **fields: Any
) -> "gymnasium.Env":
    """What `gymnasium.make` calls."""
    return to_gymnasium(_configured(domain, fields), task, render_mode=render_mode, size=size)


def make_registered_vector(domain: str, *, num_envs: int, task: Any = None, **fields: Any) -> Any:
    """What `gymnasium.make_vec` calls."""
    return to_gymnasium_vector(_configured(domain, fields), num_envs, task)


def _configured(domain: str, fields: dict[str, Any]) -> Environment:
    from explora.domains import domain as find

    environment = find(domain).build()
    known = {name.removeprefix("space."): name for name in flat(environment)}
    for name in fields:
        if name not in known:
            raise UnknownName("field", name, known)
    return override(_pure(environment), {known[name]: value for name, value in fields.items()})


def _pure(environment: Any) -> Environment:
    if not isinstance(environment, Environment) or environment.hosted:
        raise CombinationError(
            f"`environment` must be an Environment of explora with pure functions, such as Maze(); "
            f"got {type(environment).__name__}"
        )
    return environment
