"""Makes the pictures of the pages of `explora people`, by a real browser.

    python docs/make_people_pictures.py [--maze RUN] [--pool RUN --queue FILE] [--all FOLDER]

Without runs of your own it makes two: some minutes of mazes, and one that asks which digit an image shows. Three people
have done something in both when the pictures are taken. Of every page there are four pictures, light and dark, 1280 and
390 pixels wide; `--all` keeps them. The documentation shows light wide ones and a strip of the narrow dark ones. Needs
Chromium and `pip install --group browser`.
"""

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright
from sklearn.datasets import load_digits

PICTURES = Path(__file__).parent / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SIZES = {1280: 860, 390: 844}
SCHEMES = ("light", "dark")
PAGES = {
    "maze": ("watch", "next", "task", "compare", "episodes", "draw", "people"),
    "pool": ("label", "guide", "fool", "answers"),
}
SHOWN = ("watch", "next", "task", "compare", "episodes", "draw", "people", "label", "guide", "fool", "answers")
"""What the documentation shows wide and light."""

NARROW = ("watch", "next", "compare", "label", "fool", "answers")
"""What the strip shows narrow and dark."""

COLOURS = 256
GUIDELINES = """# What to say
Which digit is it? Say what somebody wanted to write, also if it is badly written.

- A one may have a foot and a hat.
- A seven may have a bar.

If two digits are equally likely, say that you do not know (-)."""

Shots = dict[tuple[str, str, int], Path]


def explora(*words: str) -> list[str]:
    """A command."""
    return [sys.executable, "-m", "explora", *words]


def digits(place: Path) -> Path:
    """A table of images of digits, of which four hundred have a label."""
    found: Any = load_digits()
    lines = ["id,image,digit"]
    for number, (pixels, label) in enumerate(zip(found.images, found.target.tolist(), strict=True)):
        Image.fromarray((255 - pixels * 15.9).astype("uint8")).save(place / f"{number}.png")
        lines.append(f"{number},{number}.png,{label if number % 4 == 0 else ''}")
    (place / "digits.csv").write_text("\n".join(lines), "utf-8")
    return place / "digits.csv"


@contextlib.contextmanager
def going(place: Path) -> Iterator[tuple[Path, Path]]:
    """A run that asks people, for as long as it is looked at: its folder and its queue."""
    path, queue = place / "digits", place / "digits.db"
    words = ["--data", str(digits(place)), "--target", "digit", "--domain.source.image", "image"]
    words += [
        "--budget",
        "300",
        "--batch",
        "40",
        "--domain.oracle",
        "queue",
        "--domain.oracle.path",
        str(queue),
        "--out",
        str(path),
        "--quiet",
    ]
    with subprocess.Popen(explora("run", "pool", *words)) as run:
        try:
            while not (queue.is_file() and (path / "run.db").is_file()):
                if run.poll() is not None:
                    raise SystemExit("the run that asks ended before it asked")
                time.sleep(1)
            yield path, queue
        finally:
            run.terminate()


def mazes(place: Path) -> Path:
    """A finished run of mazes."""
    path = place / "mazes"
    words = ("--recipe", "accel", "--minutes", "3", "--watch", "graded", "--quiet", "--out", str(path))
    subprocess.run(explora("run", "maze", *words), check=True)
    return path


@contextlib.contextmanager
def served(path: Path, *words: str) -> Iterator[str]:
    """The link of a server around a run."""
    with subprocess.Popen(
        explora("people", str(path), "--port", "0", *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None  # it is a pipe
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


READY = {
    "watch": ".gallery img",
    "next": ".gallery img",
    "task": ".gallery img",
    "compare": ".modes button",
    "episodes": ".modes button",
    "draw": ".player canvas",
    "people": "table",
    "label": "img.sight",
    "guide": "main",
    "answers": "main h1, main h2, main p",
    "fool": ".modes, main .choices button",
}
"""What a page has when it has begun."""


def prepared(page: Any, name: str) -> None:
    """Does on a page what makes it worth a look."""
    lies = {"task": "watch", "next": "watch", "episodes": "compare"}.get(name, name)
    page.click(f"nav a[href='#{lies}']")
    page.wait_for_selector(READY[name], timeout=300_000)
    page.wait_for_timeout(2500)
    if lies == "compare":
        page.click(f".modes button >> nth={int(name == 'episodes')}")
        page.wait_for_selector(".replays canvas" if name == "episodes" else ".sides img", timeout=300_000)
        page.wait_for_selector("h2:has-text('liked'), h2:has-text('preferred')", timeout=60_000)
        if name == "episodes":
            page.keyboard.press("r")  # stands still
    if name in ("watch", "next") and (name == "next") != page.evaluate("document.querySelector('.next details').open"):
        page.keyboard.press("n")
    if name == "next":
        page.wait_for_selector(".nexts li", timeout=300_000)
        page.wait_for_timeout(1500)
        page.evaluate("document.querySelector('.next').scrollIntoView()")
    if name == "task":
        page.keyboard.press("g")
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog[open] img")
        page.wait_for_timeout(1500)
    if name == "fool":
        page.keyboard.press(",")
        page.wait_for_selector(".says", timeout=60_000)
        page.wait_for_selector(".item img.sight", timeout=60_000)
        page.keyboard.press(page.inner_text(".chance >> nth=1").split()[0])  # it was close
    page.mouse.move(0, 0)
    for _ in range(100):
        if page.evaluate("[...document.images].every((each) => each.complete)"):
            return
        page.wait_for_timeout(300)


def ask(page: Any, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What the server answers to somebody who is signed in."""
    return page.evaluate(
        """([method, path, body]) => fetch(path, {method, body: body === null ? undefined : JSON.stringify(body),
          headers: {"X-Explora": "1", "Content-Type": "application/json"}})
          .then((answer) => answer.text()).then((text) => text === "" ? null : JSON.parse(text))""",
        [method, path, None if body is None else body | {"uuid": uuid.uuid4().hex}],
    )


def signed(browser: Any, link: str) -> Any:
    """A page of somebody who is let in."""
    page = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce").new_page()
    page.goto(link)
    page.wait_for_selector("header nav")
    return page


def others(owner: Any, browser: Any) -> list[Any]:
    """Two more people, signed in."""
    found = []
    for name in ("Ann", "Bob"):
        token = ask(owner, "POST", "/api/people", {"name": name, "role": "annotator"})["token"]
        found.append(signed(browser, f"{owner.url.partition('#')[0]}#token={token}"))
    return found


def labelled(owner: Any, browser: Any) -> None:
    """Two people answer the same questions, of which some are gold, and differ now and then."""
    schema = ask(owner, "GET", "/api/label/schema")
    values = {choice["name"]: choice["value"] for choice in schema["choices"]}
    known = [int(digit) for digit in np.asarray(cast(Any, load_digits()).target)]
    ask(owner, "PUT", "/api/label/schema", schema | {"guidelines": GUIDELINES})
    ask(owner, "PUT", "/api/label/overlap", {"overlap": 2, "again": True})
    ask(
        owner,
        "POST",
        "/api/label/gold",
        {"items": [{"item": str(n), "value": values[str(known[n])]} for n in (401, 402, 403)]},
    )
    for number, page in enumerate(others(owner, browser)):
        for n in range(24):
            for item in ask(page, "POST", "/api/label/next", {"count": 1})["items"]:
                right = known[int(item["item"])]
                said = (right + 1) % 10 if number and n % 7 == 3 else right
                said = {"item": item["item"], "value": values[str(said)], "seconds": 1.2 + (5 * n + number) % 7 / 3}
                ask(page, "POST", "/api/label/answer", said)
        page.context.close()


def compared(owner: Any, browser: Any) -> None:
    """Two people compare: one likes tasks that come earlier and newer versions, the other guesses now and then."""
    people = others(owner, browser)
    for what, likes in (("tasks", lambda side: -side["task"]), ("plays", lambda side: side["play"]["turn"])):
        for number, page in enumerate(people):
            for n in range(9):
                pairs: list[Any] = []
                while not pairs:
                    pairs = ask(page, "POST", "/api/compare/next", {"count": 1, "what": what})["pairs"]
                said = "left" if likes(pairs[0]["left"]) > likes(pairs[0]["right"]) else "right"
                said = "tie" if number and n % 4 == 3 else said
                ask(page, "POST", "/api/compare/answer", {"pair": pairs[0]["pair"], "said": said, "seconds": 3.0})
    for page in people:
        page.context.close()


BEFORE: dict[str, Callable[[Any, Any], None]] = {"maze": compared, "pool": labelled}
"""What people do before the pictures are taken."""


def taken(browser: Any, link: str, which: str, folder: Path) -> Shots:
    """All pictures of the pages of one run."""
    names, page, found = PAGES[which], signed(browser, link), {}
    BEFORE[which](page, browser)
    for name in names:
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            for width, height in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                page.reload()
                page.wait_for_selector("header nav")
                prepared(page, name)
                found[name, scheme, width] = folder / f"{name}-{scheme}-{width}.png"
                page.screenshot(path=found[name, scheme, width])
    page.context.close()
    return found


def kept(picture: Image.Image, name: str) -> None:
    """A picture for the documentation, of few colours and so small."""
    few = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE)  # a rare colour stays what it is
    few.save(PICTURES / name, optimize=True)


def strip(paths: list[Path]) -> Image.Image:
    """Narrow pictures beside each other."""
    pictures = [Image.open(path).convert("RGB").resize((292, 633)) for path in paths]
    sheet = Image.new("RGB", (300 * len(pictures) - 8, 633), "#808080")
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (300 * number, 0))
    return sheet


def main() -> None:
    """Makes the runs, the servers and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, words in (("--maze", "a run"), ("--pool", "a run that asks"), ("--queue", "its queue")):
        parser.add_argument(name, type=Path, help=words)
    parser.add_argument("--all", type=Path, help="keep every picture in this folder")
    said = parser.parse_args()
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit("no Chromium is installed: the package is called chromium or chromium-browser")
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = said.all or place
        folder.mkdir(parents=True, exist_ok=True)
        asking = (said.pool, said.queue) if said.pool else stack.enter_context(going(place))
        browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=path)
        links = {
            "maze": stack.enter_context(served(said.maze or mazes(place))),
            "pool": stack.enter_context(served(asking[0], "--queue", str(asking[1]))),
        }
        shots: Shots = {}
        for which in PAGES:
            shots |= taken(browser, links[which], which, folder)
        for name in SHOWN:
            kept(Image.open(shots[name, "light", 1280]), f"people-{name}.png")
        kept(strip([shots[name, "dark", 390] for name in NARROW]), "people-narrow.png")
        browser.close()


if __name__ == "__main__":
    main()
