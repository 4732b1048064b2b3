"""The benchmark of label efficiency: what entrants have in common, what is run again, what is compared with what."""

import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def curves(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    parts = ("_sets", "_model", "_log", "_run", "_summary", "_table", "_ours")
    return SimpleNamespace(**{name[1:]: importlib.import_module(f"_curves.{name}") for name in parts})


def line(set="iris", start="cold", entrant="explora:random", repeat=0, accuracy=(0.5, 0.7), status="done"):
    row = {"set": set, "start": start, "entrant": entrant, "repeat": repeat, "status": status, "chosen": [1, 2]}
    row |= {"accuracy": list(accuracy), "balanced": list(accuracy), "cpu": 1.0, "fits": 2.0}
    return row if status == "done" else row | {"reason": "why"}


# --- sets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["iris", "drift"])
def test_a_repeat_is_the_same_for_all_entrants_and_another_repeat_is_not(curves, name):
    one, same, other = (curves.sets.trial(name, repeat) for repeat in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one.inputs, other.inputs)


def test_a_start_is_cold_or_has_one_label_of_each_class(curves):
    trial = curves.sets.trial("wine", 0)
    assert len(trial.given("cold")) == 0
    assert sorted(trial.labels[trial.given("warm")]) == [0, 1, 2]
    assert len(trial.test_labels) / (len(trial.test_labels) + len(trial.labels)) == pytest.approx(0.4, abs=0.01)


def test_no_group_is_on_both_sides(curves):
    from explora.domains.pool import Source

    trial, items = curves.sets.trial("drift", 1), Source("made:drift", seed=1, dtype="float64").read()
    group = {tuple(row): of for row, of in zip(items.inputs, items.groups or [], strict=True)}
    asked, held = ({group[tuple(row)] for row in side} for side in (trial.inputs, trial.test_inputs))
    assert asked
    assert held
    assert not asked & held


def test_budgets_are_whole_batches(curves):
    assert all(setting.budget % setting.batch == 0 for setting in curves.sets.SETTINGS.values())


# --- model and entrants ----------------------------------------------------------------------------------------------


def test_our_selectors_see_no_class_that_was_not_observed(curves):
    trial = curves.sets.trial("iris", 0)
    for known, columns in ((trial.first[:0], 1), (trial.first[:1], 1), (trial.first[:2], 2), (trial.first, 3)):
        state = curves.model.State(trial, known, 0)
        seen = curves.ours.seen_by(state, [state.model])
        assert seen.predictions.shape == (len(trial.labels), 1, columns)
        assert np.allclose(seen.predictions.sum(axis=2), 1)
        assert (seen.answers >= 0).sum() == len(known)


def test_a_committee_is_the_same_whenever_the_same_is_known(curves):
    trial = curves.sets.trial("iris", 0)
    known = np.arange(0, 60, 4)
    one, other = (curves.model.State(trial, known, 7).committee for _ in range(2))
    predict = lambda member: curves.model.probabilities(member, trial.inputs)
    assert len(one) == curves.model.MEMBERS
    assert all(np.array_equal(predict(a), predict(b)) for a, b in zip(one, other, strict=True))
    assert not np.allclose(predict(one[0]), predict(one[1]))


def test_margin_of_both_libraries_makes_the_same_curve_from_a_warm_start(curves):
    from _curves._peers import peers

    trial, setting = curves.sets.trial("iris", 0), curves.sets.Setting("sklearn:iris", 1, 8)
    key = curves.log.Key("iris", "warm", "margin", 0)
    ours = curves.run.curve(curves.ours.ours()["margin"], trial, setting, key, None)
    theirs = curves.run.curve(peers()["Uncertainty-margin_sampling"], trial, setting, key, None)
    assert ours["status"] == theirs["status"] == "done"
    assert ours["chosen"] == theirs["chosen"]
    assert ours["accuracy"] == theirs["accuracy"]
    assert len(set(ours["chosen"])) == 8


class Entrant:
    def __init__(self, ask):
        self.ask = ask

    def start(self, trial, repeat):
        return lambda state: lambda count: self.ask(state, count)


def spin(state, count):
    while True:
        try:
            sum(range(1000))
        except Exception:
            continue


def broken(state, count):
    raise ValueError("it cannot")


def repeats_itself(state, count):
    return np.arange(count)


def test_a_curve_that_fails_or_takes_too_long_says_why(curves):
    trial, setting = curves.sets.trial("iris", 0), curves.sets.Setting("sklearn:iris", 2, 6)
    key = curves.log.Key("iris", "cold", "e", 0)
    run = lambda ask: curves.run.curve(Entrant(ask), trial, setting, key, 0.1)
    assert run(spin)["status"] == "capped"
    assert run(broken)["reason"] == "ValueError after 0 labels: it cannot"
    again = run(repeats_itself)
    assert again["status"] == "failed"
    assert again["chosen"] == [0, 1]
    assert "not known" in again["reason"]


# --- log -------------------------------------------------------------------------------------------------------------


def test_nothing_is_run_twice_and_a_torn_line_is_run_again(curves, tmp_path):
    log = tmp_path / "deep" / "log.jsonl"
    wanted = curves.log.plan(["iris"], ["cold", "warm"], ["a", "b"], [0])
    curves.log.append(log, {"about": {}})
    for key in wanted[:3]:
        curves.log.append(log, line(*key))
    whole = log.read_bytes()
    log.write_bytes(whole[:-20])  # killed while it wrote the third
    assert curves.log.missing(wanted, curves.log.read(log)) == wanted[2:]
    for key in wanted[2:]:
        curves.log.append(log, line(*key))
    rows = curves.log.read(log)
    assert [curves.log.key_of(row) for row in rows] == wanted
    assert curves.log.missing(wanted, rows) == []


def test_every_set_is_done_once_before_any_is_done_again(curves):
    order = curves.log.plan(["x", "y"], ["cold"], ["a", "b"], range(2))
    assert [(key.set, key.repeat) for key in order[::2]] == [("x", 0), ("y", 0), ("x", 1), ("y", 1)]
    assert [key.entrant for key in order] == ["a", "b"] * 4


def test_what_was_capped_is_not_tried_again_but_listed(curves, tmp_path, monkeypatch):
    log = tmp_path / "log.jsonl"
    curves.log.append(log, line(entrant="slow", status="capped"))
    monkeypatch.setattr(curves.run, "entrants", lambda: {"slow": Entrant(broken), "quick": Entrant(broken)})
    keys = [curves.log.Key("iris", "cold", name, 1) for name in ("slow", "quick")]
    assert curves.run.block((keys, log, 5.0)) == 2
    _, slow, quick = curves.log.read(log)
    assert (slow["status"], slow["reason"]) == ("capped", "was capped in repeat 0")
    assert quick["status"] == "failed"


def test_the_estimate_goes_by_what_is_known(curves):
    rows = [line(entrant="a"), line(entrant="a", repeat=1) | {"cpu": 3.0}]
    keys = [curves.log.Key("iris", "warm", "a", 9), curves.log.Key("iris", "cold", "b", 9)]
    assert curves.log.estimate(keys, rows) == 4.0 + 4.0
    assert curves.log.estimate([curves.log.Key("wine", "cold", "b", 0)], rows, unknown=7.0) == 7.0


# --- summary ---------------------------------------------------------------------------------------------------------


OURS = "explora:uncertainty-herding-margin"


def log_of(**areas):
    """Three repeats of two cells; `areas` say how good each entrant is."""
    return [
        line(start=start, entrant=name.replace("_", ":"), repeat=repeat, accuracy=(good, good + 0.01 * repeat))
        for name, good in areas.items()
        for start in ("cold", "warm")
        for repeat in range(3)
    ]


def test_only_repeats_that_all_have_are_compared(curves):
    rows = log_of(explora_random=0.5, **{OURS: 0.8})
    rows = [row for row in rows if (row["entrant"], row["start"], row["repeat"]) != (OURS, "cold", 1)]
    paired = curves.summary.cells(rows)
    assert paired["iris", "cold"]["explora:random"].repeats == (0, 2)
    assert paired["iris", "warm"][OURS].repeats == (0, 1, 2)
    cold = curves.summary.compared(OURS, paired)[0]
    assert cold["repeats"] == cold["wins"] == 2
    assert cold["difference"] == pytest.approx(0.3)


def test_who_is_not_whole_everywhere_is_ranked_where_it_is(curves):
    rows = log_of(explora_random=0.5, **{OURS: 0.8}, skactiveml_Slow=0.9)
    rows += [line(start="warm", entrant="skactiveml:Slow", repeat=3, status="capped")]
    paired = curves.summary.cells(rows)
    assert curves.summary.ranked(paired) == {OURS: 1.0, "explora:random": 2.0}
    assert curves.summary.partly_ranked(paired) == {"skactiveml:Slow": {"cells": 1, "rank": 1.0, "default": 2.0}}


def test_finalists_are_the_best_with_the_baselines_and_the_best_peers(curves):
    good = {f"explora_{letter}": 0.9 - 0.01 * place for place, letter in enumerate("abcdefghij")}
    weak = {"skactiveml_P": 0.3, "skactiveml_Q": 0.2, "explora_random": 0.25, "explora_margin": 0.1}
    rows = log_of(**good, **weak, **{OURS: 0.15})
    best = [f"explora:{letter}" for letter in "abcdefgh"]
    fixed = ["explora:random", "explora:margin", OURS]
    assert curves.summary.finalists(rows) == [*best, *fixed, "skactiveml:P", "skactiveml:Q"]
    assert curves.summary.finalists([line(entrant="explora:a", repeat=100)]) == []


def test_worse_than_random_in_thirty_repeats_is_seen(curves):
    def rows(name, good):
        return [line(entrant=name, repeat=100 + r, accuracy=(good + 0.001 * r * r,)) for r in range(30)]

    worse = [line(entrant=OURS, repeat=100 + r, accuracy=(0.4 + 0.002 * r,)) for r in range(30)]
    paired = curves.summary.cells([*rows("explora:random", 0.5), *worse])
    found = curves.summary.verdict(paired)
    assert found["worse_than_random"] == ["iris cold"]
    assert found["better_than_random"] == []
    never = curves.summary.compared(OURS, paired)[0]
    assert never["calls_to_target"] is None
    assert never["never"] == 30


def test_the_summary_is_json_and_its_table_lists_everything(curves):
    rows = log_of(explora_random=0.5, **{OURS: 0.8}, explora_margin=0.7, skactiveml_Badge=0.6)
    rows += [line(entrant="skactiveml:Quire", status="failed")]
    about = {"machine": {"processor": "p"}, "packages": {"numpy": "2"}, "commit": "c"}
    summary = {"about": about, "log": "`x`", **curves.summary.summarise(rows)}
    text = curves.table.table(json.loads(json.dumps(summary)))
    assert f"{OURS}: mean rank 1.00" in text
    assert f"| {OURS} | 0.8050 (+30.0, 3/3) |" in text
    assert "skactiveml:Quire: 1 failed (why): iris cold" in text
    assert "final" not in summary
