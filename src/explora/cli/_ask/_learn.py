"""`explora learn`: a model that can be asked for things learns from stored episodes."""

import time
from pathlib import Path
from typing import Annotated, Any

import tyro

from explora.adapters.stored import SUBJECTS, asking_parts, open_source
from explora.core import ArgumentError, Environment, UnknownName
from explora.domains import domain as find_domain
from explora.domains.views import Asking
from explora.runs import Plan, read
from explora.runs import run as begin
from explora.store import RunFolder, find

from .._parse import parse
from .._run import _say
from .._screen import watcher
from ._experience import Source

_RECIPES = "; ".join(f"{subject.name}: {subject.summary}" for subject in SUBJECTS.values())
_ROWS = 16


def learn(words: list[str]) -> int:
    """Trains a sequence model on stored episodes."""
    started = time.monotonic()

    def learn(
        source: Source,
        recipe: Annotated[str | None, tyro.conf.arg(help=f"what it is told of them. {_RECIPES}")] = None,
        minutes: Annotated[
            float | None,
            tyro.conf.arg(help="stop after this much wall-clock time; default: 10, or any with `updates`"),
        ] = None,
        updates: Annotated[
            int | None, tyro.conf.arg(help="stop after so many gradient steps: the same ones whatever the machine")
        ] = None,
        domain: Annotated[
            str | None, tyro.conf.arg(help="in which they were played, if the source is no run: a domain, or a run")
        ] = None,
        seed: Annotated[int, tyro.conf.arg(help="determines everything")] = 0,
        window: Annotated[int, tyro.conf.arg(help="how many steps the model looks back")] = 24,
        out: Annotated[str | None, tyro.conf.arg(help="folder of the run; default: a new one under runs/")] = None,
        quiet: Annotated[bool, tyro.conf.arg(help="no progress")] = False,
        as_json: Annotated[bool, tyro.conf.arg(name="json", help="one JSON object on stdout")] = False,
    ) -> int:
        """Learn what stored episodes did, good and bad, so that the model can be asked for what is wanted.

        This is a run like any other: Ctrl-C stops cleanly, `explora resume RUN` goes on, `explora eval` and `explora
        report` work on it. `explora ask RUN "…"` asks it for something.
        """
        environment = _environment(source, domain)
        place = source if not Path(source).exists() else str(Path(source).absolute())
        open_source(source)  # which says what is wrong before anything else is done
        parts = asking_parts(environment, place, recipe, rows=_ROWS, window=window)
        if updates is not None and updates < 1:
            raise ArgumentError(f"`updates` must be at least 1, got {updates}")
        learner: Any = parts.learner
        played = _ROWS * environment.steps  # in a turn
        plan = Plan(
            minutes=10.0 if minutes is None and updates is None else minutes,
            steps=None if updates is None else -(-updates // learner.updates) * played,
            seed=seed,
            record=played,
            final_episodes=2,
            episodes=1,
        )
        screen = watcher(quiet=quiet or as_json, recipe="learn", domain=type(environment).__name__.lower())
        path = Path(out) if out is not None else None
        return _say(begin(parts, plan, out=path, recipe="learn", watchers=screen, started=started), as_json)

    return parse(learn, words, "explora learn")


def _environment(source: str, domain: str | None) -> Environment:
    """In which environment the episodes of a source were played."""
    name = source if domain is None else domain
    try:
        folder = find(name)
    except UnknownName:
        folder = None
    if folder is not None:
        with RunFolder.open(folder, mend=True) as run:
            found = read(run)[0].domain
    elif domain is None:
        raise ArgumentError(
            f"`domain` must say in which domain the episodes of {source} were played: --domain maze, or the name of a "
            "run with the same settings"
        )
    else:
        found = find_domain(domain).build()
    found = found.environment if isinstance(found, Asking) else found
    if not isinstance(found, Environment):
        raise ArgumentError(f"`domain` must be one that is played in time, and {type(found).__name__} is not")
    return found
