"""What a page, a comparison and an export say of a run that asks questions."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

from explora.cli import main
from explora.core import ArgumentError, Parts
from explora.domains.pool import Annotators, Nobody, Pool, Source, from_arrays
from explora.explorers import Query
from explora.explorers.query import Random, Top
from explora.learners import Supervised
from explora.maths import wilson
from explora.plots import (
    Asked,
    Axes,
    Baseline,
    Matrix,
    Waits,
    answer_headline,
    asked,
    asked_file,
    compare_runs,
    comparison_text,
    contradictions,
    gather,
    lead,
    price,
    random_baseline,
    report_page,
    run_card,
    side,
    waits,
)
from explora.plots._asking import asks_questions, by_item
from explora.plots._asking._things import things
from explora.runs import Plan, run
from explora.scores import Margin
from explora.store import EventRow, Records, RunFolder, TaskRow
from explora.testing import Middles

from .test_report import check

RECORDS = Records(
    turn=np.array([2, 4]),
    steps=np.array([0, 0]),
    updates=np.array([1, 2]),
    calls=np.array([2, 4]),
    episodes=np.array([0, 0]),
    seconds=np.array([10.0, 12.0]),
    budget=np.array([0.0, 0.0]),
    metrics={},
)
TASKS = [TaskRow(n, -1, turn, f"{n}", item, s) for n, (item, turn, s) in enumerate(
    [("a", 2, 0.0), ("b", 2, 0.5), ("c", 4, 0.9), ("d", 4, 0.8), ("e", 4, 0.7)]
)]  # fmt: skip


def told(item: str, value: object, seconds: float = 0.0, cost: float = 1.0, who: int = 0) -> EventRow:
    status = "skipped" if value is None else "answered"
    data = {"item": item, "annotator": who, "value": value, "status": status, "cost": cost, "seconds": seconds}
    return EventRow(0, "answer", data, 60.0)


JOURNAL = [told("b", "x", 1.0), told("a", "y", 2.0), told("c", None, 4.0, 3.0), told("d", "y", 5.0), told("b", "y")]


def matrix(rows: list[list[float]], suite: str = "held-out", tasks: tuple[str, ...] = ("all",)) -> Matrix:
    at = Axes(np.zeros(2), np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    return Matrix(suite, tasks, np.array([2, 4]), at, np.array([5, 5]), np.array(rows))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two seeds of asking at random, and two of margin."""
    folder, found = tmp_path_factory.mktemp("asking"), {}
    for recipe, explorer in {
        "random": Query(Random(), batch=5, budget=15),
        "margin": Query(Top(), Margin(), 5, 15),
    }.items():
        for seed in (0, 1):
            found[f"{recipe}-{seed}"] = folder / recipe / f"seed-{seed}"
            parts = Parts(Pool(Source("sklearn:iris")), Supervised(Middles()), explorer)
            run(parts, Plan(seed=seed), out=found[f"{recipe}-{seed}"], recipe=recipe)
    return found


def test_each_answer_says_which_version_asked_for_it_and_why():
    found = asked(RECORDS, TASKS, JOURNAL)
    assert [q.item for q in found] == ["b", "a", "c", "d", "b", "e"]
    assert [q.number for q in found] == [1, 2, 3, 4, 5, 6]
    assert [(q.version, q.calls) for q in found[:4]] == [(0, 0), (0, 0), (2, 2), (2, 2)]
    assert [q.score for q in found[:4]] == [0.5, 0.0, 0.9, 0.8]
    assert [q.status for q in found] == ["answered", "answered", "skipped", "answered", "answered", "waiting"]
    assert [q.stands for q in found] == [False, True, True, True, True, True]
    assert (found[-1].time, found[0].time) == (None, 60.0)
    assert {q.score for q in asked(RECORDS, TASKS, JOURNAL, scored=False)} == {None}
    (alone,) = asked(RECORDS, [], JOURNAL[:1])
    assert (alone.version, alone.calls, alone.score) == (None, None, None)


def test_the_interval_of_a_score_is_that_of_the_held_out_items():
    one = by_item(matrix([[0.5], [0.75]]), [40], classes=True)
    assert one.items == 40
    assert one.curve.low is not None
    assert one.curve.high is not None
    np.testing.assert_allclose((one.curve.low[1], one.curve.high[1]), wilson(30.0, 40))
    two = by_item(matrix([[0.5, 1.0], [0.5, 1.0]], "classes", ("a", "b")), [40, 10], classes=True)
    assert two.curve.low is not None
    half, whole = 0.5 - wilson(20.0, 40)[0], 1 - wilson(10.0, 10)[0]
    np.testing.assert_allclose(two.curve.low[0], 0.75 - np.hypot(half, whole) / 2)
    assert by_item(matrix([[0.5], [0.75]]), None, classes=True).curve.low is None
    assert by_item(matrix([[-0.5], [0.75]]), [40], classes=False).curve.low is None


def test_a_point_costs_what_was_charged_since_the_version_before():
    score = by_item(matrix([[0.5], [0.6]]), [40], classes=True)
    found = price(RECORDS, score, asked(RECORDS, TASKS, JOURNAL))
    np.testing.assert_allclose(found.costs, [2.0, 6.0])  # the skipped one was three
    np.testing.assert_allclose(found.points, [np.nan, 0.4])
    np.testing.assert_allclose(found.overall, 0.4)


def test_waiting_is_told_from_computing():
    found = waits(RECORDS, asked(RECORDS, TASKS, JOURNAL))
    # 3 of the first 10 seconds were waited; 9 in the last 2: those came beside, and all of the 2 was computing
    assert (found.waited, found.computed, found.level) == (12.0, 9.0, 9.0 / 4)
    assert (found.record, found.calls) == (1, 2)
    assert "After 2 answers feedback" in found.sentence()
    quick = waits(RECORDS, asked(RECORDS, TASKS, [told("a", 1), told("b", 1)]))
    assert quick.record is None
    assert "as soon as an answer takes more than 3 s" in quick.sentence()
    assert "Computing, not feedback" in Waits(1.0, 2.0, None, 0, 0.5).sentence()


def test_a_run_stands_to_random_asking_by_its_mean_and_by_what_it_saved():
    random = Baseline(np.array([10, 20, 30]), {"s": np.array([[0.4, 0.5, 0.6], [0.5, 0.6, 0.7]])})
    found = lead(np.array([10, 20, 30]), np.array([0.5, 0.7, 0.9]), random, "s")
    np.testing.assert_allclose((found.difference, found.low, found.high), (0.15, 0.1, 0.2))
    assert (found.won, found.seeds, found.saved) == (2, 2, 10)
    assert "ahead of each of 2 simulated seeds" in found.sentence()
    assert "10 answers sooner" in found.sentence()
    behind = lead(np.array([10, 20, 30]), np.array([0.1, 0.2, 0.3]), random, "s")
    assert (behind.won, behind.saved) == (0, None)
    assert "never reached" in behind.sentence()


def test_random_asking_is_simulated_where_all_labels_are_known():
    pool = Pool(Source("sklearn:iris"))
    parts = Parts(pool, Supervised(Middles()), Query(Top(), Margin()))
    suites = {name: pool.suite(name) for name in pool.suite_names}
    found, said = random_baseline(parts, suites, [5, 15, 113], seeds=2, seconds=300.0)
    assert found is not None
    assert "2 times" in said
    assert found.scores["classes"].shape == (2, 3)
    # with every label the order no longer matters: both seeds end with the same model
    assert found.scores["held-out"][0, 2] == found.scores["held-out"][1, 2] > found.scores["held-out"][:, 0].mean()
    again, _ = random_baseline(parts, suites, [5, 15, 113], seeds=2, seconds=300.0)
    assert again is not None
    np.testing.assert_array_equal(again.scores["held-out"], found.scores["held-out"])


def test_random_asking_is_not_simulated_and_says_why(monkeypatch: pytest.MonkeyPatch):
    pool = Pool(Source("sklearn:iris"))
    parts = Parts(pool, Supervised(Middles()), Query(Random()))
    suites = {"held-out": pool.suite("held-out")}
    assert "more than 0 s" in random_baseline(parts, suites, [5], seconds=0.0)[1]
    assert "before a version" in random_baseline(parts, suites, [])[1]
    unknown = Parts(Pool(Source("sklearn:iris"), Nobody()), parts.learner, parts.explorer)
    assert random_baseline(unknown, suites, [5]) == (
        None,
        "Asking at random is not simulated: not all labels are known here.",
    )
    monkeypatch.setattr("explora.plots._asking._baseline.MOST_ITEMS", 100)
    assert "more than 100 items; this has 113" in random_baseline(parts, suites, [5])[1]


def test_equal_inputs_with_two_answers_are_named():
    items = from_arrays(np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]]), ids=["a", "b", "c"])
    questions = asked(RECORDS, TASKS, [told("a", "x"), told("b", "y"), told("c", "y"), told("c", "y", who=1)])
    (found,) = contradictions(questions, items)
    assert (found.items, found.answers, found.label) == (("a", "b"), ("x", "y"), None)
    assert contradictions(questions[2:], items) == ()


def test_rows_of_a_grid_of_numbers_are_drawn_and_others_are_said():
    names = [f"pixel_{row}_{column}" for row in range(4) for column in range(4)]
    values = np.zeros((2, 16))
    values[1, 0] = 8.0
    drawn = things(_named(values, names), ["1"])["1"]
    assert drawn.pixels is not None
    assert (drawn.pixels[0, 0, 0], drawn.pixels[-1, -1, 0], drawn.description) == (0, 255, "")
    said = things(_named(values[:, :2], ["width", "height"]), ["1"])["1"]
    assert said.pixels is None
    assert said.description == "width 8.0, height 0.0"


def _named(values: np.ndarray, names: list[str]):
    import polars

    from explora.domains.pool import from_frame

    return from_frame(polars.DataFrame(values, schema=names))


def test_the_page_speaks_of_answers_and_nothing_of_episodes(runs, capsys):
    assert main(["report", str(runs["margin-0"])]) == 0
    page = (runs["margin-0"] / "report.html").read_text()
    found = check(page)
    assert {"curves", "held-out", "asked", "price", "contradictions", "configuration"} <= set(found.names)
    text = re.sub(r"<[^>]*>", " ", page[page.index("<body>") :])
    for word in ("solve", "episode", "environment steps", "Replay", "Discovered"):
        assert word not in text, word
    assert "after 15 answers" in text
    assert "Chosen after 5 answers, by the version of turn 2" in text
    assert "Top, scored by Margin" in text
    assert re.search("items asked for at random, ([2-5] times|once)", text)
    assert "15 questions: 15 answered." in text


def test_a_page_without_the_parts_says_what_it_can(runs):
    with RunFolder.open(runs["random-0"]) as folder:
        report = gather(folder)
    assert report.asking is not None
    assert report.asking.items is None
    text = re.sub(r"<[^>]*>", " ", report_page(report))
    assert "the parts of this run cannot be built here" in text
    assert "after 15 answers" in report.headline.title


def test_a_headline_without_verdicts(runs):
    with RunFolder.open(runs["random-0"]) as folder:
        report = gather(folder)
        card = run_card("r", folder.facts)
    assert report.asking is not None
    said = answer_headline(card, None, report.asking._replace(results=()))
    assert said.title == "No version has been judged on held-out items yet, after 0 answers."


def test_compare_puts_runs_side_by_side_at_equal_answers(runs, by_hand, capsys, tmp_path):
    folder = runs["margin-0"].parent.parent
    words = ["compare", str(folder / "margin"), str(folder / "random"), "--out", str(tmp_path / "page.html")]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "held-out: at 15 answers" in text
    assert "steps" not in text
    assert text.index("random") < text.index("margin")  # the baseline is first
    assert re.search(r"margin beside random, mean score over the answers: .*of 2 seeds won", text)
    check((tmp_path / "page.html").read_text())
    assert main([*words[:3], "--json"]) == 0
    suite = json.loads(capsys.readouterr().out)["suites"]["held-out"]
    assert suite["equal_answers"] == 15
    assert suite["groups"][0]["answers"] == 15
    with RunFolder.open(runs["margin-0"]) as one, pytest.raises(ArgumentError, match="does not"):
        compare_runs([side(one), side(by_hand)])


def test_a_comparison_pairs_seeds_on_the_same_data_only(runs):
    sides = []
    for path in runs.values():
        with RunFolder.open(path) as folder:
            sides.append(side(folder))
    found = compare_runs(sides, draws=50)
    assert found.unit == "answers"
    assert set(found.paired["held-out"]) == {"margin"}
    other = [s._replace(settings=s.settings | {"domain.split": "9"}) if s.recipe == "margin" else s for s in sides]
    assert compare_runs(other, draws=50).paired["held-out"] == {}
    assert "at 15 answers" in comparison_text(found)


def test_export_writes_every_question_with_where_it_came_from(runs, tmp_path, capsys):
    assert main(["export", str(runs["margin-0"]), "--out", str(tmp_path / "a")]) == 0
    rows = [json.loads(line) for line in (tmp_path / "a" / "asked.jsonl").read_text().splitlines()]
    assert len(rows) == 15
    assert not (tmp_path / "a" / "tasks.jsonl").exists()
    with RunFolder.open(runs["margin-0"]) as folder:
        journal = folder.database.journal("answer")
    assert [(row["item"], row["answer"]) for row in rows] == [(e.data["item"], e.data["value"]) for e in journal]
    assert rows[5]["version"] == 2
    assert rows[5]["row"].keys() == Pool(Source("sklearn:iris")).items.row(0).keys()
    assert main(["export", str(runs["margin-0"]), "--out", str(tmp_path / "b"), "--format", "csv"]) == 0
    table = list(csv.DictReader(io.StringIO((tmp_path / "b" / "asked.csv").read_text())))
    assert [row["item"] for row in table] == [row["item"] for row in rows]


def test_parquet_keeps_types_and_mixed_answers_become_texts(tmp_path):
    import polars

    questions = asked(RECORDS, TASKS, [told("a", 1), told("b", "x"), told("c", ["x", "y"])])
    (tmp_path / "x.parquet").write_bytes(asked_file(questions, None, "parquet"))
    frame = polars.read_parquet(tmp_path / "x.parquet")
    assert frame["answer"].to_list() == ["1", "x", '["x", "y"]', None, None]
    assert frame["cost"].to_list() == [1.0, 1.0, 1.0, 0.0, 0.0]
    with pytest.raises(ArgumentError, match="parquet"):
        asked_file(questions, None, "xml")


def test_a_run_that_took_steps_asks_no_questions(by_hand):
    assert not asks_questions(by_hand.database.records(), None)
    assert asks_questions(RECORDS, None)
    assert Asked._fields[0] == "number"
    assert Annotators().recorded
