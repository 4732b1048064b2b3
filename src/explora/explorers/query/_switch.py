"""The policy that changes its mind: representative rows until every class has been seen, then uncertain ones."""

import equinox as eqx
import numpy as np
from jaxtyping import Int

from explora.core import between

from .._checks import one_of
from ._candidates import Candidates, Selector
from ._clusters import TypiClust
from ._top import Top

RULES = ("total", "every", "unseen")


def settled(answers: Int[np.ndarray, " answered"], *, each: int = 3, rule: str = "total", unseen: float = 0.1) -> bool:
    """Whether the classes seem to be known well enough to ask what divides them.

    A function of how often each class was answered and of nothing else: the true number of classes is unknown to it.
    It needs two classes under every rule, and with no further class it stays true once it is.

    - `"total"`: there are at least `each` answers for each observed class on average. Each class that turns up raises
      the bar, so that it is not crossed while classes turn up faster than one in `each` answers.
    - `"every"`: each observed class has at least `each` answers. A rare class keeps it from being crossed.
    - `"unseen"`: the next answer is of a class not seen yet with a probability of at most `unseen`, by the estimate of
      Good and Turing: the share of the answers that are the only one of their class.

    **Arguments:**

    - `answers`: the classes that were answered, in any order; negative numbers are left out.
    - `each`, `rule`, `unseen`: as above.

    **Reference:** Good 1953, Biometrika 40, for the probability of what is unseen.
    """
    times = np.unique(answers[answers >= 0], return_counts=True)[1]
    if len(times) < 2:
        return False
    if rule == "total":
        return bool(times.sum() >= each * len(times))
    if rule == "every":
        return bool(times.min() >= each)
    return bool(np.count_nonzero(times == 1) <= unseen * times.sum())


class Switch(Selector):
    """Asks as `first` does until the classes are known well enough (see `settled`), and as `then` does afterwards.

    Uncertain rows are a poor choice while the model has not seen every class: it goes on dividing those that it knows.
    Typical rows are a poor choice after that. If a class turns up late, the first phase may return for a while.

    **Arguments:**

    - `first`: the selector for the beginning; it should need no model.
    - `then`: the selector for the rest.
    - `each`: answers for each observed class, of the rules `"total"` and `"every"`.
    - `rule`: `"total"`, `"every"` or `"unseen"`.
    - `unseen`: the probability of a new class, of the rule `"unseen"`.

    **Reference:** Doucet et al. 2024 (arXiv:2403.03728): TypiClust, then margin (TCM), with another rule.
    """

    first: Selector = eqx.field(default_factory=TypiClust)
    then: Selector = eqx.field(default_factory=Top)
    each: int = eqx.field(static=True, default=3)
    rule: str = eqx.field(static=True, default="total")
    unseen: float = eqx.field(static=True, default=0.1)

    def __check_init__(self):
        one_of("rule", self.rule, RULES)
        between("each", self.each, 1)
        between("unseen", self.unseen, 0.0, 1.0)

    @property
    def needs(self) -> frozenset[str]:
        return self.first.needs | self.then.needs | {"answers"}

    def now(self, candidates: Candidates) -> Selector:
        """The selector whose turn it is: its `needs` are all that has to be computed for it."""
        answers = self.given(candidates, "answers")[candidates.known]
        return self.then if settled(answers, each=self.each, rule=self.rule, unseen=self.unseen) else self.first

    def pick(self, candidates: Candidates, count: int, *, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
        return self.now(candidates)(candidates, count, rng=rng)
