"""MAP-Elites over the tasks of a space: the best task of every kind."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from explora.core import Space

from ..quality import Grid, summary
from ._featured import Featured, FeaturedState, Task


class Elites(Featured[Task]):
    """Keeps the task of highest score of every kind, plays these again, and edits of them.

    The kinds are the cells of a grid over some features of the space. A new task takes its cell if it scores higher
    than the one that is there. A share of every lesson are tasks that are kept: what their score is worth now is
    measured anew, since the learner has changed; the rest are edits of kept tasks, and a few new ones. As long as fewer
    than `initial` cells are filled, all tasks are new. Unlike `Replay`, which keeps the highest scores whatever they
    are like, it never lets many tasks of one kind push out the only one of another.

    Rows that hold the same kept task are pooled before they are scored.

    **Arguments:**

    - `rows`: how many tasks a lesson has.
    - `score`: how good a task is.
    - `cells`: into how many parts each feature is cut.
    - `features`: the names of the features; none: the first ones of the space, as many as `cells` has entries.
    - `low`, `high`: the ends of each feature; None: those that the space says. What lies outside belongs to the edge.
    - `replay`: which share of a lesson are tasks that are kept.
    - `random`: which share of the others are new tasks and no edits.
    - `initial`: see above.
    - `explore_learns`: learn from edited and new tasks too, not only from those that are played again.
    - `queue`: how many rows each lane plays in turn.

    **Reference:** Mouret and Clune 2015, Illuminating Search Spaces by Mapping Elites (arXiv:1504.04909), with a score
    of the learner in the place of a fixed performance.
    """

    cells: tuple[int, ...] = eqx.field(static=True, default=(32, 32))

    def __check_init__(self):
        self._check(self.grid.room)

    @property
    def kinds(self) -> int:
        return len(self.cells)

    @property
    def grid(self) -> Grid:
        """The kinds: every feature scaled to [0, 1], and cut."""
        return Grid(tuple(self.cells), (0.0,) * len(self.cells), (1.0,) * len(self.cells))

    def container(self, space: Space[Any]) -> Grid:
        return self.grid

    def metrics(self, state: FeaturedState) -> dict[str, Array]:
        found = summary(state.kept)
        some = found.elites > 0
        return {
            "fill": found.coverage,
            "qd_score": found.qd_score,
            "mean_score": jnp.where(some, found.mean, 0.0),
            "max_score": jnp.where(some, found.best, 0.0),
        }
