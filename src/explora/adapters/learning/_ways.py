"""Ways of asking by name: a selector, a score and how many models are compared."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from explora.core import ArgumentError, Score, UnknownName
from explora.explorers.query import (
    Badge,
    BatchBALD,
    GreedyBoth,
    GreedyInput,
    KCentre,
    MaxHerding,
    Power,
    ProbCover,
    Random,
    Selector,
    Switch,
    Top,
    TypiClust,
    UncertaintyHerding,
)
from explora.scores import BALD, Entropy, LeastConfident, Margin, Variance, VoteEntropy

MEMBERS = 8
"""How many models a way compares that needs several."""


class Way(NamedTuple):
    """A way of asking.

    **Arguments:**

    - `select`: how a batch is put together.
    - `score`: what makes a row worth asking; None: nothing does.
    """

    select: Selector
    score: Score | None = None

    @property
    def needs(self) -> frozenset[str]:
        """What both parts have to be shown."""
        return self.select.needs | (frozenset() if self.score is None else self.score.needs)


_EITHER: dict[str, Way] = {
    "random": Way(Random()),
    "core-set": Way(KCentre()),
    "typiclust": Way(TypiClust()),
    "probcover": Way(ProbCover()),
    "max-herding": Way(MaxHerding()),
}

CLASSIFYING: dict[str, Way] = _EITHER | {
    "uncertainty-herding": Way(UncertaintyHerding(), Margin()),
    "typiclust-margin": Way(Switch(TypiClust(), Top()), Margin()),
    "least-confident": Way(Top(), LeastConfident()),
    "margin": Way(Top(), Margin()),
    "entropy": Way(Top(), Entropy()),
    "committee": Way(Top(), VoteEntropy()),
    "bald": Way(Top(), BALD()),
    "batch-bald": Way(BatchBALD()),
    "power-margin": Way(Power(), Margin()),
    "badge": Way(Badge()),
}
"""The names that recipes of questions have, for classifiers."""

REGRESSING: dict[str, Way] = _EITHER | {
    "variance": Way(Top(), Variance()),
    "greedy-input": Way(GreedyInput()),
    "greedy": Way(GreedyBoth()),
}
"""Names for regressors, which have neither margin nor entropy."""


def way(given: Any, named: Mapping[str, Way]) -> Way:
    """The way of asking that was meant.

    **Arguments:**

    - `given`: a name, a selector, or a pair of a selector and a score.
    - `named`: what names there are.

    **Raises:** `UnknownName` for another name, `ArgumentError` for anything else.
    """
    if isinstance(given, str):
        if given not in named:
            raise UnknownName("recipe", given, named)
        return named[given]
    if isinstance(given, Selector):
        return Way(given)
    pair = tuple(given) if isinstance(given, tuple | list) else ()
    if len(pair) == 2 and isinstance(pair[0], Selector) and (pair[1] is None or isinstance(pair[1], Score)):
        return Way(*pair)
    raise ArgumentError(
        f"`recipe` must be a name ({', '.join(sorted(named))}), a selector, or a pair of a selector and a score, "
        f"got {given!r}"
    )
