"""Facts: what asking at random would have given, on the same data, with the same model."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import jax.random as jr
import numpy as np
from jaxtyping import Float, Int

from explora.core import NEW, Lesson, Parts, Suite
from explora.domains.pool import Pool
from explora.explorers import Query
from explora.explorers.query import Random
from explora.ledger import evaluate
from explora.ledger.labels import aulc, calls_to_target
from explora.loop import init, step

MOST_ITEMS = 20_000
"""Of a larger pool random asking is not simulated."""

_POINTS = 12  # at which a curve is measured: each costs a fit


class Baseline(NamedTuple):
    """Asking at random, simulated.

    **Arguments:**

    - `calls`: the numbers of answers at which it was measured.
    - `scores`: for each suite `(seeds, points)`: the mean score.
    """

    calls: Int[np.ndarray, " points"]
    scores: dict[str, Float[np.ndarray, "seeds points"]]


class Lead(NamedTuple):
    """How a run stands to asking at random, on one suite.

    **Arguments:**

    - `difference`: its mean score over the answers, less that of random asking, averaged over seeds.
    - `low`, `high`: the least and the greatest of these differences.
    - `won`, `seeds`: against how many seeds its mean score is higher, and how many there are.
    - `saved`: how many answers less it needed for the score that random asking had in the end on average; negative if
      it needed more, None if it never got there.
    """

    difference: float
    low: float
    high: float
    won: int
    seeds: int
    saved: int | None

    def sentence(self) -> str:
        """The same in words."""
        against = f"each of {self.seeds}" if self.won == self.seeds else f"{self.won} of {self.seeds}"
        said = (
            f"Over its answers the run is {100 * self.difference:+.1f} points from asking at random on average "
            f"({100 * self.low:+.1f} to {100 * self.high:+.1f}), ahead of {against} simulated seeds."
        )
        if self.saved is None:
            return f"{said} It never reached the score that random asking ends with."
        if self.saved > 0:
            return f"{said} It reached the score that random asking ends with {self.saved:,} answers sooner."
        return f"{said} It reached the score that random asking ends with no sooner."


def random_baseline(
    parts: Parts, suites: dict[str, Suite], calls: Sequence[int], *, seeds: int = 5, seconds: float = 10.0
) -> tuple[Baseline | None, str]:
    """Asks at random on the run's own data, with its own model, oracle, first labels and numbers of answers.

    **Arguments:**

    - `parts`: of the run.
    - `suites`: on which it is judged.
    - `calls`: how many answers the run had when its versions were judged.
    - `seeds`: how many times.
    - `seconds`: no further time is begun if it would end later than this after the beginning, by how long the one
      before took; if already the first takes longer nothing is simulated [s].

    **Returns:** the baseline, and a sentence: how it was made, or why there is none.
    """
    domain = parts.domain
    if not isinstance(domain, Pool) or not domain.oracle.recorded:
        return None, "Asking at random is not simulated: not all labels are known here."
    items = len(domain.items)
    if items > MOST_ITEMS:
        return (
            None,
            f"Asking at random is not simulated for pools of more than {MOST_ITEMS:,} items; this has {items:,}.",
        )
    points = _thinned(calls)
    if not len(points) or not suites:
        return None, "Asking at random is not simulated before a version has been judged."
    until, took, found = time.monotonic() + seconds, 0.0, []
    for seed in range(seeds):
        begun = time.monotonic()
        curve = None if begun + took > until else _curve(parts, suites, points, seed, until=until)
        if curve is None:
            break
        found.append(curve)
        took = time.monotonic() - begun
    if not found:
        return None, f"Asking at random is not simulated: with this model it would take more than {seconds:g} s."
    scores = {name: np.array([[row[name] for row in curve] for curve in found], np.float64) for name in suites}
    times = "once" if len(found) == 1 else f"{len(found)} times"
    said = f"Random: the same data, model and numbers of answers, items asked for at random, {times}."
    return Baseline(points, scores), said


def lead(
    calls: Int[np.ndarray, " versions"],
    values: Float[np.ndarray, " scores"],
    baseline: Baseline,
    suite: str,
) -> Lead:
    """How a run stands to asking at random.

    **Arguments:**

    - `calls`, `values`: its answers and its score, version by version.
    - `baseline`: asking at random.
    - `suite`: which.
    """
    random = baseline.scores[suite]
    ours = np.interp(baseline.calls, calls, values)
    apart = aulc(ours) - aulc(random)
    target = float(random[:, -1].mean())
    needed = calls_to_target(calls, values, target)
    saved = int(baseline.calls[-1] - needed) if np.isfinite(needed) else None
    return Lead(float(apart.mean()), float(apart.min()), float(apart.max()), int((apart > 0).sum()), len(apart), saved)


def _thinned(calls: Sequence[int]) -> Int[np.ndarray, " points"]:
    """Some of them, the first and the last among them."""
    different = np.unique(np.asarray(calls, np.int64))
    different = different[different > 0]
    chosen = np.linspace(0, len(different) - 1, min(_POINTS, len(different))).round().astype(int)
    return different[chosen]


def _curve(
    parts: Parts, suites: dict[str, Suite], points: Int[np.ndarray, " points"], seed: int, *, until: float
) -> list[dict[str, float]] | None:
    """The scores at each point; None if time ran out."""
    domain: Pool = parts.domain  # pyright: ignore[reportAssignmentType]
    # Without the run's explorer, whose memory of scores would cost and say nothing here.
    simulated = Parts(domain, parts.learner, Query(Random()), others=parts.others)
    free = np.flatnonzero(~domain.given.known)
    rng = np.random.default_rng((seed, 0xA5C))
    order, several = rng.permutation(free), domain.oracle.annotators > 1
    root, scores, first = jr.key(seed), [], 0
    state = init(simulated, key=jr.fold_in(root, 2**31 - 1))
    for point in points.tolist():
        rows = order[first:point].astype(np.int32)
        first = point
        if len(rows):
            # nobody knows beforehand who is good
            who = rng.integers(0, domain.oracle.annotators, len(rows), dtype=np.int32) if several else None
            lesson = Lesson(rows, True, rows, np.full(len(rows), NEW, np.int32), who=who, phase="ask")
            state, _ = step(simulated, state, root=root, lesson=lesson)
        verdicts = evaluate(parts.learner, state.learner, domain, suites, episodes=1)
        scores.append({name: verdict.mean for name, verdict in verdicts.items()})
        if time.monotonic() > until:
            return None
    return scores
