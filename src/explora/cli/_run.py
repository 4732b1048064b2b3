"""`explora run` and `explora resume`."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import tyro

from explora.core import ArgumentError, Parts, Questions
from explora.domains import Entry
from explora.domains import domain as find_domain
from explora.recipes import DEFAULT, RECIPES, Recipe, recipe, usual
from explora.runs import Finished, Plan
from explora.runs import resume as go_on
from explora.runs import run as begin

from ._exchange import exchanged
from ._main import STARTED
from ._options import options_of, rebuild
from ._parse import RunPath, parse, take
from ._screen import answered, answered_text, watcher

_RUN = """Search for tasks worth learning from, learn, and judge every version on held-out tasks.

Examples:
{examples}

--recipe NAME is the algorithm, one of {recipes} (default: {default}); the options below are those of its parts. A part
inside a part is exchanged by its name, as --explorer.score is. {short}

Ctrl-C stops cleanly; `explora resume RUN` goes on as if nothing had happened.
"""

_ENGINE = "who plays: local (this process), processes:N (of this machine), ray:N or ray:N@ADDRESS (a Ray cluster)"


@dataclasses.dataclass
class _Running:
    minutes: Annotated[float | None, tyro.conf.arg(help="stop after this much wall-clock time, compilation included")]
    steps: Annotated[int | None, tyro.conf.arg(help="stop after this many environment steps, scoring included")]
    seed: Annotated[int, tyro.conf.arg(help="determines everything")]
    seeds: Annotated[int, tyro.conf.arg(help="how many runs, with seeds that follow on each other")]
    out: Annotated[str | None, tyro.conf.arg(help="folder of the run; default: a new one under runs/")]
    watch: Annotated[tuple[str, ...] | None, tyro.conf.arg(help="suites on which versions are judged")]
    checkpoint: Annotated[float, tyro.conf.arg(help="seconds between two checkpoints")]
    record: Annotated[int, tyro.conf.arg(help="environment steps between two records, about")]
    keep_experience: Annotated[
        int | None, tyro.conf.arg(help="keep the episodes of one turn in so many (8 if no number is given)")
    ]
    engine: Annotated[str, tyro.conf.arg(help=_ENGINE)]
    track: Annotated[tuple[str, ...], tyro.conf.arg(help="where metrics go too: csv, tensorboard, wandb, mlflow")]
    quiet: Annotated[bool, tyro.conf.arg(help="no progress")]
    json: Annotated[bool, tyro.conf.arg(help="one JSON object a seed on stdout, one a line, and nothing else")]


def run(words: list[str]) -> int:
    """Begins one run, or several with different seeds."""
    names = ", ".join(r.name for r in RECIPES)
    words, name = take(words, "--recipe", "", f"the algorithm, one of {names}")
    if not words or words[0].startswith("-"):
        if words and words[0] in ("-h", "--help"):
            words = ["maze", *words]
        else:
            raise ArgumentError("which domain? `explora run maze` is a good start; `explora domains` lists them")
    domain, words = find_domain(words[0]), words[1:]
    words = _with_number(_in_full(words, domain), "--keep-experience", "8")
    found = recipe(name or domain.recipe or DEFAULT)
    running, parts = _read(words, found, domain)
    if (
        not name and isinstance(parts.domain, Questions) and usual(parts.domain) != found
    ):  # what is usual depends on the data, which are known only now
        found = usual(parts.domain)
        running, parts = _read(words, found, domain)
    if running.seeds < 1:
        raise ArgumentError(f"`seeds` must be at least 1, got {running.seeds}")
    if running.minutes is None and running.steps is None and not isinstance(parts.domain, Questions):
        running = dataclasses.replace(running, minutes=4.0)
    parts.check()
    for seed in range(running.seed, running.seed + running.seeds):
        plan = Plan(
            minutes=running.minutes,
            steps=running.steps,
            seed=seed,
            watch=running.watch,
            checkpoint=running.checkpoint,
            record=running.record,
            experience=running.keep_experience,
            track=running.track,
        )
        screen = watcher(quiet=running.quiet or running.json, recipe=found.name, domain=domain.name)
        started = STARTED if seed == running.seed else None
        finished = begin(
            parts,
            plan,
            out=_out(running, seed),
            recipe=found.name,
            watchers=screen,
            engine=running.engine,
            started=started,
        )
        code = _say(finished, running.json)
        if code:
            return code
    return 0


def resume(words: list[str]) -> int:
    """Goes on with a run."""

    def resume(
        run: RunPath,
        minutes: Annotated[float | None, tyro.conf.arg(help="a new end, counted from the run's beginning")] = None,
        steps: Annotated[int | None, tyro.conf.arg(help="a new end, counted from the run's beginning")] = None,
        budget: Annotated[int | None, tyro.conf.arg(help="of questions: a new end, all answers counted")] = None,
        engine: Annotated[str | None, tyro.conf.arg(help=f"{_ENGINE}; default: as before")] = None,
        quiet: bool = False,
        as_json: Annotated[bool, tyro.conf.arg(name="json", help="one JSON object on stdout")] = False,
    ) -> int:
        """Go on with a run, bit for bit as if it had never stopped."""
        screen = watcher(quiet=quiet or as_json, recipe="resumed", domain="")
        fields = {} if budget is None else {"explorer.budget": budget}
        done = go_on(run, minutes=minutes, steps=steps, fields=fields, watchers=screen, engine=engine)
        return _say(done, as_json)

    return parse(resume, words, "explora resume")


def _described(domain: Entry) -> str:
    """What the help says first."""
    short = ", ".join(f"{name} for {option}" for name, option in domain.options)
    return _RUN.format(
        examples="\n".join(f"  explora run {domain.name} {words}" for words in domain.examples),
        recipes=", ".join(r.name for r in RECIPES if r.plays == domain.plays),
        default=domain.recipe or DEFAULT,
        short=f"Short names: {short}." if short else "",
    )


def _read(words: list[str], found: Recipe, domain: Entry) -> tuple[_Running, Parts]:
    """What was typed, as the run's own options and as parts of a recipe."""
    parts, words = exchanged(found.build(domain.build()), words)
    plan = Plan()
    own = _Running(None, None, 0, 1, None, None, plan.checkpoint, plan.record, None, "local", (), False, False)
    fields: list[Any] = [
        (field.name, field.type, dataclasses.field(default=getattr(own, field.name)))
        for field in dataclasses.fields(_Running)
    ]
    names = ("domain", "learner", "explorer")
    for name in names:
        nested = options_of(getattr(parts, name))
        fields.append((name, nested, dataclasses.field(default_factory=nested)))
    program = f"explora run {domain.name} --recipe {found.name}"
    options = parse(dataclasses.make_dataclass("Options", fields), words, program, _described(domain))
    changed = {name: rebuild(getattr(parts, name), getattr(options, name)) for name in names}
    running = _Running(**{field.name: getattr(options, field.name) for field in dataclasses.fields(_Running)})
    return running, Parts(**changed, others=parts.others)  # pyright: ignore[reportArgumentType]


def _in_full(words: list[str], domain: Entry) -> list[str]:
    """The words, with what the domain has a short name for written out."""
    short = dict(domain.options)
    parted = [word.partition("=") for word in words]
    return [f"{short.get(option, option)}{sign}{value}" for option, sign, value in parted]


def _with_number(words: list[str], option: str, number: str) -> list[str]:
    """The words, with a number after an option that may stand without one."""
    bare = [place for place, word in enumerate(words) if word.replace("_", "-") == option]
    for place in reversed(bare):
        if place + 1 == len(words) or words[place + 1].startswith("-"):
            words = [*words[: place + 1], number, *words[place + 1 :]]
    return words


def _out(running: _Running, seed: int) -> Path | None:
    if running.out is None:
        return None
    return Path(running.out) if running.seeds == 1 else Path(running.out) / f"seed-{seed}"


def _say(finished: Finished, as_json: bool) -> int:
    means = {name: verdict.mean for name, verdict in finished.verdicts.items()}
    if as_json:
        result = {"run": str(finished.path), "state": finished.reason}
        if finished.ended:
            result["ended"] = finished.ended
        result |= {"mean_solve_rate": means} if finished.answers is None else answered(means, finished.answers)
        sys.stdout.write(json.dumps(result) + "\n")
    elif finished.answers is not None:
        ended = f"{finished.ended}\n" if finished.ended else ""
        sys.stdout.write(f"{answered_text(means, finished.answers)}\n{ended}{finished.path}\n")
    else:
        for name, verdict in finished.verdicts.items():
            sys.stdout.write(
                f"{name}: {verdict.mean:.3f} solved ({len(verdict.names)} tasks, {verdict.episodes} episodes each)\n"
            )
        sys.stdout.write(f"{finished.path}\n")
    return 130 if finished.reason == "interrupted" else 0
