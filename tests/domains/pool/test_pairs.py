"""Rows of two things: what is preferred is learned so that it does not matter which one stands first."""

import json
from pathlib import Path
from typing import Any

import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, Parts, TaskError, override
from explora.domains.pool import Loaded, Pool, Source, from_frame
from explora.explorers import Query
from explora.explorers.query import Random
from explora.learners import Supervised
from explora.loop import hosted, init
from explora.nets import Ensemble
from explora.recipes import recipe
from explora.testing import Middles

WORTH = np.array([2.0, -1.0, 0.5])


def rows(count: int = 200, seed: int = 0) -> dict[str, list]:
    """Two things of three properties each, and which of them is worth more."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, count, 3)).round(6)
    better = np.where(first @ WORTH > second @ WORTH, "a", "b")
    columns = {f"a_{name}": first[:, i] for i, name in enumerate("xyz")}
    columns |= {f"b_{name}": second[:, i] for i, name in enumerate("xyz")}
    return {name: column.tolist() for name, column in (columns | {"better": better}).items()}


def written(path: Path, columns: dict[str, list]) -> str:
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def swapped(columns: dict[str, list]) -> dict[str, list]:
    other = {"a": "b", "b": "a", "tie": "tie"}
    turned = {f"a_{name}": columns[f"b_{name}"] for name in "xyz"} | {f"b_{n}": columns[f"a_{n}"] for n in "xyz"}
    return turned | {"better": [other[label] for label in columns["better"]]}


def taught(source: Source, model: Any) -> tuple[Parts, Any]:
    """A model that was told all answers."""
    parts = Parts(Pool(source, held_out=0.0), Supervised(model), Query(Random(), batch=200)).check()
    return parts, list(hosted(parts, init(parts, key=jr.key(0)), root=jr.key(1), turns=2))[-1][0].learner


def test_the_inputs_are_what_tells_the_two_apart(tmp_path: Path):
    source = Source(written(tmp_path / "pairs.csv", rows()), target="better", pair=("a", "b"))
    items = source.read()
    assert items.feature_names == ("x", "y", "z")
    again = source.like(written(tmp_path / "turned.csv", swapped(rows()))).read(items.featuriser)
    assert np.array_equal(again.inputs, -items.inputs)
    thawed = type(items.featuriser).thaw(*items.featuriser.freeze())
    assert thawed.pair == ("a", "b")
    assert np.array_equal(thawed(items.table), items.inputs)


@pytest.mark.parametrize("model", [Ensemble(), Ensemble(kind="mlp", members=2), Middles()], ids=["linear", "mlp", "?"])
def test_it_does_not_matter_which_one_stands_first(tmp_path: Path, model: Any):
    columns = rows(60)
    columns["better"][:6] = ["tie"] * 6
    source = Source(written(tmp_path / "pairs.csv", columns), target="better", pair=("a", "b"))
    parts, learner = taught(source, model)
    policy = parts.learner.policy(learner)
    one, other = policy(parts.domain.inputs), policy(-parts.domain.inputs)
    assert one.classes.tolist() == [0, 1, 2]
    assert np.allclose(one.predictions, other.predictions[:, :, [1, 0, 2]], atol=1e-6)


def test_one_answer_tells_two_things():
    frame = pytest.importorskip("polars").DataFrame(rows(40))
    pool = Pool(Loaded(from_frame(frame, "better", pair=("a", "b"))), held_out=0.0)
    first = int(np.flatnonzero(np.array(rows(40)["better"]) == "a")[0])
    parts = Parts(pool, Supervised(Middles()), Query(Random(), batch=1))
    state = init(parts, key=jr.key(0))
    targets, weights = state.learner.targets.copy(), state.learner.weights.copy()
    targets[first], weights[first] = 0, 1.0
    told = parts.learner.thaw({"targets": targets, "weights": weights, "key": state.learner.key}, state.learner)
    assert told.classes.tolist() == [0, 1]
    predictions = parts.learner.policy(told)(np.stack([pool.inputs[first], -pool.inputs[first]])).predictions[:, 0]
    assert predictions[0, 0] > 0.5 > predictions[1, 0]


def test_a_run_learns_what_is_preferred_and_asks_by_margin(tmp_path: Path):
    source = Source(written(tmp_path / "pairs.csv", rows(400)), target="better", pair=("a", "b"))
    parts = override(recipe("margin").build(Pool(source)), {"explorer.batch": 20}).check()
    state = list(hosted(parts, init(parts, key=jr.key(0)), root=jr.key(1), turns=6))[-1][0]
    policy = parts.learner.policy(state.learner)
    held = parts.domain.parted.held
    right = policy(held.inputs).predictions[:, 0].argmax(1) == parts.domain.target.encode(held.labels)
    assert right.mean() > 0.93
    assert parts.domain.target.classes == ("a", "b")


def test_two_texts(tmp_path: Path):
    path = tmp_path / "texts.jsonl"
    kind, rude = ["thank you very much", "how can I help you"], ["go away now", "that is none of my business"]
    lines = [{"left": a, "right": b, "best": "left"} for a in kind for b in rude]
    lines += [{"left": b, "right": a, "best": "right"} for a in kind for b in rude]
    path.write_text("\n".join(map(json.dumps, lines)))
    source = Source(str(path), target="best", pair=("left", "right"), text=("thing",))
    parts, learner = taught(source, Ensemble())
    expected = parts.learner.policy(learner)(parts.domain.inputs)
    assert expected.predictions[:, 0].argmax(1).tolist() == [0] * 4 + [1] * 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c | {"better": ["c", *c["better"][1:]]}, "label of row 0 is 'c'.*'a', 'b' or 'tie'"),
        (lambda c: {n: x for n, x in c.items() if not n.startswith("b_")}, "neither a column 'b' nor one"),
        (lambda c: {n: x for n, x in c.items() if n != "b_y"}, "'a_y' of .* has no counterpart"),
    ],
)
def test_what_is_no_pair_is_said_in_a_sentence(tmp_path: Path, change: Any, said: str):
    source = Source(written(tmp_path / "pairs.csv", change(rows(20))), target="better", pair=("a", "b"))
    with pytest.raises((ArgumentError, TaskError), match=said):
        Pool(source).parted  # noqa: B018


@pytest.mark.parametrize("pair", [("a",), ("a", "a"), ("a", "b", "c")])
def test_a_pair_is_two(pair: tuple[str, ...]):
    with pytest.raises(ArgumentError, match="two different names"):
        Source("x.csv", pair=pair)
