"""Comparing ten pairs of mazes, and episodes of a learner, by keyboard, in a real browser."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .._large import write_large
from ..test_compare_plays import TURNS, write
from ._stage import Stage, Tab, staged

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(write_large(tmp_path / "run", tasks=200, records=20, versions=2)) as found:
        assert found.people.panel.wait(300.0)
        yield found


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Stage]:
    """A run with two versions of a learner that walks a trail."""
    with staged(write(tmp_path / "played")) as found:
        assert found.people.scene.wait(300.0)
        yield found


def test_ten_pairs_by_keyboard(stage: Stage, tab: Callable[..., Tab]):
    ann = tab().enter(stage.invited("Ann"), "compare")
    pair = lambda: ann.page.eval_on_selector_all(".sides img", "all => all.map((each) => each.src).join()")
    ann.page.wait_for_selector(".sides img", timeout=60_000)
    keys = ("ArrowLeft", "ArrowRight", "ArrowDown", "t", "Space", "ArrowLeft", "ArrowRight", "ArrowLeft", "t")
    seen = []
    for key in keys:
        seen.append(pair())
        ann.press(key)
        ann.until(lambda: pair() not in ("", seen[-1]), 60.0)
    ann.press("Control+z")
    ann.until(lambda: pair() == seen[-1], 30.0)
    for button in ("Left", "Right"):  # the same by mouse
        before = pair()
        ann.page.click(f".verdicts button:has-text('{button}')")
        ann.until(lambda before=before: pair() not in ("", before), 60.0)
    ann.until(lambda: "10 by me" in ann.text(".progress"), 30.0)
    said = [act for act in stage.people.log.acts(most=1000) if act.person != "owner"]
    kinds = Counter(act.data["said"] for act in said if "said" in act.data and act.undoes is None)
    assert kinds.total() == 11, "ten that stand and one that was taken back"
    assert kinds["unsure"] == 1
    assert sum(act.undoes is not None for act in said) == 1
    widths = ann.page.eval_on_selector_all(".sides img", "all => all.map((each) => each.naturalWidth)")
    assert len(widths) == 2
    assert min(widths) > 0
    assert ann.axe() == []
    ann.fine()
    owner = tab().enter(stage.link(), "compare")
    owner.page.wait_for_selector("h2:has-text('What is liked')", timeout=60_000)
    assert "tie" in kinds
    assert "walls" in owner.text("main")
    assert "Ann" not in ann.text("main")


_SLID = """() => {
  const slider = document.querySelector(".replays input[type=range]");
  slider.value = "1";
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  return [...document.querySelectorAll(".replays canvas")].map((each) => each.getAttribute("aria-label"));
}"""
"""What both sides show at once when the slider is moved."""


def test_episodes_are_played_in_step_and_compared(played: Stage, tab: Callable[..., Tab]):
    ann = tab().enter(played.invited("Ann"), "compare")
    asked = []
    ann.page.on("request", lambda each: asked.append(each.post_data_json) if each.url.endswith("/api/play") else None)
    ann.page.wait_for_selector(".modes button")
    ann.press(".")
    ann.page.wait_for_selector(".modes button[aria-pressed=true]:has-text('plays')")
    book = lambda: [act for act in played.people.log.acts(most=1000) if act.kind in ("pair", "judgement")]
    wanted = ("ArrowLeft", "ArrowRight", "t", "Space")
    for number, key in enumerate(wanted):
        ann.page.wait_for_selector(".replays .screenbox canvas", timeout=60_000)
        assert ann.page.locator(".replays canvas").count() == 2
        labels = ann.page.evaluate(_SLID)
        assert ["Moment 1 of" in label for label in labels] == [True, True], "in step"
        ann.press(key)
        ann.until(lambda number=number: sum("said" in act.data for act in book()) == number + 1, 60.0)
    ann.press("Control+z")
    ann.until(lambda: any(act.undoes is not None for act in book()), 30.0)
    ann.until(lambda: "3 by me" in ann.text(".progress"), 30.0)
    pairs = [act.data for act in book() if act.kind == "pair" and "task" in act.data]
    said = [act.data["said"] for act in book() if "said" in act.data]
    assert said == ["left", "right", "tie", "unsure"]
    first = pairs[0]
    assert {first["left"]["turn"], first["right"]["turn"]} == set(TURNS)
    for side in ("left", "right"):
        assert {"id": first["task"], **first[side]} in asked, "exactly those episodes were shown"
    assert ann.axe() == []
    ann.page.reload()  # it is remembered what somebody compares
    ann.at("compare")
    ann.page.wait_for_selector(".modes button[aria-pressed=true]:has-text('plays')")
    ann.fine()
    owner = tab().enter(played.link(), "compare")
    owner.page.wait_for_selector(".modes button")
    owner.press(".")
    owner.page.wait_for_selector("h2:has-text('Which versions are preferred')", timeout=60_000)
    assert "turn 30" in owner.text("main")
    assert owner.axe() == []
    owner.page.wait_for_selector(".replays .screenbox canvas", timeout=60_000)
    assert owner.reach() == []
