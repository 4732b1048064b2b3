"""The queue that people answer: leases, replays, crashes, clocks that jump, two tabs, several people an item."""

import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from explora.core import ArgumentError, RunError
from explora.store import Claim, Message, Slots
from explora.store._slots._claiming import urgent
from explora.store._slots._tables import LOG


class Watch:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def slots(request: pytest.FixtureRequest, tmp_path: Path, watch: Watch) -> Iterator[Slots]:
    """The same queue in a file and in a server."""
    where = tmp_path / "queue.db" if request.param == "sqlite" else request.getfixturevalue("server_url")
    found = Slots(where, schema=f"queue_{uuid.uuid4().hex[:12]}", clock=watch)
    yield found
    found.close()


def offered(slots: Slots, count: int, **how: int) -> list[str]:
    ids = [f"item-{number}" for number in range(count)]
    assert slots.offer([(id, {"text": id}) for id in ids], **how) == count * how.get("overlap", 1)
    return ids


def claimed(slots: Slots, who: str = "ann", lease: float = 300.0) -> Claim:
    found = slots.claim(who, lease)
    assert found is not None
    return found


def kinds(slots: Slots) -> list[str]:
    return [event["kind"] for event in slots.events()]


def test_questions_come_in_the_order_of_their_priority_and_then_of_their_offer(slots: Slots):
    offered(slots, 2)
    slots.offer([("urgent", {})], priority=1.0)
    assert [claimed(slots).item for _ in range(3)] == ["urgent", "item-0", "item-1"]
    assert slots.claim("ann") is None


def test_an_item_is_shown_as_it_was_offered(slots: Slots):
    slots.offer([("a", {"text": "né", "n": 1})])
    claim = claimed(slots)
    assert (claim.shown, claim.attempt, claim.until) == ({"text": "né", "n": 1}, 1, 1300.0)


def test_what_is_offered_twice_is_there_once(slots: Slots):
    offered(slots, 3)
    assert slots.offer([("item-1", {}), ("item-3", {})]) == 1
    assert slots.count() == {"open": 4}


def test_two_tabs_of_one_person_get_two_items(slots: Slots):
    offered(slots, 2, overlap=2)
    first, second = claimed(slots), claimed(slots)
    assert first.item != second.item
    assert slots.claim("ann") is None  # the other slots of both items are for others
    assert slots.answer(second, "tab-2", "yes")
    assert slots.answer(first, "tab-1", "no")
    assert slots.claim("ann") is None


def test_overlap_asks_as_many_different_people(slots: Slots):
    offered(slots, 1, overlap=3)
    for who in ("ann", "bob", "cem"):
        assert slots.settled()[0] == {}
        assert slots.answer(claimed(slots, who), f"of-{who}", who)
    assert slots.claim("dia") is None
    words = slots.settled()[0]["item-0"]
    assert [(word.annotator, word.value) for word in words] == [("ann", "ann"), ("bob", "bob"), ("cem", "cem")]


def test_a_lease_that_runs_out_goes_to_whoever_claims_next(slots: Slots, watch: Watch):
    offered(slots, 1)
    lost = claimed(slots, "ann", 60.0)
    watch.now += 59
    assert slots.claim("bob") is None
    watch.now += 1
    taken = claimed(slots, "bob")
    assert (taken.slot, taken.attempt) == (lost.slot, 2)
    assert slots.heartbeat(lost) is None
    assert not slots.answer(lost, "late", "cat")  # kept, and it settles nothing
    assert slots.answer(taken, "in-time", "dog")
    words = slots.settled()[0]["item-0"]
    assert [(word.annotator, word.kind, word.value) for word in words] == [
        ("ann", "surplus", "cat"),
        ("bob", "answered", "dog"),
    ]


def test_an_answer_after_the_lease_counts_if_nobody_else_has_the_item(slots: Slots, watch: Watch):
    offered(slots, 1)
    claim = claimed(slots, "ann", 60.0)
    watch.now += 3600
    assert slots.answer(claim, "a", "cat")
    assert slots.settled()[0]["item-0"][0].seconds == 3600.0


def test_an_answer_after_the_lease_takes_another_slot_of_the_item(slots: Slots, watch: Watch):
    offered(slots, 1, overlap=2)
    late = claimed(slots, "ann", 60.0)
    watch.now += 60
    assert claimed(slots, "bob").slot == late.slot
    assert slots.answer(late, "a", "cat")
    assert slots.count() == {"answered": 1, "leased": 1}


def test_a_heartbeat_keeps_the_item(slots: Slots, watch: Watch):
    offered(slots, 1)
    claim = claimed(slots, "ann", 60.0)
    for _ in range(5):
        watch.now += 50
        claim = slots.heartbeat(claim, 60.0)
        assert claim is not None
        assert claim.until == watch.now + 60
    assert slots.claim("bob") is None


@pytest.mark.parametrize("jump", [-1e6, 1e6])
def test_a_clock_that_jumps_locks_no_item_away_and_loses_no_answer(slots: Slots, watch: Watch, jump: float):
    offered(slots, 2)
    kept, lost = claimed(slots, "ann"), claimed(slots, "bob")
    watch.now += jump
    assert claimed(slots, "cem").slot == kept.slot
    assert claimed(slots, "dia").slot == lost.slot
    assert slots.claim("eve") is None  # leases that began after the jump hold
    assert not slots.answer(kept, "a", 1)
    assert slots.words()[0].value == 1


def test_an_answer_that_is_sent_again_changes_nothing(slots: Slots):
    offered(slots, 1)
    claim = claimed(slots)
    assert slots.answer(claim, "u", "cat")
    before = slots.events()
    assert slots.answer(claim, "u", "cat")
    assert slots.events() == before
    with pytest.raises(ArgumentError, match="make a new one"):
        slots.answer(claim, "u", "dog")


def test_a_correction_is_a_new_answer_and_the_old_one_stays_in_the_log(slots: Slots):
    offered(slots, 1)
    claim = claimed(slots)
    slots.answer(claim, "u1", "cat")
    _, seen = slots.settled()
    assert slots.answer(claim, "u2", "dog")
    found, last = slots.settled(seen)
    assert [word.value for word in found["item-0"]] == ["dog"]
    assert slots.settled(last) == ({}, last)
    assert [event["value"] for event in slots.events()] == [None, "cat", "dog"]


def test_taking_back_gives_the_question_back(slots: Slots, watch: Watch):
    offered(slots, 1)
    claim = claimed(slots)
    slots.answer(claim, "u1", "cat")
    again = slots.withdraw(claim, "w", 60.0)
    assert again is not None
    assert again.attempt == 2
    assert slots.settled()[0] == {}
    assert slots.withdraw(claim, "w", 60.0) == again  # sent again
    assert slots.withdraw(claim, "w2") is None  # there is nothing left to take back
    watch.now += 61
    assert claimed(slots, "ann").slot == claim.slot  # and who took it back may be asked again
    assert slots.answer(again, "u2", "dog")
    assert kinds(slots) == ["claimed", "answered", "withdrawn", "claimed", "answered"]


def test_a_skip_can_be_taken_back(slots: Slots):
    offered(slots, 1)
    claim = claimed(slots)
    assert slots.skip(claim, "s")
    assert slots.settled()[0]["item-0"][0].kind == "skipped"
    again = slots.withdraw(claim, "w")
    assert again is not None
    assert slots.answer(again, "u", "cat")


def test_a_skipped_item_goes_to_others_until_it_is_given_up(slots: Slots):
    offered(slots, 1, skips=2)
    assert slots.skip(claimed(slots, "ann"), "s1")
    assert slots.claim("ann") is None
    assert slots.skip(claimed(slots, "bob"), "s2")
    assert slots.claim("cem") is None
    assert [word.kind for word in slots.settled()[0]["item-0"]] == ["skipped", "skipped"]


def test_who_does_not_know_settles_the_question_too(slots: Slots):
    offered(slots, 1)
    assert slots.unsure(claimed(slots), "u")
    assert slots.count() == {"unsure": 1}


def test_cost_and_time_of_every_call_are_kept(slots: Slots, watch: Watch):
    offered(slots, 1)
    claim = claimed(slots)
    watch.now += 7
    slots.answer(claim, "u", [1, "x"], cost=0.25)
    told = slots.events()[-1]
    assert {name: told[name] for name in ("kind", "item", "annotator", "value", "cost", "seconds", "time")} == {
        "kind": "answered",
        "item": "item-0",
        "annotator": "ann",
        "value": [1, "x"],
        "cost": 0.25,
        "seconds": 7.0,
        "time": 1007.0,
    }


def test_nothing_can_be_erased(slots: Slots):
    offered(slots, 1)
    claimed(slots)
    for change in (sa.delete(LOG), sa.update(LOG).values(time=0.0)):
        with pytest.raises(RunError, match="only ever appended"), slots._place.writing("spoil") as connection:
            connection.execute(change)
    assert kinds(slots) == ["claimed"]


def test_mistakes_are_named(slots: Slots, tmp_path: Path):
    offered(slots, 1)
    for wrong in (lambda: slots.claim(""), lambda: slots.claim("ann", 0.0), lambda: slots.offer([], overlap=0)):
        with pytest.raises(ArgumentError):
            wrong()
    claim = claimed(slots)
    for wrong in (lambda: slots.answer(claim, "u", None), lambda: slots.answer(claim, "", "cat")):
        with pytest.raises(ArgumentError):
            wrong()
    (tmp_path / "other.db").write_bytes(b"this is no database, however long one looks at it" * 100)
    with pytest.raises(RunError, match="other"):
        Slots(tmp_path / "other.db")


def test_threads_that_claim_get_distinct_items(tmp_path: Path):
    path = tmp_path / "queue.db"
    items = offered(Slots(path), 40)
    found: list[str] = []

    def work(who: str) -> None:
        own = Slots(path)
        while (claim := own.claim(who)) is not None:
            found.append(claim.item)
            own.answer(claim, f"{who}-{claim.slot}", who)
        own.close()

    threads = [threading.Thread(target=work, args=(f"person-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(items)


PERSON = """
import os, sys, time
from explora.store import Slots
path, who, dies = sys.argv[1], sys.argv[2], int(sys.argv[3])
slots, done = Slots(path), 0
while True:
    claim = slots.claim(who, 0.3)
    if claim is None:
        if not {"open", "leased"} & set(slots.count()):
            break
        time.sleep(0.05)
        continue
    if done == dies:
        os._exit(9)
    slots.answer(claim, f"{who}-{claim.slot}-{claim.attempt}", who)
    done += 1
"""


@pytest.mark.slow
def test_people_whose_machines_die_between_claim_and_answer_lose_nothing(tmp_path: Path):
    path = tmp_path / "queue.db"
    items = offered(Slots(path), 60, overlap=2)
    dies = {"p0": 3, "p1": 7, "p2": -1, "p3": -1, "p4": -1}
    start = lambda who: subprocess.Popen([sys.executable, "-c", PERSON, str(path), who, str(dies[who])], env=os.environ)
    ends = []
    for crew in (["p0", "p1"], ["p2", "p3", "p4"]):  # who dies comes first: on a slow machine nothing might be left
        ends += [person.wait(timeout=120) for person in [start(who) for who in crew]]
    assert ends == [9, 9, 0, 0, 0]
    settled, _ = Slots(path).settled()
    assert sorted(settled) == sorted(items)
    for words in settled.values():  # on a slow machine a lease may be over before the answer: that one is surplus
        answered = [word.annotator for word in words if word.kind == "answered"]
        assert len(set(answered)) == len(answered) == 2
    claims = Counter(event["slot"] for event in Slots(path).events() if event["kind"] == "claimed")
    assert sum(claims.values()) >= len(claims) + 2  # the two that died had one slot each, claimed once more


@pytest.mark.slow
def test_who_dies_with_a_claim_leaves_it_to_others(tmp_path: Path):
    path = tmp_path / "queue.db"
    offered(Slots(path), 1)
    dying = "import os, sys; from explora.store import Slots; Slots(sys.argv[1]).claim('ann', 0.05); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", dying, str(path)]).returncode == 9
    slots = Slots(path)
    time.sleep(0.06)
    assert slots.answer(claimed(slots, "bob"), "u", "cat")


def test_every_column_is_described(slots: Slots):
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", page.split("## The queue of questions")[1], re.M))
    with slots._place.reading() as connection:
        for table in ("queue", "item", "slot", "word", "log"):
            columns = {column["name"] for column in sa.inspect(connection).get_columns(table, slots._place.schema)}
            assert set(re.findall(r"`(\w+)`", rows[table])) == columns, table


def test_several_are_claimed_at_one_stroke(slots: Slots):
    offered(slots, 3, overlap=2)
    slots.offer([("urgent", {})], priority=1.0)
    assert [claim.item for claim in slots.claim_many("ann", 3)] == ["urgent", "item-0", "item-1"]
    assert [claim.item for claim in slots.claim_many("ann", 3)] == ["item-2"], "an item has two slots and is asked once"
    assert slots.claim_many("ann", 3) == []
    assert [claim.item for claim in slots.claim_many("bob", 9)] == ["item-0", "item-1", "item-2"]


def test_leases_that_ran_out_come_in_their_place_among_the_others(slots: Slots, watch: Watch):
    offered(slots, 4)
    slots.claim_many("ann", 2, lease=10.0)
    watch.now += 11.0
    assert [claim.item for claim in slots.claim_many("bob", 3)] == ["item-0", "item-1", "item-2"]


def test_what_somebody_has_and_had(slots: Slots, watch: Watch):
    offered(slots, 3)
    first, second = slots.claim_many("ann", 2, lease=10.0)
    assert slots.held("ann") == [first, second]
    assert slots.held("bob") == []
    assert slots.claimed("item-0", "ann") == first
    assert slots.claimed("item-2", "ann") is None
    assert slots.claimed("item-0", "bob") is None
    watch.now += 11.0
    assert slots.held("ann") == []
    assert slots.claimed("item-0", "ann") == first, "a late answer finds its way"


def test_what_somebody_said_newest_first(slots: Slots, watch: Watch):
    offered(slots, 3)
    for number, claim in enumerate(slots.claim_many("ann", 3)):
        watch.now += 2.0
        slots.answer(claim, f"uuid-{number}", number, seconds=1.0 + number)
    slots.withdraw(claim, "uuid-3")
    found = slots.said("ann")
    assert [(word.item, word.value) for _, word in found] == [("item-1", 1), ("item-0", 0)]
    assert [word.item for _, word in slots.said("ann", before=found[0][0])] == ["item-0"]
    assert slots.said("bob") == []
    assert slots.times("ann") == [(1004.0, 2.0), (1002.0, 1.0)]
    assert slots.tally() == {"ann": {"answered": (2, 3.0)}}
    assert slots.noted("uuid-3") == ("withdrawn", "item-2", "ann")
    assert slots.noted("uuid-9") is None


def test_claiming_from_a_long_queue_walks_along_an_index(tmp_path: Path):
    """Sorting the open questions anew for each claim took a tenth of a second with ten thousand of them."""
    slots = Slots(tmp_path / "queue.db")
    query = str(urgent().compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True}))
    with slots._place.reading() as connection:
        asked = query.replace("?", "0")  # as text: only the plan is wanted
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
    said = [str(row[-1]) for row in plan]
    assert sum("slot_next (state=?)" in each for each in said) == 2
    assert sum("TEMP B-TREE" in each for each in said) == 1, "the few that were found are sorted, and no others"


def message(who: str, item: str, uuid: str, value: object = "cat", kind: str = "answered") -> Message:
    return Message(kind, item, who, uuid, None if kind != "answered" else value, seconds=1.0)


def test_what_many_say_at_once_counts_as_if_one_had_come_after_the_other(slots: Slots):
    offered(slots, 3, overlap=2)
    for who in ("ann", "bob"):
        slots.claim_many(who, 2)
    said = [
        message("ann", "item-0", "uuid-1", "cat"),
        message("bob", "item-0", "uuid-2", "dog"),
        message("ann", "item-0", "uuid-1", "cat"),  # sent again
        message("ann", "item-0", "uuid-3", "cow"),  # a correction
        message("bob", "item-0", "uuid-3", "cow"),  # somebody else's name of an act
        message("cem", "item-1", "uuid-4"),  # never asked
        message("bob", "item-1", "uuid-5", kind="skipped"),
        message("ann", "item-1", "", "cat"),
    ]
    found, claims = slots.exchange(said, [("ann", 5), ("dia", 0), ("cem", 5)])
    assert [each for each in found if isinstance(each, bool)] == [True, True, True, True, True]
    refused = [str(each) for each in found if not isinstance(each, bool)]
    assert ["used for another" in refused[0], "not asked" in refused[1], "empty" in refused[2]] == [True] * 3
    assert [[claim.item for claim in each] for each in claims] == [["item-2"], [], ["item-2"]]
    last = {(word.annotator, word.item): (word.kind, word.value) for word in slots.words()}
    assert last == {
        ("ann", "item-0"): ("answered", "cow"),
        ("bob", "item-0"): ("answered", "dog"),
        ("bob", "item-1"): ("skipped", None),
    }
    assert slots.count() == {"answered": 2, "skipped": 1, "leased": 3}
    assert kinds(slots)[4:] == ["answered", "answered", "answered", "skipped", "claimed", "claimed"]


def test_a_late_answer_without_a_slot_finds_where_it_was_asked(slots: Slots, watch: Watch):
    offered(slots, 1)
    claimed(slots, "ann", 60.0)
    watch.now += 61.0
    claimed(slots, "bob")
    assert slots.exchange([message("ann", "item-0", "uuid-1"), message("bob", "item-0", "uuid-2")])[0] == [False, True]
    assert {word.annotator: word.kind for word in slots.words()} == {"ann": "surplus", "bob": "answered"}


def test_who_lost_a_slot_is_asked_again_though_another_of_the_item_is_free(slots: Slots, watch: Watch):
    offered(slots, 1, overlap=2)
    claimed(slots, "ann", 10.0)
    second = claimed(slots, "bob", 10.0)
    watch.now += 11.0
    again = claimed(slots, "bob")
    assert (again.slot, again.attempt) == (second.slot, 2)


def test_events_can_be_read_in_parts(slots: Slots):
    offered(slots, 4, overlap=2)
    for who in ("ann", "bob"):
        slots.claim_many(who, 3)
    assert [event["id"] for event in slots.events(after=2, most=3)] == [3, 4, 5]
    assert [event["id"] for event in slots.events(before=5, most=2, newest=True)] == [4, 3]
    assert [event["id"] for event in slots.events(annotator="bob")] == [4, 5, 6]
