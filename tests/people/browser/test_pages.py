"""What holds on every page: accessible, reachable by keyboard, soon there, and texts stay texts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from explora.people import Choice, Schema
from explora.store import Slots

from .._around import NASTY, offer, uuid, write_run
from .._large import write_large
from ._stage import Stage, Tab, staged

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAGES = ("watch", "label", "guide", "compare", "draw", "fool", "answers", "people")

NASTY_ON = ("watch", "label", "guide", "people")
"""Where a run whose parts cannot be built here shows texts; those of the others are in the tests of their own."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A run of mazes that also asks people."""
    place = tmp_path_factory.mktemp("pages")
    offer(place / "queue.db", 40, overlap=2)
    write_large(place / "run", tasks=300, records=200, versions=8)
    with staged(place / "run", queue=place / "queue.db") as found:
        choices = tuple(Choice(value=name, name=name, key=name[0]) for name in ("cat", "dog", "horse"))
        schema = Schema(kind="classes", choices=choices, free=True, guidelines="Cats are cats.")
        found.people.desk.set_schema("owner", schema, uuid())
        agreeing(found)
        assert found.people.panel.wait(300.0)
        yield found


def agreeing(stage: Stage) -> None:
    """Two people answer the same ten items, not always alike."""
    for number, name in enumerate(("Ann", "Bob")):
        who = stage.people.access.invite(stage.people.access.person("owner"), name, "annotator", uuid())[0].id
        for n, claim in enumerate(stage.people.desk.next(who, 10)):
            stage.people.desk.say(who, "answered", claim.item, uuid(), "cat" if n % 4 < 3 - number else "dog", 2.0)


def settled(tab: Tab) -> None:
    """Waits until the page has what it asked for."""
    tab.until(lambda: tab.text("main").strip() not in ("", "…"))
    tab.page.wait_for_timeout(700)


def test_the_owner_has_all_pages(stage: Stage, tab: Callable[..., Tab]):
    owner = tab().enter(stage.link())
    assert tuple(owner.page.eval_on_selector_all("nav a", "all => all.map((each) => each.hash.slice(1))")) == PAGES


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(stage: Stage, tab: Callable[..., Tab], scheme: str):
    owner, found = tab(scheme=scheme).enter(stage.link()), {}
    for name in PAGES:
        owner.at(name)
        settled(owner)
        found[name] = owner.axe()
    for name, key in (("keys", "?"), ("task", "g ArrowRight Enter")):
        owner.at("watch")
        settled(owner)
        owner.press(*key.split())
        owner.page.wait_for_selector("dialog[open]")
        owner.page.wait_for_timeout(300)
        found[name] = owner.axe()
        owner.press("Escape")
    assert found == {name: [] for name in found}


def test_a_telephone_is_wide_enough(stage: Stage, tab: Callable[..., Tab]):
    owner, over = tab(width=390).enter(stage.link()), {}
    for name in PAGES:
        owner.at(name)
        settled(owner)
        over[name] = owner.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert over == dict.fromkeys(PAGES, 0)


@pytest.mark.parametrize("name", PAGES)
def test_everything_is_reached_by_keyboard_and_shows_it(stage: Stage, tab: Callable[..., Tab], name: str):
    owner = tab().enter(stage.link(), name)
    settled(owner)
    owner.page.reload()
    settled(owner)
    assert owner.reach() == []


def test_everything_in_a_dialog_is_reached_by_keyboard(stage: Stage, tab: Callable[..., Tab]):
    owner = tab().enter(stage.link(), "watch")
    settled(owner)
    owner.press("g", "ArrowRight", "Enter")
    owner.page.wait_for_selector("dialog[open] .picture img")
    assert owner.reach() == []
    owner.press("Escape")
    owner.at("people")
    owner.page.wait_for_selector("button[aria-label='delete data: Bob']")
    owner.page.focus("button[aria-label='delete data: Bob']")
    owner.press("Enter")
    owner.page.wait_for_selector("dialog[open] form")
    assert owner.axe() == []
    assert owner.reach() == []


def test_pages_change_by_keyboard_and_a_dialog_gives_the_focus_back(stage: Stage, tab: Callable[..., Tab]):
    owner = tab().enter(stage.link())
    for number, name in enumerate(PAGES):
        owner.press(f"Alt+{number + 1}")
        owner.page.wait_for_selector(f"nav a[href='#{name}'][aria-current]")
    owner.page.focus("header button:has-text('Keys')")
    owner.press("Enter")
    owner.page.wait_for_selector("dialog[open]")
    owner.press("Escape")
    assert "Keys" in owner.page.evaluate("document.activeElement.textContent")


def test_the_first_paint_comes_within_a_second(stage: Stage, tab: Callable[..., Tab]):
    """On a machine that is busy with other things: within five times what an empty page takes there."""
    owner = tab().enter(stage.link())
    times: dict[str, list[float]] = {"/": [], "/app.svg": []}
    for path in ("/app.svg", "/") * 4:
        owner.page.goto(f"{stage.address}{path}")
        entry = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
        times[path].append(owner.until(lambda entry=entry: owner.page.evaluate(entry)))
    print("first paint [ms]:", times)
    assert min(times["/"]) < max(1000.0, 5 * min(times["/app.svg"])), times


def written(owner: Tab) -> None:
    """Writes the nasty text into every field of a page, and sends it."""
    fields = owner.page.locator("main input[type=text]:not([readonly]), main textarea")
    for n in range(fields.count()):
        if fields.nth(n).is_visible() and fields.nth(n).is_enabled():
            fields.nth(n).fill(NASTY)
    for n in range(owner.page.locator("main form").count()):
        owner.page.locator("main form").nth(n).evaluate("(form) => form.requestSubmit()")
    owner.page.wait_for_timeout(500)


def test_scripts_are_shown_as_text(tmp_path: Path, tab: Callable[..., Tab]):
    shown: list[tuple[str, Any]] = [(NASTY, NASTY), ("row", {NASTY: NASTY, "b": [NASTY]}), ("c", {"text": NASTY})]
    Slots(tmp_path / "queue.db").offer(shown)
    with staged(write_run(tmp_path / "run", queue=tmp_path / "queue.db")) as stage:
        choice = Choice(value=NASTY, name=NASTY, key="n")
        schema = Schema(kind="classes", choices=(choice,), free=True, guidelines=NASTY)
        stage.people.desk.set_schema("owner", schema, uuid())
        mean = tab().enter(stage.invited(NASTY, "owner"))
        assert NASTY in mean.text("header")
        for _ in range(2):
            for name in PAGES:
                mean.at(name)
                settled(mean)
                assert name not in NASTY_ON or NASTY in mean.page.evaluate("document.querySelector('main').textContent")
                assert mean.page.evaluate("document.querySelectorAll('img[src=x], script:not([src])').length") == 0
                written(mean)
        mean.at("label")
        mean.page.wait_for_selector(".choices button")
        mean.press("1")  # a label that is a script
        mean.until(lambda: [word for word in stage.people.desk.slots.words() if word.value == NASTY])
        mean.fine()
        mean.page.goto("about:blank")  # before the server goes, which the page would miss


def test_the_page_refuses_what_is_injected(stage: Stage, tab: Callable[..., Tab]):
    """The other tests would pass if the browser reported nothing: it does."""
    owner = tab().enter(stage.link())
    owner.page.evaluate("document.body.insertAdjacentHTML('beforeend', `<img src='data:,' onerror='alert(1)'>`)")
    owner.until(owner.refused)
    assert any("img-src" in line or "script-src" in line for line in owner.refused())
    owner.said.clear()
    owner.page.evaluate("window.__refused = []")
