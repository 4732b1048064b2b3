"""What people send to a run: once each, in order, and at the same turns however often the turns are lived."""

import sqlite3
import threading
from pathlib import Path

import pytest

from explora.core import ArgumentError, RunError
from explora.store import Database, Inbox, RunFolder


@pytest.fixture
def folder(tmp_path: Path):
    with RunFolder.create(tmp_path / "run", config={}) as folder:
        yield folder


def test_a_letter_that_is_sent_twice_is_there_once(folder):
    first = folder.inbox.put("a", "task", {"task": [1, 2]}, "anna")
    again = folder.inbox.put("a", "task", {"task": [1, 2]}, "anna")
    assert (first.id, first.turn, first.data) == (1, None, {"task": [1, 2]})
    assert again == first
    for kind, data, person in [("other", {"task": [1, 2]}, "anna"), ("task", {}, "anna"), ("task", first.data, "ben")]:
        with pytest.raises(ArgumentError, match="`uuid` 'a' was used for another letter"):
            folder.inbox.put("a", kind, data, person)
    with pytest.raises(ArgumentError, match="`uuid` must be a text"):
        folder.inbox.put("", "task", {}, "anna")
    with pytest.raises(ArgumentError, match="without infinity"):
        folder.inbox.put("b", "task", float("nan"), "anna")
    assert folder.inbox.letters() == [first]


def test_letters_are_stamped_once_and_come_again_at_their_turn(folder):
    inbox = folder.inbox
    assert not inbox.used()
    assert inbox.take(3) == []
    inbox.put("a", "task", 1, "anna")
    inbox.put("b", "preference", 2, "ben")
    assert [(letter.uuid, letter.turn) for letter in inbox.take(5, since=4)] == [("a", 5), ("b", 5)]
    inbox.put("c", "task", 3, "anna")
    assert [letter.uuid for letter in inbox.take(9, since=6)] == ["c"]
    assert inbox.take(12, since=10) == []
    # killed, and on from the checkpoint of turn 4
    folder.database.rewind(4)
    assert inbox.due(4) == 5
    assert inbox.take(4) == []
    assert [letter.uuid for letter in inbox.take(5)] == ["a", "b"]
    assert inbox.due(5) == 9
    # where the run stops elsewhere: at the first turn after the stamp, and once
    assert [letter.uuid for letter in inbox.take(10, since=6)] == ["c"]
    assert inbox.take(11, since=11) == []
    assert inbox.due(9) is None
    assert inbox.used()
    assert [letter.uuid for letter in inbox.letters(kind="task", after=1)] == ["c"]


def test_others_send_while_the_run_writes(folder):
    """Both sides have a connection of their own, as the server's process and the run's have."""
    senders = [RunFolder.open(folder.path) for _ in range(2)]

    def send(number: int) -> None:
        for i in range(6):
            senders[number].inbox.put(f"{number}-{i}", "task", i, f"person {number}")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    taken = []
    for turn in range(10_000):
        taken += folder.inbox.take(turn)
        folder.database.schedule(turn, 1.0)
        if len(taken) == 12:
            break
    for thread in threads:
        thread.join()
    for sender in senders:
        sender.close()
    assert len({letter.uuid for letter in taken}) == 12
    for number in range(2):
        assert [letter.data for letter in taken if letter.person == f"person {number}"] == list(range(6))
    assert [letter._replace(turn=None) for letter in folder.inbox.letters()] == sorted(
        letter._replace(turn=None) for letter in taken
    )


def test_a_run_of_an_older_explora_gets_the_table(tmp_path):
    Database.create(tmp_path / "run.db").close()
    with sqlite3.connect(tmp_path / "run.db") as connection:
        connection.execute("DROP TABLE letter")
    connection.close()
    database = Database.open(tmp_path / "run.db", write=True)
    inbox = Inbox(database)
    assert inbox.put("a", "task", {}, "anna").id == 1
    assert [letter.uuid for letter in inbox.take(1)] == ["a"]
    inbox.close()


def test_who_cannot_write_is_told(tmp_path):
    Database.create(tmp_path / "run.db").close()
    database = Database.open(tmp_path / "run.db")
    with pytest.raises(RunError, match="opened for reading"):
        Inbox(database)
    database.close()
