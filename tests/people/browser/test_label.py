"""Labelling by keyboard, in a real browser: thirty items, with things taken back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from explora.people import Choice, Schema
from explora.store import Slots

from .._around import NASTY, offer, uuid, write_run
from ._stage import Stage, Tab, staged

pytestmark = [pytest.mark.slow, pytest.mark.browser]

CHOICES = tuple(Choice(value=name, name=name, key=key) for name, key in (("cat", "c"), ("dog", "d"), (NASTY, "n")))


@pytest.fixture
def stage(tmp_path: Path):
    offer(tmp_path / "queue.db", 40)
    with staged(write_run(tmp_path / "run", queue=tmp_path / "queue.db")) as found:
        schema = Schema(kind="classes", choices=CHOICES, free=True, guidelines=f"Cats are cats.\n{NASTY}")
        found.people.desk.set_schema("owner", schema, uuid())
        yield found


def said(stage: Stage) -> dict[str, str]:
    """What stands, by item: read from the queue's file."""
    return {word.item: word.value or word.kind for word in Slots(stage.people.desk.path).words()}


def test_thirty_items_by_keyboard(stage: Stage, tab: Callable[..., Tab]):
    ann = tab().enter(stage.invited("Ann"), "label")
    item = lambda: ann.text(".item .small.faint")
    expected: dict[str, str] = {}

    def press(key: str, meaning: str) -> None:
        before = ann.until(item)  # whoever is faster than the server sees no item for a moment, and presses nothing
        expected[before] = meaning
        ann.press(key)
        ann.until(lambda: item() != before)

    ann.page.wait_for_selector(".choices button")
    for n in range(20):
        press("cd"[n % 2], ("cat", "dog")[n % 2])
    press("Space", "skipped")
    press("-", "unsure")
    press("n", NASTY)
    last = list(expected)[-1]
    for _ in range(3):  # across submits: the label, the "I do not know", the skip
        back = list(expected)[-1]
        ann.press("Control+z")
        ann.until(lambda back=back: item() == back)
        del expected[back]
    ann.until(lambda: said(stage) == expected)
    for _ in range(3):
        press("d", "dog")
    assert last in expected, "what was taken back is asked again"
    ann.page.reload()  # undo also works after a reload
    ann.at("label")
    ann.page.wait_for_selector(".choices button")
    ann.press("Backspace")
    back = list(expected)[-1]
    ann.until(lambda: item() == back)
    del expected[back]
    ann.press("/")
    ann.page.keyboard.type("a third thing")
    expected[back] = "a third thing"
    ann.press("Enter")
    ann.until(lambda: item() != back)
    while len(expected) < 30:
        press("c", "cat")
    ann.until(lambda: said(stage) == expected)
    assert len(expected) == 30
    ann.until(lambda: "30 by me" in ann.text(".progress"))
    events = [event["kind"] for event in Slots(stage.people.desk.path).events()]
    assert events.count("withdrawn") == 4
    ann.fine()


def test_labels_are_kept_while_the_server_does_not_answer(stage: Stage, tab: Callable[..., Tab]):
    ann = tab().enter(stage.invited("Ann"), "label")
    ann.page.wait_for_selector(".choices button")
    ann.page.route("**/api/label/answer", lambda route: route.abort())
    first = ann.text(".item .small.faint")
    ann.press("c")
    ann.until(lambda: "not sent yet" in ann.text(".progress"))
    ann.page.reload()
    ann.page.unroute("**/api/label/answer")
    ann.at("label")
    ann.until(lambda: said(stage) == {first: "cat"})
    ann.said = [line for line in ann.said if "ERR_FAILED" not in line]
    ann.fine()


def test_what_was_begun_is_there_after_a_reload_and_nobody_else_sees_it(stage: Stage, tab: Callable[..., Tab]):
    ann, bob = (tab().enter(stage.invited(name), "label") for name in ("Ann", "Bob"))
    ann.page.wait_for_selector(".choices button")
    ann.press("/")
    ann.page.keyboard.type("begun")
    ann.until(lambda: stage.people.desk._drafted)
    ann.page.reload()
    ann.at("label")
    ann.until(lambda: ann.page.input_value(".typed input") == "begun")
    assert bob.page.evaluate("fetch('/api/label/drafts').then((answer) => answer.json())") == {}
    assert "begun" not in bob.page.content()
