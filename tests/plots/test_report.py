"""The page of a run, of one written by hand and of a real one, and the verbs that make pages and exports."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import safetensors
from PIL import Image

from explora.cli import main
from explora.core import RunError, build
from explora.plots import Choice, compare_runs, comparison_page, gather, replay, report_page, side, write_report
from explora.runs import load
from explora.store import RunFolder
from explora.testing import Walk

from ._by_hand import CONFIG, FACTS, NASTY

SECTIONS = "curves held-out gallery replays difficulty cost configuration environment citation".split()
_ALONE = {"meta", "img", "br", "input", "source", "link", "hr"}


class _Checker(HTMLParser):
    """Notes what is wrong with a page, and what it fetches."""

    def __init__(self, page: str):
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.targets: list[str] = []
        self.wrong: list[str] = []
        self.images: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if "id" in found:
            self.names.append(found["id"])
        for name in ("href", "src", "srcset", "data", "action"):
            address = found.get(name) or ""
            if address.startswith("data:image/"):
                self.images.append(address)
            elif address.startswith("#"):
                self.targets.append(address[1:])
            elif address:
                self.wrong.append(f"<{tag}> fetches {address}")
        if tag == "img" and not found.get("alt"):
            self.wrong.append("an image that says nothing to those who cannot see it")
        if tag in ("script", "link", "iframe", "object"):
            self.wrong.append(f"<{tag}>")
        if tag not in _ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")


def check(page: str) -> _Checker:
    """The page, once it is known to be well-formed and to stand on its own."""
    found = _Checker(page)
    assert found.wrong == []
    assert found.open == []
    assert len(found.names) == len(set(found.names))
    assert set(found.targets) <= set(found.names)
    assert "http" not in page
    assert not re.search(r"\bnan\b", re.sub(r"data:[^\"]*", "", page))
    return found


def _text(page: str) -> str:
    return re.sub(r"<[^>]*>", " ", page)


def test_a_page_without_pictures_has_every_section_and_escapes_what_it_shows(by_hand):
    page = report_page(gather(by_hand, notes=["no <pictures>"]))
    found = check(page)
    assert set(SECTIONS) <= set(found.names)
    assert found.images == []
    assert NASTY not in page
    assert "&lt;script&gt;alert(&#x27;task&#x27;)&lt;/script&gt;" in page
    assert "learner/&lt;b&gt;loss&lt;/b&gt;" in page
    assert "an &lt;abacus&gt; &amp; more" in page
    assert "no &lt;pictures&gt;" in page
    text = _text(page)
    assert "Task #5 is the best of generation 2; its line began with #0." in text
    assert "5 of the 5 recorded tasks that descend from #0" in text
    assert "10%" in text  # of the hard suite


def test_a_run_that_has_barely_begun_says_what_is_missing(tmp_path):
    with RunFolder.create(tmp_path / "new", config=CONFIG, facts=FACTS | {"state": "running"}) as folder:
        page = report_page(gather(folder))
    found = check(page)
    assert set(SECTIONS) <= set(found.names)
    text = _text(page)
    assert text.count("Nothing has been recorded yet.") == 2
    assert "No version has been judged on held-out tasks yet." in text
    assert "No task has been recorded yet." in text
    assert "There is no replay" in text


def test_a_page_is_written_whole_or_the_disk_is_named(by_hand, tmp_path):
    report = gather(by_hand)
    path = write_report(report, tmp_path / "page.html")
    assert path.read_text() == report_page(report)
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    with pytest.raises(RunError, match="nowhere"):
        write_report(report, tmp_path / "nowhere" / "page.html")


def test_report_shows_a_real_run_with_pictures_and_replays(toy_run, capsys):
    assert main(["report", str(toy_run)]) == 0
    assert capsys.readouterr().out == f"{toy_run / 'report.html'}\n"
    page = (toy_run / "report.html").read_text()
    found = check(page)
    assert set(SECTIONS) <= set(found.names)
    kinds = [_decoded(address).format for address in found.images]
    assert kinds.count("GIF") == 6  # three held out, three found
    assert kinds.count("PNG") >= 6
    text = _text(page)
    assert "corners" in text
    assert re.search(r"[Ss]olved in \d+ step", text)
    assert "short-back" in text


def test_an_interrupted_run_without_a_checkpoint_has_a_page_too(toy_run, tmp_path, capsys):
    config = json.loads((toy_run / "config.json").read_text())
    RunFolder.create(tmp_path / "early", config=config, facts=FACTS | {"state": "interrupted"}).close()
    assert main(["report", str(tmp_path / "early"), "--out", str(tmp_path / "x.html")]) == 0
    text = _text((tmp_path / "x.html").read_text())
    assert "Nothing has been saved yet, so there are no replays." in text
    assert "No task has been recorded yet." in text


def test_a_run_whose_parts_are_unknown_here_still_has_a_page(by_hand, tmp_path, capsys):
    assert main(["report", str(by_hand.path), "--out", str(tmp_path / "x.html")]) == 0
    text = _text((tmp_path / "x.html").read_text())
    assert "There are no pictures, because the parts of this run cannot be built here" in text


class _Onward:
    """Always walks on."""

    def reset(self) -> None:
        self.steps = 0

    def act(self, observation: object) -> int:
        self.steps += 1
        return 1


def test_a_replay_plays_one_episode_and_keeps_few_frames():
    import jax.random as jr

    walk = Walk()
    trail = walk.space.decode({"cells": "........", "mark": 7, "toll": 0.0})
    seen = replay(walk, Choice("t", "", trail), _Onward(), key=jr.key(0), size=80)
    assert (seen.steps, seen.solved, seen.returned, seen.stride) == (3, True, 1.0, 1)
    assert len(seen.frames) == 4
    assert seen.sentence() == "Solved in 3 steps."
    back = walk.space.decode({"cells": "........", "mark": 0, "toll": 0.0})
    seen = replay(walk, Choice("t", "", back), _Onward(), key=jr.key(0), frames=5, size=80)
    assert (seen.steps, seen.solved, seen.stride, len(seen.frames)) == (10, False, 3, 5)
    assert seen.sentence() == "Not solved in 10 steps. Every third step is shown."


def test_a_comparison_page_stands_on_its_own(by_hand):
    one = side(by_hand)
    page = comparison_page(compare_runs([one, one._replace(path="<other>", recipe="dr")], draws=20))
    found = check(page)
    assert {"curves", "table", "runs"} <= set(found.names)
    assert "&lt;other&gt;" in page


def test_compare_prints_a_table_and_json(by_hand, toy_run, tmp_path, capsys):
    assert main(["compare", str(by_hand.path), str(toy_run), "--out", str(tmp_path / "page.html")]) == 0
    said = capsys.readouterr()
    assert "easy: at 300 steps" in said.out
    assert re.search(r"plr +1 +1\.000 +1\.000", said.out)
    check((tmp_path / "page.html").read_text())
    assert main(["compare", str(toy_run.parent), "--json"]) == 0  # a folder of runs
    found = json.loads(capsys.readouterr().out)
    (group,) = found["suites"]["corners"]["groups"]
    assert (group["group"], group["seeds"]) == ("carousel", 1)
    assert 0 <= group["at_the_end"]["mean"]["value"] <= 1
    assert group["at_equal_steps"]["mean"] is None  # no version was judged during the run


@pytest.mark.parametrize("words", [["compare"], ["compare", "nowhere"], ["report", "nowhere"], ["export", "nowhere"]])
def test_a_mistake_is_one_line(words, capsys):
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1


def test_export_takes_weights_and_tasks_out_once(toy_run, tmp_path, capsys):
    target = tmp_path / "out"
    assert main(["export", str(toy_run), "--out", str(target)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(target / "weights.safetensors"), str(target / "tasks.jsonl")]
    with safetensors.safe_open(str(target / "weights.safetensors"), "np") as file:
        arrays = {name: file.get_tensor(name) for name in list(file.keys())}
        meta = file.metadata()
    player = load(toy_run)
    assert set(arrays) == {"actor", "critic"}
    np.testing.assert_array_equal(arrays["actor"], np.asarray(player.policy.actor))
    assert build(json.loads(meta["config"])["parts"]) == player.parts
    rows = [json.loads(line) for line in (target / "tasks.jsonl").read_text().splitlines()]
    with RunFolder.open(toy_run) as folder:
        tasks = folder.database.tasks()
    assert [row["id"] for row in rows] == [task.id for task in tasks]
    assert rows[0] == {
        "id": tasks[0].id,
        "parent": None,
        "generation": 0,
        "turn": tasks[0].turn,
        "score": tasks[0].score,
        "address": tasks[0].address,
        "spec": tasks[0].spec,
    }
    assert main(["export", str(toy_run), "--out", str(target)]) == 2
    assert "choose another --out" in capsys.readouterr().err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out"]


def _decoded(address: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
