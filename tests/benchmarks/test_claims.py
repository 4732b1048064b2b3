"""The benchmark of POET's claims: exact tests, the direct path, who is a target, what a rule accepts, what is kept."""

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def claims(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    parts = ("_preset", "_statistics", "_direct", "_rules", "_files", "_report")
    return SimpleNamespace(**{name[1:]: importlib.import_module(f"_claims.{name}") for name in parts})


# --- statistics ------------------------------------------------------------------------------------------------------


def test_five_of_five_cannot_be_surer_than_one_in_sixteen(claims):
    assert claims.statistics.sign_test([1, 2, 3, 4, 5]) == {"ahead": 5, "behind": 0, "tied": 0, "p": 0.0625}
    assert claims.statistics.sign_flip([1, 2, 3, 4, 5]) == 0.0625
    assert claims.statistics.median_interval([3, 1, 2, 5, 4]) == {"low": 1, "high": 5, "coverage": 0.9375}


def test_ties_are_no_evidence_and_sides_are_equal(claims):
    found = claims.statistics.sign_test([0, 0, 1, -1, -1])
    assert found == {"ahead": 1, "behind": 2, "tied": 2, "p": 1.0}
    assert claims.statistics.sign_test([0, 0])["p"] == 1.0
    assert claims.statistics.sign_test([-1] * 6)["p"] == claims.statistics.sign_test([1] * 6)["p"] == 2 / 64


def test_swapping_within_pairs_by_hand(claims):
    # Sums of ±1 ±2 ±4: 7, 5, 3, 1, -1, -3, -5, -7; the observed one is 1 - 2 + 4 = 3, and six are as large.
    assert claims.statistics.sign_flip([1, -2, 4]) == 6 / 8
    assert claims.statistics.sign_flip([]) == 1.0


def test_an_interval_of_more_pairs_leaves_the_ends_out(claims):
    # Of nine, the second to the eighth hold 1 - 2 (1 + 9) / 512.
    assert claims.statistics.median_interval(range(9)) == {"low": 1, "high": 7, "coverage": 1 - 20 / 512}
    assert claims.statistics.median_interval([]) is None


def test_rank_correlation_shares_ranks_and_knows_when_there_is_nothing_to_rank(claims):
    assert claims.statistics.ranks([9, 1, 5, 5]) == [4, 1, 2.5, 2.5]
    assert claims.statistics.spearman([1, 2, 3], [10, 20, 15]) == pytest.approx(0.5)
    assert claims.statistics.spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert claims.statistics.spearman([1, 2, 3], [7, 7, 7]) is None


# --- terrains --------------------------------------------------------------------------------------------------------


def test_challenging_is_a_quarter_of_the_published_marks(claims):
    preset = claims.preset.Preset()
    assert (preset.stump, preset.rough) == (2.4 / 4, 4.5 / 4)
    level = lambda begin=0, **genes: claims.preset.level(genes, begin, preset)
    assert level(ground_roughness=1.1) == 0
    assert level(ground_roughness=1.2) == 1
    assert level(ground_roughness=0.3, stump_height=[0.2, 0.6]) == 1
    assert level(ground_roughness=2.0, stump_height=[0.0, 0.8]) == 2
    assert level(begin=preset.solve, ground_roughness=2.0, stump_height=[0.0, 0.8]) == 0


def test_distance_is_that_of_the_five_genes_in_their_ranges(claims):
    genes = {"ground_roughness": 1.0, "stump_height": [0.5, 1.0]}
    assert claims.preset.hardness(genes) == pytest.approx(((0.1**2 + 0.1**2 + 0.2**2) / 5) ** 0.5)
    assert claims.preset.distance(genes, genes) == 0


def test_the_direct_path_goes_by_steps_of_mutation_and_ends_at_the_target(claims):
    target = {"ground_roughness": 1.4, "stump_height": [0.2, 0.8], "seed": 7}
    here, path = {"ground_roughness": 0.0, "seed": 7}, []
    while claims.preset.distance(here, target) > 1e-6:
        here = claims.preset.nearer(here, target)
        path.append((here["ground_roughness"], here["stump_height"], here["seed"]))
    assert path == [(0.6, [0.0, 0.4], 7), (1.2, [0.2, 0.6], 7), (1.4, [0.2, 0.8], 7)]
    assert claims.preset.nearer({"seed": 1}, {"ground_roughness": 0.2, "seed": 1}) == {
        "ground_roughness": 0.2,
        "seed": 1,
    }


def test_targets_are_the_hardest_of_each_run_first(claims):
    fact = lambda hard, level=1: {"hardness": hard, "level": level}
    runs = [
        {"seed": 0, "solved": [fact(0.9), fact(0.8), fact(0.7)]},
        {"seed": 1, "solved": [fact(0.5, 0)]},
        {"seed": 2, "solved": [fact(0.6), fact(0.4)]},
    ]
    found = lambda count: [(x["seed"], x["hardness"]) for x in claims.direct.choose(runs, count)]
    assert found(3) == [(0, 0.9), (2, 0.6), (0, 0.8)]
    assert found(9) == [(0, 0.9), (2, 0.6), (0, 0.8), (2, 0.4), (0, 0.7)]
    assert claims.direct.choose([runs[1]], 5) == []


def test_a_verdict_is_within_what_poet_had_spent(claims):
    target = {"line": 10, "steps": 20, "run": 40, "walking": 5}
    verdict = lambda at, way="alone": claims.direct.verdicts(target, {"solved_at": at, "way": way})
    assert verdict(15) == {"line": False, "until": True, "run": True}
    assert verdict(15, "scratch") == {"line": True, "until": True, "run": True}
    assert verdict(None) == {"line": False, "until": False, "run": False}


# --- rules -----------------------------------------------------------------------------------------------------------


def pair(own, bar, direct, proposal, true, niche=0, steps=100):
    numbers = {"own": own, "bar": bar, "direct": direct, "proposal": proposal, "true": true}
    return {"niche": niche, "steps": steps} | numbers


def test_both_rules_on_the_same_pairs(claims):
    moment = [
        pair(50, 80, 60, 40, [70, 65, 30]),  # lucky once: only POET takes it as it is, wrongly
        pair(50, 80, 90, 95, [70, 75, 85]),  # better in both: POET's winner is the proposal, as is the other's
        pair(50, 80, 85, 20, [70, 90, 10], niche=1),  # good as it is, spoilt by learning: only POET keeps it
        pair(50, 80, 10, 20, [70, 5, 5], niche=2),  # no good to anybody
    ]
    ours, theirs = (claims.rules.tally([moment], rule) for rule in ("poet", "enhanced"))
    count = lambda found: [found[name] for name in ("proposed", "proposal_steps", "accepted", "wrong")]
    assert count(ours) == [4, 400, 3, 1]
    assert count(theirs) == [2, 200, 1, 0]
    assert ours["gain"] == pytest.approx((-5 + 15 + 20) / 3)
    assert (ours["niches"], ours["taken"], ours["taken_wrongly"], ours["taken_gain"]) == (3, 2, 0, 17.5)
    assert (theirs["taken"], theirs["taken_gain"]) == (1, 15)
    assert claims.rules.tally([], "poet")["gain"] is None


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_moments_come_back_as_they_were_and_nothing_is_half_written(claims, tmp_path):
    moment: dict[str, Any] = {name: np.arange(4.0).reshape(2, 2) + len(name) for name in ("centre", "recent", "known")}
    moment |= {"earned": np.array([1.0, -np.inf]), "score": np.array([3.0, 4.0])}
    moment |= {"genes": [{"ground_roughness": 0.5, "seed": 3}], "steps": 12}
    claims.files.write_moments(tmp_path / "m.npz", [moment, moment])
    found = claims.files.read_moments(tmp_path / "m.npz")
    assert len(found) == 2
    assert found[1]["genes"] == moment["genes"]
    assert all(np.array_equal(found[1][name], moment[name]) for name in ("centre", "earned", "recent", "known"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.json", "m.npz"]
    assert claims.files.read_json(tmp_path / "none.json") is None


def test_with_and_without_transfer_are_compared_by_seed(claims):
    run = lambda seed, value: {"seed": seed, "steps": 9} | dict.fromkeys(claims.report.COLUMNS, value)
    found = claims.report.transfer([run(1, 5), run(0, 3), run(2, 4)], [run(0, 1), run(1, 5)])
    assert found["seeds"] == [0, 1]
    assert found["annecs"]["differences"] == [2, 0]
    assert found["annecs"]["sign_test"] == {"ahead": 1, "behind": 0, "tied": 1, "p": 1.0}


def test_a_page_keeps_what_stands_around_the_tables(claims, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{claims.report.MARKS[0]}\nold\n{claims.report.MARKS[1]}\n\nafter\n")
    claims.report.put_into(page, "| new |")
    claims.report.put_into(page, "| newer |")
    assert page.read_text() == f"before\n\n{claims.report.MARKS[0]}\n\n| newer |\n\n{claims.report.MARKS[1]}\n\nafter\n"
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="must have each of the lines"):
        claims.report.put_into(page, "x")
