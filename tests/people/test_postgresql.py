"""The same acts, people and drafts in a real PostgreSQL server, started from the installed packages."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from explora.core import ArgumentError
from explora.people import Access, Base, Desk, EventLog, Person
from explora.store import Database, Inbox

from ._toy import crowd

OWNER = Person("owner", "owner", "owner")

pytestmark = pytest.mark.slow


@pytest.fixture
def two(server_url: str, request: pytest.FixtureRequest) -> Iterator[list[Base]]:
    """Two servers' views of the same schema."""
    schema = f"people_{abs(hash(request.node.name)):x}"
    bases = [Base(server_url, schema), Base(server_url, schema)]
    yield bases
    for base in bases:
        base.close()


def at_once(doing: list) -> None:
    threads = [threading.Thread(target=each) for each in doing]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_acts_are_there_once_and_can_be_taken_back(two: list[Base]):
    log, other = map(EventLog, two)
    act = log.append("ann", "schema", {"x": 1}, "uuid-0001")
    assert other.append("ann", "schema", {"x": 1}, "uuid-0001") == act
    with pytest.raises(ArgumentError, match="used for another act"):
        other.append("bob", "schema", {"x": 1}, "uuid-0001")
    log.append("ann", "schema", {"x": 2}, "uuid-0002")
    taken = other.undo("bob", "schema", "undo-0001")
    assert taken is not None
    assert taken.data == {"x": 2}
    standing = log.standing("schema")
    assert standing is not None
    assert standing.data == {"x": 1}


@pytest.mark.parametrize("change", ["UPDATE {}.event SET person = 'bob'", "DELETE FROM {}.event"])
def test_the_database_itself_refuses_to_change_acts(server_url: str, change: str):
    base = Base(server_url, "people_stays")
    EventLog(base).append("ann", "schema", 1, "uuid-0001")
    with pytest.raises(DBAPIError, match="appended"), base._engine.begin() as connection:
        connection.exec_driver_sql(change.format("people_stays"))
    base.close()


def test_acts_of_many_become_visible_in_their_order(two: list[Base]):
    def write(base: Base, who: int) -> None:
        for number in range(20):
            EventLog(base).append(f"p{who}", "act", number, f"many-{who}-{number:04d}")

    at_once([lambda who=who: write(two[who % 2], who) for who in range(6)])
    acts = EventLog(two[0]).acts(most=1000)
    assert len(acts) == 120
    assert [act.time for act in acts] == sorted(act.time for act in acts)
    for who in range(6):
        assert [act.data for act in acts if act.person == f"p{who}"] == list(range(20))


def test_a_link_opens_one_session_even_if_many_try_at_once(two: list[Base]):
    doors = [Access(base, EventLog(base)) for base in two]
    assert doors[0].realm == doors[1].realm
    link = doors[0].owner_link()
    found: list = []
    at_once([lambda door=door: found.append(door.sign_in(link)) for door in doors * 10])
    sessions = [each for each in found if each is not None]
    assert len(sessions) == 1
    assert doors[1].who(sessions[0][1]) == OWNER
    ann, token = doors[0].invite(OWNER, "Ann", "annotator", "invite-0001")
    _, session = doors[1].sign_in(token) or (None, "")
    doors[0].revoke(OWNER, ann.id, "revoke-0001")
    assert doors[0].who(session) is None
    assert doors[1].who(session) is None


def test_drafts(two: list[Base]):
    desk = Desk(None, two[0], EventLog(two[0]))
    for value in (["c"], "cat"):
        desk.draft("ann", "item", value)
    assert desk.drafts("ann") == {"item": "cat"}
    assert desk.drafts("bob") == {}
    desk.drop_draft("ann", "item")
    assert desk.drafts("ann") == {}


def test_letters_of_two_processes_in_one_schema(server_url: str):
    """The run and the server each have a connection of their own to the run's tables."""
    schema = f"letters_{os.getpid()}"
    Database.create(server_url, schema=schema).close()
    run, server = (Inbox(Database.open(server_url, write=True, schema=schema)) for _ in range(2))
    first = server.put("a", "task", {"task": 1}, "anna")
    assert server.put("a", "task", {"task": 1}, "anna") == first
    with pytest.raises(ArgumentError, match="was used for another letter"):
        server.put("a", "task", {"task": 2}, "anna")
    server.put("b", "task", None, "ben")
    assert [(letter.uuid, letter.turn) for letter in run.take(7)] == [("a", 7), ("b", 7)]
    server.put("c", "task", None, "ben")
    assert [letter.uuid for letter in run.take(9, since=8)] == ["c"]
    assert (run.due(6), run.due(7), run.due(9)) == (7, 9, None)
    assert [letter.turn for letter in server.letters()] == [7, 7, 9]
    server.close()
    run.close()


def test_rounds_are_the_same_rounds_there(two: list[Base], tmp_path: Path):
    rounds = crowd(two, tmp_path)
    examples = rounds.examples(1)
    assert [len(example.votes) for example in examples if "number" in example.values["text"]] == [2] * 12
    assert rounds.counts()[0].collected == 13
    assert not any(set(example.claims) & set(example.votes) for example in examples)
    rounds.shut()
