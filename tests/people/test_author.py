"""Drawing, trying, playing and sending tasks through the API, for toys whose outcome is known by hand."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explora.core import Parts, spec
from explora.domains.maze import Maze, MazeSpace
from explora.runs import Plan, begin
from explora.store import RunFolder
from explora.testing import Carousel, Linear, Walk

from ._around import NASTY, Server, served, uuid

TRAIL = {"cells": "......", "mark": 5, "toll": 0.0}


def write(path: Path, parts: Parts, *, version: int | None = 12) -> Path:
    """A run that goes on, with one version."""
    plan = Plan(steps=100)
    config = {"recipe": "toy", "parts": spec(parts), "plan": spec(plan)}
    with RunFolder.create(path, config=config, facts={"state": "running", "versions": {}}) as folder:
        if version is not None:
            learner = parts.learner
            folder.versions.save(learner.freeze(learner.publish(begin(parts, plan).learner)), turn=version)
    return path


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = write(tmp_path_factory.mktemp("walk") / "run", Parts(Walk(), Linear(), Carousel()))
    with served(path) as server:
        server.people.scene.wait(60.0)
        yield server


def until(ask: Any, *, seconds: float = 60.0) -> Any:
    """The answer to a request that is sent until it is ready."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = ask()
        if answer.status_code != 202:
            return answer
    raise AssertionError("it was never ready")


def test_the_form_says_what_a_task_is_made_of(walk):
    form = walk.owner.ok("GET", "/api/author")
    assert [(field["name"], field["kind"]) for field in form["fields"]] == [
        ("cells", "grid"),
        ("mark", "whole"),
        ("toll", "real"),
    ]
    assert [brush["letters"] for brush in form["fields"][0]["brushes"]] == [".", "~"]
    assert form["fields"][0]["width"] == [3, 8]
    assert (form["fields"][2]["low"], form["fields"][2]["high"]) == (0.0, 0.05)
    assert form["actions"] == ["back", "on"]
    assert (form["refusal"], form["mutates"], form["plays"], form["running"]) == (None, True, True, True)
    assert walk.owner.ok("POST", "/api/author/check", {"task": form["start"]})["valid"]
    # the run is told once that somebody may send something
    walk.owner.ok("GET", "/api/author")
    assert [letter.kind for letter in walk.people.folder.inbox.letters()].count("hello") == 1


def test_a_drawn_task_is_checked_by_the_space(walk):
    check = lambda task: walk.owner.ok("POST", "/api/author/check", {"task": task})
    good = check(TRAIL)
    assert good["valid"]
    assert good["problem"] is None
    assert good["features"] == {"length": 6.0, "distance": 2.0, "mud": 0.0}
    assert good["task"] == TRAIL
    for bad, said in [
        (TRAIL | {"mark": 3}, "`mark` must be a cell of the trail other than the middle one"),
        (TRAIL | {"cells": NASTY}, "`cells` must be 3 to 8 characters"),
        (None, "a trail is"),
        (7, "a trail is"),
    ]:
        found = check(bad)
        assert not found["valid"]
        assert found["problem"].startswith(said)
    mutant = walk.owner.ok("POST", "/api/author/mutate", {"task": TRAIL})["task"]
    assert check(mutant)["valid"]
    assert walk.owner.ask("POST", "/api/author/mutate", {"task": {"cells": "?"}}).status_code == 409


@pytest.mark.parametrize(
    "task",
    ["[[[[[[[[[[1]]]]]]]]]", f'"{"x" * 30_000}"', '{"a": "\\u0000"}', '{"\\ud800": 1}', "1e300", "NaN"],
    ids=range(6),
)
def test_what_is_too_deep_or_too_large_is_refused(walk, task):
    answer = walk.owner.client.post("/api/author/check", content='{"task": ' + task + "}")
    assert answer.status_code == 422
    assert "error" in answer.json()


def test_a_sent_task_is_a_letter_and_an_event(walk):
    anna, ben = walk.invite("anna"), walk.invite("ben")
    said = {"uuid": uuid(), "task": TRAIL, "parent": 4}
    first, again = (anna.ok("POST", "/api/author/send", said) for _ in range(2))
    assert first["uuid"] == again["uuid"]
    letters = [letter for letter in walk.people.folder.inbox.letters(kind="task") if letter.uuid == said["uuid"]]
    assert [letter.data for letter in letters] == [{"task": TRAIL, "parent": 4}]
    acts = [act for act in walk.people.log.acts(kinds=["authored"]) if act.uuid == said["uuid"]]
    assert [(act.person, act.data["task"]) for act in acts] == [(anna.who["id"], TRAIL)]
    refused = anna.ask("POST", "/api/author/send", {"uuid": uuid(), "task": TRAIL | {"toll": 7.0}})
    assert (refused.status_code, refused.json()["error"]) == (409, "`toll` must lie in [0, 0.05]; got 7.0")
    other = anna.ask("POST", "/api/author/send", said | {"task": TRAIL | {"mark": 0}})
    assert other.status_code == 409
    assert [sent["uuid"] for sent in anna.ok("GET", "/api/author/sent")] == [said["uuid"]]
    assert ben.ok("GET", "/api/author/sent") == []
    assert [sent["uuid"] for sent in walk.owner.ok("GET", "/api/author/sent")] == [said["uuid"]]


def test_a_viewer_looks_and_draws_nothing(walk):
    viewer = walk.invite("vera", "viewer")
    assert viewer.ask("GET", "/api/play/learners").json() == {"turns": [12]}
    for method, path in [("GET", ""), ("POST", "/check"), ("POST", "/send"), ("POST", "/demonstrations")]:
        assert viewer.ask(method, f"/api/author{path}", {} if method == "POST" else None).status_code == 403


def test_what_follows_from_actions_is_the_environments_word(walk):
    """From the middle of six cells, 3: on to 4, back to 3, on, on to the mark at 5."""
    body = {"task": TRAIL, "actions": [1, 0, 1, 1, 1, 1]}
    found = until(lambda: walk.owner.ask("POST", "/api/play/walk", body)).json()
    assert found["moments"] == [[0, place, None] for place in (3, 4, 3, 4, 5)]
    assert (found["actions"], found["solved"], found["ended"]) == ([1, 0, 1, 1], True, True)
    assert (found["rewards"], found["returned"], found["sentence"]) == ([0.0, 0.0, 0.0, 1.0], 1.0, "Solved in 4 steps.")
    assert found["scene"] == {"kind": "grid", "text": "......", "view": None}
    begun = until(lambda: walk.owner.ask("POST", "/api/play/walk", body | {"actions": []})).json()
    assert (begun["moments"], begun["ended"], begun["sentence"]) == ([[0, 3, None]], False, "0 steps so far.")
    for bad in ([2], [0.5], [[1.0]], [-1]):
        answer = until(lambda bad=bad: walk.owner.ask("POST", "/api/play/walk", body | {"actions": bad}))
        assert answer.status_code == 409
        assert answer.json()["error"].startswith("`actions` must be whole numbers from 0 to 1")


@pytest.mark.slow
def test_the_learner_plays(walk):
    wanted = {"task": TRAIL, "turn": 12, "seed": 3}
    found = until(lambda: walk.owner.ask("POST", "/api/play", wanted)).json()
    assert found["ready"]
    assert found["turn"] == 12
    assert len(found["moments"]) == len(found["actions"]) + 1 == len(found["rewards"]) + 1
    assert set(found["reports"]) <= {"value", "probability"}
    # its actions lived again lead to the same places
    again = {"task": TRAIL, "actions": found["actions"], "seed": 3}
    lived = until(lambda: walk.owner.ask("POST", "/api/play/walk", again)).json()
    assert (lived["moments"], lived["rewards"]) == (found["moments"], found["rewards"])
    missing = until(lambda: walk.owner.ask("POST", "/api/play", wanted | {"turn": 13}))
    assert (missing.status_code, "there is no version of turn 13" in missing.json()["error"]) == (404, True)
    assert walk.owner.ask("POST", "/api/play", {}).status_code == 422
    assert walk.owner.ask("POST", "/api/play", {"id": 5}).status_code == 404


def test_a_demonstration_is_lived_again_before_it_is_kept(walk):
    anna = walk.invite("anna the second")
    said = {"uuid": uuid(), "task": TRAIL, "actions": [1, 1, 0], "seconds": 2.5}
    kept = until(lambda: anna.ask("POST", "/api/author/demonstrations", said)).json()
    assert (kept["solved"], kept["ended"], kept["actions"], kept["returned"]) == (True, True, [1, 1], 1.0)
    again = until(lambda: anna.ask("POST", "/api/author/demonstrations", said)).json()
    assert again["event"] == kept["event"]
    mine = anna.ok("GET", "/api/author/demonstrations")
    assert [(each["task"], each["seconds"]) for each in mine] == [(TRAIL, 2.5)]
    forged = {"uuid": uuid(), "task": TRAIL, "actions": [9]}
    assert until(lambda: anna.ask("POST", "/api/author/demonstrations", forged)).status_code == 409


@pytest.mark.slow
def test_a_maze_that_has_no_way_is_said_to_have_none(tmp_path):
    parts = Parts(Maze(MazeSpace(3, 3, walls=2)), Linear(), Carousel())
    with served(write(tmp_path / "run", parts, version=None)) as server:
        server.people.scene.wait(60.0)
        check = lambda task: server.owner.ok("POST", "/api/author/check", {"task": task})
        # right, right, turn, forward, forward: five actions from the corner where it looks right
        assert (check(">..\n.#.\n..G")["optimal"], check(">..\n.#.\n..G")["solvable"]) == (5.0, True)
        found = check(">#.\n##.\n..G")
        assert (found["valid"], found["solvable"], found["optimal"]) == (True, False, None)
        assert "no goal" in check("...\n...\n..>")["problem"]
        assert "3 × 4" in check(">...\n....\n...G")["problem"]
        body = {"task": ">..\n.#.\n..G", "actions": [2, 2, 1, 2, 2]}
        lived = until(lambda: server.owner.ask("POST", "/api/play/walk", body)).json()
        assert lived["moments"] == [[0, 0, 0], [0, 1, 0], [0, 2, 0], [0, 2, 1], [1, 2, 1], [1, 2, 1]]
        assert (lived["solved"], lived["optimal"], lived["names"]) == (True, 5.0, ["left", "right", "forward"])
        answer = server.owner.ask("POST", "/api/play", {"task": ">..\n.#.\n..G"})
        assert (answer.status_code, "no version of the learner yet" in answer.json()["error"]) == (404, True)
