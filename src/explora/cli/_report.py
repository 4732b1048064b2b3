"""`explora report`."""

import sys
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
import tyro

from explora.core import Environment, ExploraError, Parts, Suite, spec
from explora.domains import DOMAINS
from explora.domains.views import Asking
from explora.learners.sequence import SequencePolicy
from explora.ledger import evaluate
from explora.ledger.asked import Calibration, calibrate
from explora.loop import State
from explora.plots import Actor, Cast, Judged, Learned, gather, write_report
from explora.recipes import RECIPES, Recipe
from explora.runs import Agent, Plan, Player, read, restore, taught, watched
from explora.store import RunFolder, find

from ._parse import RunPath, parse
from ._screen import Quiet

_ASKED_TASKS, _ASKED_EACH = 16, 4  # how many tasks are asked for returns, how often each


def report(words: list[str]) -> int:
    """Writes the page of a run."""

    def report(
        run: RunPath,
        out: Annotated[
            str | None, tyro.conf.arg(help="where the page goes; default: report.html in the folder")
        ] = None,
        show: Annotated[bool, tyro.conf.arg(name="open", help="open the page in a browser")] = False,
    ) -> int:
        """Write one page about a run: curves, held-out tasks, what was discovered, replays, cost, configuration.

        The page is one file that fetches nothing and can be sent as it is. It also works on a run that goes on or was
        interrupted. The path of the page is printed.
        """
        with RunFolder.open(find(run), mend=True) as folder:
            learned, notes = _learned(folder)
            notes = [*folder.warnings, *notes]
            for note in notes:
                Quiet().noted(note)
            recipe = _recipe(folder)
            usual = None if recipe is None or learned is None else _usual(recipe, learned)
            paper = recipe.paper if recipe is not None else ""
            facts = gather(folder, learned, usual=usual, paper=paper, notes=notes)
            path = write_report(facts, Path(out) if out is not None else folder.path / "report.html")
        sys.stdout.write(f"{path}\n")
        if show:
            webbrowser.open(path.absolute().as_uri())
        return 0

    return parse(report, words, "explora report")


def _learned(folder: RunFolder) -> tuple[Learned | None, list[str]]:
    """Who plays for the run, and sentences about what is missing."""
    try:
        parts, plan = read(folder)
    except ExploraError as error:
        return None, [f"There are no pictures, because the parts of this run cannot be built here: {error}"]
    suites = watched(parts, plan)
    names = tuple(suites)
    try:
        if not folder.checkpoints.turns():
            return Learned(parts, names), ["Nothing has been saved yet, so there are no replays."]
        state, _, warnings = restore(folder, parts, plan)
    except ExploraError as error:
        return Learned(parts, names), [f"There are no replays, because the learner cannot be read: {error}"]
    notes = list(warnings)
    player = Player(parts, state) if isinstance(parts.domain, Environment) else None
    keeps = parts.explorer.archive(state.explorer) is not None
    judged, cast = _judged(parts, plan, state, suites, notes), _cast(folder, parts, plan)
    return Learned(parts, names, player, judged, keeps, cast, _asked(player)), notes


def _asked(player: Player | None) -> Calibration | None:
    """What comes of asking a sequence model for returns between the least and the greatest in its data."""
    if player is None or not isinstance(player.parts.domain, Asking) or not isinstance(player.policy, SequencePolicy):
        return None
    learner: Any = player.parts.learner
    if "return" not in getattr(learner, "learner", learner).told:
        return None
    asking = player.parts.domain
    tasks = eqx.filter_jit(asking.environment.space.samples)(_ASKED_TASKS, key=jr.key(0xA5C))
    least, most = (np.full(_ASKED_TASKS, float(x)) for x in player.policy.ranges["return"])
    if "optimal_returns" in asking.provides:
        best = np.asarray(_best(asking.environment, tasks))
        # more than the best there is in the mean was got by luck, and is asked for to show that
        most = most if most[0] > best.max() + 1e-3 else np.clip(best, least, most)
    return calibrate(asking, player.policy, tasks, least, most, repeats=_ASKED_EACH, key=jr.key(0))


@eqx.filter_jit
def _best(environment: Environment, tasks: Any) -> Any:
    return jax.vmap(lambda task: environment.optimal_return(environment.world(task)))(tasks)


def _cast(folder: RunFolder, parts: Parts, plan: Plan) -> Cast | None:
    """Who plays as members of a population did."""
    if not isinstance(parts.domain, Environment) or parts.learner.members == 1:
        return None

    def cast(turn: int, member: int) -> tuple[int, Actor] | None:
        kept = [version for version in folder.versions.turns() if version <= turn]
        found = taught(folder, parts, plan, max(kept)) if kept else None
        return None if found is None else (found.turn, Agent(found.policy, who=member))

    return cast


def _judged(parts: Parts, plan: Plan, state: State, suites: dict[str, Suite], notes: list[str]) -> Judged | None:
    """How the version that is published now does on the watched suites."""
    try:
        verdicts = evaluate(parts.learner, state.learner, parts.domain, suites, episodes=plan.final_episodes)
    except ExploraError as error:
        notes.append(f"The latest version could not be judged for this page: {error}")
        return None
    return Judged(int(state.turn), tuple(verdicts.values()))


def _recipe(folder: RunFolder) -> Recipe | None:
    name = folder.config.get("recipe")
    return next((recipe for recipe in RECIPES if recipe.name == name), None)


def _usual(recipe: Recipe, learned: Learned) -> Any:
    """The configuration of the recipe in that domain with nothing changed; None if the domain has no name."""
    kind = type(learned.parts.domain).__name__
    entry = next((entry for entry in DOMAINS if entry.place.endswith(f":{kind}")), None)
    return None if entry is None else spec(recipe.build(entry.build()))
