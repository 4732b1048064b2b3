"""Judging one version of a learner on a suite."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.random as jr
import numpy as np
from jaxtyping import PRNGKeyArray

from explora.core import Domain, Learner, Outcome, Suite, jitted, judge_suite, sharing


class Verdict(NamedTuple):
    """How one version did on one suite: one entry a task.

    **Arguments:**

    - `suite`: the name of the suite.
    - `names`: of its tasks.
    - `episodes`: how often each was played.
    - `solved`: share of episodes that succeeded.
    - `returns`: mean undiscounted return.
    - `lengths`: mean length of an episode [steps].
    - `optimal`: how many steps a perfect player needs; infinite if there is no way, not-a-number if nobody knows.
    - `steps`: environment steps that the evaluation took.
    """

    suite: str
    names: tuple[str, ...]
    episodes: int
    solved: np.ndarray
    returns: np.ndarray
    lengths: np.ndarray
    optimal: np.ndarray
    steps: int

    @property
    def mean(self) -> float:
        """The mean solve rate over tasks."""
        return float(np.mean(self.solved))


def evaluate(
    learner: Learner,
    state: Any,
    domain: Domain,
    suites: dict[str, Suite],
    *,
    episodes: int,
    seed: int = 0,
    greedy: bool = False,
) -> dict[str, Verdict]:
    """Judges the published version of a learner; neither the learner's state nor the run's keys are touched.

    Suites of equally shaped tasks that are played in the same domain share one compiled evaluation.

    **Arguments:**

    - `learner`, `state`: who is judged.
    - `domain`: where suites without a domain of their own are played.
    - `suites`: by name.
    - `episodes`: how often each task is played.
    - `seed`: of the evaluation; the same seed gives the same chances to every version.
    - `greedy`: take the likeliest actions instead of drawing them.

    **Returns:** one verdict a suite.
    """
    policy = learner.policy(learner.publish(state))
    policy = policy.greedy() if greedy else policy
    verdicts = {}
    for names in _alike(suites).values():
        pool = _pool([suites[name] for name in names])
        judge = _judge_plainly if (pool.domain or domain).hosted else _judge
        outcome = judge(domain, policy, pool, jr.key(seed), episodes)
        verdicts |= _apart(outcome, [(name, suites[name]) for name in names], episodes)
    return {name: verdicts[name] for name in suites}


def joined(name: str, verdicts: Sequence[Verdict], order: Sequence[int] = ()) -> Verdict:
    """One verdict over several suites.

    **Arguments:**

    - `name`: what it is called.
    - `verdicts`: those of the suites.
    - `order`: the place of each task, suite after suite; empty: as they stand.
    """
    names = [task for verdict in verdicts for task in verdict.names]
    places = np.argsort(order, kind="stable") if order else np.arange(len(names))
    join = lambda column: np.concatenate([getattr(verdict, column) for verdict in verdicts])[places]
    return Verdict(
        name,
        tuple(names[i] for i in places),
        verdicts[0].episodes,
        solved=join("solved"),
        returns=join("returns"),
        lengths=join("lengths"),
        optimal=join("optimal"),
        steps=sum(verdict.steps for verdict in verdicts),
    )


def _judge_plainly(domain: Domain, policy: Any, suite: Suite, key: PRNGKeyArray, episodes: int) -> Outcome:
    return judge_suite(domain, policy, suite, episodes=episodes, key=key)


def _judge(domain: Domain, policy: Any, suite: Suite, key: PRNGKeyArray, episodes: int) -> Outcome:
    with sharing() as everywhere:
        judge = jitted(_judge_plainly, suite.domain or domain)
        return judge(domain, everywhere(policy), suite, key, episodes)


def _alike(suites: dict[str, Suite]) -> dict[Any, list[str]]:
    """The names of suites that can be played in one go."""
    groups: dict[Any, list[str]] = {}
    for name, suite in suites.items():
        shapes = tuple((x.shape[1:], str(x.dtype)) for x in jax.tree.leaves(suite.tasks))
        groups.setdefault((shapes, str(suite.domain)), []).append(name)
    return groups


def _pool(suites: list[Suite]) -> Suite:
    tasks = jax.tree.map(lambda *x: np.concatenate(x), *(suite.tasks for suite in suites))
    return Suite(tasks, tuple(f"{i}" for i in range(len(jax.tree.leaves(tasks)[0]))), suites[0].domain)


def _apart(outcome: Outcome, suites: list[tuple[str, Suite]], episodes: int) -> dict[str, Verdict]:
    verdicts, first = {}, 0
    for name, suite in suites:
        rows = slice(first, first + len(suite.names))
        first = rows.stop
        verdicts[name] = Verdict(
            name,
            suite.names,
            episodes,
            _column(outcome.solved, rows),
            _column(outcome.returns, rows),
            _column(outcome.lengths, rows),
            _column(outcome.optimal_lengths, rows),
            int(np.sum(_column(outcome.steps, rows))),
        )
    return verdicts


def _column(values: Any, rows: slice) -> np.ndarray:
    if values is None:
        return np.full(rows.stop - rows.start, np.nan)
    return np.asarray(values)[rows]
