"""What is asked for next and why, on the page Watch, in a real browser."""

from collections.abc import Callable
from pathlib import Path

import pytest

from explora.runs import Plan, run

from ..test_outlook import PARTS
from ._stage import Stage, Tab, staged

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture
def stage(tmp_path: Path):
    run(PARTS, Plan(steps=1200, seed=3, record=256, checkpoint=0.0, watch=()), out=tmp_path / "run", recipe="toy")
    with staged(tmp_path / "run") as found:
        yield found


def test_the_reasons_are_shown_and_reached_by_keyboard(stage: Stage, tab: Callable[..., Tab]):
    viewer = tab(width=390).enter(stage.invited("Vera", "viewer"), "watch")
    viewer.page.wait_for_selector(".next summary")
    assert viewer.page.locator(".nexts li").count() == 0, "nobody is kept waiting for what nobody looks at"
    viewer.press("n")
    viewer.page.wait_for_selector(".nexts li", timeout=120_000)
    said = viewer.text(".next")
    assert "75% among the 8 that are kept" in said
    assert "because it has waited long" in said
    found = stage.people.outlook.look()[0]
    assert found is not None
    assert viewer.page.locator(".nexts li").count() == len(found.tasks)
    assert all(each.sentence in said for each in found.tasks), "the server's words, as they are"
    assert viewer.axe() == []
    assert viewer.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") == 0
    viewer.press("Tab", "Enter")  # from the heading to the first task
    viewer.page.wait_for_selector("dialog[open]")
    assert f"Task {found.tasks[0].id}" in viewer.text("dialog[open]")
    viewer.press("Escape")
    assert viewer.reach() == []
    viewer.page.reload()  # it is remembered that somebody wants to see it
    viewer.page.wait_for_selector(".nexts li", timeout=60_000)
    viewer.fine()
