"""Answering: leases, answers, undo across submits, drafts, progress, agreement, all over the wire."""

import json
from pathlib import Path
from typing import Any

import pytest

from explora.people import Schema, agreement
from explora.store import Slots, Word

from ._around import NASTY, Browser, Server, offer, served, uuid, write_run


def following(browser: Browser, count: int = 5) -> list[str]:
    return [each["item"] for each in browser.ok("POST", "/api/label/next", {"count": count})["items"]]


def answer(browser: Browser, item: str, value: Any) -> bool:
    return browser.act("/api/label/answer", item=item, value=value, seconds=1.5)["settled"]


def test_items_come_in_the_order_of_worth_and_stay_mine(server: Server):
    ann, bob = server.invite("Ann"), server.invite("Bob")
    assert following(ann, 3) == ["item-0", "item-1", "item-2"]
    assert following(ann, 3) == ["item-0", "item-1", "item-2"], "a reload brings what one has"
    assert following(ann, 4) == ["item-0", "item-1", "item-2", "item-3"]
    assert following(bob, 2) == ["item-0", "item-1"], "two people are asked about each"
    assert following(server.invite("Cid"), 5) == ["item-2", "item-3"]


def test_an_answer_counts_once_however_often_it_is_sent(server: Server, tmp_path: Path):
    ann = server.invite("Ann")
    following(ann, 1)
    said = {"uuid": uuid(), "item": "item-0", "value": "cat", "seconds": 2.0}
    assert [ann.ok("POST", "/api/label/answer", said)["settled"] for _ in range(3)] == [True, True, True]
    words = Slots(tmp_path / "queue.db").words()
    assert words == [Word("item-0", ann.who["id"], "answered", "cat", 1.0, 2.0)]
    other = said | {"value": "dog"}
    assert ann.ask("POST", "/api/label/answer", other).status_code == 409
    assert following(ann, 1) == ["item-1"]


def test_nobody_answers_what_they_were_not_asked(server: Server):
    ann = server.invite("Ann")
    for item in ("item-3", "no such item"):
        refused = ann.ask("POST", "/api/label/answer", {"uuid": uuid(), "item": item, "value": "x"})
        assert refused.status_code == 409
        assert "not asked" in refused.json()["error"]
    assert server.people.desk.slots.words() == []


def test_undo_goes_back_across_submits_and_skips(server: Server):
    ann = server.invite("Ann")
    following(ann)
    answer(ann, "item-0", "cat")
    ann.act("/api/label/skip", item="item-1", kind="skipped")
    ann.act("/api/label/skip", item="item-2", kind="unsure")
    undone = [ann.act("/api/label/undo") for _ in range(4)]
    assert [each and (each["item"], each["kind"], each["value"]) for each in undone] == [
        ("item-2", "unsure", None),
        ("item-1", "skipped", None),
        ("item-0", "answered", "cat"),
        None,
    ]
    assert all(each["question"]["shown"] for each in undone[:3])
    assert server.people.desk.slots.words() == []
    assert set(following(ann)) == {f"item-{n}" for n in range(4)}
    assert answer(ann, "item-0", "dog")
    kinds = [event["kind"] for event in server.people.desk.slots.events() if event["item"] == "item-0"]
    assert kinds == ["claimed", "answered", "withdrawn", "answered"]


def test_undo_sent_twice_takes_back_one(server: Server):
    ann = server.invite("Ann")
    following(ann)
    answer(ann, "item-0", "cat")
    answer(ann, "item-1", "dog")
    said = {"uuid": uuid()}
    first, again = (ann.ok("POST", "/api/label/undo", said) for _ in range(2))
    assert (first["item"], again["item"]) == ("item-1", "item-1")
    assert again["question"]["item"] == "item-1"
    assert [word.item for word in server.people.desk.slots.words()] == ["item-0"]
    bob = server.invite("Bob")
    assert bob.ask("POST", "/api/label/undo", said).status_code == 409, "an id of somebody else's act is no key to it"


def test_an_expired_lease_goes_to_the_next_and_the_late_answer_is_kept(tmp_path: Path):
    queue = tmp_path / "queue.db"
    offer(queue, 1)
    with served(write_run(tmp_path / "run", queue=queue)) as server:
        ann, bob = server.invite("Ann"), server.invite("Bob")
        assert following(ann) == ["item-0"]
        assert following(bob) == []
        server.clock.ahead += 301.0
        assert following(bob) == ["item-0"]
        assert answer(ann, "item-0", "late") is False
        assert answer(bob, "item-0", "cat") is True
        kinds = {word.value: word.kind for word in server.people.desk.slots.words()}
        assert kinds == {"late": "surplus", "cat": "answered"}


def test_leases_can_be_made_longer(server: Server):
    ann = server.invite("Ann")
    first = ann.ok("POST", "/api/label/next", {"count": 2})["items"]
    server.clock.ahead += 100.0
    longer = ann.ok("POST", "/api/label/extend", {"items": ["item-0", "item-3", "nothing"]})["items"]
    assert [each["item"] for each in longer] == ["item-0"]
    assert longer[0]["until"] > first[0]["until"]


def test_drafts_are_private_and_end_with_the_answer(server: Server):
    ann, bob = server.invite("Ann"), server.invite("Bob")
    following(ann, 2)
    ann.ok("PUT", "/api/label/draft", {"item": "item-0", "value": "ca"})
    ann.ok("PUT", "/api/label/draft", {"item": "item-0", "value": "cat"})
    assert ann.ok("GET", "/api/label/drafts") == {"item-0": "cat"}
    assert ann.ok("POST", "/api/label/next", {"count": 2})["items"][0]["draft"] == "cat"
    assert bob.ok("GET", "/api/label/drafts") == {}
    assert server.owner.ok("GET", "/api/label/drafts") == {}
    assert bob.ok("POST", "/api/label/next", {"count": 1})["items"][0]["draft"] is None
    answer(ann, "item-0", "cat")
    assert ann.ok("GET", "/api/label/drafts") == {}


def test_progress_counts_mine_and_all(server: Server):
    ann, bob = server.invite("Ann"), server.invite("Bob")
    following(ann)
    following(bob)
    answer(ann, "item-0", "cat")
    answer(ann, "item-1", "cat")
    answer(bob, "item-0", "cat")
    bob.act("/api/label/skip", item="item-1", kind="unsure")
    found = ann.ok("GET", "/api/label/progress")
    assert (found["answered"], found["skipped"], found["unsure"]) == (2, 0, 0)
    assert found["slots"] == {"answered": 3, "unsure": 1, "leased": 4}
    assert found["seconds"] == 1.5
    assert found["pace"] > 60  # two answers within a second
    history = ann.ok("GET", "/api/label/history")
    assert [each["item"] for each in history] == ["item-1", "item-0"]
    assert [each["item"] for each in ann.ok("GET", f"/api/label/history?before={history[0]['event']}")] == ["item-0"]


def test_the_schema_is_the_owners_latest_word(server: Server):
    ann = server.invite("Ann")
    following(ann)
    choices = [{"value": "cat", "name": "Cat"}, {"value": 3, "name": "3"}, {"value": "dog", "name": "Dog", "key": "d"}]
    said = {"uuid": uuid(), "kind": "classes", "choices": choices, "free": False, "guidelines": NASTY}
    assert [each["key"] for each in server.owner.ok("PUT", "/api/label/schema", said)["choices"]] == ["1", "3", "d"]
    assert ann.ok("GET", "/api/label/schema")["guidelines"] == NASTY
    refused = [
        ann.ask("POST", "/api/label/answer", {"uuid": uuid(), "item": "item-0", "value": v})
        for v in ("cow", "3", ["cat"], True)
    ]
    assert [each.status_code for each in refused] == [409] * 4
    assert answer(ann, "item-0", 3)
    server.owner.act("/api/label/schema/undo")
    assert ann.ok("GET", "/api/label/schema") == {"kind": "classes", "choices": [], "free": True, "guidelines": ""}
    assert answer(ann, "item-1", "cow")
    kinds = [act["kind"] for act in server.owner.ok("GET", "/api/events")]
    assert kinds == ["signed in", "invited", "signed in", "schema", "schema"]


def test_digits_keep_their_own_keys():
    digits = Schema.model_validate({"choices": [{"value": n, "name": str(n)} for n in range(10)]}).keyed()
    assert [choice.key for choice in digits.choices] == list("0123456789")
    words = Schema.model_validate({"choices": [{"value": w, "name": w} for w in ("2", "yes", "no")]}).keyed()
    assert [choice.key for choice in words.choices] == ["2", "1", "3"]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("numbers", [1, -2.5], ["1", True, [1.0]]),
        ("labels", [["cat"], []], ["cat", [" "], 1]),
        ("text", ["a b"], [" ", 1, ["a"]]),
        ("classes", ["cat", 2, False], ["", ["cat"]]),
    ],
)
def test_labels_are_of_the_kind(kind: Any, good: list[Any], bad: list[Any]):
    schema = Schema(kind=kind)
    assert [schema.refuses(value) for value in good] == [None] * len(good)
    assert all(isinstance(schema.refuses(value), str) for value in bad)


def test_what_no_database_can_take_is_malformed(server: Server):
    ann = server.invite("Ann")
    following(ann)
    for value in (
        b'"\\ud800"',
        b'"a\\u0000b"',
        b"NaN",
        b"1e999",
        b"Infinity",
        b"null",
        b"{}",
        b"123456789012345678901234567890",
        b"[[1]]",
    ):
        body = b'{"uuid": "%s", "item": "item-0", "value": %s}' % (uuid().encode(), value)
        found = ann.client.post("/api/label/answer", content=body, headers={"Content-Type": "application/json"})
        assert found.status_code == 422, value
    assert server.people.desk.slots.words() == []


def test_people_who_agree_and_people_who_do_not(server: Server):
    ann, bob = server.invite("Ann"), server.invite("Bob")
    for browser in (ann, bob):
        following(browser)
    for item, first, second in (("item-0", "a", "a"), ("item-1", "a", "b"), ("item-2", "b", "b"), ("item-3", "b", "b")):
        answer(ann, item, first)
        answer(bob, item, second)
    found = server.owner.ok("GET", "/api/label/agreement")
    # by hand: 3 of 4 agree; chance .5 × .25 + .5 × .75 = .5, so kappa is .5;
    # alpha: 8 values, 3 a and 5 b: expected unlike 2 × 3 × 5 / (8 × 7), observed 2 / 8
    assert found["pairs"] == [{"first": "Ann", "second": "Bob", "items": 4, "same": 3, "kappa": 0.5}]
    assert found["alpha"] == pytest.approx(1 - (2 / 8) / (30 / 56))
    assert found["disputed"] == ["item-1"]
    assert [(one["name"], one["answered"], one["seconds"]) for one in found["people"]] == [
        ("Ann", 4, 1.5),
        ("Bob", 4, 1.5),
    ]


def test_agreement_of_nobody_with_anybody():
    assert agreement([]) == (None, 0, (), ())
    one = [Word("x", "ann", "answered", 1, 1.0, 1.0), Word("x", "bob", "skipped", None, 1.0, 1.0)]
    assert agreement(one) == (None, 0, (), ())


def test_a_run_that_asks_nobody_says_so(tmp_path: Path):
    with served(write_run(tmp_path / "run")) as server:
        found = server.owner.ask("POST", "/api/label/next", {"count": 1})
        assert found.status_code == 404
        assert "asks no people" in found.json()["error"]
        assert server.owner.ok("GET", "/api/watch/run")["tasks"] == 6


def test_a_queue_that_comes_later_is_found(tmp_path: Path):
    queue = tmp_path / "queue.db"
    with served(write_run(tmp_path / "run", queue=queue)) as server:
        assert "not there (yet)" in server.owner.ask("POST", "/api/label/next", {}).json()["error"]
        assert not queue.exists(), "who looks makes no queue"
        offer(queue, 1)
        assert following(server.owner) == ["item-0"]


def test_what_was_said_survives_the_server(tmp_path: Path):
    queue = tmp_path / "queue.db"
    offer(queue, 2)
    write_run(tmp_path / "run", queue=queue)
    with served(tmp_path / "run") as server:
        ann = server.invite("Ann")
        following(ann, 2)
        answer(ann, "item-0", json.dumps(NASTY))
        cookies = dict(ann.client.cookies)
    with served(tmp_path / "run") as server:
        again = Browser(server.app)
        again.client.cookies.update(cookies)
        assert following(again) == ["item-1"]
        assert again.act("/api/label/undo")["value"] == json.dumps(NASTY)
