"""Backups that can be restored anywhere, and deletion that leaves nothing of a person in the bytes of a file."""

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from explora.cli import main
from explora.core import ArgumentError, RunError
from explora.people import Base, EventLog, around, backup, forget_person, restore, write_answers
from explora.store import Slots

from ._around import Server, offer, served, uuid, write_run

NAME, DRAFT, LABEL, KEPT = "Zacharias Quine", "a draft of Quine", "a label of Quine", "a label of Bob"


def answer(browser: Any, item: str, value: Any) -> str:
    name = uuid()
    browser.ok("POST", "/api/label/answer", {"uuid": name, "item": item, "value": value, "seconds": 1.5})
    return name


def busy(server: Server) -> tuple[Any, Any, list[str]]:
    """Two people who did all that one can do, and what would tell that one of them was there."""
    quine, bob = server.invite(NAME), server.invite("Bob")
    for browser in (quine, bob):
        browser.ok("POST", "/api/label/next", {"count": 3})
    traces = [answer(quine, "item-0", LABEL), answer(quine, "item-1", f"{LABEL}, too")]
    answer(bob, "item-0", KEPT)
    quine.ok("PUT", "/api/label/draft", {"item": "item-2", "value": DRAFT})
    quine.act("/api/label/undo")
    traces.append(quine.who["id"])
    with sqlite3.connect(server.people.base.place) as connection:
        found = connection.execute("SELECT digest FROM token WHERE person = ?", (traces[-1],)).fetchall()
    return quine, bob, [NAME, DRAFT, LABEL, *traces[:2], *(digest for (digest,) in found)]


def contents(*paths: Path) -> bytes:
    """All bytes of databases, with those of the files beside them."""
    return b"".join(file.read_bytes() for path in paths for file in sorted(path.parent.glob(f"{path.name}*")))


def cells(path: Path) -> set[Any]:
    """All values in a database."""
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {cell for table in tables for row in connection.execute(f'SELECT * FROM "{table}"') for cell in row}


def test_nothing_of_a_forgotten_person_is_left_in_the_bytes(server: Server, tmp_path: Path):
    quine, bob, traces = busy(server)
    files, who = (tmp_path / "run" / "people.db", tmp_path / "queue.db"), quine.who["id"]
    assert all(trace.encode() in contents(*files) for trace in traces), "what is looked for can be found"
    said = {"uuid": uuid()}
    found = server.owner.ok("POST", f"/api/people/{who}/forget", said)
    assert server.owner.ok("POST", f"/api/people/{who}/forget", said) == found, "sent again it counts once"
    left = contents(*files)
    assert [trace for trace in traces if trace.encode() in left] == []
    assert not {who, f'{{"person": "{who}"}}'} & (cells(files[0]) | cells(files[1]))
    assert KEPT.encode() in left
    assert {name: found["removed"][name] for name in ("answers", "draft", "person", "token")} == {
        "answers": 2,
        "draft": 1,
        "person": 1,
        "token": 2,
    }
    assert any("models" in each for each in found["remains"])
    assert any("Backups" in each for each in found["remains"])
    assert quine.ask("GET", "/api/session").status_code == 401, "no session is believed any more"
    assert [one["name"] for one in server.owner.ok("GET", "/api/people")] == ["owner", "Bob"]
    slots = server.people.desk.slots
    assert [(word.annotator, word.value) for word in slots.words()] == [(bob.who["id"], KEPT)]
    assert slots.count() == {"open": 5, "leased": 2, "answered": 1}, "their places are free again"
    kinds = [(act["kind"], act["person"]) for act in server.owner.ok("GET", "/api/events")]
    assert ("forgot", "owner") in kinds
    assert [kind for kind, person in kinds if person not in ("owner", bob.who["id"])] == []
    for path in files:
        with sqlite3.connect(path) as connection, pytest.raises(sqlite3.DatabaseError, match="only ever appended"):
            connection.execute("DELETE FROM event" if "people" in path.name else "DELETE FROM log")
    third = server.invite("Cid")
    assert third.who["id"] != who, "no id is given twice"
    assert [each["item"] for each in third.ok("POST", "/api/label/next", {"count": 1})["items"]] == ["item-0"]


def test_answers_can_be_kept_under_a_name_that_says_nothing(server: Server, tmp_path: Path):
    quine, bob, traces = busy(server)
    found = server.owner.act(f"/api/people/{quine.who['id']}/forget", keep_answers=True)
    left = contents(tmp_path / "run" / "people.db", tmp_path / "queue.db")
    assert [trace for trace in traces if trace.encode() in left] == [LABEL]
    words = {word.annotator: word.value for word in server.people.desk.slots.words()}
    assert words == {found["alias"]: LABEL, bob.who["id"]: KEPT}
    assert quine.who["id"] not in cells(tmp_path / "queue.db")


def test_letters_to_the_run_come_from_nobody_then(server: Server, tmp_path: Path):
    quine, bob = server.invite(NAME), server.invite("Bob")
    inbox = server.people.folder.inbox
    for browser, names in ((quine, ("one", "two")), (bob, ("three",))):
        for name in names:
            inbox.put(name, "preference", {"left": 1, "right": 2, "said": "left"}, browser.who["id"])
    before = [letter._replace(person="") for letter in inbox.letters()]
    found = server.owner.act(f"/api/people/{quine.who['id']}/forget")
    letters = inbox.letters()
    assert [letter.person for letter in letters] == [found["alias"], found["alias"], bob.who["id"]]
    assert [letter._replace(person="") for letter in letters] == before, "nothing else changes"
    assert found["renamed"] >= 2
    assert any("letters" in each for each in found["remains"])
    assert quine.who["id"] not in cells(tmp_path / "run" / "run.db")


def test_what_a_forgotten_owner_settled_stays(server: Server, tmp_path: Path):
    lea, ann, bob = server.invite("Lea", "owner"), server.invite("Ann"), server.invite("Bob")
    for browser, value in ((ann, "a"), (bob, "b")):
        browser.ok("POST", "/api/label/next", {"count": 1})
        answer(browser, "item-0", value)
    lea.act("/api/label/decide", item="item-0", value="b")
    lea.ok("PUT", "/api/label/schema", {"uuid": uuid(), "kind": "text"})
    found = server.owner.act(f"/api/people/{lea.who['id']}/forget")
    assert server.people.desk.schema.kind == "text"
    assert server.owner.ok("GET", "/api/label/disputes?decided=true")["items"][0]["value"] == "b"
    decided = [event for event in server.people.desk.slots.events() if event["kind"] == "decided"]
    assert [event["annotator"] for event in decided] == [found["alias"]]
    assert lea.who["id"] not in cells(tmp_path / "queue.db") | cells(tmp_path / "run" / "people.db")


def test_who_cannot_be_forgotten(server: Server):
    ask = lambda browser, id: browser.ask("POST", f"/api/people/{id}/forget", {"uuid": uuid()}).status_code
    ann, lea = server.invite("Ann"), server.invite("Lea", "owner")
    assert ask(ann, ann.who["id"]) == 403
    assert [ask(server.owner, "p999"), ask(lea, lea.who["id"]), ask(lea, "owner")] == [404, 409, 409]


@pytest.mark.parametrize("portable", [False, True])
def test_a_backup_is_what_was_there(server: Server, tmp_path: Path, portable: bool):
    busy(server)
    people = server.people
    made = backup(people.base, people.desk.queue, tmp_path / "kept", portable=portable)
    assert sorted(made.files) == (["people.jsonl", "queue.jsonl"] if portable else ["people.db", "queue.db"])
    before = people.log.acts(), people.desk.slots.events(), people.desk.slots.words(), people.access.people()
    base, slots = Base(tmp_path / "other.db"), Slots(tmp_path / "other-queue.db")
    restore(tmp_path / "kept", base, slots)
    assert (EventLog(base).acts(), slots.events(), slots.words()) == before[:3]
    with pytest.raises(ArgumentError, match="not empty"):
        restore(tmp_path / "kept", base, None)
    assert slots.held(people.access.people()[1].id) == people.desk.slots.held(people.access.people()[1].id)
    assert EventLog(base).append("owner", "schema", {}, "after-0001").id == before[0][-1].id + 1
    with pytest.raises(RunError, match="already"):
        backup(people.base, None, tmp_path / "kept")
    file = next((tmp_path / "kept").glob("people*"))
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(RunError, match="damaged"):
        restore(tmp_path / "kept", Base(tmp_path / "third.db"), None)


def test_a_backup_is_consistent_while_others_write(tmp_path: Path):
    """Each writer claims and answers; a copy made in between has no answer without its claim."""
    offer(tmp_path / "queue.db", 400)
    slots, base = Slots(tmp_path / "queue.db"), Base(tmp_path / "people.db")
    stop = threading.Event()

    def work() -> None:
        other = Slots(tmp_path / "queue.db")
        while not stop.is_set() and (claim := other.claim("ann")) is not None:
            other.answer(claim, uuid(), "cat")

    writer = threading.Thread(target=work)
    writer.start()
    try:
        for number in range(4):
            backup(base, slots, tmp_path / f"kept-{number}", portable=number % 2 == 1)
    finally:
        stop.set()
        writer.join()
    for number in range(4):
        copy = Slots(tmp_path / f"copy-{number}.db")
        restore(tmp_path / f"kept-{number}", Base(tmp_path / f"people-{number}.db"), copy)
        kinds = [event["kind"] for event in copy.events()]
        assert copy.count().get("answered", 0) == kinds.count("answered") == len(copy.words())
        assert 0 <= kinds.count("claimed") - kinds.count("answered") <= 1


def test_the_owner_makes_a_backup_over_the_wire(server: Server, tmp_path: Path):
    said = {"uuid": uuid()}
    first, again = (server.owner.ok("POST", "/api/backup", said) for _ in range(2))
    assert first == again
    folder = tmp_path / "run" / "backups" / first["name"]
    assert json.loads((folder / "backup.json").read_text())["files"] == first["files"]
    assert server.invite("Ann").ask("POST", "/api/backup", {"uuid": uuid()}).status_code == 403
    for path in ("/api/backup", "/api/people/nobody/forget"):  # the name of an act of another kind: nothing is done
        other = server.owner.ask("POST", path, {"uuid": server.people.log.acts(most=1)[0].uuid})
        assert (other.status_code, "was used for another act" in other.json()["error"]) == (409, True)
    assert [found.name for found in folder.parent.iterdir()] == [first["name"]]


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    offer(tmp_path / "queue.db", 3)
    run = write_run(tmp_path / "run", queue=tmp_path / "queue.db")
    with served(run) as server:
        ann = server.invite("Ann")
        ann.ok("POST", "/api/label/next", {"count": 1})
        answer(ann, "item-0", LABEL)
    verb = lambda *words: main(["people", str(run), *words])
    assert verb("--export", str(tmp_path / "all.csv")) == 0
    assert (tmp_path / "all.csv").read_text().count("\n") == 4
    assert verb("--export", str(tmp_path / "all.csv")) == verb("--export", "all.txt") == 2
    assert verb("--backup", str(tmp_path / "kept"), "--portable") == 0
    (tmp_path / "gold.csv").write_text("id,label\nitem-2,cat\nitem-0,cat\n")
    assert verb("--gold", str(tmp_path / "gold.csv")) == 0
    said = capsys.readouterr()
    assert "1 items are gold, 1 were refused" in said.out
    assert "answered already" in said.err
    assert verb("--forget", "Ann") == 0
    assert '"answers": 1' in capsys.readouterr().out
    assert LABEL.encode() not in contents(tmp_path / "queue.db")
    assert verb("--forget", "Ann") == verb("--portable") == verb("--backup", "a", "--restore", "b") == 2
    (run / "people.db").rename(tmp_path / "people.old")
    (tmp_path / "queue.db").rename(tmp_path / "queue.old")
    assert verb("--restore", str(tmp_path / "kept")) == 0
    with around(run) as here:
        assert [word.value for word in here.desk.slots.words()] == [LABEL]
        assert write_answers(here, tmp_path / "again.jsonl") == 3
        with pytest.raises(ArgumentError, match="whoever runs the server"):
            forget_person(here, "owner")
