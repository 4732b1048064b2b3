"""Writing an example that fools a model, and judging it as somebody else, in a real browser."""

from collections.abc import Callable, Iterator

import pytest

from .._around import NASTY
from .._texts import taught
from ._stage import Stage, Tab, staged

pytestmark = [pytest.mark.slow, pytest.mark.browser]

FOOLS = f"the soup was not good {NASTY}"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A finished run whose model reads reviews, and knows no `not`."""
    with staged(taught(tmp_path_factory.mktemp("fool"))) as found:
        yield found


def test_an_example_fools_the_model_and_others_say_so(stage: Stage, tab: Callable[..., Tab]):
    ann, bob, cid = (tab().enter(stage.invited(name), "fool") for name in ("Ann", "Bob", "Cid"))
    ann.page.wait_for_selector("main textarea", timeout=120_000)
    ann.press("/")
    ann.page.keyboard.type(FOOLS)
    ann.until(lambda: "The model says good" in ann.text(".answer"), 60.0)  # while it is written
    assert ann.axe() == []
    ann.press("Escape")
    ann.page.click(".choices button[data-name=bad]")
    ann.until(lambda: "fooled, if others agree" in ann.text(".answer"))
    ann.press("Enter")
    ann.until(lambda: "others have yet to say" in ann.text("main"), 60.0)
    ann.press("Escape", ".")  # the first field has the focus again
    ann.until(lambda: "Nothing to judge now" in ann.text("main"), 30.0)  # never one's own
    for judge in (bob, cid):
        judge.press(".")
        judge.until(lambda judge=judge: FOOLS in judge.text("main .item"), 60.0)
        assert "model says" not in judge.text("main .item"), "who judges is told nothing"
        assert judge.axe() == []
        judge.page.click(".choices button[data-name=bad]")
        judge.until(lambda judge=judge: "Nothing to judge now" in judge.text("main"), 60.0)
    found = stage.people.rounds.counts()[-1]
    assert (found.collected, found.fooled) == (1, 1)
    ann.until(lambda: "confirmed" in ann.text("main"), 30.0)
    ann.until(lambda: "100%" in ann.text("table[aria-label=rounds], main table"), 30.0)
    for each in (ann, bob, cid):
        each.fine()


def test_everything_is_reached_by_keyboard(stage: Stage, tab: Callable[..., Tab]):
    """With a model: writing, judging, and the owner's end of a round."""
    stage.people.rounds.propose("somebody", {"text": "the tea was not bad at all"}, "good")
    owner = tab().enter(stage.link(), "fool")
    owner.page.wait_for_selector("main textarea", timeout=120_000)
    owner.page.wait_for_selector("button:has-text('End round')")
    assert owner.reach() == []
    owner.page.evaluate("document.activeElement.blur()")
    owner.press(".")
    owner.page.wait_for_selector("main .item")
    owner.until(lambda: "tea" in owner.text("main .item"), 60.0)
    assert owner.reach() == []
    assert owner.axe() == []
