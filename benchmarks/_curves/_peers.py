"""Entrants of scikit-activeml 1.0.1: every pool strategy that works for classification, through its own `query`."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ._model import State
from ._sets import Trial

Asking = Callable[[int], np.ndarray]

LEFT_OUT = {
    "ExpectedModelChangeMaximization": "for regression",
    "ExpectedModelOutputChange": "for regression",
    "ExpectedModelVarianceReduction": "for regression",
    "KLDivergenceMaximization": "for regression",
    "GreedySamplingTarget": "for regression",
    "RegressionTreeBasedAL": "for regression",
    "ExpectedErrorReduction": "the base of MonteCarloEER and ValueOfInformationEER, both of which take part",
    "ParallelUtilityEstimationWrapper": "runs another strategy on several cores; the selection is the same",
}


class Peer(NamedTuple):
    """An entrant of scikit-activeml.

    **Arguments:**

    - `make`: the strategy, from `(classes, random_state)`.
    - `model`: which keyword its `query` takes a model by (`clf`, `estimator`, `ensemble`, `discriminator`); none for
      `""`. `parzen` and `mixture` are `clf` with a classifier of scikit-activeml's own, for strategies that cannot
      work with the task model; they are fitted inside the query, as its tutorials do it.
    """

    make: Callable[[int, int], Any]
    model: str = ""

    def start(self, trial: Trial, repeat: int) -> Callable[[State], Asking]:
        """A curve of its own: one strategy for all its queries, as some keep what they computed of the pool."""
        strategy = self.make(trial.classes, repeat + 1)  # it is multiplied, so that 0 would repeat one draw

        def prepare(state: State) -> Asking:
            more = self._models(state)

            def ask(count: int) -> np.ndarray:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    chosen = strategy.query(trial.inputs, state.labels, batch_size=count, **more)
                return np.asarray(chosen, np.int64)

            return ask

        return prepare

    def _models(self, state: State) -> dict[str, Any]:
        if self.model in ("clf", "estimator"):
            return {self.model: state.model, f"fit_{self.model}": False}
        if self.model == "ensemble":
            return {"ensemble": state.committee, "fit_ensemble": False}
        if self.model == "refitted":
            return {"clf": state.model}
        if self.model == "discriminator":
            return {"discriminator": unfitted(2)}
        if self.model in ("parzen", "mixture"):
            return {"clf": _own(self.model, state.trial.classes, state.repeat)}
        return {}


def unfitted(classes: int) -> Any:
    """The kind of model that is the task model."""
    from skactiveml.classifier import SklearnClassifier
    from sklearn.linear_model import LogisticRegression

    return SklearnClassifier(LogisticRegression(max_iter=3000), classes=list(range(classes)), random_state=0)


def _own(kind: str, classes: int, repeat: int) -> Any:
    from skactiveml.classifier import MixtureModelClassifier, ParzenWindowClassifier

    maker = ParzenWindowClassifier if kind == "parzen" else MixtureModelClassifier
    return maker(classes=list(range(classes)), random_state=repeat)


def peers() -> dict[str, Peer]:
    """All entrants of scikit-activeml by name; hyper-parameters are its defaults."""
    from skactiveml import pool

    plain = {
        "Random": pool.RandomSampling,
        "CoreSet": pool.CoreSet,
        "TypiClust": pool.TypiClust,
        "ProbCover": pool.ProbCover,
        "MaxHerding": pool.MaxHerding,
        "GreedySamplingX": pool.GreedySamplingX,
    }
    guided = {
        "Badge": (pool.Badge, "clf"),
        "ContrastiveAL": (pool.ContrastiveAL, "clf"),
        "DropQuery": (pool.DropQuery, "clf"),
        "Falcun": (pool.Falcun, "clf"),
        "Clue": (pool.Clue, "estimator"),
        "EpistemicUncertainty": (pool.EpistemicUncertaintySampling, "clf"),
        "GreedyBALD": (pool.GreedyBALD, "ensemble"),
        "BatchBALD": (pool.BatchBALD, "ensemble"),
        "DiscriminativeAL": (pool.DiscriminativeAL, "discriminator"),
        "ProbabilisticAL": (pool.ProbabilisticAL, "parzen"),
        "FourDs": (pool.FourDs, "mixture"),
        "ValueOfInformationEER": (pool.ValueOfInformationEER, "refitted"),
    }
    named = [
        ("Uncertainty", pool.UncertaintySampling, ("least_confident", "margin_sampling", "entropy"), "clf"),
        ("Uncertainty", pool.UncertaintySampling, ("expected_average_precision",), "clf"),
        ("QueryByCommittee", pool.QueryByCommittee, ("KL_divergence", "vote_entropy", "variation_ratios"), "ensemble"),
        ("MonteCarloEER", pool.MonteCarloEER, ("misclassification_loss", "log_loss"), "refitted"),
    ]
    found = {name: Peer(lambda _, seed, kind=kind: kind(random_state=seed)) for name, kind in plain.items()}
    for name, (kind, model) in guided.items():
        found[name] = Peer(lambda _, seed, kind=kind: kind(random_state=seed), model)
    for name, kind, methods, model in named:
        for method in methods:
            make = lambda _, seed, kind=kind, method=method: kind(method=method, random_state=seed)
            found[f"{name}-{method}"] = Peer(make, model)
    for name, kind in (("Quire", pool.Quire), ("CostEmbeddingAL", pool.CostEmbeddingAL)):
        found[name] = Peer(lambda count, seed, kind=kind: kind(classes=list(range(count)), random_state=seed))
    few = lambda _, seed: pool.SubSamplingWrapper(
        pool.MonteCarloEER(random_state=seed), max_candidates=10, exclude_non_subsample=True, random_state=seed
    )
    return found | {"SubSampling-MonteCarloEER": Peer(few, "refitted")}
