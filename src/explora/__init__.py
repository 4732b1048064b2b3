"""explora: software that searches for its own training data.

```python
import explora

run = explora.run("accel", "maze", minutes=4)   # or explora.run(parts, …) with parts of your own
player = explora.load(run.path)
action = player.act(observation)
```

`explora.recipes` are the named algorithms, `explora.core` the contracts, `explora.loop` the loop itself. Names are
imported when they are first used, so that `import explora` costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from .core import Parts as Parts
    from .recipes import run as run
    from .runs import load as load
    from .runs import resume as resume

_HOME = {"Parts": "core", "run": "recipes", "resume": "runs", "load": "runs"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'explora' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"explora.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
