"""Importing this module registers explora's environments with Gymnasium: its only purpose.

```python
import gymnasium

env = gymnasium.make("explora.adapters.registered:explora/Maze-v0")
```
"""

from . import register

ENVIRONMENTS: tuple[str, ...] = register()
"""The names under which `gymnasium.make` knows them."""
