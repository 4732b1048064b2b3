"""The versions of a model that rounds go through."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from explora.core import ArgumentError
from explora.domains.pool import Pool, Source
from explora.learners import Supervised

from .._open import load
from .._player import Player
from . import _files as files
from ._files import RoundExample
from ._form import ExampleForm, Values

HELD_OUT = "held-out"


class RoundMatrix(NamedTuple):
    """Versions × suites.

    **Arguments:**

    - `versions`: their numbers; 0 is what the run had learned before the first round.
    - `suites`: `held-out`, then those of the rounds.
    - `sizes`: how many examples each suite has.
    - `right`: how many of them each version gets right, a row a version.
    """

    versions: tuple[int, ...]
    suites: tuple[str, ...]
    sizes: tuple[int, ...]
    right: tuple[tuple[int, ...], ...]


class RoundVersions:
    """The model of a run, and the versions of it that its rounds taught.

    **Arguments:**

    - `run`: the folder of the run. The first time, what the run knows now is written down as version 0.

    **Raises:** `ArgumentError` for a run that did not learn classes from labels; `RunError` if it has no checkpoint.
    """

    def __init__(self, run: Path):
        self.run, self._lock = run, Lock()
        self._player = load(run, noted=_unsaid)
        pool, learner = self._player.parts.domain, self._player.parts.learner
        if not isinstance(pool, Pool) or not isinstance(pool.source, Source) or not isinstance(learner, Supervised):
            raise ArgumentError(f"{run} did not learn from labels: rounds are for runs of the domain `pool`")
        self.pool, self.learner = pool, learner
        self.form = ExampleForm(pool)
        self._made: dict[int, Any] = {}
        if files.read_version(run, 0) is None:
            self._write_base(0, self._player, 0, {})

    @property
    def labelled(self) -> frozenset[int]:
        """The places of the items whose label the run knew when the first round began."""
        known = (self.form.items.place(row["id"]) for row in files.read_lines(files.place(self.run, 0) / "base.jsonl"))
        return frozenset(place for place in known if place is not None)

    def answers(
        self, rows: Sequence[Values], origins: Sequence[str | None], version: int
    ) -> list[list[tuple[Any, float]]]:
        """What a version says of examples: for each the labels that it knows with their chances, likeliest first."""
        return self._asked(self.form.inputs(rows, origins), version)

    def of_items(self, places: Sequence[int], version: int) -> list[list[tuple[Any, float]]]:
        """The same of items of the pool."""
        return self._asked(self.form.items.inputs[np.asarray(places, np.int64)], version)

    def train(
        self, number: int, rounds: Mapping[int, Sequence[RoundExample]], *, share: float, facts: dict[str, Any]
    ) -> RoundMatrix:
        """Ends a round: divides what was confirmed, teaches the next version, judges all versions on all suites.

        Done again it does nothing but judge; interrupted, it can be done again.

        **Arguments:**

        - `number`: of the round, and of the version that comes of it.
        - `rounds`: what was confirmed in this round and in those before, by number.
        - `share`: of the examples that become the suite.
        - `facts`: what else is to be written down, as JSON.
        """
        for each, examples in rounds.items():
            rng = np.random.default_rng([each, 0xF001])
            taught, suite = files.divide(examples, self.form.target, share, rng=rng)
            files.write_parts(self.run, each, taught, suite)
        if files.read_version(self.run, number) is None:
            # the run may have learned more since: a version knows all that it knew when the round ended
            examples = sum(len(part) for part in self._taught_until(number).values())
            self._write_base(number, load(self.run, noted=_unsaid), examples, facts | {"share": share})
        return self.judge()

    def judge(self) -> RoundMatrix:
        """How many examples of each suite each version gets right."""
        suites = self._suites()
        kept = range(files.newest_folder(self.run) + 1)
        versions = tuple(number for number in kept if files.read_version(self.run, number) is not None)
        rows = tuple(self._scores(suites, self._policy(number)) for number in versions)
        return RoundMatrix(versions, tuple(suites), tuple(len(labels) for _, labels in suites.values()), rows)

    def present(self) -> tuple[int, ...]:
        """The same for the newest checkpoint of the run, which may have learned more since, but not from rounds."""
        return self._scores(self._suites(), self._player.policy)

    def _suites(self) -> dict[str, tuple[np.ndarray, list[Any]]]:
        """What versions are judged by, with what is right."""
        held, found = self.pool.parted.held, {}
        if len(held):
            found[HELD_OUT] = held.inputs, self._labels(held.labels)
        for number, part in files.round_parts(self.run, "suite").items():
            if part:
                inputs = self.form.inputs([one.values for one in part], [one.origin for one in part])
                found[f"round-{number:03d}"] = inputs, self._labels([one.label for one in part])
        return found

    def _scores(self, suites: Mapping[str, tuple[np.ndarray, list[Any]]], policy: Any) -> tuple[int, ...]:
        return tuple(_right(self._said(inputs, policy), labels) for inputs, labels in suites.values())

    def _labels(self, labels: Sequence[Any]) -> list[Any]:
        return self.form.target.decode(self.form.target.encode(labels))

    def _asked(self, inputs: np.ndarray, version: int) -> list[list[tuple[Any, float]]]:
        return self._said(inputs, self._policy(version))

    def _said(self, inputs: np.ndarray, policy: Any) -> list[list[tuple[Any, float]]]:
        expected = policy(inputs)
        if not len(expected.classes):
            raise ArgumentError(
                "this run was never told a label, so its model knows no class; teach it with some first"
            )
        names = self.form.target.decode(expected.classes)
        found = []
        for row in expected.predictions.mean(1):
            order = np.argsort(-row, kind="stable")
            found.append([(names[place], round(float(row[place]), 6)) for place in order.tolist()])
        return found

    def _policy(self, version: int) -> Any:
        with self._lock:
            taught = self._made.get(version)
        if taught is None:
            taught = self._again(version)
            with self._lock:
                self._made[version] = taught
        return self.learner.policy(self.learner.publish(taught))

    def _again(self, version: int) -> Any:
        """Fits a version from what was written down of it."""
        if files.read_version(self.run, version) is None:
            raise ArgumentError(f"there is no version {version} of this model")
        target, items = self.form.target, self.form.items
        base = files.read_lines(files.place(self.run, version) / "base.jsonl")
        known = [(place, row) for row in base if (place := items.place(row["id"])) is not None]
        written = [one for part in self._taught_until(version).values() for one in part]
        inputs = items.inputs[np.array([place for place, _ in known], np.int64)]
        if written:
            more = self.form.inputs([one.values for one in written], [one.origin for one in written])
            inputs = np.concatenate([inputs, more.astype(inputs.dtype)])
        labels = [row["label"] for _, row in known] + [one.label for one in written]
        weights = [row["weight"] for _, row in known] + [1.0] * len(written)
        state = self._player.state.learner
        codes = np.asarray(target.encode(labels), state.targets.dtype)
        return self.learner.taught(state, inputs, codes, np.array(weights, np.float32))

    def _taught_until(self, version: int) -> dict[int, tuple[RoundExample, ...]]:
        return {each: part for each, part in files.round_parts(self.run, "train").items() if each <= version}

    def _write_base(self, number: int, player: Player, examples: int, facts: dict[str, Any]) -> None:
        """Writes down which items of the pool have which label now, and then the version that knows them."""
        state, pool = player.state.learner, player.parts.domain
        assert isinstance(pool, Pool)  # it is the run that was looked at when this was made
        places = np.flatnonzero(state.weights > 0)
        labels = pool.target.decode(state.targets[places])
        ids = pool.items.ids
        rows = [
            {"id": ids[place], "label": label, "weight": float(state.weights[place])}
            for place, label in zip(places.tolist(), labels, strict=True)
        ]
        self.form.target = pool.target  # people may have named further classes meanwhile
        files.write_lines(files.place(self.run, number) / "base.jsonl", rows)
        known = {"turn": int(player.state.turn), "labels": len(rows), "examples": examples}
        files.write_version(self.run, number, known | facts)


def _right(said: list[list[tuple[Any, float]]], labels: Sequence[Any]) -> int:
    return sum(row[0][0] == label for row, label in zip(said, labels, strict=True))


def _unsaid(message: str) -> None:
    """What is wrong with a newer checkpoint is said by the commands that go on with the run."""
