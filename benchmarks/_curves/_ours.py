"""Entrants of explora: a selector and a score, called as parts, without the machinery of runs."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import explora.explorers.query as query
from explora import scores
from explora.core import NEW, Lesson, Outcome, Status
from explora.explorers.query import Candidates

from ._model import State, probabilities
from ._sets import Trial

Asking = Callable[[int], np.ndarray]


class Ours(NamedTuple):
    """An entrant of explora.

    **Arguments:**

    - `select`: the selector.
    - `score`: what it chooses by, if it needs one.
    - `committee`: whether the score looks at a committee in the place of the task model.
    """

    select: Any
    score: Any = None
    committee: bool = False

    def start(self, trial: Trial, repeat: int) -> Callable[[State], Asking]:
        """A curve of its own; our selectors carry nothing from one query to the next."""
        return self.prepare

    def prepare(self, state: State) -> Asking:
        """Fits what has to be fitted, which is not counted; the rest is the query, which is."""
        models = state.committee if self.committee else [state.model]
        repeat, step = state.repeat, len(state.known)

        def ask(count: int) -> np.ndarray:
            candidates = seen_by(state, models)
            if self.score is not None:
                candidates = candidates._replace(scores=scored(self.score, candidates))
            return self.select(candidates, count, rng=np.random.default_rng([repeat, step]))

        return ask


def seen_by(state: State, models: list[Any]) -> Candidates:
    """What a selector is shown: predictions have a column for each class that was observed, and for no other.

    Where nothing is known one column of ones stands for all classes, as `Query` has it.
    """
    known, rows = state.mask, len(state.labels)
    columns = [probabilities(model, state.trial.inputs)[:, state.seen] for model in models]
    predictions = np.stack(columns, axis=1) if len(state.known) else np.ones((rows, len(models), 1))
    answers = np.where(known, state.trial.labels, -1)
    return Candidates(~known, known, answers, None, predictions, state.trial.inputs)


def scored(score: Any, candidates: Candidates) -> np.ndarray:
    """The score of each row, as `Query` computes it when it looks at the whole pool."""
    rows = np.arange(len(candidates.free), dtype=np.int32)
    lesson = Lesson(rows, False, rows, np.full(len(rows), NEW, np.int32), plays=0)
    status = np.full(len(rows), Status.ANSWERED, np.int8)
    outcome = Outcome(status, predictions=candidates.predictions, embeddings=candidates.embeddings)
    # The only memory that scores of a pool have is whether the row was answered.
    memory = () if isinstance(score.init(), tuple) else candidates.known
    return np.asarray(score(lesson, outcome, memory)[0])


def ours() -> dict[str, Ours]:
    """All entrants of explora by name; hyper-parameters are the parts' defaults unless the name says otherwise."""
    margin, top, typical = scores.Margin(), query.Top(), query.TypiClust()
    of_margin = {
        "power": query.Power(),
        "softmax": query.Softmax(),
        "rank": query.Rank(),
        "clustered": query.Clustered(),
        "ranked": query.Ranked(),
        "uncertainty-herding": query.UncertaintyHerding(),
        "uncertainty-herding-known": query.UncertaintyHerding(width="known"),
    }
    alone = {
        "random": query.Random(),
        "badge": query.Badge(),
        "badge-centres": query.Badge(seeding="centres"),
        "k-centre": query.KCentre(),
        "gsx": query.GreedyInput(),
        "typiclust": typical,
        "probcover": query.ProbCover(),
        "probcover-purity": query.ProbCover(radius="purity"),
        "max-herding": query.MaxHerding(),
        "discriminative": query.Discriminative(),
    }
    single = {
        "margin": margin,
        "least-confident": scores.LeastConfident(),
        "entropy": scores.Entropy(),
        "gradient-length": scores.GradientLength(),
        "dense-margin": scores.Dense(margin, kernel="gaussian"),
        "dense-margin-cosine": scores.Dense(margin),
        "error-reduction": scores.ErrorReduction(),
    }
    several = {
        "vote-entropy": scores.VoteEntropy(),
        "variation-ratio": scores.VariationRatio(),
        "consensus-entropy": scores.ConsensusEntropy(),
        "max-divergence": scores.MaxDivergence(),
        "bald": scores.BALD(),
        "epig": scores.EPIG(),
    }
    return {
        **{name: Ours(selector) for name, selector in alone.items()},
        **{name: Ours(top, score) for name, score in single.items()},
        **{f"{name}-margin": Ours(selector, margin) for name, selector in of_margin.items()},
        **{name: Ours(top, score, committee=True) for name, score in several.items()},
        "power-bald": Ours(query.Power(), scores.BALD(), committee=True),
        "batch-bald": Ours(query.BatchBALD(), committee=True),
        **_switching(),
    }


def _switching() -> dict[str, Ours]:
    """Representative rows first, uncertain ones later; `typiclust-margin` is the recipe of that name."""
    margin, typical = scores.Margin(), query.TypiClust()
    found = {"typiclust-margin": Ours(query.Switch(), margin)}
    for each in (1, 2, 3, 5):
        if each != 3:  # the default, which has no suffix
            found[f"typiclust-margin-total-{each}"] = Ours(query.Switch(each=each), margin)
        found[f"typiclust-margin-every-{each}"] = Ours(query.Switch(each=each, rule="every"), margin)
    found["typiclust-margin-unseen"] = Ours(query.Switch(rule="unseen"), margin)
    later = {"badge": query.Badge(), "power-margin": query.Power(), "clustered-margin": query.Clustered()}
    later["uncertainty-herding-margin"] = query.UncertaintyHerding()
    for name, then in later.items():
        found[f"typiclust-then-{name}"] = Ours(query.Switch(typical, then), margin)
    earlier = {"max-herding": query.MaxHerding(), "probcover": query.ProbCover(), "k-centre": query.KCentre()}
    for name, first in earlier.items():
        found[f"{name}-then-margin"] = Ours(query.Switch(first), margin)
    found["max-herding-then-uncertainty-herding-margin"] = Ours(
        query.Switch(query.MaxHerding(), query.UncertaintyHerding()), margin
    )
    found["typiclust-then-entropy"] = Ours(query.Switch(), scores.Entropy())
    return found
