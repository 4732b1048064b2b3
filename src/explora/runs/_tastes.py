"""What people said they prefer, as a taste in the parts of a run."""

from collections.abc import Iterable
from typing import Any

import jax

from explora.core import Parts
from explora.learners import Judgement, Yardstick
from explora.maths import LinearTaste, Taste
from explora.scores import Preferred
from explora.store import Letter

PREFERENCE = "preference"
"""The kind of the letters that say which of two tasks is preferred."""

_FOLLOWERS = (Preferred,)


def judgements(letters: Iterable[Letter]) -> list[Judgement]:
    """What stands of what people said in letters of the kind `PREFERENCE`.

    The data of such a letter are `{"left": task, "right": task, "said": "left" | "right" | "tie"}`, tasks as their
    space encodes them, or `{"undo": uuid}` of an earlier letter of the same person. What is neither does not count.
    """
    said: dict[str, tuple[str, Judgement]] = {}
    for letter in letters:
        data: Any = letter.data
        if letter.kind != PREFERENCE or not isinstance(data, dict):
            continue
        if "undo" in data:
            if said.get(str(data["undo"]), ("",))[0] == letter.person:
                del said[str(data["undo"])]
        elif {"left", "right", "said"} <= data.keys() and isinstance(data["said"], str):
            said[letter.uuid] = (letter.person, Judgement(data["left"], data["right"], data["said"], letter.person))
    return [judgement for _, judgement in said.values()]


def follows(parts: Parts) -> bool:
    """Whether any part of a run does something with what people prefer."""
    return any(_followed(part) for part in jax.tree.leaves(parts, is_leaf=_followed))


def tasting(parts: Parts, taste: Taste) -> Parts:
    """The parts of a run, with another taste wherever one is followed."""
    return jax.tree.map(lambda part: part.tasting(taste) if _followed(part) else part, parts, is_leaf=_followed)


def indifferent(parts: Parts) -> Parts:
    """The parts of a run to which nobody has said anything yet: zeros are where the numbers of a taste will be.

    A taste that a part was made with is kept until somebody says something.
    """
    if not follows(parts):
        return parts
    blank = LinearTaste.unknown(len(parts.space.feature_names))
    lacks = lambda part: _followed(part) and part.taste is None
    return jax.tree.map(lambda part: part.tasting(blank) if lacks(part) else part, parts, is_leaf=_followed)


class Tastes:
    """Fits the taste of a run anew when people have said something.

    It follows from the letters alone, so that a run that is lived again has the same taste at the same turn.

    **Arguments:**

    - `parts`: of the run.
    """

    def __init__(self, parts: Parts):
        self._space, self.followed = parts.space, follows(parts)
        self._yard: Yardstick | None = None

    def fitted(self, parts: Parts, letters: Iterable[Letter]) -> tuple[Parts, dict[str, Any] | None]:
        """The parts with the taste behind letters.

        **Arguments:**

        - `parts`: of the run.
        - `letters`: all that the run has taken so far.

        **Returns:** the parts, and what to write down of the fit; None if nobody said anything, or nothing follows it.
        """
        said = judgements(letters)
        if not said or not self.followed:
            return parts, None
        if self._yard is None:
            self._yard = Yardstick(self._space)
        taste, linear = self._yard.fit(said)
        weights = dict(zip(self._yard.names, linear.weights.tolist(), strict=True))
        return tasting(parts, taste), {"answers": len(said), "weights": weights}


def _followed(part: Any) -> bool:
    return isinstance(part, _FOLLOWERS)
