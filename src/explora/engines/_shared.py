"""The engine that asks and tells in this process and has lessons played by workers."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray

from explora.core import CombinationError, Domain, Experience, Learner, Lesson, Outcome, Parts, between
from explora.loop import Log, QuickLearner, State, host_chunk

from ._messages import filled
from ._team import Team, Worker
from ._work import introduction, manner, news, order, played


class Shared:
    """Asks, tells and learns in this process; what is to be played is cut into pieces, and workers play them.

    The pieces are those of `Learner.piece`, however many workers there are, and each keeps the chance that it has in
    the whole lesson. So the result is the same to the last bit whoever plays which piece, and when the piece of a lost
    worker is played again. (With `Local` it agrees to floating-point rounding, as a compiled and a hosted run do.)

    **Arguments:**

    - `hire`: finds a worker.
    - `workers`: how many there are at a time.
    - `name`: what `engine` calls this engine.
    """

    def __init__(self, hire: Callable[[], Worker], workers: int, name: str):
        between("workers", workers, 1)
        self.workers, self.name = workers, name
        self.team = Team(hire, workers)
        self._introduced: tuple[Parts, bytes] | None = None
        self._shapes: dict[Any, Any] = {}

    def check(self, parts: Parts) -> None:
        """Complains about parts that workers cannot play.

        **Raises:** `CombinationError`; `ArgumentError` for parts that a configuration cannot name.
        """
        learner = type(parts.learner)
        if parts.hosted or learner.piece is Learner.piece:
            why = "needs plain Python" if parts.hosted else f"has lessons that {learner.__name__} plays as a whole"
            raise CombinationError(
                f"workers play pieces of compiled lessons, but this run {why}; use the engine 'local', or ES as learner"
            )
        self._introduction(parts)

    def advance(
        self, parts: Parts, state: State, *, root: PRNGKeyArray, turns: int, capacity: int
    ) -> tuple[State, Log]:
        """Runs `turns` (at most `capacity`) turns and says what happened."""
        self.check(parts)
        learner = _Elsewhere(parts.learner, self, parts)
        return host_chunk(Parts(parts.domain, learner, parts.explorer, parts.others), state, root=root, turns=turns)

    def play(self, parts: Parts, state: Any, lesson: Lesson, key: PRNGKeyArray) -> tuple[Experience, Outcome] | None:
        """What the learner makes of a lesson, played by workers; None if it must be played as a whole.

        **Arguments:**

        - `parts`: of the run.
        - `state`: of the learner.
        - `lesson`, `key`: as for `Learner.play`.
        """
        size = parts.learner.piece(lesson) if lesson.plays > 0 else None
        if size is None:
            return None
        pieces = [lesson.piece(first, first + size) for first in range(0, lesson.rows, size)]
        orders = [order(piece, key) for piece in pieces]
        found = self.team.all((self._introduction(parts), news(state)), orders)
        like = self._shape(parts, state, pieces[0], key)
        joined = [np.concatenate(column) for column in zip(*found, strict=True)]
        return filled(like, joined)

    def close(self) -> None:
        """Sends the workers home."""
        self.team.close()

    def _introduction(self, parts: Parts) -> bytes:
        """One and the same for one and the same parts, so that workers hear it once."""
        if self._introduced is None or self._introduced[0] is not parts:
            self._introduced = (parts, introduction(parts))
        return self._introduced[1]

    def _shape(self, parts: Parts, state: Any, piece: Lesson, key: PRNGKeyArray) -> Any:
        """What an answer looks like, traced once for each kind of lesson."""
        kind = (piece.rows, *manner(piece).values())
        if kind not in self._shapes:
            domain = parts.played_in(piece.where)
            self._shapes[kind] = eqx.filter_eval_shape(played, parts.learner, state, domain, piece, key)
        return self._shapes[kind]


class _Elsewhere(QuickLearner):
    """A learner whose lessons are played by workers; it learns here."""

    hosted = True
    engine: Shared = eqx.field(static=True)
    parts: Parts

    def play(self, state: Any, domain: Domain, lesson: Lesson, *, key: PRNGKeyArray) -> tuple[Any, Experience, Outcome]:
        found = self.engine.play(self.parts, state, lesson, key)
        if found is None:
            return super().play(state, domain, lesson, key=key)
        return (state, *found)
