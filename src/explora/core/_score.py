"""Scores: the learning potential of a task for this learner, now."""

from typing import Any

from jaxtyping import Float

from ._lesson import Lesson, Outcome, Rowwise
from ._part import Part


class Score(Part):
    """A small pure function from an outcome to one number a task; larger means more worth learning from.

    A score that remembers something of each task (the highest return ever seen, say) keeps it in a *row*, which an
    archive stores beside the task.
    """

    def init(self) -> Any:
        """The memory row of a task that has never been played: a pytree of scalars, or `()`."""
        return ()

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Rowwise, " tasks"], Any]:
        """The scores of the tasks of a lesson.

        **Arguments:**

        - `lesson`: what was played.
        - `outcome`: what was measured.
        - `rows`: the memory row of each task.

        **Returns:** one score a task and the new rows. Where the status is not ANSWERED the caller keeps the old.
        """
        raise NotImplementedError
