"""The flat walker with which all begin, and POET with and without transfer."""

import sys
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from explora.core import NEW, Lesson, Outcome, Parts, Space
from explora.explorers.niches import Niches, NichesState
from explora.explorers.niches._contest import admissible, keep_untold
from explora.loop import QuickExplorer, State, init, phase_at, step

from ._engine import Bench
from ._preset import hardness, level

FLAT = {"ground_roughness": 0}
_SOON = 8


class Alone(Niches):
    """POET without any transfer: nobody takes over, and a child begins with the agent of its parent.

    A child is admitted if that agent meets the minimal criterion there.
    """

    @property
    def rhythm(self) -> tuple[tuple[str, int], ...]:
        return (("train", self.every * self.transfers), ("offspring", 1))

    def tell(
        self, state: NichesState, space: Space, lesson: Lesson, outcome: Outcome, *, key: PRNGKeyArray
    ) -> NichesState:
        after = super().tell(state, space, lesson, outcome, key=key)
        if lesson.phase != "offspring" or outcome.returns is None:
            return after
        sound = outcome.answered & jnp.isfinite(outcome.returns)
        settled = self._settled(after, jnp.where(sound, outcome.returns, -jnp.inf), space)
        return keep_untold(jnp.any(outcome.told), settled, after)  # pyright: ignore[reportReturnType]

    def _settled(self, state: NichesState, returns: Array, space: Space) -> NichesState:
        state = eqx.tree_at(lambda s: s.audition.best, state, returns)
        mark, source = self.criterion, state.child_parent
        teachers = self._number(state, source)
        chosen = admissible(state.fit, returns, state.novelty, mark.low, mark.high, mark.admitted)
        for place in range(chosen.shape[0]):
            over = chosen[place] < self.children
            child = jnp.minimum(chosen[place], self.children - 1)
            state = self._admitted(state, child, (source, teachers), over, space)
        return state


def walker(bench: Bench, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """Learns to walk on flat ground from nothing.

    **Returns:** the weights, and what it took.
    """
    preset, key = bench.preset, jr.key(10_000 + seed)
    first, learn, judge = jr.split(key, 3)
    state, task = bench.fresh(first), bench.task(FLAT)
    steps, turn, reached, recent = 0, 0, False, []
    while steps < preset.walking and not reached:
        state, own, spent = bench.practise(state, [task], [0], jr.fold_in(learn, turn))
        steps, turn, recent = steps + int(spent[0]), turn + 1, [*recent[1 - _SOON :], float(own[0])]
        if turn % 25 == 0:
            sys.stderr.write(f"  {steps / 1e6:.1f}M: return on flat ground {np.mean(recent):.0f}\n")
        if np.mean(recent) >= preset.walks:
            shown, _ = bench.trial(state, [task], [0], preset.trial, jr.fold_in(judge, turn))
            reached = bool(shown.mean() >= preset.walks)
    shown, _ = bench.trial(state, [task], [0], preset.trial, judge)
    facts = {"steps": steps, "iterations": turn, "walks": reached, "return": float(shown.mean())}
    return np.asarray(state.centre[0]), facts


class Diary:
    """What is to be known of a run of POET: steps of each line of agents, terrains solved, moments for other questions.

    **Arguments:**

    - `bench`: domain and learner.
    - `weights`: of the flat walker.
    - `seed`: of the judging, which has chances of its own and counts for nobody.
    """

    def __init__(self, bench: Bench, weights: np.ndarray, seed: int):
        self.bench, self.key = bench, jr.key(20_000 + seed)
        self.beginner = bench.copies(weights, self.key)
        self.line = np.zeros(bench.preset.capacity, np.int64)
        self.trying = np.zeros(bench.preset.capacity, np.int64)
        self.solved: dict[int, dict[str, Any]] = {}
        self.moments: list[dict[str, Any]] = []
        self.curve: list[list[int]] = []

    def note(self, before: NichesState, phase: str, outcome: Outcome, after: NichesState) -> None:
        """Adds the steps of a turn to the agents that learned in it, and to those that are their copies since."""
        spent = np.asarray(outcome.steps)
        if phase == "train":
            self.line = self.line + spent
        if phase in ("propose", "tutor"):
            self.trying = np.zeros_like(self.trying)
        if phase in ("propose", "tutor", "prove", "hearing"):
            self.trying = self.trying + spent
        source, old, now = (np.asarray(x) for x in (after.source, before.id, after.id))
        line = self.line.copy()
        for place in np.flatnonzero(source != NEW):
            own = int(place)
            if phase in ("offspring", "hearing"):
                own = int(np.flatnonzero(np.asarray(after.child_id) == now[place])[0])
            extra = 0 if phase == "offspring" else self.trying[own]
            line[place] = self.line[np.flatnonzero(old == source[place])[0]] + extra
        self.line = line

    def look(self, state: State) -> None:
        """Plays the niches that seem to be solved now in fresh episodes: the mean return decides."""
        niches, preset = state.explorer, self.bench.preset
        number, score = np.asarray(niches.id), np.asarray(niches.score)
        places = [
            int(place)
            for place in np.flatnonzero(np.asarray(niches.filled) & (number != NEW) & (score >= preset.solve))
            if int(number[place]) not in self.solved
        ]
        key = jr.fold_in(self.key, int(state.turn))
        if places:
            tasks = [_row(niches.tasks, place) for place in places]
            returns, _ = self.bench.trial(state.learner, tasks, places, preset.trial, key)
            for place, shown in zip(places, returns.mean(1), strict=True):
                if shown >= preset.solve:
                    self.solved[int(number[place])] = self._fact(state, place, float(shown))

    def point(self, state: State) -> None:
        """A point of the curves: steps, ANNECS as the run counts it, terrains solved in fresh episodes."""
        count = sum(fact["admitted"] for fact in self.solved.values())
        steps, annecs = int(state.spent.steps), int(state.explorer.counts.solved)
        self.curve.append([steps, annecs, count])
        hardest = max(self.solved.values(), key=lambda fact: fact["hardness"], default={"genes": "nothing"})["genes"]
        score = np.round(np.asarray(state.explorer.score)).tolist()
        sys.stderr.write(f"  {steps / 1e6:.1f}M: returns {score}, ANNECS {annecs}, {count} solved, hardest {hardest}\n")

    def _fact(self, state: State, place: int, shown: float) -> dict[str, Any]:
        genes, preset = self.bench.genes(state.explorer.tasks, place), self.bench.preset
        key = jr.fold_in(jr.fold_in(self.key, int(state.turn)), place)
        begin, _ = self.bench.trial(self.beginner, [_row(state.explorer.tasks, place)], [0], preset.trial, key)
        return {
            "genes": genes,
            "hardness": hardness(genes),
            "begin": float(begin.mean()),
            "level": level(genes, float(begin.mean()), preset),
            "return": shown,
            "admitted": bool(state.explorer.born[place] > 0),
            "steps": int(state.spent.steps),
            "line": int(self.line[place]),
        }

    def keep(self, state: State) -> None:
        """Keeps a moment before a round of transfer, if there are at least two niches."""
        niches, learner = state.explorer, state.learner
        places = np.flatnonzero(np.asarray(niches.filled))
        if len(places) < 2:
            return
        self.moments.append(
            {
                "centre": np.asarray(learner.centre)[places],
                "earned": np.asarray(learner.earned)[places],
                "recent": np.asarray(niches.recent)[places],
                "score": np.asarray(niches.score)[places],
                "known": np.asarray(niches.known)[: int(niches.seen)],
                "genes": [self.bench.genes(niches.tasks, int(place)) for place in places],
                "steps": int(state.spent.steps),
            }
        )


def poet(bench: Bench, weights: np.ndarray, seed: int, transfer: bool) -> tuple[dict[str, Any], Diary]:
    """A run of POET that begins with the flat walker and ends with its budget of steps.

    **Arguments:**

    - `bench`: domain, learner, settings.
    - `weights`: of the flat walker.
    - `seed`: the same with and without transfer.
    - `transfer`: whether agents go to other niches.
    """
    preset = bench.preset
    kind = Niches if transfer else Alone
    niches = kind(preset.capacity, preset.capacity, preset.every, transfers=1, criterion=bench.criterion)
    parts = Parts(bench.domain, bench.learner, QuickExplorer(niches))
    state = init(parts, key=jr.key(seed))
    learner = bench.copies(weights, jr.key(seed))
    state = bench.everywhere(eqx.tree_at(lambda s: s.learner, state, learner))
    root, diary = jr.key(1_000 + seed), Diary(bench, weights, seed)
    while int(state.spent.steps) < preset.budget:
        phase = phase_at(parts.explorer, int(state.turn))
        if phase == "offspring":
            diary.point(state)
        elif phase == "direct":
            diary.keep(state)
        before = state.explorer
        state, event = step(parts, state, root=root, phase=phase)
        diary.note(before, phase, event.outcome, state.explorer)
        if phase == "train":  # in the others agents move, and are where they go with the next turn only
            diary.look(state)
    diary.point(state)
    counts = jax.tree.map(int, state.explorer.counts)
    solved = sorted((f for f in diary.solved.values() if f["admitted"]), key=lambda f: -f["hardness"])
    return {
        "steps": int(state.spent.steps),
        "turns": int(state.turn),
        "children": counts.made,
        "admitted": counts.admitted,
        "annecs": counts.solved,
        "moved": counts.moved,
        "verified": len(solved),
        "challenging": sum(fact["level"] > 0 for fact in solved),
        "hardest": solved[0]["hardness"] if solved else 0.0,
        "stump": max((fact["genes"].get("stump_height", [0, 0])[1] for fact in solved), default=0.0),
        "rough": max((fact["genes"]["ground_roughness"] for fact in solved), default=0.0),
        "solved": solved,
        "curve": diary.curve,
    }, diary


def _row(tasks: Any, place: int) -> Any:
    return jax.tree.map(lambda x: x[place], tasks)
