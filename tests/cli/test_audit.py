"""`explora audit`: what it finds in labels with planted mistakes, and how it says no."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explora.cli import main

NAMES = np.array(["ham", "spam"])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 labelled items of two far classes, eight labels wrong; 40 without a label, whose truth is in another file."""
    folder, rng = tmp_path_factory.mktemp("audit"), np.random.default_rng(0)
    truth = rng.integers(0, 2, 200)
    x = rng.normal(size=(200, 2)) + 8 * truth[:, None]
    given = np.where(np.arange(200) < 8, 1 - truth, truth)
    x[21], truth[21], given[20], given[21] = x[20], truth[20], truth[20], 1 - truth[20]
    lines = [f"i{n},{a:.4f},{b:.4f},{NAMES[given[n]] if n < 160 else ''}\n" for n, (a, b) in enumerate(x)]
    (folder / "items.csv").write_text("id,a,b,label\n" + "".join(lines))
    (folder / "audit.csv").write_text("id,label\n" + "".join(f"i{n},{NAMES[truth[n]]}\n" for n in range(160, 200)))
    people = [
        f"i{n},{who},{NAMES[truth[n] if rng.random() < right else 1 - truth[n]]}\n"
        for n in range(160)
        for who, right in (("ann", 1.0), ("bob", 0.8), ("cem", 0.5))
    ]
    (folder / "people.csv").write_text("id,annotator,label\n" + "".join(people))
    bare = [line.rsplit(",", 1)[0] + ",\n" for line in lines]
    (folder / "bare.csv").write_text("id,a,b,label\n" + "".join(bare))
    return folder


def facts(capsys: pytest.CaptureFixture, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["audit", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_planted_mistakes_are_found(data: Path, capsys: pytest.CaptureFixture):
    found = facts(capsys, "--data", str(data / "items.csv"), "--target", "label", "--audited", str(data / "audit.csv"))
    assert (found["items"], found["labelled"], found["repeats"]) == (200, 160, 1)
    assert sum(found["classes"].values()) == 160
    assert [[row["id"] for row in group] for group in found["contradicting"]] == [["i20", "i21"]]
    wrong = {f"i{n}" for n in (*range(8), 21)}
    assert {row["id"] for row in found["label_errors"]["items"]} == wrong
    assert 0.03 < found["label_errors"]["share"] < 0.09
    assert found["audited"]["accuracy"] == {
        "value": 1.0,
        "low": pytest.approx(0.912, abs=0.001),
        "high": 1.0,
        "level": 0.95,
        "count": 40,
        "method": "Wilson",
    }
    assert found["cross_validated"]["accuracy"]["value"] == pytest.approx(1 - 9 / 160)
    assert found["agreement"] is None


def test_annotators_are_compared_and_their_labels_stand_in_for_missing_ones(data: Path, capsys: pytest.CaptureFixture):
    found = facts(
        *(capsys, "--data", str(data / "bare.csv"), "--target", "label", "--answers", str(data / "people.csv"))
    )
    assert found["labelled"] == 160
    skills = {row["annotator"]: row["right"] for row in found["agreement"]["annotators"]}
    assert skills["ann"] > 0.9 > skills["bob"] > 0.65 > skills["cem"]
    assert 0 < found["agreement"]["krippendorff_alpha"] < 0.6


@pytest.mark.slow
def test_numbers_get_what_suits_them(capsys: pytest.CaptureFixture):
    found = facts(capsys, "--data", "sklearn:diabetes")
    assert found["classes"] is found["label_errors"] is found["audited"] is None
    assert 2500 < found["cross_validated"]["squared_error"]["value"] < 3500  # the variance is 5930


@pytest.mark.slow
def test_a_run_is_audited_by_its_own_model(data: Path, capsys: pytest.CaptureFixture, tmp_path: Path):
    out = tmp_path / "run"
    words = (
        f"run pool --data {data / 'items.csv'} --target label --budget 40 --batch 20 --recipe random --quiet".split()
    )
    assert main([*words, "--out", str(out)]) == 0
    capsys.readouterr()
    found = facts(capsys, str(out))
    assert found["labelled"] == 40
    pool = facts(capsys, "--data", str(data / "items.csv"), "--target", "label")
    assert set(found["classes"]) == set(pool["classes"])


def test_the_words_say_when_an_estimate_is_not_fair(data: Path, capsys: pytest.CaptureFixture):
    capsys.readouterr()
    assert main(["audit", "--data", str(data / "items.csv"), "--target", "label", "-n", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("items.csv: 200 items, 160 with a label")
    assert "  i20 is " + NAMES[0] in "\n".join(lines) or "  i20 is " + NAMES[1] in "\n".join(lines)
    assert "no fair estimate" in lines[-1]
    assert sum(", rather " in line for line in lines) == 2


def test_few_labels_are_said_to_be_few(tmp_path: Path, capsys: pytest.CaptureFixture):
    (tmp_path / "few.csv").write_text("id,a,label\nx,1,u\ny,2,v\nz,3,\n")
    found = facts(capsys, "--data", str(tmp_path / "few.csv"), "--target", "label")
    assert found["labelled"] == 2
    assert found["label_errors"] is found["cross_validated"] is None
    assert main(["audit", "--data", str(tmp_path / "few.csv"), "--target", "label"]) == 0
    assert capsys.readouterr().out.endswith("quality: too few labels\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "one of the two"),
        (["some-run", "--data", "x.csv"], "one of the two"),
        (["--data", "items.csv", "--target", "nope"], "no such column"),
        (["--data", "nothing.csv"], "there is no file"),
        (["--data", "bare.csv", "--target", "label"], "no label to audit"),
        (["--data", "items.csv", "--target", "label", "--folds", "1"], "`folds`"),
        (["--data", "items.csv", "--target", "label", "--audited", "people.csv", "--near", "-1"], "`near`"),
        (["--data", "items.csv", "--target", "label", "--audited", "items.csv"], "nothing left to learn from"),
        (["--data", "items.csv", "--target", "label", "--answers", "audit.csv"], "no column 'annotator'"),
        (["--data", "items.csv", "--target", "label", "--audited", "foreign.csv"], "has not got"),
    ],
)
def test_mistakes_are_one_line(
    data: Path, words: list[str], message: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(data)
    Path("foreign.csv").write_text("id,label\nnobody,ham\n")
    capsys.readouterr()
    assert main(["audit", *words]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert (captured.err.count("\n"), captured.out) == (1, "")
