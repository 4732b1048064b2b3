"""Comparing: pairs, answers, undoing, and the letters that go to the run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import pytest

from explora.core import Parts
from explora.explorers import Replay
from explora.people._log import EventLog
from explora.runs import judgements
from explora.scores import MaxMC, Preferred
from explora.store import Record, RunFolder, TaskRow
from explora.testing import Linear, Walk

from ._around import Browser, Server, served, uuid, write_run

SPACE = Walk().space
SPECS = [SPACE.encode(SPACE.sample(key=jax.random.key(n))) for n in range(12)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A run with twelve tasks whose score follows what is preferred."""
    path = write_run(tmp_path_factory.mktemp("compare") / "run", tasks=0)
    with RunFolder.open(path, write=True) as folder:
        rows = [TaskRow(n, -1, 40, SPACE.address(SPACE.decode(spec)), spec, 0.1) for n, spec in enumerate(SPECS)]
        folder.database.append(Record(40, 400, 4, 0, 5, 60.0, 300.0, {}), tasks=rows)
    with served(path) as found:
        found.people.scene.wait(30.0)
        found.people.scene.problem = None
        found.people.scene._parts = Parts(Walk(), Linear(), Replay(rows=4, capacity=8, score=Preferred(MaxMC())))
        assert found.people.panel.wait(60.0)
        yield found


def following(who: Browser, count: int = 3) -> list[dict[str, Any]]:
    return who.ok("POST", "/api/compare/next", {"count": count})["pairs"]


def letters(place: Server) -> list[Any]:
    return place.people.folder.inbox.letters(kind="preference")


def test_pairs_are_different_and_stay_until_they_are_answered(place: Server) -> None:
    who = place.invite("ada")
    first = following(who)
    assert len(first) == 3
    assert following(who) == first
    sides = [tuple(sorted((pair["left"]["task"], pair["right"]["task"]))) for pair in following(who, 10)]
    assert len(set(sides)) == 10
    assert all(pair["left"]["description"] for pair in first)
    assert first[0]["gain"] >= first[2]["gain"] > 0
    asked = place.people.log.acts(person=who.who["id"], kinds=("pair",))
    assert [act.uuid for act in asked[:3]] == [pair["pair"] for pair in first]
    assert asked[0].data["left"] == first[0]["left"]["task"]


def test_an_answer_counts_once_goes_to_the_run_and_can_be_taken_back(place: Server) -> None:
    who = place.invite("ben")
    before = len(letters(place))
    pairs = following(who)
    body = {"uuid": uuid(), "pair": pairs[0]["pair"], "said": "left", "seconds": 1.5}
    for _ in range(2):
        assert who.ask("POST", "/api/compare/answer", body).status_code == 204
    sent = letters(place)[before:]
    assert len(sent) == 1
    assert sent[0].uuid == body["uuid"]
    assert sent[0].person == who.who["id"]
    left, right = (SPECS[pairs[0][side]["task"]] for side in ("left", "right"))
    assert sent[0].data == {"left": left, "right": right, "said": "left"}
    assert who.ask("POST", "/api/compare/answer", body | {"uuid": uuid()}).status_code == 409
    who.act("/api/compare/answer", pair=pairs[1]["pair"], said="unsure")
    assert len(letters(place)) == before + 1  # nothing follows from not knowing
    assert who.ok("GET", "/api/compare/progress")["mine"] == {"left": 1, "unsure": 1}

    assert who.act("/api/compare/undo")["said"] == "unsure"
    back = {"uuid": uuid()}
    for _ in range(2):
        found = who.ok("POST", "/api/compare/undo", back)
        assert found["said"] == "left"
        assert found["pair"] == pairs[0]
    assert who.act("/api/compare/undo") is None
    assert [letter.data for letter in letters(place)[before + 1 :]] == [{"undo": body["uuid"]}]
    assert [one for one in judgements(letters(place)) if one.person == who.who["id"]] == []
    assert following(who)[0] == pairs[0]


def test_nobody_answers_for_others_and_only_what_was_asked(place: Server) -> None:
    one, other, viewer = place.invite("cleo"), place.invite("dan"), place.invite("eve", "viewer")
    pair = following(one)[0]["pair"]
    for who, named, status in ((other, pair, 409), (one, "no-such-pair", 409), (viewer, pair, 403)):
        body = {"uuid": uuid(), "pair": named, "said": "right"}
        assert who.ask("POST", "/api/compare/answer", body).status_code == status
    for body in (
        {"pair": pair, "said": "up"},
        {"pair": "x", "said": "left"},
        {"pair": pair, "said": "left", "seconds": -1},
    ):
        assert one.ask("POST", "/api/compare/answer", {"uuid": uuid(), **body}).status_code == 422
    assert one.ask("GET", "/api/compare/taste").status_code == 403
    assert viewer.ask("GET", "/api/compare/progress").status_code == 403
    assert Browser(place.app).ask("GET", "/api/compare/progress").status_code == 401


def test_the_owner_sees_what_is_liked_and_everybody_how_sure_that_is(place: Server) -> None:
    who = place.invite("fay")
    unsure = who.ok("GET", "/api/compare/progress")
    assert unsure["follows"]
    for _ in range(8):
        for pair in following(who):
            tasks = [SPACE.decode(SPECS[pair[side]["task"]]) for side in ("left", "right")]
            longer = [int(task.length) for task in tasks]
            said = "tie" if longer[0] == longer[1] else "left" if longer[0] > longer[1] else "right"
            who.act("/api/compare/answer", pair=pair["pair"], said=said)
    now = who.ok("GET", "/api/compare/progress")
    assert now["all"] == unsure["all"] + 24
    assert now["sure"] > max(0.6, unsure["sure"])
    taste = place.owner.ok("GET", "/api/compare/taste")
    weights = {each["feature"]: each["weight"] for each in taste["weights"]}
    assert weights.keys() == set(SPACE.feature_names)
    assert max(weights, key=lambda name: weights[name]) == "length"
    assert {rater["name"] for rater in taste["raters"]} >= {"fay"}


def test_what_was_said_outlives_the_server_and_reaches_the_run_in_the_end(place: Server) -> None:
    from explora.people import Panel

    people = place.people
    again = Panel(people.folder, EventLog(people.base), people.scene, people.follower)
    stands = {said.uuid for said in people.panel._book.said.values() if said.said != "unsure"}
    assert again.wait(60.0)
    assert {said.uuid for said in again._book.said.values() if said.said != "unsure"} == stands
    assert stands <= {letter.uuid for letter in letters(place)}


def test_a_run_whose_parts_cannot_be_built_says_so(tmp_path: Path) -> None:
    with served(write_run(tmp_path / "run")) as found:
        found.people.panel.wait(30.0)
        answer = found.owner.ok("POST", "/api/compare/next", {"count": 1})
        assert answer["pairs"] == []
        assert "cannot be built" in answer["waiting"]
        assert found.owner.ok("GET", "/api/compare/taste")["weights"] == []
        assert found.owner.ok("GET", "/api/compare/progress")["sure"] is None
