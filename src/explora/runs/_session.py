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

from explora.core import Parts, Questions, Suite, watching
from explora.engines import Engine, Local
from explora.ledger import Verdict, evaluate
from explora.loop import Log, State, arrived
from explora.store import EvaluationRow, Record, RunFolder, TaskRow

from ._clock import Clock
from ._pieces import joined
from ._plan import Plan
from ._records import Chronicle, Keeper, Lineage
from ._visitors import Visitors
from ._watcher import Progress, Watcher

_SOON = 3.0  # for about how long letters of people wait at most before the run looks for them [s]
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
        self.chronicle = Chronicle(parts.explorer.story(state.explorer))
        self.pace = steps_a_turn(parts, state)
        self._saved = time.monotonic()
        self._interrupted = self._patient = False
        self._since = int(state.turn)  # the state has used all letters of earlier turns
        self._visited = folder.inbox.used()
        self._turn_time = 0.0  # how long a turn took lately [s]; 0: nobody knows
        self._keeper = self._keeping()
        self._tasks: list[TaskRow] = []
        self._events: list[tuple[str, Any]] = []

    def run(self) -> str:
        """Goes on until the end.

        **Returns:** why it stopped: `"finished"` or `"interrupted"`.
        """
        root = jr.key(self.plan.seed)
        sent = self.folder.inbox.letters() if self._visited else []
        before = [letter for letter in sent if letter.turn is not None and letter.turn < self._since]
        visitors = Visitors(self.parts, root, getattr(self.engine, "devices", 1), before)
        self.parts = visitors.parts
        last = 0.0
        with self._interruptible():
            while not self._over(last) and not self._interrupted:
                if self._waiting():
                    self._wait()
                    continue
                started = time.monotonic()
                self._chunk(root, visitors)
                last = time.monotonic() - started
        self._save()
        visitors.close()
        ended = self.parts.explorer.finished(self.state.explorer)
        if ended is not None:
            self.folder.database.set(ended=ended)
        return "interrupted" if self._interrupted and not self._over(last) else "finished"

    def judge(self, episodes: int) -> dict[str, Verdict]:
        """Judges the present version on the watched suites."""
        return evaluate(self.parts.learner, self.state.learner, self.parts.domain, self.suites, episodes=episodes)

    def _over(self, last: float) -> bool:
        explorer, state = self.parts.explorer, self.state.explorer
        # What comes before the first chunk takes time too, and who has played and learned nothing is of no use.
        begun = int(self.state.turn) > 0 or isinstance(self.parts.domain, Questions)
        if begun and self.clock.over(self._steps, last):
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

    def _chunk(self, root: Any, visitors: Visitors) -> None:
        turn, before, answers = int(self.state.turn), self._steps, int(self.state.spent.calls)
        capacity = turns_a_record(self.parts, self.plan, self.pace)
        turns = capacity
        if self.plan.steps is not None and self.pace > 0:
            turns = max(1, min(capacity, -(-(self.plan.steps - before) // max(1, round(self.pace)))))
        budget = self.folder.database.schedule(turn, self.clock.budget(before))
        self.state = eqx.tree_at(lambda s: s.budget, self.state, jnp.asarray(budget, jnp.float32))
        pieces, left = [], turns
        while left > 0:
            self._receive(visitors)
            started = time.monotonic()
            count = self._until_letters(left)
            parts = self.parts
            if self._keeper is not None:
                count = min(count, self._keeper.room(int(self.state.turn)))
                parts = self._watched(self._keeper, root)
            self.state, log = self.engine.advance(parts, self.state, root=root, turns=count, capacity=capacity)
            jax.block_until_ready(self.state.turn)
            self._turn_time = (time.monotonic() - started) / count
            late = len(log.phase) < count  # late answers are a turn of their own, in place of a whole rhythm
            pieces.append((log, min(count, len(log.phase))))
            left = 0 if late else left - count
        log, turns = joined(pieces)
        self.clock.mark(self._steps)
        # where questions are asked, a model is new once answers came, and before the first
        answered = turn == 0 or int(self.state.spent.calls) > answers
        questions = isinstance(self.parts.domain, Questions)
        self._record(log, turns, budget, answered if questions else self.plan.evaluation_due(before, self._steps))

    def _keeping(self) -> Keeper | None:
        """Who keeps the episodes of this run, if the plan wants any kept; a hosted engine is to hand them over."""
        if self.plan.experience is None:
            return None
        devices = getattr(self.engine, "devices", 1)
        keeper = Keeper(self.folder, self.plan.experience, self.plan.seed, devices)
        if self.parts.hosted:
            self.engine = Local(keep=keeper.lived, devices=devices)
        return keeper

    def _watched(self, keeper: Keeper, root: Any) -> Parts:
        """The parts with which the coming turns are taken; of a compiled run the keeper looks at the first of them."""
        if self.parts.hosted:
            keeper.begin(int(self.state.turn))
            return watching(self.parts)
        keeper.look(self.parts, self.state, root)
        return self.parts

    def _receive(self, visitors: Visitors) -> None:
        """Does what people sent since it was last looked, or what they had sent when these turns were first lived."""
        turn = int(self.state.turn)
        letters = self.folder.inbox.take(turn, since=self._since)
        self._since = turn + 1
        if not letters:
            return
        self._visited = True
        done = visitors.receive(self.state, letters)
        self.state, self.parts = done.state, visitors.parts
        self._tasks += done.tasks
        self._events += done.events
        self.lineage.known |= {row.id for row in done.tasks}

    def _until_letters(self, turns: int) -> int:
        """After how many turns to look for letters again.

        A run to which nobody ever sent anything looks once a record. A run that is lived again stops where letters
        were taken before, so that they are taken at the same turns.
        """
        due = self.folder.inbox.due(int(self.state.turn)) if self._visited else None
        if due is not None:
            turns = min(turns, due - int(self.state.turn))
        if not self._visited:
            return turns
        return min(turns, max(1, int(_SOON / self._turn_time))) if self._turn_time > 0 else 1

    def _record(self, log: Log, turns: int, budget: float, due: bool) -> None:
        turn, steps = int(self.state.turn), self._steps
        archive = self.parts.explorer.archive(self.state.explorer)
        happened = self.chronicle.news(log, turns, self.parts.explorer.story(self.state.explorer), turn)
        named = [details["task"] for _, details in happened if "task" in details]
        tasks = self.lineage.news(self.parts.space, archive, log, turns, turn, named)
        self._events += happened
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
            metrics=progress.metrics | ({} if self._keeper is None else self._keeper.metrics()),
        )
        rows = [row for verdict in verdicts.values() for row in evaluation_rows(turn, verdict)]
        tasks, events = [*self._tasks, *tasks], tuple(self._events)
        self.folder.database.append(record, tasks=tasks, evaluations=rows, version=version, events=events)
        self._tasks, self._events = [], []
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
        if self._keeper is not None:
            self._keeper.write(int(self.state.turn))
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
        total += times * parts.learner.takes(parts.played_in(lesson.where), lesson)
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
