"""Playing against a model over the wire: writing, judging, roles, taking back, the end of a round."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from explora.core import ArgumentError, RunError
from explora.people import Base, Book, EventLog, Rounds
from explora.people._fool import _book as kinds

from ._around import NASTY, Browser, Clock, Server, served, uuid, write_run
from ._toy import crowd, put
from ._toy import form as toy_form


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server with a toy model, its owner and others: making one takes longer than all that is done with it."""
    place = tmp_path_factory.mktemp("house")
    with served(write_run(place / "run")) as server:
        toy = put(server.people.rounds, place)
        people = {name.lower(): server.invite(name) for name in ("Ann", "Bob", "Cid", "Dan")}
        viewer = server.invite("Vic", "viewer")
        yield SimpleNamespace(server=server, toy=toy, owner=server.owner, viewer=viewer, **people)


@pytest.fixture
def game(house: Any, tmp_path: Path) -> Iterator[Any]:
    """The same where nobody has played yet."""
    base, rounds = Base(tmp_path / "people.db"), house.server.people.rounds
    rounds.log, rounds._book, rounds.clock = EventLog(base), Book(), Clock()
    rounds._training, house.toy.broken, house.toy.trained = ThreadPoolExecutor(1), False, []
    yield SimpleNamespace(**vars(house), rounds=rounds, clock=rounds.clock)
    rounds._training.shutdown()
    base.close()


def propose(who: Browser, text: str, label: Any = "bad", **more: Any) -> Any:
    return who.act("/api/fool/propose", values={"text": text}, label=label, **more)


def judge(who: Browser, example: str, label: str | None = "bad", kind: str = "label") -> str:
    who.ok("POST", "/api/fool/next", {"count": 20})
    return who.act("/api/fool/verdict", example=example, kind=kind, label=label)["outcome"]


def refusal(who: Browser, path: str, **said: Any) -> tuple[int, str]:
    found = who.ask("POST", f"/api/fool/{path}", {"uuid": uuid(), **said})
    return found.status_code, found.json()["error"]


def tally(game: Any, number: int = -1) -> Any:
    return game.owner.ok("GET", "/api/fool/rounds")["rounds"][number]


def test_the_form_says_what_can_be_written(game: Any):
    found = game.ann.ok("GET", "/api/fool/form")
    fields = [(each["name"], each["kind"]) for each in found["fields"]]
    assert fields == [("text", "text"), ("size", "number"), ("colour", "category"), ("since", "date")]
    assert set(found["fields"][2]["choices"]) == {"red", "blue"}
    assert [(each["value"], each["key"]) for each in found["classes"]] == [("bad", "1"), ("good", "2")]
    assert (found["ready"], found["round"], found["version"], found["state"]) == (True, 1, 0, "open")
    assert (found["validators"], found["unanimous"], found["share"]) == (2, True, 0.3)


def test_the_model_answers_while_one_writes_and_nothing_is_kept(game: Any):
    said = game.ann.ok("POST", "/api/fool/ask", {"values": {"text": "a good soup", "size": 3}})
    assert said == {
        "version": 0,
        "label": "good",
        "chances": [{"label": "good", "chance": 0.8}, {"label": "bad", "chance": 0.2}],
    }
    assert tally(game)["collected"] == 0
    assert game.ann.ok("GET", "/api/fool/mine") == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "empty"),
        ({"text": "  "}, "empty"),
        ({"text": 3}, "must be a text"),
        ({"size": "huge"}, "must be a number"),
        ({"since": "some day"}, "must be a date"),
        ({"taste": "sweet"}, "no column"),
        ({"text": "x" * 10_001}, "10,000"),
    ],
)
def test_what_does_not_fit_the_fields_is_refused_with_a_sentence(game: Any, values: Any, words: str):
    found = game.ann.ask("POST", "/api/fool/ask", {"values": values})
    assert found.status_code in (409, 422)
    assert words in found.json()["error"]


def test_items_to_start_from_come_least_sure_first_and_can_be_changed(game: Any):
    items = game.ann.ok("GET", "/api/fool/items?offset=0&count=50")
    assert len(items) == len(game.toy.form.items)
    first = items[0]
    assert first["values"]["text"]
    changed = first["values"] | {"text": f"{first['values']['text']} not"}
    kept = game.ann.act("/api/fool/propose", values=changed, origin=first["id"], label="bad")
    assert kept["example"]
    assert refusal(game.ann, "propose", values=changed, origin="no such item", label="bad")[0] == 404


def test_what_the_run_knows_already_is_no_find(game: Any):
    form = game.toy.form
    labelled = form.values(0)
    assert "label the run knows" in refusal(game.ann, "propose", values=labelled, label="bad")[1]
    held = form._of(form._held, 0)
    assert "models are judged" in refusal(game.ann, "propose", values=held, label="bad")[1]
    assert refusal(game.ann, "propose", values={"text": "soup"}, label="no such label")[0] == 404


def test_two_others_who_do_not_know_what_the_author_said_decide(game: Any):
    kept = propose(game.ann, "the soup was not good")
    assert (kept["fools"], kept["again"], kept["said"]["label"]) == (True, False, "good")
    assert (tally(game)["claimed"], tally(game)["waiting"], tally(game)["fooled"]) == (1, 1, 0)
    shown = game.bob.ok("POST", "/api/fool/next", {"count": 3})
    assert [set(each) for each in shown] == [{"example", "values", "origin", "until"}]
    assert judge(game.bob, kept["example"]) == "open"
    assert judge(game.owner, kept["example"]) == "agreed", "an owner validates what others wrote"
    found = tally(game)
    assert (found["collected"], found["fooled"], found["waiting"], found["rate"]) == (1, 1, 0, 1.0)
    assert game.cid.ok("POST", "/api/fool/next", {"count": 3}) == [], "nobody is asked about what is settled"


def test_an_author_cannot_judge_and_nobody_judges_twice(game: Any):
    own = propose(game.ann, "the soup was not good")["example"]
    assert game.ann.ok("POST", "/api/fool/next", {"count": 3}) == []
    status, words = refusal(game.ann, "verdict", example=own, label="bad")
    assert (status, "yours" in words) == (409, True)
    judge(game.bob, own)
    assert "already" in refusal(game.bob, "verdict", example=own, label="bad")[1]
    assert "not asked" in refusal(game.cid, "verdict", example=own, label="bad")[1]
    assert tally(game)["fooled"] == 0


def test_the_same_content_counts_once_and_its_second_author_cannot_judge_it(game: Any):
    first = propose(game.ann, "the soup was not good")
    second = propose(game.bob, "  The SOUP   was not good ")
    assert (second["example"], second["again"]) == (first["example"], True)
    assert tally(game)["collected"] == 1
    assert "yours" in refusal(game.bob, "verdict", example=first["example"], label="bad")[1]
    assert "already" in refusal(game.ann, "propose", values={"text": "the soup was not good"}, label="good")[1]
    judge(game.cid, first["example"])
    assert "judged this" in refusal(game.cid, "propose", values={"text": "the soup was not good"}, label="bad")[1]
    assert judge(game.owner, first["example"]) == "agreed"
    dan = game.dan
    assert "counts once" in refusal(dan, "propose", values={"text": "the soup was not good"}, label="bad")[1]
    assert (tally(game)["collected"], tally(game)["fooled"]) == (1, 1)


def test_who_contradicts_an_author_makes_it_one_example_that_others_settle(game: Any):
    first = propose(game.ann, "the soup was not good", "bad")["example"]
    assert propose(game.bob, "the soup was not good", "good")["example"] == first
    judge(game.cid, first, "good")
    assert judge(game.owner, first, "good") == "agreed"
    found = tally(game)
    assert (found["collected"], found["claimed"], found["agreed"], found["fooled"]) == (1, 1, 1, 0)


def test_sent_again_an_act_counts_once_and_a_name_is_for_one_act(game: Any):
    said = {"uuid": uuid(), "values": {"text": "the soup was not good"}, "label": "bad"}
    found = [game.ann.ok("POST", "/api/fool/propose", said) for _ in range(3)]
    assert found[0] == found[1] == found[2]
    assert tally(game)["collected"] == 1
    assert game.ann.ask("POST", "/api/fool/propose", said | {"label": "good"}).status_code == 409
    assert game.bob.ask("POST", "/api/fool/propose", said).status_code == 409
    game.bob.ok("POST", "/api/fool/next", {"count": 1})
    verdict = {"uuid": uuid(), "example": found[0]["example"], "label": "bad"}
    assert [game.bob.ok("POST", "/api/fool/verdict", verdict)["outcome"] for _ in range(2)] == ["open", "open"]
    assert game.bob.ask("POST", "/api/fool/verdict", verdict | {"label": "good"}).status_code == 409
    withdrawn = {"uuid": uuid(), "example": found[0]["example"]}
    for _ in range(2):
        game.ann.ok("POST", "/api/fool/withdraw", withdrawn)
    assert tally(game)["withdrawn"] == 1


def test_one_takes_back_what_is_ones_own_as_long_as_it_can_be(game: Any):
    first = propose(game.ann, "the soup was not good")["example"]
    assert "not yours" in refusal(game.bob, "withdraw", example=first)[1]
    judge(game.bob, first)
    again = game.bob.act("/api/fool/retract", example=first)
    assert again["example"] == first
    assert "said nothing" in refusal(game.bob, "retract", example=first)[1]
    judge(game.bob, first, "good")
    assert tally(game)["refuted"] == 1
    assert "settled" in refusal(game.ann, "withdraw", example=first)[1]
    game.bob.act("/api/fool/retract", example=first)
    assert tally(game)["refuted"] == 0, "a verdict can be taken back until the round ends"
    game.ann.act("/api/fool/withdraw", example=first)
    assert (tally(game)["collected"], tally(game)["withdrawn"]) == (0, 1)
    mine = game.bob.ok("GET", "/api/fool/mine")
    assert mine == []


def test_an_example_is_with_no_more_people_than_are_needed_until_their_time_is_over(game: Any):
    first = propose(game.ann, "the soup was not good")["example"]
    other = propose(game.ann, "a fine soup", "bad")["example"]
    dan = game.dan
    assert [each["example"] for each in game.bob.ok("POST", "/api/fool/next", {"count": 1})] == [first]
    assert [each["example"] for each in game.cid.ok("POST", "/api/fool/next", {"count": 1})] == [first]
    assert [each["example"] for each in dan.ok("POST", "/api/fool/next", {"count": 1})] == [other]
    game.clock.ahead += 301.0
    assert [each["example"] for each in dan.ok("POST", "/api/fool/next", {"count": 1})] == [first]
    assert game.bob.act("/api/fool/verdict", example=first, label="bad")["outcome"] == "open"
    assert "over" in refusal(game.cid, "verdict", example=first, label="bad")[1]
    assert dan.act("/api/fool/verdict", example=first, label="bad")["outcome"] == "agreed"


def test_senseless_examples_and_skips(game: Any):
    first = propose(game.ann, "good good not good")["example"]
    assert judge(game.bob, first, None, "skipped") == "open"
    assert game.bob.ok("POST", "/api/fool/next", {"count": 1}) == [], "whoever skipped is not asked again"
    assert judge(game.cid, first, None, "invalid") == "invalid"
    assert (tally(game)["invalid"], tally(game)["fooled"]) == (1, 0)


def test_the_end_of_a_round_trains_the_next_version_and_freezes_what_was_said(game: Any):
    good = propose(game.ann, "the soup was not good")["example"]
    left = propose(game.ann, "the cake was not good")["example"]
    judge(game.bob, good)
    judge(game.cid, good)
    assert refusal(game.owner, "close", round=2)[0] == 409
    act = {"uuid": uuid(), "round": 1}
    assert game.owner.ok("POST", "/api/fool/close", act) == {"round": 1}
    game.rounds._trained.result()
    assert game.owner.ok("POST", "/api/fool/close", act) == {"round": 1}, "sent again it ends no other round"
    (confirmed,) = game.toy.trained[0][1]
    assert (confirmed.label, confirmed.model, confirmed.fooled) == ("bad", "good", True)
    assert (confirmed.authors, len(confirmed.validators)) == ((game.ann.who["id"],), 2)
    table = game.owner.ok("GET", "/api/fool/rounds")
    assert [(each["state"], each["version"]) for each in table["rounds"]] == [("closed", 0), ("open", 1)]
    assert table["rounds"][0]["waiting"] == 1
    assert table["matrix"] == {
        "versions": [0, 1],
        "suites": ["held-out", "round-001"],
        "sizes": [2, 1],
        "right": [[2, 0], [2, 1]],
    }
    assert "ended" in refusal(game.bob, "verdict", example=left, label="bad")[1]
    assert "ended" in refusal(game.bob, "retract", example=good)[1]
    assert "ended" in refusal(game.ann, "withdraw", example=left)[1]
    again = propose(game.bob, "the cake was not good")
    assert (again["fools"], again["said"]["version"], again["again"]) == (False, 1, False), "it was never settled"
    assert "round 1" in refusal(game.bob, "propose", values={"text": "the soup was not good"}, label="bad")[1]


def test_while_a_version_is_trained_nothing_can_be_sent_and_a_failure_is_said(game: Any):
    game.rounds._training.shutdown()
    game.rounds._training = SimpleNamespace(submit=lambda work: None, shutdown=lambda **how: None)
    game.owner.act("/api/fool/close", round=1)
    assert "being trained" in refusal(game.ann, "propose", values={"text": "not good"}, label="bad")[1]
    assert "not open" in refusal(game.owner, "close", round=1)[1]
    assert game.ann.ok("POST", "/api/fool/ask", {"values": {"text": "not good"}})["label"] == "good"
    game.toy.broken = True
    game.rounds._train()
    first, second = (tally(game, number) for number in (0, 1))
    assert (first["state"], first["problem"]) == ("closed", "the disk is full")
    assert (second["number"], second["version"], second["state"]) == (2, 0, "open")


def test_what_holds_is_said_by_an_owner_before_anybody_plays(game: Any):
    found = game.owner.ok("PUT", "/api/fool/terms", {"uuid": uuid(), "validators": 3, "unanimous": False, "share": 0.5})
    assert (found["number"], found["validators"], found["unanimous"], found["share"]) == (1, 3, False, 0.5)
    first = propose(game.ann, "the soup was not good")["example"]
    judge(game.bob, first)
    assert judge(game.cid, first) == "agreed", "two of three are most"
    refused = game.owner.ask("PUT", "/api/fool/terms", {"uuid": uuid(), "validators": 0})
    assert refused.status_code == 422


def test_roles(game: Any):
    viewer, stranger = game.viewer, Browser(game.server.app)
    first = propose(game.ann, "the soup was not good")["example"]
    closing, terms = {"uuid": uuid(), "round": 1}, {"uuid": uuid()}
    play = [
        ("GET", "/api/fool/form", None),
        ("GET", "/api/fool/items", None),
        ("GET", "/api/fool/mine", None),
        ("POST", "/api/fool/ask", {"values": {"text": "x"}}),
        ("POST", "/api/fool/propose", {"uuid": uuid(), "values": {"text": "x"}, "label": "bad"}),
        ("POST", "/api/fool/next", {"count": 1}),
        ("POST", "/api/fool/verdict", {"uuid": uuid(), "example": first, "label": "bad"}),
        ("POST", "/api/fool/withdraw", {"uuid": uuid(), "example": first}),
        ("POST", "/api/fool/retract", {"uuid": uuid(), "example": first}),
    ]
    own = [
        ("GET", "/api/fool/examples?round=1", None),
        ("PUT", "/api/fool/terms", terms),
        ("POST", "/api/fool/close", closing),
    ]
    for asked in (*play, *own):
        assert viewer.ask(*asked).status_code == 403, asked
        assert stranger.ask(*asked).status_code == 401, asked
    for asked in own:
        assert game.ann.ask(*asked).status_code == 403, asked
    assert viewer.ok("GET", "/api/fool/rounds")["rounds"][0]["collected"] == 1
    assert stranger.ask("GET", "/api/fool/rounds").status_code == 401
    (whole,) = game.owner.ok("GET", "/api/fool/examples?round=1")
    assert (whole["claims"], whole["said"], whole["outcome"]) == ({game.ann.who["id"]: "bad"}, "good", "open")
    assert game.owner.ask("GET", "/api/fool/examples?round=7").status_code == 404


def test_nasty_texts_are_texts(game: Any):
    first = propose(game.ann, NASTY)["example"]
    (shown,) = game.bob.ok("POST", "/api/fool/next", {"count": 1})
    assert (shown["example"], shown["values"]["text"]) == (first, NASTY)
    for text in ("a\x00b", "\ud800"):
        body = b'{"values": {"text": "' + text.encode("unicode-escape") + b'"}}'
        sent = game.ann.client.post("/api/fool/ask", content=body, headers={"content-type": "application/json"})
        assert sent.status_code in (409, 422)
    for number in ("1e999", "NaN"):
        body = f'{{"values": {{"size": {number}}}}}'
        sent = game.ann.client.post("/api/fool/ask", content=body, headers={"content-type": "application/json"})
        assert sent.status_code in (409, 422)


def test_the_log_told_again_gives_the_same_rounds(game: Any):
    first, second = (propose(game.ann, f"the {x} was not good")["example"] for x in ("soup", "fish"))
    judge(game.bob, first)
    judge(game.cid, first)
    judge(game.bob, second, "good")
    game.bob.act("/api/fool/retract", example=second)
    game.owner.act("/api/fool/close", round=1)
    game.rounds._trained.result()
    propose(game.bob, "a new one")
    again = Rounds(game.rounds.run, game.rounds.log)
    assert again.counts() == game.rounds.counts()
    assert again.standing().matrix == game.rounds.standing().matrix
    assert again.standing().examples == game.rounds.standing().examples
    acts = {act.kind for act in game.rounds.log.acts(most=1000)}
    assert {kinds.WROTE, kinds.TOOK, kinds.SAID, kinds.RETRACTED, kinds.CLOSED, kinds.TRAINED} == acts
    again.shut()


def test_what_cannot_be_written_leaves_the_rounds_as_they_were(game: Any, monkeypatch: pytest.MonkeyPatch):
    noting = EventLog.note

    def fails(self: EventLog, *given: Any, **how: Any) -> Any:
        noting(self, *given, **how)
        raise RunError("the disk is full")

    monkeypatch.setattr(EventLog, "note", fails)
    with pytest.raises(RunError):
        game.rounds.propose("ann", {"text": "the soup was not good"}, "bad")
    monkeypatch.undo()
    assert game.rounds.counts()[0].collected == 0


def test_a_run_without_such_a_model_says_so(server: Server):
    ann = server.invite("Ann")
    ann.ok("GET", "/api/fool/form")
    server.people.rounds.model.wait(30.0)
    found = ann.ok("GET", "/api/fool/form")
    assert (found["ready"], found["fields"]) == (False, [])
    assert found["problem"].startswith("There is no model to play against")
    asked = ann.ask("POST", "/api/fool/ask", {"values": {"text": "x"}})
    assert asked.status_code == 404
    assert ann.ok("GET", "/api/fool/rounds")["matrix"] is None
    with pytest.raises(ArgumentError, match="no model"), Rounds.around(server.people.folder.path):
        pass


@pytest.mark.slow
def test_many_at_once_through_two_servers_judge_each_example_as_often_as_needed(tmp_path: Path):
    bases = [Base(tmp_path / "people.db"), Base(tmp_path / "people.db")]
    rounds = crowd(bases, tmp_path)
    examples = rounds.examples(1)
    assert [len(example.votes) for example in examples if "number" in example.values["text"]] == [2] * 12
    assert rounds.counts()[0].collected == 13, "what eight people wrote at the same moment is one example"
    assert not any(set(example.claims) & set(example.votes) for example in examples)
    rounds.shut()
    for base in bases:
        base.close()


def test_a_table_is_written_field_by_field(tmp_path: Path):
    form = toy_form(tmp_path)
    read = form.read({"size": "3.50", "colour": " red ", "text": "A  fine\nplace"})
    assert read == {"text": "A  fine\nplace", "size": 3.5, "colour": "red", "since": None}
    same = form.read({"size": 3.5, "colour": "RED", "text": "a fine place"})
    assert form.address(read) == form.address(same)
    assert form.address(read) != form.address(form.read({"size": 3.6, "colour": "red", "text": "a fine place"}))
    assert form.inputs([read, same], [None, None]).shape == (2, form.items.inputs.shape[1])
    places = list(range(len(form.items)))
    assert [form.place(form.address(form.values(place))) for place in places] == places
    assert form.address({"since": "2026-11-21"}) == form.address({"since": "2026-11-21T00:00:00"})
    inputs = form.inputs([form.values(p) for p in range(len(form.items))], [None] * len(form.items))
    assert inputs.tolist() == form.items.inputs.tolist(), "an item that nobody changed is what it was"
