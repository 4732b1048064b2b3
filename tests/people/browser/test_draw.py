"""Drawing a maze, seeing the learner try it, sending it, in a real browser."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from .._around import NASTY
from ._stage import Stage, Tab, staged
from .test_watch import SMALL

pytestmark = [pytest.mark.slow, pytest.mark.browser]

DRAWN = [">....", ".###.", "...#.", "...#.", "....G"]
"""What is drawn below."""

FLOODED = [">....", "####.", "####.", "####.", "####G"]
"""The same with all floor filled that hangs together with the middle."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A finished run with a learner."""
    path = tmp_path_factory.mktemp("draw") / "run"
    words = [sys.executable, "-m", "explora", "run", "maze", *SMALL.split(), "--steps", "3000", "--out", str(path)]
    subprocess.run(words, check=True, stderr=subprocess.DEVNULL)
    with staged(path) as found:
        yield found


_SLID = """() => {
  const slider = document.querySelector(".player input[type=range]");
  slider.value = "1";
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  return document.querySelector(".player canvas").getAttribute("aria-label");
}"""
"""What the player shows at once when its slider is moved: it goes on playing afterwards."""


def test_a_maze_is_drawn_tried_and_sent(stage: Stage, tab: Callable[..., Tab]):
    ann = tab().enter(stage.invited("Ann"), "draw")
    ann.page.wait_for_selector(".easel canvas", timeout=120_000)
    text = lambda: ann.page.input_value("textarea[aria-label='the task as text']")
    ann.page.click("summary:has-text('As text')")
    ann.page.fill("textarea[aria-label='the task as text']", "\n".join([">....", *["....."] * 3, "....G"]))
    ann.page.click("button:has-text('Use this text')")
    ann.page.focus(".easel canvas")
    ann.press("Home", "2", "b")  # walls, one cell at a time
    ann.press(*["ArrowUp"] * 5, *["ArrowLeft"] * 5, "ArrowDown", "ArrowRight")
    ann.press("Enter", "ArrowRight", "Enter", "ArrowRight", "Enter")
    ann.until(lambda: text().split("\n")[1] == ".###.")
    ann.press("r", "ArrowDown", "Enter", "ArrowDown", "Enter")  # a rectangle, two cells tall
    ann.until(lambda: text().split("\n") == DRAWN)
    ann.press("f", "ArrowLeft", "Enter")  # flood: all that hangs together; what stands once stays
    ann.until(lambda: text().split("\n") == FLOODED)
    ann.until(lambda: "16 walls, 9 actions to the goal" in ann.text(".verdict"), 60.0)
    ann.press("Control+z")
    ann.until(lambda: text().split("\n") == DRAWN)
    ann.press("Control+z", "Control+y")
    assert text().split("\n") == DRAWN
    ann.until(lambda: "5 walls, 9 actions to the goal" in ann.text(".verdict"), 60.0)
    ann.until(lambda: "Version of turn" in ann.text("main"), 240.0)  # the learner's program is compiled first
    ann.page.wait_for_selector(".player canvas")
    assert ann.axe() == []
    assert ann.reach() == []
    ann.page.focus(".easel canvas")
    assert "Moment 1 of" in ann.page.evaluate(_SLID)
    ann.page.evaluate("document.activeElement.blur()")
    ann.press("s")
    ann.until(lambda: "waits for the run's next turn" in ann.text("main"), 30.0)
    letters = [letter for letter in stage.people.folder.inbox.letters() if letter.kind != "hello"]
    assert len(letters) == 1
    assert "\n".join(DRAWN) in str(letters[0].data).replace("\\n", "\n")
    ann.page.fill("textarea[aria-label='the task as text']", NASTY)
    ann.page.click("button:has-text('Use this text')")
    ann.until(lambda: "Not yet a task" in ann.text(".verdict"), 30.0)
    ann.page.evaluate("document.activeElement.blur()")
    ann.press("Control+z")
    ann.until(lambda: text().split("\n") == DRAWN)
    before = text()
    ann.press("m")
    ann.until(lambda: text() != before, 60.0)
    ann.press("c")
    ann.until(lambda: "#" not in text())
    ann.fine()


def test_the_grid_is_painted_with_a_mouse(stage: Stage, tab: Callable[..., Tab]):
    ann = tab().enter(stage.invited("Ann"), "draw")
    ann.page.wait_for_selector(".easel canvas", timeout=120_000)
    ann.page.click("button:has-text('Clear')")
    text = lambda: ann.page.input_value("textarea[aria-label='the task as text']")
    ann.until(lambda: text() and "#" not in text())
    ann.page.click(".easel button:has-text('wall')")
    place = ann.page.locator(".easel canvas").bounding_box()
    assert place is not None
    at = lambda row, column: (place["x"] + place["width"] * (column + 0.5) / 5, place["y"] + place["height"] * row / 5)
    ann.page.mouse.move(*at(2.5, 0))
    ann.page.mouse.down()
    ann.page.mouse.move(*at(2.5, 4), steps=12)
    ann.page.mouse.up()
    ann.until(lambda: text().split("\n")[2].count("#") >= 3)
    ann.fine()
