"""One sitting of a run: chunk after chunk, each recorded, judged and saved when it is due."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.core import Environment, Parts, Questions, Suite
from explora.engines import Engine
from explora.ledger import Verdict, evaluate
from explora.loop import Log, State, arrived
from explora.store import EvaluationRow, Record, RunFolder

from ._clock import Clock
from ._lineage import Lineage
from ._plan import Plan
from ._watcher import Progress, Watcher

_PAUSE = 0.25  # how long a run sleeps before it looks again whether an answer has come [s]


class Session:
    """Runs until the plan is fulfilled or somebody interrupts.

    **Arguments:**

    - `folder`: where everything is kept; open for writing.
    - `parts`, `plan`: what runs, and for how long.
    - `state`: where it stands.
    - `engine`: where it is executed.
    - `watchers`: who looks on.
    - `clock`: of the run.
    """

    def __init__(
        self,
        folder: RunFolder,
        parts: Parts,
        plan: Plan,
        state: State,
        *,
        engine: Engine,
        watchers: tuple[Watcher, ...],
        clock: Clock,
    ):
        self.folder, self.parts, self.plan, self.state = folder, parts, plan, state
        self.engine, self.watchers, self.clock = engine, watchers, clock
        self.suites = watched(parts, plan)
        self.lineage = Lineage(set(folder.database.numbers()))
        self.pace = steps_a_turn(parts, state)
        self._saved = time.monotonic()
        self._interrupted = self._patient = False

    def run(self) -> str:
        """Goes on until the end.

        **Returns:** why it stopped: `"finished"` or `"interrupted"`.
        """
        root = jr.key(self.plan.seed)
        last = 0.0
        with self._interruptible():
            while not self._over(last) and not self._interrupted:
                if self._waiting():
                    self._wait()
                    continue
                started = time.monotonic()
                self._chunk(root)
                last = time.monotonic() - started
        self._save()
        ended = self.parts.explorer.finished(self.state.explorer)
        if ended is not None:
            self.folder.database.set(ended=ended)
        return "interrupted" if self._interrupted and not self._over(last) else "finished"

    def judge(self, episodes: int) -> dict[str, Verdict]:
        """Judges the present version on the watched suites."""
        return evaluate(self.parts.learner, self.state.learner, self.parts.domain, self.suites, episodes=episodes)

    def _over(self, last: float) -> bool:
        explorer, state = self.parts.explorer, self.state.explorer
        if self.clock.over(self._steps, last):
            return True
        if explorer.waiting(state):
            return not self.parts.domain.late  # nobody will ever answer
        return explorer.finished(state) is not None

    def _waiting(self) -> bool:
        """Whether nothing can be asked and no answer has come."""
        return self.parts.explorer.waiting(self.state.explorer) and arrived(self.parts, self.state) is None

    def _wait(self) -> None:
        """Sleeps until an answer has come, the time is over or somebody interrupts; what is out is saved before."""
        self._save()
        if not self._patient:
            for watcher in self.watchers:
                watcher.noted("waiting for answers; Ctrl-C stops cleanly, and no answer is lost")
        self._patient = True
        while self._waiting() and not self._interrupted and not self._over(0.0):
            time.sleep(_PAUSE)

    @property
    def _steps(self) -> int:
        return int(self.state.spent.steps)

    def _chunk(self, root: Any) -> None:
        turn, before, answers = int(self.state.turn), self._steps, int(self.state.spent.calls)
        capacity = turns_a_record(self.parts, self.plan, self.pace)
        turns = capacity
        if self.plan.steps is not None and self.pace > 0:
            turns = max(1, min(capacity, -(-(self.plan.steps - before) // max(1, round(self.pace)))))
        budget = self.folder.database.schedule(turn, self.clock.budget(before))
        self.state = eqx.tree_at(lambda s: s.budget, self.state, jnp.asarray(budget, jnp.float32))
        self.state, log = self.engine.advance(self.parts, self.state, root=root, turns=turns, capacity=capacity)
        jax.block_until_ready(self.state.turn)
        turns = min(turns, len(log.phase))  # late answers are a turn of their own
        self.clock.mark(self._steps)
        # where questions are asked, a model is new once answers came, and before the first
        answered = turn == 0 or int(self.state.spent.calls) > answers
        questions = isinstance(self.parts.domain, Questions)
        self._record(log, turns, budget, answered if questions else self.plan.evaluation_due(before, self._steps))

    def _record(self, log: Log, turns: int, budget: float, due: bool) -> None:
        turn, steps = int(self.state.turn), self._steps
        archive = self.parts.explorer.archive(self.state.explorer)
        tasks = self.lineage.news(self.parts.space, archive, log, turns, turn)
        progress = self._progress(log, turns)
        verdicts: dict[str, Verdict] = {}
        version = None
        if self.suites and due:
            verdicts = self.judge(self.plan.episodes)
            published = self.parts.learner.freeze(self.parts.learner.publish(self.state.learner))
            version = self.folder.versions.save(published, turn=turn).name
        record = Record(
            turn=turn,
            steps=steps,
            updates=progress.updates,
            calls=progress.calls,
            episodes=progress.episodes,
            seconds=self.clock.seconds,
            budget=budget,
            metrics=progress.metrics,
        )
        rows = [row for verdict in verdicts.values() for row in evaluation_rows(turn, verdict)]
        self.folder.database.append(record, tasks=tasks, evaluations=rows, version=version)
        if time.monotonic() - self._saved >= self.plan.checkpoint:
            self._save()
        for watcher in self.watchers:
            if verdicts:
                watcher.judged(progress, verdicts)
            watcher.recorded(progress)

    def _progress(self, log: Log, turns: int) -> Progress:
        spent, steps, left = self.state.spent, self._steps, self.clock.left(self._steps)
        share = None if left is None else self.clock.seconds / max(1e-9, self.clock.seconds + left)
        if self.plan.steps is not None and self.plan.minutes is None:
            share = min(1.0, steps / self.plan.steps)
        done = self.parts.explorer.done(self.state.explorer)
        if done is not None:
            share = done if share is None else max(done, share)
        return Progress(
            turn=int(self.state.turn),
            steps=steps,
            updates=int(spent.updates),
            episodes=int(spent.episodes),
            calls=int(spent.calls),
            seconds=self.clock.seconds,
            rate=self.clock.rate,
            share=share,
            left=left,
            metrics={name: _mean(np.asarray(column)[:turns]) for name, column in log.metrics.items()},
        )

    def _save(self) -> None:
        frozen = freeze(self.parts, self.state)
        self.folder.checkpoints.save(frozen, turn=int(self.state.turn), meta={"seconds": self.clock.seconds})
        self._saved = time.monotonic()

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """The first Ctrl-C (or polite kill) lets the chunk end and saves; a second one is not waited for."""

        def interrupt(number: int, frame: Any) -> None:
            if self._interrupted:
                raise KeyboardInterrupt
            self._interrupted = True

        try:
            before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        except ValueError:  # not in the main thread: whoever started it decides when it stops
            before = {}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def freeze(parts: Parts, state: State) -> State:
    """The state as a checkpoint keeps it."""
    frozen = (parts.learner.freeze(state.learner), parts.explorer.freeze(state.explorer))
    return eqx.tree_at(lambda s: (s.learner, s.explorer), state, frozen)


def thaw(parts: Parts, frozen: State, fresh: State) -> State:
    """The inverse of `freeze`.

    **Arguments:**

    - `parts`: of the run.
    - `frozen`: what `freeze` returned.
    - `fresh`: the state before the first turn (of a compiled run its shapes suffice).
    """
    thawed = (
        parts.learner.thaw(frozen.learner, fresh.learner),
        parts.explorer.thaw(frozen.explorer, fresh.explorer),
    )
    return eqx.tree_at(lambda s: (s.learner, s.explorer), frozen, thawed)


def watched(parts: Parts, plan: Plan) -> dict[str, Suite]:
    """The suites that are watched during a run."""
    names = parts.domain.suite_names[:2] if plan.watch is None else plan.watch
    return {each: suite for name in names for each, suite in parts.domain.suites(name).items()}


def steps_a_turn(parts: Parts, state: State) -> float:
    """About how many environment steps a turn takes, averaged over the explorer's rhythm; asking takes none."""
    if isinstance(parts.domain, Questions):
        return 0.0
    rhythm = parts.explorer.rhythm
    total = 0.0
    for phase, times in rhythm:
        ask = lambda explorer, phase=phase: parts.explorer.ask(explorer, parts.space, phase, key=jr.key(0))[1]
        lesson = ask(state.explorer) if parts.hosted else eqx.filter_eval_shape(ask, state.explorer)
        domain = parts.played_in(lesson.where)
        length = domain.steps if isinstance(domain, Environment) else 1
        total += times * max(1, lesson.lanes) * lesson.plays * length
    return total / sum(times for _, times in rhythm)


def turns_a_record(parts: Parts, plan: Plan, pace: float) -> int:
    """How many turns lie between two records, at so many environment steps a turn; answers are recorded at once."""
    if isinstance(parts.domain, Questions):
        return sum(times for _, times in parts.explorer.rhythm)
    return max(1, round(plan.record / pace))


def evaluation_rows(turn: int, verdict: Verdict) -> list[EvaluationRow]:
    """A verdict as rows of the database."""
    columns = zip(verdict.names, verdict.solved, verdict.returns, verdict.optimal, strict=True)
    return [
        EvaluationRow(turn, verdict.suite, name, verdict.episodes, float(solved), float(returned), _finite(optimal))
        for name, solved, returned, optimal in columns
    ]


def _finite(x: np.floating) -> float | None:
    return float(x) if np.isfinite(x) else None


def _mean(column: np.ndarray) -> float:
    known = column[~np.isnan(column)]
    return float(known.mean()) if known.size else float("nan")
