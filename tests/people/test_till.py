"""People who come at the same time are served together, each with what is theirs."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from explora.core import ArgumentError
from explora.people import Rules, Served, Till, Turn

from ._around import Server, offer, served, uuid, write_run


class Counter:
    """A desk that can be held up, and refuses some."""

    def __init__(self) -> None:
        self.served: list[list[str]] = []
        self.open = threading.Event()
        self.broken: set[str] = set()

    def __call__(self, turns: Sequence[Turn]) -> list[Any]:
        self.open.wait(5.0)
        names = [turn.who for turn in turns]
        if self.broken & set(names):
            raise OSError("the disk is gone")
        self.served.append(names)
        refused = ArgumentError("not you")
        return [refused if name == "eve" else Served(name == "ann", [], {"of": name}) for name in names]


async def came(till: Till, counter: Counter, *names: str) -> list[Any]:
    """All of them come; the first is being served when the others do."""
    first = asyncio.ensure_future(till(Turn(names[0])))
    await asyncio.sleep(0.05)
    rest = [asyncio.ensure_future(till(Turn(name))) for name in names[1:]]
    await asyncio.sleep(0.05)
    counter.open.set()
    return await asyncio.gather(first, *rest, return_exceptions=True)


def test_who_comes_while_another_is_served_is_served_with_the_next():
    counter = Counter()
    found = asyncio.run(came(Till(counter), counter, "ann", "bob", "cem", "dia"))
    assert counter.served == [["ann"], ["bob", "cem", "dia"]]
    assert [each.drafts["of"] for each in found] == ["ann", "bob", "cem", "dia"]
    assert [each.settled for each in found] == [True, False, False, False]


def test_who_is_refused_is_refused_alone():
    counter = Counter()
    found = asyncio.run(came(Till(counter), counter, "ann", "bob", "eve", "dia"))
    assert isinstance(found[2], ArgumentError)
    assert [each.drafts["of"] for each in found if isinstance(each, Served)] == ["ann", "bob", "dia"]


def test_what_breaks_for_all_is_tried_for_each():
    counter = Counter()
    counter.broken = {"cem"}
    found = asyncio.run(came(Till(counter), counter, "ann", "bob", "cem", "dia"))
    assert counter.served == [["ann"], ["bob"], ["dia"]]
    assert isinstance(found[2], OSError)
    assert [each.drafts["of"] for each in found if isinstance(each, Served)] == ["ann", "bob", "dia"]


def test_a_till_serves_again_after_everybody_has_gone():
    counter = Counter()
    till = Till(counter)
    counter.open.set()
    for name in ("ann", "bob"):  # in a loop of its own each, as tests do
        assert asyncio.run(came(till, counter, name))[0].drafts == {"of": name}


def test_new_questions_come_with_the_reply(server: Server):
    ann = server.invite("Ann")
    first = ann.ok("POST", "/api/label/next", {"count": 2})["items"]
    said = ann.act("/api/label/answer", item=first[0]["item"], value="cat", more=1)
    assert said["settled"] is True
    assert [each["item"] for each in said["items"]] == ["item-2"]
    said = ann.act("/api/label/skip", item="item-1", kind="unsure", more=5)
    assert [each["item"] for each in said["items"]] == ["item-3"]
    assert ann.act("/api/label/answer", item="item-2", value="cat")["items"] == []


def test_the_same_answer_sent_again_brings_no_second_one(server: Server):
    ann = server.invite("Ann")
    ann.ok("POST", "/api/label/next", {"count": 1})
    said = {"uuid": uuid(), "item": "item-0", "value": "cat", "more": 1}
    items = [[each["item"] for each in ann.ok("POST", "/api/label/answer", said)["items"]] for _ in range(2)]
    assert items == [["item-1"], ["item-2"]], "what was lost on the way is held, and comes with `next`"
    held = ann.ok("POST", "/api/label/next", {"count": 2})["items"]
    assert [each["item"] for each in held] == ["item-1", "item-2"]
    assert len(server.people.desk.slots.words()) == 1


def test_limits_hold_for_answers(tmp_path: Any):
    offer(tmp_path / "queue.db", 4)
    rules = Rules(rate=0.001, burst=6.0, body=300)
    with served(write_run(tmp_path / "run", queue=tmp_path / "queue.db"), rules) as server:
        ann = server.invite("Ann")
        ann.ok("POST", "/api/label/next", {"count": 4})
        said = lambda item, value: {"uuid": uuid(), "item": item, "value": value}
        assert ann.ask("POST", "/api/label/answer", said("item-0", "x" * 400)).status_code == 413
        codes = [ann.ask("POST", "/api/label/answer", said(f"item-{n % 4}", "x")).status_code for n in range(6)]
        assert codes == [200] * 4 + [429] * 2
        assert len(server.people.desk.slots.words()) == 4


@pytest.mark.slow
def test_a_server_answers_on_postgresql_as_on_a_file(tmp_path: Any, server_url: str):
    from explora.people import People
    from explora.store import RunFolder, Slots

    from ._around import Browser

    schema = f"desk_{uuid().replace('-', '_')}"
    slots = Slots(server_url, schema=schema)
    slots.offer([(f"item-{n}", {"text": f"text {n}"}) for n in range(3)], overlap=2)
    oracle = {"type": "explora.adapters.Queue", "path": server_url, "schema": schema}
    config = {"recipe": "plr", "parts": {"domain": {"type": "no.Such", "oracle": oracle}}, "plan": {}}
    with RunFolder.create(tmp_path / "run", config=config, facts={"state": "finished"}) as folder:
        people = People.around(folder, store=server_url)
        server = Server(people, Rules(rate=0.0))
        ann = server.invite("Ann")
        items = [each["item"] for each in ann.ok("POST", "/api/label/next", {"count": 2})["items"]]
        assert items == ["item-0", "item-1"]
        ann.ok("PUT", "/api/label/draft", {"item": "item-1", "value": "do"})
        said = ann.act("/api/label/answer", item="item-0", value="cat", more=3)
        assert [each["item"] for each in said["items"]] == ["item-2"]
        assert ann.act("/api/label/undo")["question"]["item"] == "item-0"
        assert ann.act("/api/label/answer", item="item-0", value="dog", seconds=2.0)["settled"] is True
        assert [(word.item, word.value) for word in slots.words()] == [("item-0", "dog")]
        assert isinstance(server.owner, Browser)
        logs = [entry["log"] for entry in server.owner.ok("GET", "/api/history")["entries"]]
        assert set(logs) == {"people", "queue"}
        people.scene.wait(30.0)
        people.close()
    slots.close()
