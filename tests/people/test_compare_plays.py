"""Comparing episodes: exact identities, versions, export, undoing, and playing them again."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explora.core import Parts, spec
from explora.explorers import Replay
from explora.people._log import EventLog
from explora.runs import Plan, begin
from explora.store import Record, RunFolder, TaskRow
from explora.testing import Linear, Walk

from ._around import Server, served, uuid
from .test_author import until

TRAIL = {"cells": "......", "mark": 5, "toll": 0.0}
MUDDY = {"cells": ".~~...", "mark": 5, "toll": 0.0}
TURNS = (10, 30)


def write(path: Path, turns: tuple[int, ...] = TURNS) -> Path:
    """A run with two tasks and a version of its learner at each of some turns."""
    parts, plan = Parts(Walk(), Linear(), Replay(rows=4, capacity=8)), Plan(steps=100)
    config = {"recipe": "toy", "parts": spec(parts), "plan": spec(plan)}
    with RunFolder.create(path, config=config, facts={"state": "finished", "versions": {}}) as folder:
        space = parts.space
        tasks = enumerate((TRAIL, MUDDY))
        rows = [TaskRow(n, -1, 40, space.address(space.decode(each)), each, 0.1) for n, each in tasks]
        folder.database.append(Record(40, 400, 4, 0, 5, 60.0, 300.0, {}), tasks=rows)
        for turn in turns:
            learner = parts.learner
            folder.versions.save(learner.freeze(learner.publish(begin(parts, plan).learner)), turn=turn)
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(write(tmp_path_factory.mktemp("plays") / "run")) as server:
        server.people.scene.wait(60.0)
        yield server


def following(who: Any, count: int = 3) -> list[dict[str, Any]]:
    return who.ok("POST", "/api/compare/next", {"count": count, "what": "plays"})["pairs"]


def exported(place: Server, form: str = "jsonl") -> Any:
    return place.owner.ask("GET", f"/api/compare/export?format={form}")


def test_a_pair_names_both_episodes_exactly_and_is_written_down(place: Server):
    who = place.invite("ada")
    pairs = following(who)
    assert following(who) == pairs, "they stay until they are answered"
    for pair in pairs:
        left, right = pair["left"], pair["right"]
        assert pair["what"] == "plays"
        assert left["task"] == right["task"], "two episodes of one task, so that they are shown in step"
        assert {left["play"]["turn"], right["play"]["turn"]} == set(TURNS)
        assert left["play"]["seed"] == right["play"]["seed"], "two versions play with the same chance"
        assert pair["gain"] > 0
    act = place.people.log.acts(person=who.who["id"], kinds=("pair",))[0]
    assert act.uuid == pairs[0]["pair"]
    assert act.data["spec"] == (TRAIL, MUDDY)[pairs[0]["left"]["task"]]
    assert (act.data["left"], act.data["right"]) == (pairs[0]["left"]["play"], pairs[0]["right"]["play"])


def test_sides_are_drawn_by_lot(place: Server):
    who = place.invite("lot")
    assert len({pair["left"]["play"]["turn"] for pair in following(who, 10)}) == 2


@pytest.mark.slow
def test_an_episode_is_the_same_whenever_it_is_played(place: Server):
    pair = following(place.invite("ben"))[0]
    side = pair["left"]
    by_number = {"id": side["task"], **side["play"]}
    by_spec = {"task": (TRAIL, MUDDY)[side["task"]], **side["play"]}
    played = [
        until(lambda body=body: place.owner.ask("POST", "/api/play", body)).json() for body in (by_number, by_spec)
    ]
    place.people.players._done.clear()
    again = until(lambda: place.owner.ask("POST", "/api/play", by_spec)).json()
    assert played[0] == played[1] == again
    assert again["turn"] == side["play"]["turn"]
    assert len(again["actions"]) > 0


def test_judgements_of_episodes_do_not_mix_with_those_of_tasks(place: Server):
    who = place.invite("cleo")
    plays = following(who)
    place.people.panel.wait(60.0)
    tasks = who.ok("POST", "/api/compare/next", {"count": 1})["pairs"]
    assert {pair["what"] for pair in tasks} == {"tasks"}
    before = len(place.people.folder.inbox.letters(kind="preference"))
    for pair in (plays[0], tasks[0]):
        who.act("/api/compare/answer", pair=pair["pair"], said="left")
    letters = place.people.folder.inbox.letters(kind="preference")[before:]
    assert len(letters) == 1, "a run follows what is said of tasks"
    assert set(letters[0].data) == {"left", "right", "said"}
    mine = lambda what: who.ok("GET", f"/api/compare/progress?what={what}")["mine"]
    assert (mine("plays"), mine("tasks")) == ({"left": 1}, {"left": 1})
    back = who.act("/api/compare/undo", what="plays")  # not the last one
    assert (back["said"], back["pair"]) == ("left", plays[0])
    assert (mine("plays"), mine("tasks")) == ({}, {"left": 1})
    assert who.act("/api/compare/undo")["pair"]["what"] == "tasks"
    assert who.act("/api/compare/undo") is None
    assert len(place.people.folder.inbox.letters(kind="preference")) == before + 2, "one judgement, and its undoing"


def test_the_version_that_wins_is_preferred_and_the_export_says_of_what_exactly(place: Server):
    who = place.invite("dan")
    told = []
    for _ in range(4):
        for pair in following(who):
            newer = max(("left", "right"), key=lambda side: pair[side]["play"]["turn"])
            who.act("/api/compare/answer", pair=pair["pair"], said=newer, seconds=2.5)
            told.append((pair, newer))
    rungs = place.owner.ok("GET", "/api/compare/versions")
    assert [rung["turn"] for rung in rungs["versions"]] == list(TURNS)
    weights = [rung["weight"] for rung in rungs["versions"]]
    assert weights[1] > 0.5 > -0.5 > weights[0]
    assert [rung["judged"] for rung in rungs["versions"]] == [12, 12]
    assert [rater["name"] for rater in rungs["raters"]] == ["dan"]
    assert who.ok("GET", "/api/compare/progress?what=plays")["sure"] > 0.9
    rows = [json.loads(line) for line in exported(place).text.splitlines()]
    mine = [row for row in rows if row["name"] == "dan"]
    assert [row["pair"] for row in mine] == [pair["pair"] for pair, _ in told]
    pair, said = told[0]
    assert mine[0] | {"time": "", "who": "", "uuid": "", "event": 0} == {
        "what": "plays",
        "said": said,
        "who": "",
        "name": "dan",
        "time": "",
        "seconds": 2.5,
        "stands": True,
        "gain": pair["gain"],
        "pair": pair["pair"],
        "uuid": "",
        "event": 0,
        **{f"{side}_task": pair[side]["task"] for side in ("left", "right")},
        **{f"{side}_spec": (TRAIL, MUDDY)[pair[side]["task"]] for side in ("left", "right")},
        **{
            f"{side}_{name}": pair[side]["play"][name]
            for side in ("left", "right")
            for name in ("turn", "seed", "greedy")
        },
    }
    assert {row["stands"] for row in rows if row["name"] == "cleo"} == {False}, "also what was taken back"
    assert {row["what"] for row in rows} == {"plays", "tasks"}
    table = list(csv.DictReader(io.StringIO(exported(place, "csv").text)))
    assert [row["uuid"] for row in table] == [row["uuid"] for row in rows]
    assert exported(place, "parquet").content[:4] == b"PAR1"


@pytest.mark.slow
def test_what_was_said_of_episodes_outlives_the_server(place: Server):
    from explora.people import Panel

    people = place.people
    again = Panel(people.folder, EventLog(people.base), people.scene, people.follower)
    assert [each[:2] for each in again.said()] == [each[:2] for each in people.panel.said()]
    fits = [panel.ladder()[0] for panel in (again, people.panel)]
    assert fits[0] is not None
    assert fits[1] is not None
    assert fits[0].ranked.linear.weights.tolist() == fits[1].ranked.linear.weights.tolist()


@pytest.mark.slow
def test_a_version_that_is_gone_is_not_asked_about(tmp_path: Path):
    path = write(tmp_path / "run")
    with served(path) as server:
        server.people.scene.wait(60.0)
        pairs = following(server.owner)
        server.people.folder.versions.rewind(TURNS[0])  # as when a run goes on from an earlier checkpoint
        body = {"uuid": uuid(), "pair": pairs[0]["pair"], "said": "left"}
        answer = server.owner.ask("POST", "/api/compare/answer", body)
        assert answer.status_code == 409
        assert "gone back" in answer.json()["error"]
        fresh = following(server.owner)
        assert {side["play"]["turn"] for pair in fresh for side in (pair["left"], pair["right"])} == {TURNS[0]}
        assert all(pair["left"]["play"]["seed"] != pair["right"]["play"]["seed"] for pair in fresh), "chance differs"


@pytest.mark.slow
def test_why_there_is_nothing_to_compare(tmp_path: Path):
    with served(write(tmp_path / "run", ())) as server:
        server.people.scene.wait(60.0)
        found = server.owner.ok("POST", "/api/compare/next", {"what": "plays"})
        assert found["pairs"] == []
        assert "no version of the learner yet" in found["waiting"]
        assert server.owner.ok("GET", "/api/compare/versions")["versions"] == []
        assert server.owner.ok("GET", "/api/compare/progress?what=plays")["sure"] is None
