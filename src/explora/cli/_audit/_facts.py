"""What an audit is about, and what came out."""

from pathlib import Path
from typing import Any, NamedTuple

import jax.random as jr
import numpy as np

from explora.adapters import Queue
from explora.core import ArgumentError, TaskError
from explora.domains.pool import Items, Pool, Source, Target
from explora.ledger.labels import Audit, Quality, audit_labels, quality_of
from explora.maths import Consensus, crowdlab, krippendorff_alpha
from explora.nets import Ensemble
from explora.runs import load

from .._screen import Quiet


class Known(NamedTuple):
    """The labels that are looked at.

    **Arguments:**

    - `name`: of the file or the run.
    - `items`: all items, labelled or not.
    - `target`: what the labels mean.
    - `codes`: the label of each item, as `Target.encode` gives it.
    - `known`: which items have one.
    - `words`: `(item, annotator, label)`, where several people gave labels.
    - `expect`: what the model of the run makes of inputs, for the classes of the target; None: there is no run.
    """

    name: str
    items: Items
    target: Target
    codes: np.ndarray
    known: np.ndarray
    words: list[tuple[str, str, Any]]
    expect: Any


class Agreement(NamedTuple):
    """How far annotators agree.

    **Arguments:**

    - `alpha`: Krippendorff's α; NaN if no item has two labels.
    - `shared`: how many items have two labels or more.
    - `names`, `counts`: of the annotators, and how many labels each gave.
    - `consensus`: by CROWDLAB; None with too few labels for a model.
    """

    alpha: float
    shared: int
    names: tuple[str, ...]
    counts: np.ndarray
    consensus: Consensus | None


class Found(NamedTuple):
    """All that came out.

    **Arguments:**

    - `known`: what was looked at.
    - `rows`: the items with a label, in the order of `audit`.
    - `audit`: of the labels.
    - `quality`: on the audit set; None if none was given.
    - `taught`: how many items of the audit set the run's model had been taught; they are left out.
    - `agreement`: None if there is one annotator.
    """

    known: Known
    rows: np.ndarray
    audit: Audit
    quality: Quality | None
    taught: int
    agreement: Agreement | None


def from_run(run: str) -> Known:
    """The labels that a run has learned from.

    **Raises:** `ArgumentError` for a run of another domain.
    """
    player = load(run, noted=Quiet().noted)
    pool = player.parts.domain
    if not isinstance(pool, Pool):
        raise ArgumentError(f"{run} did not learn from labels: `audit` is for runs of the domain `pool`, or for --data")
    target, taught = _plain(pool.target), player.state.learner
    known = np.asarray(taught.weights) > 0
    targets = np.asarray(taught.targets)
    codes = np.where(known, targets, -1) if target.kind == "classes" else targets.reshape(-1)
    words = []
    if isinstance(pool.oracle, Queue) and Path(pool.oracle.path).is_file():
        said = pool.oracle.slots.words()
        people = [word for word in said if word.kind in ("answered", "surplus")]  # and what no owner has said
        words = [(word.item, word.annotator, word.value) for word in people]

    def expect(inputs: np.ndarray) -> np.ndarray:
        expected = player.expect(inputs)
        mean = expected.predictions.mean(1)
        if expected.classes is None:
            return mean
        wide = np.zeros((len(inputs), len(target.classes)))
        wide[:, expected.classes] = mean
        return wide

    return Known(run, pool.items, target, codes, known, words, expect)


def from_data(source: Source, answers: str | None) -> Known:
    """The labels of a file, and those of a table of several people's answers.

    **Raises:** `ArgumentError` or `TaskError` for what cannot be read.
    """
    items = source.read()
    words = [] if answers is None else _rows(answers, items, ("id", "annotator", "label"))
    words = [(item, str(who), label) for item, who, label in words]
    labels = list(items.labels)
    if words and all(label is None for label in labels):  # one's own first word, until CROWDLAB has looked at all
        for item, _, label in reversed(words):
            labels[_place(items, item)] = label
    target = _plain(Target.of(labels))
    known = np.array([label is not None for label in labels], bool)
    if not known.any():
        raise TaskError(f"{source.path} has no label to audit: name the column of labels with --target, or give some")
    return Known(
        source.path, items, target.grown([word[2] for word in words]), target.encode(labels), known, words, None
    )


def examine(known: Known, *, audited: str | None, near: float, folds: int, seed: int) -> Found:
    """Looks at labels.

    **Arguments:**

    - `known`: from `from_run` or `from_data`.
    - `audited`: a table with the columns `id` and `label`: the true labels of items drawn at random.
    - `near`, `folds`: as for `audit_labels`.
    - `seed`: of all chance.

    **Raises:** `ArgumentError` or `TaskError` for what cannot be read.
    """
    items, key = known.items, jr.key(seed)
    pairs = [] if audited is None else _rows(audited, items, ("id", "label"))
    truth = {_place(items, item): label for item, label in pairs}
    target = known.target.grown(list(truth.values()))
    classes = len(target.classes) if target.kind == "classes" else None
    model, rows = Ensemble(), np.flatnonzero(known.known)
    targets = _targets(known.codes[rows], classes)
    groups = None if items.groups is None else np.unique(np.array(items.groups), return_inverse=True)[1][rows]
    audit = audit_labels(
        items.inputs[rows], targets, model, classes=classes, groups=groups, near=near, folds=folds, key=key
    )
    quality, taught = None, 0
    if audited is not None:
        places = np.array(sorted(truth), np.int64)
        if known.expect is not None:
            taught = int(known.known[places].sum())
            places = places[~known.known[places]]
        if not len(places):
            raise TaskError(f"{audited} has no item that the model was not taught: draw the audit set before labelling")
        right = _targets(target.encode([truth[place] for place in places.tolist()]), classes)
        expected = _expected(known, model, rows, places, classes, key)
        quality = quality_of(right, expected, classes)
    agreement = _agreement(known, target, audit, rows) if classes is not None and known.words else None
    return Found(known._replace(target=target), rows, audit, quality, taught, agreement)


def _expected(
    known: Known, model: Ensemble, rows: np.ndarray, places: np.ndarray, classes: int | None, key: Any
) -> Any:
    """What is said of audited items: by the run's model, or by one that learned from all other items."""
    inputs = known.items.inputs
    if known.expect is not None:
        found = known.expect(inputs[places])
        wide = np.zeros((len(places), classes or found.shape[1]))
        wide[:, : found.shape[1]] = found
        return wide
    train = np.setdiff1d(rows, places)
    if not len(train):
        raise TaskError("every labelled item is in the audit set: there is nothing left to learn from")
    weights = np.ones(len(train), np.float32)
    fitted = model.fit(inputs[train], _targets(known.codes[train], classes), weights, classes=classes, key=key)
    return model.predict(fitted, inputs[places]).mean(1)


def _agreement(known: Known, target: Target, audit: Audit, rows: np.ndarray) -> Agreement | None:
    names = sorted({who for _, who, _ in known.words})
    if len(names) < 2:
        return None
    votes = np.full((len(known.items), len(names)), -1, np.int64)
    for item, who, label in known.words:
        votes[_place(known.items, item), names.index(who)] = int(target.encode([label])[0])
    shared = int(((votes >= 0).sum(1) > 1).sum())
    counts = (votes >= 0).sum(0)
    alpha = krippendorff_alpha(votes)
    own = votes[rows]
    consensus = None
    if audit.expected is not None and (own >= 0).any():
        consensus = crowdlab(own, audit.expected)
    return Agreement(alpha, shared, tuple(names), counts, consensus)


def _plain(target: Target) -> Target:
    if target.kind == "labels":
        raise ArgumentError("`audit` looks at one class an item, or a number; these items have several labels each")
    return target


def _targets(codes: np.ndarray, classes: int | None) -> np.ndarray:
    return codes.reshape(-1, 1).astype(np.float32) if classes is None else codes.astype(np.int64)


def _rows(path: str, items: Items, columns: tuple[str, ...]) -> list[tuple]:
    """The rows of a table that have a label.

    **Raises:** `TaskError` in one line that names the file and the cure.
    """
    table = Source(path).table()
    missing = [name for name in columns if name not in table.names]
    if missing:
        raise TaskError(
            f"{path} has no column {' and no column '.join(map(repr, missing))} but {', '.join(table.names)}: name the "
            f"columns {', '.join(f'`{name}`' for name in columns)}"
        )
    rows = zip(*(table.values(name) for name in columns), strict=True)
    found = [(_id(row[0]), *row[1:]) for row in rows if row[-1] is not None]
    for row in found:
        if items.place(row[0]) is None:
            raise TaskError(f"{path} names the item {row[0]!r}, which the data has not got: use the ids of the data")
    return found


def _id(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _place(items: Items, item: str) -> int:
    place = items.place(item)
    if place is None:
        raise TaskError(f"there is no item {item!r} in the data: use its ids")
    return place
