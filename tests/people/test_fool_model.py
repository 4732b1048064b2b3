"""Rounds against real models: what they learn, what is written down of them, who else may play. Slow."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from explora.adapters import Estimator
from explora.cli._eval import evaluate
from explora.core import ArgumentError, Parts, RunError
from explora.domains.pool import Pool, Source
from explora.explorers import Query
from explora.explorers.query import Random
from explora.learners import Supervised
from explora.people import Rounds
from explora.runs import Plan, RoundVersions, load, round_parts, run

from ._around import served
from ._texts import BAD, GOOD, THINGS, taught

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return taught(tmp_path_factory.mktemp("texts"))


@pytest.fixture
def path(trained: Path, tmp_path: Path) -> Path:
    """A run in which nobody has played yet."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


def turned(words: tuple[str, ...], things: tuple[str, ...]) -> list[str]:
    return [f"the {thing} was not {word}" for thing in things for word in words]


def play(rounds: Rounds, texts: list[tuple[str, str]]) -> list[bool]:
    """Somebody writes, two others who know the truth judge."""
    fools = [rounds.propose("ann", {"text": text}, label).fools for text, label in texts]
    truth = dict(texts)
    for who in ("bob", "cid"):
        for turn in rounds.next(who, 100):
            rounds.say(who, turn.example, "label", truth[turn.values["text"]])
    return fools


def first_round() -> list[tuple[str, str]]:
    bad = [(text, "bad") for text in turned(GOOD[:4], THINGS[:3])]
    return bad + [(text, "good") for text in turned(BAD[:4], THINGS[:3])]


def test_the_end_of_a_round_improves_the_model_on_what_fooled_it_and_forgets_little(path: Path):
    with Rounds.around(path) as rounds:
        assert all(play(rounds, first_round())), "no text of the run has the word `not`"
        count = rounds.counts()[0]
        assert (count.collected, count.fooled, count.rate) == (24, 24, 1.0)
        rounds.close("owner", wait=True)
        matrix = rounds.standing().matrix
        held, suite = (matrix["suites"].index(name) for name in ("held-out", "round-001"))
        assert matrix["right"][0][suite] == 0, "the suite was chosen against the first version"
        assert matrix["right"][1][suite] >= 0.8 * matrix["sizes"][suite]
        assert matrix["right"][1][held] >= matrix["right"][0][held] - 2
        assert rounds.ask({"text": "the table was not lovely"}).result().label == "bad"
        texts = [(f"hardly {word} that {thing}", "bad") for word in GOOD for thing in THINGS[:3]]
        assert sum(play(rounds, texts)) > 9
        rounds.close("owner", wait=True)
        matrix = rounds.standing().matrix
        assert matrix["versions"] == [0, 1, 2]
        assert matrix["suites"] == ["held-out", "round-001", "round-002"]
        assert matrix["right"][2][2] > matrix["right"][1][2]


def test_a_version_is_fitted_again_from_what_was_written_down(path: Path):
    with Rounds.around(path) as rounds:
        play(rounds, first_round())
        rounds.close("owner", wait=True)
        before = [rounds.ask({"text": text}).result() for text in ("the soup was not good", "a fine cake")]
        counts, matrix = rounds.counts(), rounds.standing().matrix
    with Rounds.around(path) as rounds:
        assert [rounds.ask({"text": text}).result() for text in ("the soup was not good", "a fine cake")] == before
        assert rounds.counts() == counts
        assert [list(row) for row in rounds.versions.judge().right] == matrix["right"]
    other = path / "rounds"
    train, suite = (round_parts(path, part)[1] for part in ("train", "suite"))
    assert len(train) + len(suite) == 24
    assert 6 <= len(suite) <= 8, "three tenths of each class"
    assert not {one.address for one in train} & {one.address for one in suite}
    assert {(one.authors, one.validators, one.fooled) for one in (*train, *suite)} == {(("ann",), ("bob", "cid"), True)}
    facts = json.loads((other / "001" / "version.json").read_text())
    assert (facts["labels"], facts["examples"], facts["counts"]["fooled"]) == (60, len(train), 24)
    (other / "001" / "train.jsonl").write_text("")
    with pytest.raises(RunError, match=r"train\.jsonl was changed"):
        RoundVersions(path).answers([{"text": "x"}], [None], 1)


def test_eval_says_how_versions_do_on_the_suites_of_the_rounds(path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(ArgumentError, match="no rounds that ended"):
        evaluate([str(path), "--suite", "rounds"])
    with Rounds.around(path) as rounds:
        play(rounds, first_round())
        rounds.close("owner", wait=True)
        matrix = rounds.standing().matrix
    assert evaluate([str(path), "--suite", "rounds", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["suites"] == dict(zip(matrix["suites"], matrix["sizes"], strict=True))
    assert list(said["right"]["1"].values()) == matrix["right"][1]
    assert said["right"]["run"] == said["right"]["0"], "the run has learned nothing since"
    assert evaluate([str(path), "--suite", "rounds"]) == 0
    assert f"({matrix['right'][1][1]}/{matrix['sizes'][1]})" in capsys.readouterr().out


def test_what_predict_says_is_what_the_first_version_says(path: Path):
    player, versions = load(path), RoundVersions(path)
    texts = [{"text": text} for text, _ in first_round()]
    said = versions.answers(texts, [None] * len(texts), 0)
    expected = player.expect(versions.form.inputs(texts, [None] * len(texts)))
    for row, mean in zip(said, expected.predictions.mean(1).tolist(), strict=True):
        chances = dict(row)
        assert [chances["bad"], chances["good"]] == pytest.approx(mean, abs=1e-5)


def test_a_round_that_was_ended_by_a_server_that_died_gets_its_version_later(path: Path):
    with Rounds.around(path) as rounds:
        play(rounds, first_round())
        rounds._training.shutdown()
        with pytest.raises(RuntimeError):  # as if it had died there: the transaction is gone with it
            rounds.close("owner")
        assert rounds.counts()[0].state == "open"
        with rounds._writing("end a round in") as write:
            write("owner", "fool.closed", {"round": 1}, "by-a-server-that-died")
    with served(path) as server:
        server.people.rounds.go_on()
        server.people.rounds.model.wait()
        server.people.rounds._training.submit(lambda: None).result()
        assert [each.state for each in server.people.rounds.counts()] == ["closed", "open"]
        assert server.owner.ok("GET", "/api/fool/form")["version"] == 1


def test_nobody_waits_while_the_model_is_asked_and_trained(path: Path):
    """Requests that have nothing to do with the model are answered while it is loaded, asked and trained."""
    with served(path) as server:
        ann, rounds = server.invite("Ann"), server.people.rounds
        ann.ok("GET", "/api/fool/form")
        rounds.model.wait()
        held, letting = threading.Event(), threading.Event()
        rounds.model._asking.submit(lambda: (held.set(), letting.wait(20)))
        rounds._training.submit(lambda: letting.wait(20))
        held.wait()
        texts = [threading.Thread(target=lambda: ann.ok("POST", "/api/fool/ask", {"values": {"text": "soup"}}))]
        for thread in texts:
            thread.start()
        for _ in range(20):
            ann.ok("GET", "/api/session")
            server.owner.ok("GET", "/api/fool/rounds")
        assert texts[0].is_alive()
        letting.set()
        for thread in texts:
            thread.join()


def test_two_servers_on_one_run_play_the_same_rounds(path: Path):
    with Rounds.around(path) as one, Rounds.around(path) as other:
        first = one.propose("ann", {"text": "the soup was not good"}, "bad").example
        assert other.propose("bob", {"text": "The soup was NOT good"}, "bad").again
        assert [turn.example for turn in other.next("cid", 5)] == [first]
        assert one.say("cid", first, "label", "bad") == "open"
        one.next("dan")
        assert other.say("dan", first, "label", "bad") == "agreed"
        assert one.counts() == other.counts()
        one.close("owner", wait=True)
        assert other.ask({"text": "the soup was not good"}).result().version == 1


def test_pictures_are_shown_and_not_written(tmp_path: Path):
    learner = Supervised(Estimator("sklearn.linear_model.LogisticRegression", options={"C": 0.01}))
    path = run(Parts(Pool(), learner, Query(Random(), batch=40, budget=200)), Plan(seed=1), out=tmp_path / "run").path
    with Rounds.around(path) as rounds:
        assert rounds.versions.form.fields == ()
        assert len(rounds.versions.form.fixed) > 50
        with pytest.raises(ArgumentError, match="start from an item"):
            rounds.ask({})
        unknown = next(p for p in range(200) if p not in rounds.model.labelled)
        id = rounds.versions.form.items.ids[unknown]
        assert rounds.propose("ann", {}, 3, origin=id).example
        with pytest.raises(ArgumentError, match="shown and not edited"):
            rounds.ask({rounds.versions.form.fixed[0]: 1.0}, id)


def test_runs_that_have_no_classes_are_refused(tmp_path: Path):
    learner = Supervised(Estimator("sklearn.linear_model.Ridge"))
    pool = Pool(Source("sklearn:diabetes"), kind="numbers")
    path = run(Parts(pool, learner, Query(Random(), batch=40)), Plan(seed=1), out=tmp_path / "run").path
    with pytest.raises(ArgumentError, match="labels are classes"), Rounds.around(path):
        pass
