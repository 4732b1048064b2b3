"""Beginning a run, going on with one, and using what it learned."""

import datetime
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import equinox as eqx
import jax.random as jr

from explora._version import __version__
from explora.core import (
    ArgumentError,
    ExploraError,
    Memory,
    Parts,
    Questions,
    RunError,
    build,
    override,
    sharing,
    spec,
    watching,
)
from explora.engines import Engine
from explora.ledger import Verdict
from explora.loop import State, init, rehearse
from explora.store import RunFolder, check_sinks, environment, find, refuse_taken

from ._clock import Clock
from ._place import mode, placed
from ._plan import Plan
from ._player import Player
from ._records import Notebook
from ._session import Session, freeze, steps_a_turn, thaw, turns_a_record, watched
from ._tastes import indifferent
from ._tracker import Tracker
from ._watcher import Watcher


class Finished(eqx.Module):
    """A run that has stopped.

    **Arguments:**

    - `path`: its folder.
    - `reason`: `"finished"` or `"interrupted"`.
    - `verdicts`: the watched suites, at the end.
    - `answers`: how many questions were answered; None where the domain asks none.
    - `ended`: why there was nothing more to do; None if time or steps ran out, or it was interrupted.
    """

    path: Path
    reason: str
    verdicts: dict[str, Verdict]
    answers: int | None = None
    ended: str | None = None


def run(
    parts: Parts,
    plan: Plan,
    *,
    out: Path | str | None = None,
    recipe: str = "custom",
    watchers: tuple[Watcher, ...] = (),
    engine: Engine | str | None = None,
    started: float | None = None,
) -> Finished:
    """Begins a run and sees it through.

    **Arguments:**

    - `parts`: what runs.
    - `plan`: for how long, from which seed, how often it is looked at.
    - `out`: the folder; None: a new one under `runs`.
    - `recipe`: what it is called in lists.
    - `watchers`: who looks on.
    - `engine`: where it is executed, or its name, `"processes:2"` say (see `explora.engines.engine`); None: in this
      process.
    - `started`: `time.monotonic()` when the clock began; None: now.

    **Raises:** `CombinationError` if the parts do not fit together, `UnknownName` for a suite that the domain lacks,
    `MissingExtra` for a tracker that is not installed, all before anything is written; `RunError` for a folder that
    cannot be.
    """
    clock = Clock(plan, started=started)
    if plan.minutes is None and plan.steps is None and not isinstance(parts.domain, Questions):
        raise ArgumentError("give `minutes` or `steps`, so that the run knows when to stop")
    parts.check()
    config = {"recipe": recipe, "parts": spec(parts), "plan": spec(plan)}
    parts = indifferent(parts)
    path = Path(out) if out is not None else _new_folder(recipe, plan.seed)
    refuse_taken(path)
    # what can go wrong goes wrong before there is a folder: a run that cannot begin leaves nothing behind
    with placed(engine, parts, lambda message: _note(message, watchers)) as place:
        check_sinks(plan.track)
        watched(parts, plan)
        if plan.experience is not None:
            watching(parts)
        state = begin(parts, plan)
        root, capacity = jr.key(plan.seed), turns_a_record(parts, plan, steps_a_turn(parts, state))
        # Shared and with the arguments that `Session` will give to `chunk`, so that JAX knows the trace again.
        with sharing() as everywhere:
            rehearse(parts, everywhere(state), root=root, capacity=capacity)
        facts = environment() | mode(parts, place) | {"state": "running"}
        with RunFolder.create(path, config=config, facts=facts) as folder:
            return _see_through(folder, parts, plan, state, clock, watchers, place)


def resume(
    path: Path | str,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    fields: Mapping[str, Any] | None = None,
    watchers: tuple[Watcher, ...] = (),
    engine: Engine | str | None = None,
) -> Finished:
    """Goes on with a run from its last good checkpoint, bit for bit as if it had never stopped.

    **Arguments:**

    - `path`: its folder, or its name under `runs`.
    - `minutes`, `steps`: a new end, counted from the beginning of the run; None: the old one.
    - `fields`: changes to fields by dotted path that hold from here on, `{"explorer.budget": 400}` say. What the state
      is made of cannot change.
    - `watchers`, `engine`: as for `run`; no engine: as it was executed before, if a name says where.

    **Raises:** `RunError` if another process has the run, or if it cannot be read; `UnknownName` or `ArgumentError` for
    fields that no part has or that it cannot take.
    """
    started = time.monotonic()
    with RunFolder.open(find(path), write=True, mend=True) as folder:
        parts, plan = read(folder)
        check_sinks(plan.track)
        if fields:
            parts = override(parts, fields).check()
            folder.database.set(fields=folder.facts.get("fields", {}) | dict(fields))
        parts = indifferent(parts)
        if minutes is not None or steps is not None:
            plan = _extended(plan, minutes, steps)
            folder.database.set(plan=spec(plan))
        state, spent, messages = _restored_or_new(folder, parts, plan)
        if folder.warnings:
            lost = f"what was recorded before turn {int(state.turn)} is lost; the run goes on from there"
            messages = (*folder.warnings, *messages, lost)
        for message in messages:
            _note(message, watchers)
        folder.rewind(int(state.turn) if int(state.turn) > 0 else None)
        clock = Clock(plan, spent=spent, started=started, steps=int(state.spent.steps))
        before = engine or folder.facts.get("engine")
        with placed(before, parts, lambda message: _note(message, watchers)) as place:
            folder.database.set(state="running", **mode(parts, place))
            return _see_through(folder, parts, plan, state, clock, watchers, place)


def load(path: Path | str, *, who: int | None = None, noted: Callable[[str], None] | None = None) -> Player:
    """The player that a run has taught.

    **Arguments:**

    - `path`: the folder of the run, or its name under `runs`.
    - `who`: which member of a population acts; None: as the learner publishes it.
    - `noted`: is told what a person should know (a damaged checkpoint that was passed over, say); None: it warns.

    **Raises:** `RunError` if the run has no checkpoint yet, or none that is whole.
    """
    noted = noted or (lambda message: warnings.warn(message, stacklevel=3))
    with RunFolder.open(find(path), mend=True) as folder:
        parts, plan = read(folder)
        state, _, messages = restore(folder, parts, plan)
        for message in (*folder.warnings, *messages):
            noted(message)
        journal = Memory()  # what came from outside says what the numbers of the answers mean
        for row in folder.database.journal():
            journal.note(row.kind, [row.data])
        return Player(parts.noting(journal), state, who=who)


def read(folder: RunFolder) -> tuple[Parts, Plan]:
    """The parts and the plan of a run, from its configuration.

    **Raises:** `ExploraError` if they cannot be built here: `RunError` with the version to install if it was another
    version that wrote them.
    """
    facts = folder.facts
    try:
        parts: Parts = override(build(facts["config"]["parts"]), facts.get("fields", {}))
        return parts, build(facts.get("plan", facts["config"]["plan"]))
    except ExploraError as error:
        writer = facts.get("explora")
        if writer in (None, __version__):
            raise
        raise RunError(
            f"{folder.path} was written by explora {writer}, this is explora {__version__}: {error}; "
            f"pip install 'explora=={writer}' reads it"
        ) from error


def begin(parts: Parts, plan: Plan) -> State:
    """The state before the first turn."""
    key = jr.fold_in(jr.key(plan.seed), 0x5EED)  # turns use fold_in(seed, turn): this number is no turn
    return init(parts, key=key) if parts.hosted else eqx.filter_jit(init)(parts, key=key)


def restore(folder: RunFolder, parts: Parts, plan: Plan) -> tuple[State, float, tuple[str, ...]]:
    """The state of the last good checkpoint.

    **Returns:** the state, the seconds that the run had taken, and a sentence for each checkpoint that is damaged.

    **Raises:** `RunError` if there is none: that before the first turn has learned nothing, and must not pass for one.
    """
    found = folder.checkpoints.latest()
    if found.manifest is None and not found.warnings:
        raise RunError(f"{folder.path} has no checkpoint yet: `explora resume {folder.path}` makes one")
    if found.manifest is None:
        raise RunError(
            f"{folder.path} has no checkpoint that is whole: {'; '.join(found.warnings)}; restore one from a backup, "
            f"or let `explora resume {folder.path}` begin anew from the configuration"
        )
    return _read_back(folder, parts, plan)


def _restored_or_new(folder: RunFolder, parts: Parts, plan: Plan) -> tuple[State, float, tuple[str, ...]]:
    """Where a run goes on. If no checkpoint is whole it begins anew, and what is left of them is kept."""
    found = folder.checkpoints.latest()
    if found.manifest is not None:
        return _read_back(folder, parts, plan)
    state = begin(parts, plan)
    if not found.warnings:
        return state, 0.0, ()
    aside = folder.checkpoints.set_aside()
    said = f"NO CHECKPOINT IS WHOLE: the run begins anew at turn 0; the damaged checkpoints are kept in {aside}"
    return state, 0.0, (*found.warnings, said)


def _read_back(folder: RunFolder, parts: Parts, plan: Plan) -> tuple[State, float, tuple[str, ...]]:
    fresh = begin(parts, plan) if parts.hosted else eqx.filter_eval_shape(lambda: begin(parts, plan))
    loaded = folder.checkpoints.load(freeze(parts, fresh))
    return thaw(parts, loaded.tree, fresh), float(loaded.meta["seconds"]), loaded.warnings


def _note(message: str, watchers: tuple[Watcher, ...]) -> None:
    for watcher in watchers:
        watcher.noted(message)
    if not watchers:
        warnings.warn(message, stacklevel=3)


def _see_through(
    folder: RunFolder,
    parts: Parts,
    plan: Plan,
    state: State,
    clock: Clock,
    watchers: tuple[Watcher, ...],
    engine: Engine,
) -> Finished:
    folder.checkpoints.keep = plan.keep
    with closing(Tracker(plan.track)) as tracker:
        watchers = (*watchers, tracker)
        for watcher in watchers:
            watcher.started(str(folder.path), folder.facts)
        parts = parts.noting(Notebook(folder.database, turn=int(state.turn)))
        session = Session(folder, parts, plan, state, engine=engine, watchers=watchers, clock=clock)
        reason = session.run()
    verdicts = session.judge(plan.final_episodes) if reason == "finished" else {}
    folder.database.set(state=reason, final={name: _summary(verdict) for name, verdict in verdicts.items()})
    for watcher in watchers:
        watcher.stopped(str(folder.path), reason, verdicts)
    answers = int(session.state.spent.calls) if isinstance(parts.domain, Questions) else None
    ended = parts.explorer.finished(session.state.explorer)
    return Finished(folder.path, reason, verdicts, answers, ended)


def _summary(verdict: Verdict) -> dict[str, Any]:
    solved = {name: float(rate) for name, rate in zip(verdict.names, verdict.solved, strict=True)}
    return {"episodes": verdict.episodes, "mean_solve_rate": verdict.mean, "solve_rate": solved}


def _extended(plan: Plan, minutes: float | None, steps: int | None) -> Plan:
    is_none = lambda x: x is None
    return eqx.tree_at(lambda p: (p.minutes, p.steps), plan, (minutes, steps), is_leaf=is_none)


def _new_folder(recipe: str, seed: int) -> Path:
    now = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    return Path("runs") / f"{recipe}-s{seed}-{now}"
