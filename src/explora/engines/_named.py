"""Engines by their names, as a command line has them."""

import re

from explora.core import ArgumentError

from ._local import Engine, Local
from ._processes import Processes
from ._ray import Ray

_FORMS = "'local', 'processes:N', 'ray:N' or 'ray:N@ADDRESS'"


def engine(name: str) -> Engine:
    """The engine of that name; whoever asks for it closes it.

    **Arguments:**

    - `name`: `local` for this process; `processes:N` for N processes of this machine; `ray:N` for N workers on a Ray
      cluster that is started on this machine; `ray:N@ADDRESS` for N workers on one that is there, at what `ray.init`
      takes as an address, `auto` say.

    **Raises:** `ArgumentError` for any other name; what the engine itself raises.
    """
    found = re.fullmatch(r"(local)|processes:(\d+)|ray:(\d+)(?:@(.+))?", name)
    if found is None or "0" in found.groups():
        raise ArgumentError(f"`engine` must be {_FORMS}, N at least 1, got {name!r}")
    local, processes, actors, address = found.groups()
    if local:
        return Local()
    return Processes(int(processes)) if processes else Ray(int(actors), address)
