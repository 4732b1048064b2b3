"""What an owner does, backups and deletion in a real PostgreSQL server: the same as in a file."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy.exc import DBAPIError

from explora.people import Access, Base, Desk, EventLog, Person, backup, forget, restore
from explora.store import Overseer, Review, Slots

OWNER = Person("owner", "owner", "owner")

pytestmark = pytest.mark.slow

Store = TypeVar("Store", Base, Slots)


class Opened(ExitStack):
    """What is closed in the end."""

    def __call__(self, store: Store) -> Store:
        self.callback(store.close)
        return store


@pytest.fixture
def opened() -> Iterator[Opened]:
    with Opened() as stack:
        yield stack


def say(slots: Slots, who: str, value: str, lease: float = 300.0) -> None:
    claim = slots.claim(who, lease)
    assert claim is not None
    assert slots.answer(claim, f"{who}-{claim.item}", value, seconds=1.0)


def everything(base: Base, slots: Slots) -> tuple:
    return EventLog(base).acts(), Access(base, EventLog(base)).people(), slots.events(), slots.words(), slots.count()


def test_gold_decisions_and_overlap(server_url: str, opened: Opened):
    slots = opened(Slots(server_url, schema="oversight_one"))
    slots.offer([(f"item-{n}", {"n": n}) for n in range(3)], overlap=2)
    overseer, review = Overseer(slots), Review(slots)
    assert overseer.mark("owner", "item-2", "a", "mark-0001")
    assert not overseer.mark("owner", "item-2", "a", "mark-0001")
    found = overseer.slip("ann", slots._clock(), 300.0)
    assert found is not None
    assert (found.item, found.shown) == ("item-2", {"n": 2})
    assert overseer.slip("ann", slots._clock(), 300.0) is None
    say(slots, "ann", "a")
    say(slots, "bob", "b")
    assert review.available("ann", slots._clock())
    assert review.disputed() == (["item-0"], 1)
    assert overseer.decide("owner", "item-0", "b", "decide-01")
    assert overseer.decide("owner", "item-0", "a", "decide-02")
    assert overseer.undecide("owner", "undo-0001") == "item-0"
    assert [word.value for word in review.words_of(["item-0"])["item-0"]] == ["a", "b", "b"]
    assert overseer.undecide("owner", "undo-0002", "item-0") == "item-0"
    assert overseer.set_overlap("owner", 3, "overlap-1")
    assert slots.count() == {"open": 3, "leased": 1, "answered": 2, "gold": 2}
    assert overseer.set_overlap("owner", 1, "overlap-2")
    assert slots.count() == {"open": 1, "leased": 1, "answered": 2, "gold": 2, "dropped": 2}
    assert overseer.overlap() == 1
    assert [(said.annotator, said.stands) for said in review.said()] == [
        ("ann", True),
        ("bob", True),
        ("owner", False),
        ("owner", False),
    ]


def test_backups_go_from_one_kind_of_store_into_the_other_and_back(server_url: str, tmp_path: Path, opened: Opened):
    base, slots = opened(Base(server_url, "keep_people")), opened(Slots(server_url, schema="keep_queue"))
    access = Access(base, EventLog(base))
    ann, _ = access.invite(OWNER, "Ann", "annotator", "invite-01")
    slots.offer([("item-0", {}), ("item-1", {})])
    say(slots, ann.id, "cat")
    Desk(None, base, EventLog(base)).draft(ann.id, "item-1", "dog")
    made = backup(base, slots, tmp_path / "kept")
    assert sorted(made.files) == ["people.jsonl", "queue.jsonl"]
    file, queue = opened(Base(tmp_path / "people.db")), opened(Slots(tmp_path / "queue.db"))
    restore(tmp_path / "kept", file, queue)
    assert everything(file, queue) == everything(base, slots)
    backup(file, queue, tmp_path / "again")
    other = opened(Base(server_url, "keep_people_two"))
    others = opened(Slots(server_url, schema="keep_queue_two"))
    restore(tmp_path / "again", other, others)
    assert everything(other, others) == everything(base, slots)
    assert Desk(None, other, EventLog(other)).drafts(ann.id) == {"item-1": "dog"}
    before = EventLog(other).acts()[-1].id
    assert EventLog(other).append("owner", "schema", {}, "after-0001").id == before + 1, "numbers go on"
    say(others, "bob", "cow")
    with sqlite3.connect(tmp_path / "again" / "queue.db") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("keep", [False, True])
def test_a_person_is_forgotten_in_a_server_too(server_url: str, keep: bool, opened: Opened):
    base = opened(Base(server_url, f"forget_people_{keep}"))
    slots = opened(Slots(server_url, schema=f"forget_queue_{keep}"))
    access = Access(base, EventLog(base))
    ann, _ = access.invite(OWNER, "Zacharias Quine", "annotator", "invite-02")
    slots.offer([("item-0", {})])
    say(slots, ann.id, "cat")
    found = forget(base, slots, ann.id, keep=keep)
    assert [word.annotator for word in slots.words()] == ([found.alias] if keep else [])
    acts = EventLog(base).acts()
    assert [act.kind for act in acts] == ["invited"]
    assert "Quine" not in str(acts)
    assert ann.id not in str(acts)
    assert ann.id not in str(slots.events())
    assert access.people() == []
    slots.offer([("item-1", {})])
    assert slots.claim("bob") is not None
    with pytest.raises(DBAPIError, match="appended"), slots._place._engine.begin() as connection:
        connection.exec_driver_sql(f'DELETE FROM "forget_queue_{keep}".log')
