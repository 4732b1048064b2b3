"""The facts of a run, against a database written by hand."""

import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError
from explora.ledger import Verdict
from explora.maths import wilson
from explora.plots import (
    Axes,
    Curve,
    Judged,
    Matrix,
    compare_runs,
    cost,
    difficulty,
    family,
    generality,
    generations,
    headline,
    held_out_curve,
    matrices,
    metric_curves,
    run_card,
    settings,
    side,
    smooth,
    speed_curve,
    suite_results,
)
from explora.plots._citations import bibtex
from explora.plots._facts_matrix import listed, percent
from explora.plots._facts_tasks import best, deepest, moved
from explora.plots._replays import held_out_choices
from explora.store import RunFolder
from explora.testing import Trails

from ._by_hand import CONFIG, NASTY, task, write_by_hand


def _matrices(by_hand: RunFolder, judged: Judged | None = None) -> dict[str, Matrix]:
    database = by_hand.database
    return {m.suite: m for m in matrices(database.records(), database.evaluations(), judged)}


def _matrix(solved: list[list[float]], episodes: list[int]) -> Matrix:
    rows = np.arange(1.0, len(solved) + 1)
    names = tuple("abcdefgh"[: len(solved[0])])
    turns = np.arange(1, len(solved) + 1, dtype=np.int64)
    return Matrix("s", names, turns, Axes(rows, rows, rows, rows), np.array(episodes, np.int64), np.array(solved))


def test_metrics_lie_over_steps_minutes_and_updates_where_they_were_measured(by_hand):
    loss, returned = metric_curves(by_hand.database.records())
    assert (loss.name, returned.name) == ("learner/<b>loss</b>", "play/return")
    np.testing.assert_allclose(loss.values, [1.0, 0.5])  # the first record has none
    np.testing.assert_allclose(loss.at.steps, [200, 300])
    np.testing.assert_allclose(returned.at.minutes, [1.0, 70 / 60, 1.5])
    np.testing.assert_allclose(returned.at.updates, [4, 8, 12])


def test_speed_counts_everything_between_two_records(by_hand):
    np.testing.assert_allclose(speed_curve(by_hand.database.records()).values, [100 / 60, 10.0, 5.0])


def test_a_short_curve_is_not_smoothed_and_a_long_one_is_by_its_running_median():
    count = np.arange(40.0)
    values = np.where(count == 20, 100.0, 1.0)  # one outlier
    curve = Curve("x", Axes(count, count, count, count), values)
    assert smooth(curve, least=41) is None
    soft = smooth(curve)
    assert soft is not None
    np.testing.assert_allclose(soft.values, np.ones(40))
    assert soft.high is not None
    assert soft.high.max() <= 100


def test_the_matrix_holds_every_version_on_every_task(by_hand):
    easy = _matrices(by_hand)["easy"]
    assert easy.tasks == ("a", "b")
    np.testing.assert_array_equal(easy.turns, [10, 20, 30])
    np.testing.assert_array_equal(easy.at.steps, [100, 200, 300])
    np.testing.assert_allclose(easy.solved, [[0, 1], [0.5, 1], [1, 1]])
    np.testing.assert_array_equal(easy.episodes, [20, 20, 20])


def test_a_fresh_judgement_takes_the_place_of_the_version_of_its_turn(by_hand):
    column = np.array([0.75, 0.25])
    verdict = Verdict("easy", ("b", "a"), 8, column, column, 10 * column, np.array([3.0, np.inf]), 99)
    easy = _matrices(by_hand, Judged(30, (verdict,)))["easy"]
    assert easy.tasks == ("b", "a")  # in the order of the suite
    np.testing.assert_allclose(easy.solved, [[1, 0], [1, 0.5], [0.75, 0.25]])
    np.testing.assert_array_equal(easy.episodes, [20, 20, 8])


def test_held_out_curves_have_the_wilson_interval_of_all_episodes_together(by_hand):
    curve = held_out_curve(_matrices(by_hand)["easy"])
    np.testing.assert_allclose(curve.values, [0.5, 0.75, 1.0])
    assert curve.low is not None
    assert curve.high is not None
    np.testing.assert_allclose([curve.low[1], curve.high[1]], wilson(30.0, 40))
    np.testing.assert_allclose([curve.low[2], curve.high[2]], wilson(40.0, 40))


@pytest.mark.parametrize(
    ("solved", "episodes", "expected"),
    [
        ([[0.0, 1.0]], [20], "there is no earlier version"),
        ([[0.0, 1.0], [0.5, 1.0]], [20, 20], "more general than the version before it."),
        ([[0.0, 1.0], [0.5, 0.5]], [20, 20], "worse than an earlier one on b"),
        ([[0.5, 0.5], [0.5, 0.5], [0.5, 0.55]], [20, 20, 20], "not distinguishable from any of the 2 before it"),
        ([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [20, 20, 20], "more general than all 2 versions before it."),
        ([[0.0, 1.0], [0.95, 1.0], [1.0, 1.0]], [20, 20, 20], "1 of the 2 versions before it and worse than none"),
        ([[0.4] * 8, [0.6] * 8], [20, 20], "better on average than the version before it, though on no single task"),
        ([[0.6] * 8, [0.4] * 8], [20, 20], "worse on average than the version before it"),
    ],
)
def test_generality_in_words(solved, episodes, expected):
    assert expected in generality(_matrix(solved, episodes)).sentence()


def test_generality_counts_each_version_by_its_own_episodes():
    # 0 of 5 against 13 of 20: intervals [0, 0.434] and [0.433, 0.819]; against 14 of 20: [0.481, 0.855]
    assert generality(_matrix([[0.0], [0.65]], [5, 20])).gained == ()
    assert generality(_matrix([[0.0], [0.70]], [5, 20])).gained == ("a",)
    assert generality(_matrix([[0.0], [0.70]], [5, 5])).gained == ()


def test_a_task_that_an_older_version_never_played_is_not_compared():
    found = generality(_matrix([[np.nan, 0.0], [1.0, 1.0]], [20, 20]))
    assert (found.gained, found.forgotten, found.dominated) == (("b",), (), 1)


def test_results_come_from_the_database_where_nobody_judged(by_hand):
    easy, hard = suite_results(by_hand.database.evaluations(), None)
    assert (easy.suite, easy.turn, easy.mean, easy.episodes) == ("easy", 30, 1.0, 20)
    only = hard.tasks[0]
    assert (only.name, only.solved, only.returned, only.length, only.optimal) == (NASTY, 0.1, 0.05, None, 12.0)
    np.testing.assert_allclose((only.low, only.high), wilson(2.0, 20))


def test_the_headline_says_what_is_solved_what_is_not_and_what_was_forgotten(by_hand):
    database = by_hand.database
    records, evaluations = database.records(), database.evaluations()
    results, versions = suite_results(evaluations, None), matrices(records, evaluations, None)
    said = headline(run_card("r", by_hand.facts), cost(records), results, versions)
    assert said.title.startswith("Solves 100% of easy and 10% of hard; ")
    assert "worse than an earlier one on" in said.title
    assert any("300 environment steps" in sentence for sentence in said.further)
    assert headline(run_card("r", {}), None, (), ()).title == "No version has been judged on held-out tasks yet."


def test_the_headline_of_failure_is_plain():
    failed = suite_results([], Judged(1, (Verdict("s", ("a",), 20, *(np.zeros(1) for _ in range(4)), 9),)))
    said = headline(run_card("r", {}), None, failed, ())
    assert said.title == "Solves nothing of s yet."
    assert "not once: a." in said.further[0]


def test_generations_hold_the_best_of_each_and_every_program_once(by_hand):
    found = generations(by_hand.database.tasks(), each=1)
    assert [(g.number, g.count, [t.id for t in g.best]) for g in found] == [(0, 2, [0]), (1, 2, [2]), (2, 2, [5])]
    twins = [task(1, -1, 1, 0.5, "same"), task(2, -1, 1, 0.7, "same"), task(3, -1, 1, None)]
    assert [t.id for t in best(twins, 5)] == [2, 3]
    many = [task(i, -1, 1, 0.0)._replace(generation=i) for i in range(50)]
    assert [g.number for g in generations(many, most=3)] == [0, 24, 49]
    assert [t.id for t in deepest(many, 2)] == [49, 48]
    assert generations([]) == ()


def test_the_family_of_the_most_evolved_task(by_hand):
    found = family(by_hand.database.tasks())
    assert found is not None
    assert [t.id for t in found.line] == [0, 2, 5]
    assert found.size == 5  # 0 with 2, 3, 4 and 5; 1 is a loner
    places = {m.task.id: (m.row, m.chosen) for m in found.members}
    assert places == {0: (1.25, True), 2: (0.5, True), 3: (2.0, False), 4: (0.0, False), 5: (1.0, True)}
    assert found.rows == 3


def test_a_large_family_shows_its_line_and_the_highest_scores_without_gaps():
    tasks = [task(0, -1, 1, 0.0)._replace(generation=0)]
    tasks += [task(i, 0, 1, i / 100)._replace(generation=1) for i in range(1, 30)]
    tasks += [task(30, 1, 1, 0.0)._replace(generation=2), task(31, 2, 1, -1.0)._replace(generation=2)]
    found = family(tasks, most=5)
    assert found is not None
    assert {m.task.id for m in found.members} == {0, 1, 30, 29, 28}
    assert found.size == 32
    chain = family([task(i, i - 1, 1, 0.0)._replace(generation=i) for i in range(100)], most=60)
    assert chain is not None
    assert [m.task.id for m in chain.members] == list(range(60, 100))
    assert [t.id for t in chain.excerpt] == [0, 1, 2, 3, *range(93, 100)]
    assert family([task(0, -1, 1, 0.1), task(7, 3, 1, 0.2)]) is None  # the parent was not recorded


def test_difficulty_is_the_quartiles_of_what_was_recorded_at_a_time(by_hand):
    measured = np.array([[1.0], [2.0], [3.0], [10.0], [10.0]])
    turns = np.array([10, 10, 10, 20, 20])
    (only,) = moved(("walls",), measured, turns, np.array([[0.0], [2.0], [4.0]]), by_hand.database.records())
    np.testing.assert_allclose(only.middle, [2.0, 10.0])
    np.testing.assert_allclose((only.low, only.high), [[1.5, 10.0], [2.5, 10.0]])
    np.testing.assert_array_equal(only.counts, [3, 2])
    np.testing.assert_allclose(only.at.steps, [100, 200])
    assert only.usual == (1.0, 2.0, 3.0)


def test_difficulty_measures_tasks_through_their_space(by_hand):
    space = Trails()
    spec = {"cells": "..~.~", "mark": 4, "toll": 0.0}
    tasks = [task(i, -1, 10, 0.0)._replace(spec=spec) for i in range(3)]
    found = {d.feature: d for d in difficulty(space, tasks, by_hand.database.records(), key=jr.key(0), draws=16)}
    assert {name: float(d.middle[0]) for name, d in found.items()} == {"length": 5.0, "distance": 2.0, "mud": 2.0}
    assert 3 <= found["length"].usual[0] <= found["length"].usual[2] <= 8
    none = difficulty(space, [], by_hand.database.records(), key=jr.key(0), draws=16)
    assert len(none) == 3
    assert len(none[0].middle) == 0


def test_the_cost_of_a_run(by_hand):
    spent = cost(by_hand.database.records())
    assert spent is not None
    assert (spent.turns, spent.steps, spent.updates, spent.episodes, spent.calls) == (30, 300, 12, 15, 0)
    assert (spent.seconds, spent.until_first, spent.steady, spent.learned) == (90.0, 60.0, 7.5, 0.4)
    np.testing.assert_allclose(spent.rate, 300 / 90)


def test_the_card_of_a_run(by_hand):
    card = run_card("by-hand", by_hand.facts, paper="Jiang et al. 2021, arXiv:2010.03934")
    assert (card.recipe, card.domain, card.state) == ("plr", "Maze", "finished")
    assert card.command == "explora run maze --recipe plr"
    assert {s.path: s.value for s in card.settings} == {
        "domain": "Maze",
        "domain.view": "5",
        "explorer": "Replay",
        "explorer.rows": "64",
        "explorer.score": "MaxMC",
    }
    assert {s.path: s.value for s in card.plan} == {"seed": "3", "steps": "300", "minutes": "none"}
    assert "Prioritized Level Replay" in card.citation
    assert "2010.03934" in card.citation


def test_settings_say_where_they_depart_from_the_usual():
    usual = {"type": "explora.core.Parts", "explorer": {"type": "explora.explorers.Replay", "rows": 256}}
    found = {s.path: s.usual for s in settings(CONFIG["parts"], usual)}
    assert found["explorer.rows"] == "256"
    assert found["explorer"] is None
    assert found["domain.view"] == "absent"


def test_settings_write_special_values_as_people_do():
    config = {
        "type": "x.Part",
        "rate": {"type": "float", "value": "inf"},
        "kind": {"type": "x.Kind", "name": "FAST"},
        "sizes": [3, 5],
        "others": {"type": "dict", "items": {"judge": {"type": "x.Judge", "on": True}}},
        "table": {"type": "array", "kind": "jax", "dtype": "int32", "shape": [2], "items": [1, 2]},
    }
    assert {s.path: s.value for s in settings(config)} == {
        "rate": "inf",
        "kind": "FAST",
        "sizes": "3, 5",
        "others.judge": "Judge",
        "others.judge.on": "true",
        "table": "array of int32, shape [2]",
    }


def test_a_paper_that_is_not_listed_is_cited_as_far_as_its_reference_tells():
    entry = bibtex("Doe et al. 2031, arXiv:3101.00001", "1.0")
    assert "@misc{doe2031," in entry
    assert "author        = {Doe and others}" in entry
    assert bibtex("", "1.0").startswith("@software{explora,")


def test_runs_are_grouped_by_configuration_with_uniform_sampling_first(tmp_path):
    sides = []
    for name, recipe, rows, seed in (
        ("p0", "plr", 64, 0),
        ("p1", "plr", 64, 1),
        ("q", "plr", 32, 0),
        ("d", "dr", 64, 0),
    ):
        write_by_hand(tmp_path / name)
        with RunFolder.open(tmp_path / name) as folder:
            found = side(folder)
        sides.append(found._replace(recipe=recipe, seed=seed, settings=found.settings | {"explorer.rows": str(rows)}))
    compared = compare_runs(sides, draws=20)
    assert list(compared.groups) == ["dr", "plr explorer.rows=64", "plr explorer.rows=32"]
    assert [s.seed for s in compared.groups["plr explorer.rows=64"]] == [0, 1]
    assert compared.equal == {"easy": 300, "hard": 300}
    with pytest.raises(ArgumentError, match="twice"):
        compare_runs([sides[0], sides[0]])


def test_groups_are_compared_at_steps_that_all_have_reached_and_at_the_end(by_hand):
    one = side(by_hand)
    short = one.matrices["easy"]
    short = short._replace(at=Axes(*(x / 2 for x in short.at)))  # judged at 50, 100 and 150 steps
    other = one._replace(path="other", recipe="dr", matrices={"easy": short}, final={"easy": {"a": 0.0, "b": 0.5}})
    compared = compare_runs([one, other], draws=20)
    assert compared.equal["easy"] == 150
    found = {s.group: s for s in compared.standings if s.suite == "easy"}
    assert found["plr"].mean is not None
    assert found["plr"].mean.value == pytest.approx(0.625)  # half-way between 0.5 at 100 and 0.75 at 200 steps
    assert found["plr"].mean.low is None  # one seed says nothing of seeds
    assert found["plr"].end_mean is not None
    assert found["plr"].end_mean.value == 1.0
    assert found["dr"].mean is not None
    assert found["dr"].mean.value == 1.0
    assert found["dr"].end_mean is not None
    assert found["dr"].end_mean.value == 0.25
    np.testing.assert_allclose(compared.curves["easy"]["plr"]["minutes"].at.minutes, [1.0, 70 / 60, 1.5])


def test_three_seeds_have_an_interval_that_holds_their_mean(by_hand):
    one = side(by_hand)
    rates = [{"easy": {"a": rate, "b": rate}} for rate in (0.2, 0.4, 0.9)]
    seeds = [one._replace(path=str(i), seed=i, final=final) for i, final in enumerate(rates)]
    standing = compare_runs(seeds, draws=200).standings[0]
    assert standing.end_mean is not None
    assert standing.end_mean.low is not None
    assert standing.end_mean.high is not None
    assert 0.19 <= standing.end_mean.low < 0.5 < standing.end_mean.high <= 0.91
    assert standing.end_mean.value == pytest.approx(0.5)
    assert standing.mean is not None
    assert standing.mean.low == standing.mean.high == 1.0  # at 300 steps all seeds are alike


def test_replays_show_the_hardest_that_is_solved_and_the_easiest_that_is_not():
    def verdict(suite, rates, optimal):
        column = np.array(rates)
        names = tuple(f"{suite}{i}" for i in range(len(rates)))
        return Verdict(suite, names, 20, column, column, column, np.array(optimal), 9)

    verdicts = (verdict("x", [1.0, 1.0, 0.9], [5.0, 7.0, 6.0]), verdict("h", [0.8, 0.0, 0.1], [9.0, 3.0, np.inf]))
    results = suite_results([], Judged(1, verdicts))
    assert [t.name for _, t in held_out_choices(results, "h")] == ["h0", "x1", "h2"]
    assert [t.name for _, t in held_out_choices(results[:1], "x", 5)] == ["x1", "x2", "x0"]


def test_words():
    assert listed("a") == "a"
    assert listed("ab") == "a and b"
    assert listed("abcdef") == "a, b, c, d and 2 more"
    assert listed(()) == "none"
    assert [percent(x) for x in (0.0, 0.006, 0.5, 0.996, 1.0)] == ["0%", "0.6%", "50%", "99.6%", "100%"]
