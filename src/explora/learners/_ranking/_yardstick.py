"""Judgements about tasks, measured by the features of their space."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float

from explora.core import CombinationError, Space, TaskError, row_keys
from explora.maths import LEFT, RIGHT, TIE, LinearTaste

from ._ranker import Comparisons, Ranked, Ranker

ANSWERS = {"left": LEFT, "tie": TIE, "right": RIGHT}
_BATCH = 32  # tasks that are measured at once: one compiled program for any number
_USUAL = 256  # tasks drawn to learn what is usual in a space
_KEY = 0x7A57E


class Judgement(NamedTuple):
    """What somebody said of two tasks.

    **Arguments:**

    - `left`, `right`: the tasks, as their space encodes them.
    - `said`: `"left"`, `"right"`, `"tie"`, or anything else where they could not tell: then it does not count.
    - `person`: who.
    """

    left: Any
    right: Any
    said: str
    person: str = ""


class Yardstick:
    """Measures the tasks of a space and fits a taste to judgements about them.

    Features are standardised by what is usual in the space: the mean and the standard deviation over tasks that are
    drawn from it with a fixed key, so that a fit depends on the judgements alone.

    **Arguments:**

    - `space`: of the tasks; one with `features`.
    - `ranker`: what fits; None: `Ranker()`, a linear taste.

    **Raises:** `CombinationError` for a space without features.
    """

    def __init__(self, space: Space, ranker: Ranker | None = None):
        if "features" not in space.provides:
            raise CombinationError(
                f"{type(space).__name__} has no `features`, by which tasks could be compared; give it some"
            )
        self.space, self.ranker = space, ranker or Ranker()
        self._known: dict[str, np.ndarray] = {}
        drawn = np.asarray(_usual(space), np.float64)
        low, high = (np.asarray(x, np.float64) for x in space.feature_bounds())
        spread = drawn.std(axis=0)
        wide = (high - low) / np.sqrt(12.0)  # of a feature that never varies in what is drawn
        self.centre = drawn.mean(axis=0)
        self.scale = np.where(spread > 1e-3 * wide, spread, np.where(wide > 0, wide, 1.0))

    @property
    def names(self) -> tuple[str, ...]:
        """What the features are called."""
        return self.space.feature_names

    def features(self, specs: Sequence[Any]) -> Float[np.ndarray, "tasks features"]:
        """The features of encoded tasks; a row that is not a number for what is no task of the space."""
        keys = [json.dumps(spec, sort_keys=True) for spec in specs]
        fresh = {key: spec for key, spec in zip(keys, specs, strict=True) if key not in self._known}
        tasks = {key: self._decoded(spec) for key, spec in fresh.items()}
        good = [(key, task) for key, task in tasks.items() if task is not None]
        none = np.full(len(self.names), np.nan)
        self._known |= {key: none for key, task in tasks.items() if task is None}
        for first in range(0, len(good), _BATCH):
            block = good[first : first + _BATCH]
            padded = [task for _, task in block] + [block[0][1]] * (_BATCH - len(block))
            found = np.asarray(_measured(self.space, jax.tree.map(lambda *x: jnp.stack(x), *padded)), np.float64)
            self._known |= {key: row for (key, _), row in zip(block, found, strict=False)}
        return np.array([self._known[key] for key in keys]).reshape(-1, len(self.names))

    def standard(self, specs: Sequence[Any]) -> Float[np.ndarray, "tasks features"]:
        """The standardised features of encoded tasks."""
        return (self.features(specs) - self.centre) / self.scale

    def fit(self, judgements: Sequence[Judgement]) -> Ranked:
        """The taste behind judgements; who could not tell, and what is no task of the space, does not count."""
        told = [each for each in judgements if each.said in ANSWERS]
        left, right = self.features([each.left for each in told]), self.features([each.right for each in told])
        good = np.isfinite(left).all(axis=1) & np.isfinite(right).all(axis=1)
        people = {name: number for number, name in enumerate(self.raters(told))}
        answers = np.array([ANSWERS[each.said] for each in told], np.int64)
        raters = np.array([people[each.person] for each in told], np.int64)
        said = Comparisons.of_things(left[good], right[good], answers[good], raters[good])
        return self.ranker.fit(said, key=jr.key(_KEY), centre=self.centre, scale=self.scale)

    @staticmethod
    def raters(judgements: Sequence[Judgement]) -> list[str]:
        """Whose each reliability of a fit is: in the order in which people first said something that counts.

        So a fit does not depend on what people are called.
        """
        return list(dict.fromkeys(each.person for each in judgements if each.said in ANSWERS))

    def unknown(self) -> LinearTaste:
        """The taste before anybody has said anything."""
        return LinearTaste.unknown(len(self.names))

    def _decoded(self, spec: Any) -> Any:
        try:
            task = self.space.decode(spec)
            return task if bool(self.space.valid(task)) else None
        except (TaskError, ValueError, TypeError, KeyError):  # somebody else wrote it
            return None


@eqx.filter_jit
def _measured(space: Space, tasks: Any) -> Array:
    """Compiled once for equal spaces, whoever measures."""
    return jax.vmap(space.features)(tasks)


@eqx.filter_jit
def _usual(space: Space) -> Array:
    return jax.lax.map(lambda key: space.features(space.sample(key=key)), row_keys(jr.key(_KEY), _USUAL))
