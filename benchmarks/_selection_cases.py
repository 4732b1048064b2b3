"""What `pool_selection.py` runs: pools, and the same selection by explora and by scikit-activeml."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import explora.explorers.query as query
from explora.explorers.query import Candidates, Selector

Batch = list[int]
Work = Callable[[], Batch]
Query = Callable[[], tuple[np.ndarray, np.ndarray]]
BATCH = 100


def pool(
    rows: int,
    known: int,
    *,
    features: int = 64,
    classes: int = 10,
    apart: float = 0.7,
    seed: int = 0,
    dtype: Any = np.float64,
) -> Candidates:
    """A pool with classes as Gaussians that overlap, and the probabilities of a model that knows them roughly."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, features)).astype(dtype)
    label = rng.integers(0, classes, rows)
    embeddings = rng.standard_normal((rows, features), dtype)
    embeddings += apart * centres[label]
    logits = embeddings @ (0.3 * centres + 0.1 * rng.standard_normal(centres.shape, dtype)).T
    logits -= logits.max(axis=1, keepdims=True)
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    is_known = np.zeros(rows, bool)
    is_known[rng.choice(rows, known, replace=False)] = True
    answers = np.where(is_known, label, -1)
    return Candidates(~is_known, is_known, answers, None, probabilities[:, None].astype(dtype), embeddings)


def choose(selector: Selector, candidates: Candidates, score: Any = None, count: int = BATCH, seed: int = 0) -> Batch:
    """A batch; the score is computed first, if there is one."""
    if score is not None:
        candidates = candidates._replace(scores=score(candidates.predictions))
    return selector(candidates, count, rng=np.random.default_rng(seed)).tolist()


def of_mean(score: Any) -> Any:
    """A score of one member, as a score of predictions."""
    return lambda predictions: score(predictions[:, 0])


# --- contests --------------------------------------------------------------------------------------------------------


def contestants(rows: int, only: str) -> Iterator[tuple[str, Work, Work]]:
    """Pairs of the same selection by both libraries."""
    from skactiveml.pool import Badge, CoreSet, RandomSampling, UncertaintySampling

    from explora.scores import margin

    candidates = pool(rows, 200)
    labels = np.where(candidates.known, candidates.answers, np.nan)
    model = given(candidates)
    asked = {"X": candidates.embeddings, "y": labels, "batch_size": BATCH}
    with_model = asked | {"clf": model, "fit_clf": False}
    one_cloud = candidates._replace(embeddings=np.random.default_rng(1).normal(size=(rows, 64)))
    blobs = pool(rows, 200, classes=40, apart=9.0)
    theirs = lambda peer, more: lambda: np.asarray(peer(random_state=0).query(**more)).tolist()
    margins = lambda random_state: UncertaintySampling(method="margin_sampling", random_state=random_state)
    pairs = [
        ("random", lambda: choose(query.Random(), candidates), theirs(RandomSampling, asked)),
        ("margin", lambda: choose(query.Top(), candidates, of_mean(margin)), theirs(margins, with_model)),
        ("k-centre, classes", lambda: choose(query.KCentre(), candidates), theirs(CoreSet, asked)),
        (
            "k-centre, one cloud",
            lambda: choose(query.KCentre(), one_cloud),
            theirs(CoreSet, asked | {"X": one_cloud.embeddings}),
        ),
        (
            "k-centre, far clusters",
            lambda: choose(query.KCentre(), blobs),
            theirs(CoreSet, asked | {"X": blobs.embeddings, "y": np.where(blobs.known, 0.0, np.nan)}),
        ),
        ("badge", lambda: choose(query.Badge(), candidates), theirs(Badge, with_model)),
    ]
    for name, ours, peer in pairs:
        if only in name:
            yield f"{name}, n = {rows}", ours, peer


def given(candidates: Candidates) -> Any:
    """A classifier of scikit-activeml whose probabilities of the free rows are computed already."""
    from skactiveml.base import SkactivemlClassifier

    known = candidates.predictions[candidates.free, 0]

    class Given(SkactivemlClassifier):
        def fit(self, X, y, sample_weight=None):
            return self

        def predict_proba(self, X):
            return known

    return Given(classes=range(known.shape[1]))


# --- large -----------------------------------------------------------------------------------------------------------


def alone(selector: Selector, known: int = 200, score: str | None = None) -> Callable[[int], Work]:
    """A selection at some size, prepared."""

    def prepare(rows: int) -> Work:
        import explora.scores

        candidates = pool(rows, min(known, rows // 10), dtype=np.float32)
        function = None if score is None else of_mean(getattr(explora.scores, score))
        return lambda: choose(selector, candidates, function)

    return prepare


MILLION, TENTH = 1_000_000, 100_000
LARGE = {
    "margin, n = 1 000 000": (alone(query.Top(), score="margin"), MILLION),
    "badge, n = 1 000 000": (alone(query.Badge()), MILLION),
    "badge (centres), n = 1 000 000": (alone(query.Badge(seeding="centres")), MILLION),
    "power of margin, n = 1 000 000": (alone(query.Power(), score="margin"), MILLION),
    "k-centre, n = 1 000 000": (alone(query.KCentre()), MILLION),
    "clustered margin, n = 1 000 000": (alone(query.Clustered(), score="margin"), MILLION),
    "ranked margin, n = 1 000 000": (alone(query.Ranked(), score="margin"), MILLION),
    "discriminative, n = 1 000 000": (alone(query.Discriminative()), MILLION),
    "typiclust, n = 100 000": (alone(query.TypiClust()), TENTH),
    "typiclust, nothing known, n = 100 000": (alone(query.TypiClust(), known=0), TENTH),
    "probcover (share), n = 100 000": (alone(query.ProbCover()), TENTH),
    "probcover (purity), n = 100 000": (alone(query.ProbCover(radius="purity")), TENTH),
    "maxherding, n = 100 000": (alone(query.MaxHerding()), TENTH),
    "uncertainty herding, n = 100 000": (alone(query.UncertaintyHerding(), score="margin"), TENTH),
    "uncertainty herding, n = 1 000 000": (alone(query.UncertaintyHerding(), score="margin"), MILLION),
    "maxherding, nothing known, n = 100 000": (alone(query.MaxHerding(), known=0), TENTH),
}


# --- equal -----------------------------------------------------------------------------------------------------------


def twins(seed: int, only: str) -> Iterator[tuple[str, str]]:
    """How the batches of both libraries on one random set compare, by name: `"same"`, `"tie"` or `"other"`.

    A tie: the first row that differs is worth the same to scikit-activeml, which leaves the choice to chance then.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, ours, theirs in [*_without_model(seed), *_classifying(seed), *_regressing(seed)]:
            if only in name:
                batch, (expected, worth) = ours(), theirs()
                yield name, _compared(batch, np.asarray(expected).tolist(), worth)


def _compared(batch: Batch, expected: Batch, worth: np.ndarray) -> str:
    if batch == expected:
        return "same"
    turn = next(k for k, (a, b) in enumerate(zip(batch, expected, strict=True)) if a != b)
    ours, theirs = worth[turn, batch[turn]], worth[turn, expected[turn]]
    return "tie" if abs(ours - theirs) <= 1e-12 * abs(theirs) else "other"


def _random_set(seed: int) -> tuple[Candidates, dict[str, Any], int]:
    """A pool, how scikit-activeml is told of it, and its number of classes."""
    rng = np.random.default_rng(seed)
    rows, features, classes = int(rng.integers(150, 500)), int(rng.integers(2, 20)), int(rng.integers(2, 6))
    candidates = pool(rows, int(rng.integers(3 * classes, 40)), features=features, classes=classes, seed=seed)
    labels = np.where(candidates.known, candidates.answers, np.nan)
    return candidates, {"X": candidates.embeddings, "y": labels, "batch_size": 20, "return_utilities": True}, classes


def _without_model(seed: int) -> Iterator[tuple[str, Work, Query]]:
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import CoreSet, DiscriminativeAL, GreedySamplingX, MaxHerding
    from sklearn.linear_model import LogisticRegression

    candidates, asked, _ = _random_set(seed)
    nobody = np.zeros_like(candidates.known)
    cold = candidates._replace(free=~nobody, known=nobody)
    unasked = asked | {"y": np.full(len(nobody), np.nan)}
    divide = {"discriminator": SklearnClassifier(LogisticRegression())}
    ours = lambda selector, pool: lambda: choose(selector, pool, count=20)
    yield "k-centre", ours(query.KCentre(), candidates), lambda: CoreSet(random_state=0).query(**asked)
    yield "gsx", ours(query.GreedyInput(), candidates), lambda: GreedySamplingX(random_state=0).query(**asked)
    yield "gsx, cold", ours(query.GreedyInput(), cold), lambda: GreedySamplingX(random_state=0).query(**unasked)
    herding = query.MaxHerding(width=None)
    yield "maxherding", ours(herding, candidates), lambda: MaxHerding(random_state=0).query(**asked)
    yield "maxherding, cold", ours(herding, cold), lambda: MaxHerding(random_state=0).query(**unasked)
    for name, rounds in (("at once", 1), ("one by one", 20)):
        yield (
            f"discriminative, {name}",
            ours(query.Discriminative(rounds=rounds), candidates),
            lambda r=rounds: DiscriminativeAL(greedy_selection=r == 1, random_state=0).query(**asked, **divide),
        )


def _classifying(seed: int) -> Iterator[tuple[str, Work, Query]]:
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import Badge, GreedyBALD, QueryByCommittee, UncertaintySampling
    from sklearn.linear_model import LogisticRegression

    from explora import scores

    candidates, asked, classes = _random_set(seed)
    rng, rows = np.random.default_rng(seed + 1000), np.flatnonzero(candidates.known)
    members = []
    for _ in range(5):
        some = np.full(len(asked["y"]), np.nan)
        drawn = rng.choice(rows, len(rows))
        some[drawn] = asked["y"][drawn]
        members.append(SklearnClassifier(LogisticRegression(), classes=range(classes)).fit(asked["X"], some))
    model = {"clf": members[0], "fit_clf": False}
    committee = {"ensemble": members, "fit_ensemble": False}
    predictions = np.stack([m.predict_proba(asked["X"]) for m in members], axis=1)
    one, all_of_them = candidates._replace(predictions=predictions[:, :1]), candidates._replace(predictions=predictions)
    for name, theirs in (
        ("least_confident", "least_confident"),
        ("margin", "margin_sampling"),
        ("entropy", "entropy"),
    ):
        yield (
            name,
            lambda n=name: choose(query.Top(), one, of_mean(getattr(scores, n)), 20),
            lambda t=theirs: UncertaintySampling(method=t, random_state=0).query(**asked, **model),
        )
    yield (
        "mean divergence of a committee",
        lambda: choose(query.Top(), all_of_them, scores.mean_divergence, 20),
        lambda: QueryByCommittee(method="KL_divergence", random_state=0).query(**asked, **committee),
    )
    yield (
        "bald",
        lambda: choose(query.Top(), all_of_them, scores.bald, 20),
        lambda: GreedyBALD(random_state=0).query(**asked, **committee),
    )
    yield (
        "badge, first row",
        lambda: choose(query.Badge(), one, count=1),
        lambda: Badge(random_state=0).query(**asked | {"batch_size": 1}, **model),
    )


def _regressing(seed: int) -> Iterator[tuple[str, Work, Query]]:
    from skactiveml.pool import GreedySamplingTarget
    from skactiveml.regressor import SklearnRegressor
    from sklearn.linear_model import LinearRegression

    candidates, asked, _ = _random_set(seed)
    values = (asked["X"] ** 2).sum(axis=1) + np.random.default_rng(seed).normal(size=len(asked["X"]))
    values[~candidates.known] = np.nan
    model = SklearnRegressor(LinearRegression()).fit(asked["X"], values)
    candidates = candidates._replace(predictions=model.predict(asked["X"])[:, None, None], targets=values[:, None])
    for method, selector in (("GSy", query.GreedyTarget()), ("GSi", query.GreedyBoth())):
        yield (
            method.lower(),
            lambda s=selector: choose(s, candidates, count=20),
            lambda m=method: GreedySamplingTarget(method=m, random_state=0).query(
                **asked | {"y": values}, reg=model, fit_reg=False
            ),
        )
