"""Everything that the page of a run shows, gathered before anything is drawn."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.random as jr

from explora.core import Environment, ExploraError, Parts, Space
from explora.ledger.asked import Calibration
from explora.store import Records, RunFolder, TaskRow

from ._asking import Asking, answer_headline, asks_questions, gather_asking
from ._facts_card import Cost, RunCard, cost, run_card
from ._facts_curves import Curve, metric_curves, speed_curve
from ._facts_matrix import Judged, Matrix, SuiteResult, held_out_curve, matrices, suite_results
from ._facts_tasks import Difficulty, Family, Generation, best, deepest, difficulty, family, generations
from ._facts_verdict import Headline, headline
from ._films import Actor
from ._replays import Choice, Replay, found_choices, held_out_choices, replay
from ._seen import Seen
from ._story import Cast, Tale, saga, tale

_PICTURE, _FRAME, _SAMPLES = 132, 160, 18


class Learned(NamedTuple):
    """What a run has taught, ready to be looked at.

    **Arguments:**

    - `parts`: of the run.
    - `suites`: the suites on which its versions are judged, the one that counts most first.
    - `actor`: plays as the version that the run publishes; None: there is none yet.
    - `judged`: how that version did.
    - `keeps`: whether its explorer keeps tasks at all.
    - `cast`: who plays as members of its learner did at other times; None: nobody can.
    - `asked`: what came of asking it for returns; None: it heeds none.
    """

    parts: Parts
    suites: tuple[str, ...]
    actor: Actor | None = None
    judged: Judged | None = None
    keeps: bool = True
    cast: Cast | None = None
    asked: Calibration | None = None


class Report(NamedTuple):
    """What the page of a run shows; what is missing is None or empty.

    **Arguments:**

    - `card`, `cost`, `headline`: what the run is, what it has spent, what it amounts to.
    - `held_out`, `metrics`, `speed`: curves.
    - `results`, `matrices`: the latest version and all versions on held-out tasks.
    - `summaries`: one line on each suite.
    - `found`: how many tasks were recorded.
    - `keeps`: whether the explorer keeps tasks at all.
    - `generations`, `family`, `difficulty`: of the recorded tasks.
    - `seen`: pictures of recorded tasks by number.
    - `samples`: random draws from the space, where nothing was recorded.
    - `replays`: of held-out tasks, and of recorded (or drawn) ones.
    - `notes`: what could not be shown, and why.
    - `asked`: of a run that can be asked for returns.
    - `tale`: of a run whose tasks and agents evolve together.
    - `asking`: of a run that asks questions; then what follows from playing in an environment is empty.
    """

    card: RunCard
    cost: Cost | None
    headline: Headline
    held_out: tuple[Curve, ...]
    metrics: tuple[Curve, ...]
    speed: Curve
    results: tuple[SuiteResult, ...]
    matrices: tuple[Matrix, ...]
    summaries: dict[str, str]
    found: int
    keeps: bool
    generations: tuple[Generation, ...]
    family: Family | None
    difficulty: tuple[Difficulty, ...]
    seen: dict[int, Seen]
    samples: tuple[Seen, ...]
    replays: tuple[tuple[Replay, ...], tuple[Replay, ...]]
    notes: tuple[str, ...]
    asking: Asking | None = None
    tale: Tale | None = None
    asked: Calibration | None = None


def gather(
    folder: RunFolder, learned: Learned | None = None, *, usual: Any = None, paper: str = "", notes: Sequence[str] = ()
) -> Report:
    """Gathers what the page of a run shows.

    **Arguments:**

    - `folder`: of the run.
    - `learned`: its parts and who plays for it; None if they could not be built: then there are no pictures.
    - `usual`: the configuration of the recipe's parts by default; None: unknown.
    - `paper`: where the recipe was published.
    - `notes`: sentences for the reader about what is missing.
    """
    facts, database = folder.facts, folder.database
    records, evaluations, tasks = database.records(), database.evaluations(), database.tasks()
    judged = learned.judged if learned is not None else None
    names = learned.suites if learned is not None else ()
    first = lambda found: names.index(found.suite) if found.suite in names else len(names)
    results = tuple(sorted(suite_results(evaluations, judged), key=first))
    versions = tuple(sorted(matrices(records, evaluations, judged), key=first))
    card, spent = run_card(folder.path.name, facts, usual=usual, paper=paper), cost(records)
    if asks_questions(records, learned.parts if learned is not None else None):
        explorer = facts.get("config", {}).get("parts", {}).get("explorer", {})
        asking = gather_asking(database, explorer, learned.parts if learned is not None else None, results, versions)
        return _of_questions(card, spent, asking, records, notes)
    chosen, tree = generations(tasks), family(tasks)
    pictured = {task.id: task for group in chosen for task in group.best}
    pictured |= {task.id: task for task in (tree.excerpt if tree is not None else ())}
    space = learned.parts.space if learned is not None else None
    drawn = _samples(space) if space is not None and not tasks else ()
    return Report(
        card=card,
        cost=spent,
        headline=headline(card, spent, results, versions),
        held_out=tuple(held_out_curve(matrix) for matrix in versions),
        metrics=metric_curves(records),
        speed=speed_curve(records),
        results=results,
        matrices=versions,
        summaries=_summaries(learned, results),
        found=len(tasks),
        keeps=learned is None or learned.keeps,
        generations=chosen,
        family=tree,
        difficulty=_difficulty(space, tasks, records),
        seen={} if space is None else {i: _see(space, space.decode(task.spec)) for i, task in pictured.items()},
        samples=() if space is None else tuple(_see(space, task) for task in drawn),
        replays=((), ()) if learned is None else _replays(learned, results, tasks, drawn[:3]),
        notes=tuple(notes),
        tale=_tale(folder, learned, tasks, records),
        asked=None if learned is None else learned.asked,
    )


def _tale(folder: RunFolder, learned: Learned | None, tasks: Sequence[TaskRow], records: Records) -> Tale | None:
    found = saga(folder.database.events(), tasks, int(records.turn[-1]) if len(records.turn) else 0)
    if found is None or learned is None:
        return None if found is None else tale(found, tasks)
    domain = learned.parts.domain
    played_in = domain if isinstance(domain, Environment) else None
    return tale(found, tasks, space=learned.parts.space, environment=played_in, cast=learned.cast)


def _of_questions(card: RunCard, spent: Cost | None, asking: Asking, records: Any, notes: Sequence[str]) -> Report:
    """The report of a run that asks questions: it plays no episodes and makes no tasks."""
    return Report(
        card=card,
        cost=spent,
        headline=answer_headline(card, spent, asking),
        held_out=(),
        metrics=metric_curves(records),
        speed=speed_curve(records),
        results=asking.results,
        matrices=asking.matrices,
        summaries={},
        found=0,
        keeps=True,
        generations=(),
        family=None,
        difficulty=(),
        seen={},
        samples=(),
        replays=((), ()),
        notes=tuple(notes),
        asking=asking,
    )


def _difficulty(space: Space | None, tasks: Sequence[TaskRow], records: Any) -> tuple[Difficulty, ...]:
    if space is None or not space.feature_names:
        return ()
    return difficulty(space, tasks, records, key=jr.key(0))


def _samples(space: Space) -> tuple[Any, ...]:
    many = jax.device_get(jax.jit(lambda key: space.samples(_SAMPLES, key=key))(jr.key(0)))
    return tuple(jax.tree.map(lambda x, i=i: x[i], many) for i in range(_SAMPLES))


def _see(space: Space, task: Any) -> Seen:
    try:
        pixels = space.draw(jax.device_get(task), _PICTURE)
    except ExploraError:  # a space need not be able to draw
        pixels = None
    return Seen(pixels, space.describe(task))


def _summaries(learned: Learned | None, results: Sequence[SuiteResult]) -> dict[str, str]:
    if learned is None:
        return {}
    domain = learned.parts.domain
    return {r.suite: domain.suite(r.suite).summary for r in results if r.suite in domain.suite_names}


def _replays(
    learned: Learned, results: Sequence[SuiteResult], tasks: Sequence[TaskRow], drawn: Sequence[Any]
) -> tuple[tuple[Replay, ...], tuple[Replay, ...]]:
    """Episodes on held-out tasks, and on tasks of the highest generations or else on random ones."""
    domain, actor = learned.parts.domain, learned.actor
    if actor is None or not isinstance(domain, Environment):
        return (), ()
    held_out = []
    for result, task in held_out_choices(results, results[0].suite if results else ""):
        suite = domain.suite(result.suite) if result.suite in domain.suite_names else None
        if suite is not None and suite.domain is None:  # else it is played elsewhere
            row = suite.names.index(task.name)
            known = f"{result.suite}; solved in {task.solved:.0%} of {task.episodes} episodes"
            played = jax.tree.map(lambda x, row=row: x[row], suite.tasks)
            held_out.append(Choice(task.name, known, played))
    found = list(found_choices(domain.space, deepest(tasks, 3) or best(tasks, 3)))
    found += [Choice(f"draw {i + 1}", "drawn at random", task) for i, task in enumerate(drawn)]
    play = lambda i, choice: replay(domain, choice, actor, key=jr.fold_in(jr.key(0), i), size=_FRAME)
    return (
        tuple(play(i, choice) for i, choice in enumerate(held_out)),
        tuple(play(100 + i, choice) for i, choice in enumerate(found)),
    )
