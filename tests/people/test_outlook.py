"""What the explorer asks for next, and why: out of a checkpoint, in words."""

from collections.abc import Iterator
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from explora.core import Archive, Parts, Prospects, spec
from explora.explorers import Replay, Uniform
from explora.people._watch import outlooked
from explora.runs import Plan, read, restore, run
from explora.store import RunFolder
from explora.testing import Linear, Walk

from ._around import Server, served

PARTS = Parts(Walk(), Linear(), Replay(rows=4, capacity=8, probability=0.75, temperature=1.0, staleness=0.25))


def test_words_say_what_the_numbers_say():
    """Slots 0 and 2 of three are filled; half of what is asked for is among them."""
    tasks, none = jnp.zeros(3), jnp.full(3, -1, jnp.int32)
    archive = Archive(tasks, jnp.array([True, False, True]), jnp.array([7, 0, 9]), none, jnp.array([0.5, 0.0, 2.0]))
    reasons = {
        "score": jnp.array([0.1, 0.0, 0.2]),
        "staleness": jnp.array([0.1999, 0.0, 0.0001]),
        "edited": jnp.array([0.0, 0.0, 0.2]),
    }
    shares = reasons["score"] + reasons["staleness"] + reasons["edited"]
    found = outlooked(12, archive, Prospects(shares, reasons, jnp.array(0.3), jnp.array(0.2)))
    assert [each.id for each in found.tasks] == [9, 7]
    second, first = found.tasks
    assert (first.rank, second.rank) == (2, 1)
    assert list(first.reasons) == ["staleness", "score"], "the greatest first"
    assert first.sentence == (
        "30.0% of what is asked for next: 20.0% because it has waited long, 10.0% for its score. "
        "Its score is number 2 of 2."
    )
    assert "20.0% as edits of it, less than 0.1% because it has waited long" in second.sentence
    alone = outlooked(
        12, archive, Prospects(reasons["edited"], {"edited": reasons["edited"]}, jnp.array(0.8), jnp.array(0.2))
    )
    assert alone.tasks[0].sentence == "20.0% of what is asked for next, as edits of it. Its score is number 1 of 2."
    assert found.sentence == (
        "Of the tasks that are asked for next, on average: 30% new ones, 20% edits of tasks that are kept, "
        "50% among the 2 that are kept."
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("outlook") / "run"
    run(PARTS, Plan(steps=1200, seed=3, record=256, checkpoint=0.0, watch=()), out=path, recipe="toy")
    with served(path) as server:
        yield server


@pytest.mark.slow
def test_what_the_page_is_told_is_what_the_explorer_says(place: Server):
    viewer = place.invite("vera", "viewer")
    viewer.ok("GET", "/api/watch/next")
    place.people.outlook.wait(60.0)
    found = viewer.ok("GET", "/api/watch/next?count=3")
    assert found["ready"], found["problem"]
    parts, plan = read(place.people.folder)
    state = restore(place.people.folder, parts, plan)[0]
    explorer = parts.explorer
    prospects, archive = explorer.prospects(state.explorer), explorer.archive(state.explorer)
    assert prospects is not None
    assert archive is not None
    assert found["turn"] == int(state.turn)
    best = np.argsort(-np.asarray(prospects.share), kind="stable")[:3]
    assert [each["task"]["id"] for each in found["tasks"]] == np.asarray(archive.id)[best].tolist()
    assert [each["share"] for each in found["tasks"]] == pytest.approx(np.asarray(prospects.share)[best].tolist())
    for each in found["tasks"]:
        assert sum(each["reasons"].values()) == pytest.approx(each["share"], rel=1e-5)
        assert "for its score" in each["sentence"]
    assert found["new"] + found["edited"] + found["kept"] == pytest.approx(1.0, abs=1e-5)


@pytest.mark.slow
def test_it_is_read_anew_when_the_run_has_saved_more_and_not_more_often(place: Server):
    outlook = place.people.outlook
    outlook.look()
    outlook.wait(60.0)
    asked = []
    outlook._asked, plain = lambda: asked.append(1) or plain(), outlook._asked  # type: ignore[method-assign]
    outlook._looked = -float("inf")
    outlook.look()
    outlook.wait(60.0)
    assert not asked, "the checkpoint is the same"
    outlook._found = outlook._found._replace(turn=0)  # type: ignore[union-attr]
    outlook.look()
    outlook.wait(60.0)
    assert not asked, "it was looked at a moment ago"
    outlook._looked = -float("inf")
    outlook.look()
    outlook.wait(60.0)
    assert asked == [1]
    outlook._asked = plain  # type: ignore[method-assign]


def test_why_nobody_can_say_what_comes_next(tmp_path: Path):
    parts = Parts(Walk(), Linear(), Uniform(rows=4))
    config = {"recipe": "toy", "parts": spec(parts), "plan": spec(Plan(steps=100))}
    with RunFolder.create(tmp_path / "run", config=config, facts={"state": "running", "versions": {}}):
        pass
    with served(tmp_path / "run") as server:
        server.owner.ok("GET", "/api/watch/next")
        server.people.outlook.wait(60.0)
        found = server.owner.ok("GET", "/api/watch/next")
        assert (found["ready"], found["tasks"]) == (False, [])
        assert "wait until the run has saved" in found["problem"]
    assert Uniform(rows=4).prospects(()) is None
