"""Several scores in one, each factor logged."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from explora.core import Lesson, Outcome, Score


class Sum(Score):
    """A weighted sum of scores: learning potential plus, say, a diversity and a grounding term.

    The factors of each task are remembered in its memory row, before weighting, so that an explorer can log them.

    **Arguments:**

    - `terms`: the scores by name.
    - `weights`: what each is multiplied with, by the same names; 1 where none is given.

    **Example:** Kinetix's learnability: `Sum({"learnability": Learnability(), "solved": Solved()}, {"solved": 0.001})`.
    """

    terms: dict[str, Score]
    weights: dict[str, float] = eqx.field(default_factory=dict)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset().union(*(term.needs for term in self.terms.values()))

    def init(self) -> Any:
        return {name: {"value": jnp.zeros(()), "row": term.init()} for name, term in self.terms.items()}

    def __call__(self, lesson: Lesson, outcome: Outcome, rows: Any) -> tuple[Float[Array, " tasks"], Any]:
        total, after = jnp.zeros((lesson.rows,)), {}
        for name, term in self.terms.items():
            value, row = term(lesson, outcome, rows[name]["row"])
            total = total + self.weights.get(name, 1.0) * value
            after[name] = {"value": value, "row": row}
        return total, after

    def metrics(self, state: Any) -> dict[str, Array]:
        """The factors of one memory row."""
        own = {name: state[name]["value"] for name in self.terms}
        deeper = {
            f"{name}/{key}": value
            for name, term in self.terms.items()
            for key, value in term.metrics(state[name]["row"]).items()
        }
        return own | deeper
