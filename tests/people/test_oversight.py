"""What an owner does: gold, decisions, overlap, times, quality, export; worked out by hand, over the wire."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explora.adapters import Queue
from explora.core import Memory
from explora.domains.pool import Answer, Items, Question, from_arrays
from explora.domains.pool import Desk as PoolDesk
from explora.people import Score, blended, likely, run_quality, scores, together
from explora.plots import SuiteResult, TaskResult
from explora.store import DECIDED, GOLD, Claim, Gold, Overseer, Records, Review, Slots, Word

from ._around import NASTY, Browser, Server, offer, served, uuid, write_run


@pytest.fixture
def items() -> Items:
    """Six items with the names of the queue's."""
    return from_arrays(np.arange(12.0).reshape(6, 2), ids=[f"item-{n}" for n in range(6)])


def following(browser: Browser, count: int = 5) -> list[str]:
    return [each["item"] for each in browser.ok("POST", "/api/label/next", {"count": count})["items"]]


def answer(browser: Browser, item: str, value: Any, seconds: float = 1.5) -> bool:
    return browser.act("/api/label/answer", item=item, value=value, seconds=seconds)["settled"]


def mark(browser: Browser, **known: Any) -> Any:
    items = [{"item": item.replace("_", "-"), "value": value} for item, value in known.items()]
    return browser.act("/api/label/gold", items=items)


def heard(path: Path, items: Items, **how: Any) -> dict[str, Answer]:
    """What a run hears of a queue, by item."""
    return {items.ids[question.item]: said for question, said in Queue(str(path), **how).news(items, 0)[0]}


def put(server: Server, path: str, **said: Any) -> Any:
    return server.owner.ok("PUT", path, {"uuid": uuid(), **said})


# --- gold ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(tmp_path: Path) -> Any:
    """Six questions, the last two of which are gold, and every second one that is asked is."""
    offer(tmp_path / "queue.db", 6)
    with served(write_run(tmp_path / "run", queue=tmp_path / "queue.db")) as server:
        assert put(server, "/api/label/gold/rule", rate=0.5) == {"rate": 0.5, "tolerance": 0.0}
        assert mark(server.owner, item_4="cat", item_5="dog") == {"marked": 2, "refused": []}
        server.people.oversight.draw = lambda count: [place % 2 == 0 for place in range(count)]
        yield server


def test_gold_is_slipped_in_and_looks_like_any_question(mixed: Server):
    ann = mixed.invite("Ann")
    before = ann.ok("GET", "/api/label/progress")["slots"]
    found = ann.ok("POST", "/api/label/next", {"count": 4})["items"]
    names = [each["item"] for each in found]
    assert [name in ("item-4", "item-5") for name in names] == [True, False, True, False]
    assert following(ann, 4) == names, "and stays where it was"
    assert len({tuple(sorted(each)) for each in found}) == 1
    assert {(each["attempt"], type(each["shown"]), each["draft"]) for each in found} == {(1, dict, None)}
    mixed.clock.ahead += 2.0
    after = ann.ok("GET", "/api/label/progress")["slots"]
    assert sum(before.values()) == sum(after.values()) == 4, "nobody can tell by counting"
    assert answer(ann, names[0], "cat")
    assert ann.act("/api/label/undo")["item"] == names[0]
    seen = ann.ok("GET", "/api/history")["entries"]
    assert len({tuple(sorted(each["data"])) for each in seen if each["kind"] == "claimed"}) == 1
    assert not any("slot" in each["data"] for each in seen), "the numbers of slots would tell"


def test_how_well_people_do_on_gold_is_for_the_owner_only(mixed: Server):
    ann, bob = mixed.invite("Ann"), mixed.invite("Bob")
    for browser, said in ((ann, {"item-4": "cat", "item-5": "cat"}), (bob, {"item-4": "cat", "item-5": "dog"})):
        following(browser, 4)
        for item, value in said.items():
            assert answer(browser, item, value)
    found = mixed.owner.ok("GET", "/api/label/gold")
    people = {one.pop("name"): one for one in found["people"]}
    # Wilson with z = 1.96, z² = 3.8416: of 1 in 2 it is (.5 + .9604) / 2.9208 ± 1.96 √(.125 + .2401) / 2.9208
    assert (people["Ann"]["right"], people["Ann"]["answered"]) == (1, 2)
    assert [people["Ann"][end] for end in ("low", "high")] == pytest.approx([0.09454, 0.90546], abs=1e-4)
    assert (people["Bob"]["right"], people["Bob"]["answered"]) == (2, 2)
    assert [people["Bob"][end] for end in ("low", "high")] == pytest.approx([2 / 5.8416, 1.0])
    assert found["items"] == [
        {"item": "item-4", "value": "cat", "stands": True},
        {"item": "item-5", "value": "dog", "stands": True},
    ]
    for path in ("gold", "disputes", "overlap", "times", "export"):
        assert ann.ask("GET", f"/api/label/{path}").status_code == 403


def test_no_run_hears_what_people_say_of_gold(mixed: Server, tmp_path: Path, items: Items):
    ann, kept = mixed.invite("Ann"), Answer(None, "unsure", 0.0)
    following(ann, 4)
    for item, value in (("item-4", "cat"), ("item-5", "cow"), ("item-0", "cat")):
        answer(ann, item, value)
    now = heard(tmp_path / "queue.db", items)
    assert now == {"item-0": Answer("cat", "answered", 1.0, 1.5), "item-4": kept, "item-5": kept}
    mixed.owner.act("/api/label/gold/remove", item="item-4")
    assert heard(tmp_path / "queue.db", items)["item-4"] == kept, "people answered it as gold: it stays out"
    assert [one["answered"] for one in mixed.owner.ok("GET", "/api/label/gold")["people"]] == [1]


def test_a_run_that_asks_for_gold_hears_at_once_that_nobody_knows(tmp_path: Path, items: Items):
    queue = Queue(str(tmp_path / "queue.db"), overlap=2)
    queue.overseer.mark("owner", "item-1", "cat", "mark-0001", shown={"text": "x"})
    asked = queue.ask([Question(0), Question(1)], items)
    assert asked == [None, Answer(None, "unsure", 0.0)]
    assert Review(queue.slots).items() == ["item-0"]
    assert queue.news(items, 0)[0] == [], "what no run asked for it does not hear of"
    assert queue.overseer.unmark("owner", "item-1", "unmark-01")
    assert queue.ask([Question(1)], items) == [None], "nobody had got it: it is an item like any other again"


def test_gold_must_be_new_and_known(mixed: Server):
    ann = mixed.invite("Ann")
    following(ann, 2)
    answer(ann, "item-0", "cat")
    said = mark(mixed.owner, item_0="dog", item_9="cat", item_1=" ")
    assert said["marked"] == 0
    assert [word in each for word, each in zip(("answered already", "no item", "empty"), said["refused"])] == [True] * 3
    same = {"uuid": uuid(), "items": [{"item": "item-1", "value": "cat"}]}
    assert [mixed.owner.ok("POST", "/api/label/gold", same)["marked"] for _ in range(2)] == [1, 1]
    kinds = [event["kind"] for event in mixed.people.desk.slots.events() if event["item"] == "item-1"]
    assert kinds.count("gold") == 1


def test_gold_comes_only_where_there_is_something_to_ask(mixed: Server):
    assert len(following(mixed.invite("Ann"), 20)) == 6, "all of the run's questions, and both of gold"
    assert [following(mixed.invite("Bob"), count) for count in (1, 20)] == [[], []], "no question, no gold either"


def test_the_share_of_gold_is_the_rate(server: Server):
    put(server, "/api/label/gold/rule", rate=0.1)
    drawn = server.people.oversight.draw(20_000)
    assert abs(np.mean(drawn) - 0.1) < 4 * np.sqrt(0.09 / len(drawn))


def test_gold_among_questions_by_hand():
    run = iter(range(100))
    claim = lambda left: lambda number: [Claim(next(run), "run", "ann", 1, 0.0) for _ in range(min(number, left.pop()))]
    gold = lambda: Claim(-1, "gold", "ann", 1, 0.0)
    asked = lambda places, left, more=True, slip=gold: "".join(
        each.item[0]
        for each in blended([place == "g" for place in places], claim=claim(left), slip=slip, more=lambda: more)
    )
    assert asked("grrgr", [1, 2]) == "grrgr"
    assert asked("rrg", [1]) == "r", "what is asked is over"
    assert asked("g", [], True) == "g"
    assert asked("g", [0], False) == ""
    assert asked("grg", [3, 3], True, lambda: None) == "rrr", "gold is over"


def test_what_is_right_on_gold():
    golds = [Gold("a", ["x", "y"], True, False), Gold("b", 2.0, True, False), Gold("c", 1, False, False)]
    word = lambda item, value, kind="answered": Word(item, "ann", kind, value, 1.0, 1.0)
    words = {"a": [word("a", ["y", "x"])], "b": [word("b", 2.1)], "c": [word("c", 2)]}
    assert [score[:3] for score in scores(golds, words)] == [("ann", 1, 2)]
    assert [score[:3] for score in scores(golds, words, 0.2)] == [("ann", 2, 2)]
    assert scores(golds[:1], {"a": [word("a", None, "unsure")]}) == [Score("ann", 0, 0, 0.0, 1.0, 1)]


# --- decisions -------------------------------------------------------------------------------------------------------


def test_what_people_say_together_by_hand():
    word = lambda value, who="ann", kind="answered": Word("x", who, kind, value, 1.0, 2.0)
    two = [word("a"), word("b", "bob")]
    assert together([]) == (None, "open")
    assert together([word("a")]) == ("a", "one answer")
    assert together([word("a"), word("a", "bob")]) == ("a", "all agree")
    assert together(two) == (None, "open"), "a tie, as the run has it"
    assert together([*two, word("b", "cid")]) == ("b", "majority")
    assert together([*two, word("b", "cid", "surplus")]) == (None, "open"), "what came too late the run never counts"
    assert together([word(1), word(5, "bob"), word(2, "cid")], "median") == (2, "median")
    assert together([*two, word("a", DECIDED, "decided")]) == ("a", "decided")
    assert together([*two, word("c", GOLD, "gold")]) == ("c", "gold")


def test_crowdlab_breaks_a_tie_by_trust():
    # Ann and Bob agree on four items, and Cid agrees with nobody: against Ann, Cid has no say
    rows = [(f"i{n}", who, value) for n in range(4) for who, value in (("ann", n % 2), ("bob", n % 2), ("cid", 2))]
    words: dict[str, list[Word]] = {}
    for item, who, value in [*rows, ("tie", "ann", 1), ("tie", "cid", 2), ("single", "ann", 1)]:
        words.setdefault(item, []).append(Word(item, who, "answered", value, 1.0, 1.0))
    found = likely(words)
    assert found["tie"].value == 1
    assert found["tie"].quality > 1 / 3
    assert "single" not in found
    assert likely({}) == {}


def test_an_owner_decides_and_takes_it_back(server: Server, tmp_path: Path, items: Items):
    ann, bob, path = server.invite("Ann"), server.invite("Bob"), tmp_path / "queue.db"
    following(ann)
    following(bob)
    for item, first, second in (("item-0", "a", "a"), ("item-1", "a", "b"), ("item-2", NASTY, "b")):
        answer(ann, item, first)
        answer(bob, item, second)
    found = server.owner.ok("GET", "/api/label/disputes")
    assert (found["count"], [each["item"] for each in found["items"]]) == (2, ["item-1", "item-2"])
    first = found["items"][0]
    assert [(said["name"], said["value"]) for said in first["said"]] == [("Ann", "a"), ("Bob", "b")]
    assert (first["value"], first["rule"], first["shown"]) == (None, "open", {"text": "text 1"})
    assert heard(path, items)["item-1"] == Answer(None, "unsure", 2.0, 3.0)

    said = {"uuid": uuid(), "item": "item-1", "value": "b"}
    for _ in range(2):
        assert server.owner.ok("POST", "/api/label/decide", said) == {"item": "item-1"}
    assert server.owner.ask("POST", "/api/label/decide", said | {"value": "a"}).status_code == 409
    assert heard(path, items)["item-1"] == Answer("b", "answered", 2.0, 3.0)
    assert [each["item"] for each in server.owner.ok("GET", "/api/label/disputes")["items"]] == ["item-2"]
    decided = server.owner.ok("GET", "/api/label/disputes?decided=true")["items"][0]
    assert (decided["item"], decided["value"], decided["rule"]) == ("item-1", "b", "decided")

    server.owner.act("/api/label/decide", item="item-1", value="a")
    assert heard(path, items)["item-1"].value == "a"
    again = {"uuid": uuid()}
    for _ in range(2):
        assert server.owner.ok("POST", "/api/label/decide/undo", again) == {"item": "item-1"}
    assert heard(path, items)["item-1"].value == "b", "what was decided before counts again"
    assert server.owner.act("/api/label/decide/undo", item="item-1") == {"item": "item-1"}
    assert heard(path, items)["item-1"] == Answer(None, "unsure", 2.0, 3.0)
    assert server.owner.act("/api/label/decide/undo") == {"item": None}
    kinds = [event["kind"] for event in server.people.desk.slots.events() if event["slot"] == 0]
    assert kinds == ["decided", "decided", "undecided", "undecided"]
    names = [one["name"] for one in server.owner.ok("GET", "/api/label/agreement")["people"]]
    assert names == ["Ann", "Bob"], "a decision is nobody's label"


def test_nobody_is_asked_about_what_was_decided(tmp_path: Path, items: Items):
    slots = Slots(tmp_path / "queue.db")
    slots.offer([("item-0", {})], overlap=3)
    overseer = Overseer(slots)
    for who, value in (("ann", "a"), ("bob", "b")):
        claim = slots.claim(who)
        assert claim is not None
        slots.answer(claim, f"{who}-0001", value, seconds=1.0)
    assert heard(tmp_path / "queue.db", items) == {}, "one opinion is still to come"
    overseer.decide("owner", "item-0", "b", "decide-01")
    assert heard(tmp_path / "queue.db", items)["item-0"].value == "b"
    assert slots.claim("cid") is None
    assert overseer.undecide("owner", "undecide-01") == "item-0"
    assert heard(tmp_path / "queue.db", items) == {}
    assert slots.claim("cid") is not None


def test_a_decision_reaches_a_run_as_a_correction(tmp_path: Path, items: Items):
    oracle, desk = Queue(str(tmp_path / "queue.db"), overlap=2), PoolDesk(Memory())
    assert desk.ask(oracle, [Question(0), Question(1)], items) == [None, None]
    for who, *said in (("ann", "a", "a"), ("bob", "a", "b")):
        for value in said:
            claim = oracle.slots.claim(who)
            assert claim is not None
            oracle.slots.answer(claim, uuid(), value)
    assert desk.collect(oracle, items) == ({0, 1}, set())
    before = desk.ask(oracle, [Question(0), Question(1)], items)
    assert [said and (said.value, said.status) for said in before] == [("a", "answered"), (None, "unsure")]
    assert desk.collect(oracle, items) == ({0, 1}, set())
    oracle.overseer.decide("owner", "item-0", "b", "decide-01")
    oracle.overseer.decide("owner", "item-1", "b", "decide-02")
    assert desk.collect(oracle, items) == ({0, 1}, {0, 1})
    after = desk.ask(oracle, [Question(0), Question(1)], items)
    assert [said and (said.value, said.status) for said in after] == [("b", "answered")] * 2


def test_what_cannot_be_decided(mixed: Server):
    decide = lambda item, value="cat": mixed.owner.ask(
        "POST", "/api/label/decide", {"uuid": uuid(), "item": item, "value": value}
    )
    for item, value, words in (
        ("item-0", "cat", "nobody has answered"),
        ("item-4", "cat", "is gold"),
        ("item-0", " ", "empty"),
    ):
        found = decide(item, value)
        assert found.status_code == 409
        assert words in found.json()["error"]


# --- how many are asked, how long it takes ---------------------------------------------------------------------------


def test_the_owner_says_how_many_are_asked(tmp_path: Path, items: Items):
    path = tmp_path / "queue.db"
    offer(path, 3)
    with served(write_run(tmp_path / "run", queue=path)) as server:
        ann, bob = server.invite("Ann"), server.invite("Bob")
        assert server.owner.ok("GET", "/api/label/overlap") == {"overlap": 1}
        following(ann, 1)
        answer(ann, "item-0", "cat")
        assert put(server, "/api/label/overlap", overlap=2) == {"overlap": 2}
        assert server.people.desk.slots.count() == {"answered": 1, "open": 4}
        assert following(ann) == ["item-1", "item-2"]
        assert following(bob) == ["item-1", "item-2"], "of item-0 enough was said"
        Queue(str(path)).ask([Question(3)], items)
        assert following(ann, 9) == ["item-1", "item-2", "item-3"] == following(bob, 9), "also what is asked later"
        put(server, "/api/label/overlap", overlap=2, again=True)
        assert following(bob, 9)[-1] == "item-0"
        put(server, "/api/label/overlap", overlap=3)
        put(server, "/api/label/overlap", overlap=1)
        assert server.people.desk.slots.count() == {"answered": 1, "leased": 7, "dropped": 4}, "who has one keeps it"
        put(server, "/api/label/overlap", overlap=3)
        assert server.people.desk.slots.count() == {"answered": 1, "leased": 7, "open": 4}
        assert ann.ask("PUT", "/api/label/overlap", {"uuid": uuid(), "overlap": 1}).status_code == 403
        assert server.owner.ask("PUT", "/api/label/overlap", {"uuid": uuid(), "overlap": 0}).status_code == 422


def test_times(server: Server):
    ann, bob = server.invite("Ann"), server.invite("Bob")
    following(ann)
    following(bob)
    for number, seconds in enumerate((1.0, 2.0, 6.0)):
        answer(ann, f"item-{number}", "a", seconds)
    answer(bob, "item-0", "a", 10.0)
    found = server.owner.ok("GET", "/api/label/times")
    assert [(one["name"], one["answers"], one["median"]) for one in found["people"]] == [
        ("everybody", 4, 4.0),
        ("Ann", 3, 2.0),
        ("Bob", 1, 10.0),
    ]
    assert found["slowest"][0] == {"item": "item-0", "name": "Bob", "seconds": 10.0}


# --- quality ---------------------------------------------------------------------------------------------------------


def records(stop: list[float]) -> Records:
    turn, real = np.array([10, 20]), np.zeros(2)
    return Records(turn, turn, turn, turn // 2, turn, real, real, {"explorer/stop": np.array(stop)})


def test_the_quality_of_a_run_by_hand():
    task = TaskResult("all", 1, 0.9, 0.0, 1.0, 0.9, None, None)
    result = SuiteResult("held-out", 20, (task,), 0.9, 0.0, 1.0)
    explorer = {"stop": {"type": "explora.explorers.stopping.KappaStability"}}
    find = lambda stop, counts=(50,), ended=None: run_quality(
        records(stop), [result], counts, classes=True, explorer=explorer, ended=ended
    )
    found = find([0.0, 0.0])
    # 45 of 50: (.9 + .038416) / 1.076832 ± 1.96 √(.0018 + .00038416) / 1.076832
    assert (found.low, found.high) == pytest.approx((0.786398, 0.956522), abs=1e-4)
    assert found[0] == 0.9
    assert found[3:6] == (50, 10, False)
    assert found.advice.startswith("Go on: KappaStability")
    assert find([0.0, 1.0]).advice.startswith("KappaStability advises to stop")
    assert find([0.0, 1.0], ended="the budget of 9 questions is spent").advice.startswith("The run has ended: the")
    assert find([np.nan, np.nan]).stop is None
    assert find([0.0, 0.0], None)[1:4] == (None, None, None), "no interval without a number of items"
    nothing = run_quality(records([0.0, 0.0]), [], None, classes=True, explorer={}, ended=None)
    assert nothing[:5] == (None,) * 5


def test_everybody_who_labels_sees_the_quality(server: Server):
    assert server.invite("Ann").ok("GET", "/api/label/quality")["value"] is None
    assert server.invite("Vic", "viewer").ask("GET", "/api/label/quality").status_code == 403


# --- export ----------------------------------------------------------------------------------------------------------


def test_everything_is_exported(mixed: Server, tmp_path: Path):
    ann = mixed.invite("Ann")
    following(ann, 4)
    sent = uuid()
    said = {"uuid": sent, "item": "item-0", "value": "cat", "seconds": 2.0}
    ann.ok("POST", "/api/label/answer", said)
    answer(ann, "item-0", NASTY)
    answer(ann, "item-4", "dog")
    mixed.owner.act("/api/label/decide", item="item-0", value="cat")
    raw = mixed.owner.ask("GET", "/api/label/export")
    assert raw.headers["content-disposition"] == 'attachment; filename="answers.jsonl"'
    rows = [json.loads(line) for line in raw.content.splitlines()]
    first = rows[0]
    assert (first["item"], first["value"], first["uuid"], first["stands"]) == ("item-0", "cat", sent, False)
    assert (first["who"], first["name"], first["seconds"]) == (ann.who["id"], "Ann", 2.0)
    assert [(row["kind"], row["value"], row["stands"]) for row in rows[1:4]] == [
        ("answered", NASTY, True),
        ("answered", "dog", True),
        ("decided", "cat", True),
    ]
    assert {row["rule"] for row in rows if row["item"] == "item-0"} == {"decided"}
    assert [(row["right"], row["consensus"], row["rule"]) for row in rows if row["item"] == "item-4"] == [
        (False, "cat", "gold")
    ]
    assert {row["item"] for row in rows if row["kind"] == "waiting"} == {"item-1", "item-2", "item-3", "item-5"}
    table = list(csv.DictReader(io.StringIO(mixed.owner.ask("GET", "/api/label/export?format=csv").text)))
    assert [row["row.text"] for row in table] == [row["row"]["text"] for row in rows]
    assert [row["value"] for row in table] == [row["value"] or "" for row in rows]


def test_an_export_in_parquet(mixed: Server):
    polars = pytest.importorskip("polars")
    found = polars.read_parquet(io.BytesIO(mixed.owner.ask("GET", "/api/label/export?format=parquet").content))
    assert found["item"].to_list() == [f"item-{n}" for n in range(6)]
