"""The event log: acts are there once and for ever."""

import sqlite3
from pathlib import Path

import pytest

from explora.core import ArgumentError, RunError
from explora.people import Base, EventLog


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog(Base(tmp_path / "people.db"), clock=lambda: 7.0)


def test_an_act_is_written_down_with_who_when_and_what(log: EventLog):
    act = log.append("ann", "schema", {"free": True}, "uuid-0001")
    assert act == (1, 7.0, "ann", "schema", {"free": True}, "uuid-0001", None)
    assert log.acts() == [act]


def test_an_act_sent_twice_is_there_once(log: EventLog):
    first = log.append("ann", "schema", {"a": 1}, "uuid-0001")
    assert log.append("ann", "schema", {"a": 1}, "uuid-0001") == first
    assert len(log.acts()) == 1
    for other in (("bob", "schema", {"a": 1}), ("ann", "other", {"a": 1}), ("ann", "schema", {"a": 2})):
        with pytest.raises(ArgumentError, match="used for another act"):
            log.append(*other, "uuid-0001")
    with pytest.raises(ArgumentError, match="empty"):
        log.append("ann", "schema", {}, "")


def test_taking_back_is_another_act(log: EventLog):
    for number in range(3):
        log.append("ann", "schema", number, f"uuid-000{number}")
    standing = lambda: (act := log.standing("schema")) and act.data
    assert standing() == 2
    assert log.undo("bob", "schema", "undo-0001").data == 2
    assert log.undo("bob", "schema", "undo-0001").data == 2, "sent again it takes back nothing more"
    assert standing() == 1
    log.append("ann", "schema", 9, "uuid-0009")
    assert standing() == 9
    assert [log.undo("bob", "schema", f"undo-001{n}").data for n in range(3)] == [9, 1, 0]
    assert standing() is None
    assert log.undo("bob", "schema", "undo-0099") is None
    assert [act.undoes for act in log.acts() if act.undoes] == [3, 5, 2, 1]
    with pytest.raises(ArgumentError, match="used for another act"):
        log.undo("bob", "schema", "uuid-0000")


def test_acts_can_be_read_in_parts(log: EventLog):
    for number in range(5):
        log.append("ann" if number % 2 else "bob", "odd" if number % 2 else "even", number, f"uuid-000{number}")
    assert [act.data for act in log.acts(after=2, most=2)] == [2, 3]
    assert [act.data for act in log.acts(person="ann")] == [1, 3]
    assert [act.data for act in log.acts(kinds=["even"], newest=True)] == [4, 2, 0]


@pytest.mark.parametrize("change", ["UPDATE event SET person = 'bob'", "DELETE FROM event"])
def test_the_database_itself_refuses_to_change_acts(log: EventLog, tmp_path: Path, change: str):
    log.append("ann", "schema", 1, "uuid-0001")
    with sqlite3.connect(tmp_path / "people.db") as connection, pytest.raises(sqlite3.DatabaseError, match="appended"):
        connection.execute(change)


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path):
    with pytest.raises(RunError, match="cannot open"):
        Base(tmp_path / "nowhere" / "people.db")
