"""Domain randomisation: random tasks, for ever."""

from typing import TypeVar

import equinox as eqx
from jaxtyping import PRNGKeyArray

from explora.core import Explorer, Lesson, Outcome, Space, fresh_lesson

from ._checks import between, lanes

Task = TypeVar("Task")


class Uniform(Explorer[tuple[()], Task]):
    """Draws every task anew from the space and learns from all of them: the baseline to beat.

    **Arguments:**

    - `rows`: how many tasks a lesson has.
    - `queue`: how many of them each lane plays in turn, going on to the next when an episode ends.
    - `plays`: how many times the usual length a lesson is played.

    **Reference:** Tobin et al. 2017, Domain Randomization (arXiv:1703.06907).
    """

    rows: int = eqx.field(static=True, default=256)
    queue: int = eqx.field(static=True, default=1)
    plays: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        lanes(self.rows, self.queue)
        between("plays", self.plays, 1)

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> tuple[()]:
        return ()

    def ask(
        self, state: tuple[()], space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[tuple[()], Lesson[Task]]:
        tasks = space.samples(self.rows, key=key)
        return state, fresh_lesson(tasks, True, plays=self.plays, queue=self.queue, phase=phase)

    def tell(
        self, state: tuple[()], space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> tuple[()]:
        return state
