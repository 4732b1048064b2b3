"""A real server, a real browser, and what the browser complained about."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn

from explora.people import People, Rules, application
from explora.people._server import _listening
from explora.store import RunFolder

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What distributions call the browser."""

CI = "EXPLORA_CI"
"""The variable of the environment that says that nothing may be missing here; `.ci/run` sets it."""

MODULES = Path(__file__).parents[3] / "front" / "node_modules"

_LISTEN = """
window.__refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.__refused.push(`${event.violatedDirective}: ${event.blockedURI || event.sample}`));
"""


_AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`))"""


_AT = """() => {
  const at = document.activeElement;
  if (at === document.body) return null;
  at.dataset.reached = "yes";
  const style = getComputedStyle(at);
  const seen = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || at.matches(".gallery");
  return `${seen ? "" : "unseen "}${at.outerHTML.slice(0, 120)}`;
}"""

_MISSED = """() => [...(document.querySelector("dialog[open]") ?? document)
  .querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((each) => each.checkVisibility() && !each.disabled && !each.dataset.reached)
  .map((each) => each.outerHTML.slice(0, 120))"""


def browser_path() -> str | None:
    """The browser of this machine; None if it has none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def lacking(what: str) -> None:
    """Leaves a test out for want of something; where everything must be there, that is a failure."""
    import pytest

    if os.environ.get(CI):
        pytest.fail(f"{what}, and {CI} says that nothing may be missing here", pytrace=False)
    pytest.skip(what)


class Stage:
    """A server on a port of this machine.

    **Arguments:**

    - `people`: a run with people around it.
    - `port`: where it listens.
    """

    def __init__(self, people: People, port: int):
        self.people, self.address = people, f"http://127.0.0.1:{port}"

    def link(self) -> str:
        """A link that lets the owner in, once."""
        return f"{self.address}/#token={self.people.access.owner_link()}"

    def invited(self, name: str, role: str = "annotator") -> str:
        """A link that lets somebody else in, once."""
        from .._around import uuid

        owner = self.people.access.person("owner")
        return f"{self.address}/#token={self.people.access.invite(owner, name, role, uuid())[1]}"


@contextlib.contextmanager
def staged(path: Path, *, queue: Path | None = None, rules: Rules | None = None) -> Iterator[Stage]:
    """A server around a run, in a thread of its own."""
    with RunFolder.open(path) as folder, _listening(0) as listening:
        people = People.around(folder, queue=queue)
        people.access.owner_link()
        app = application(people, rules or Rules(rate=0.0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Stage(people, listening.getsockname()[1])
        finally:
            people.follower.leave()
            server.should_exit = True
            thread.join(20.0)
            people.scene.wait(30.0)
            people.close()


class Started:
    """A server in a process of its own, as `explora people` starts it.

    **Arguments:**

    - `path`: the folder of the run.
    - `options`: of the verb.
    - `port`: where it listens; 0: on any that is free.
    """

    def __init__(self, path: Path, *options: str, port: int = 0):
        words = [sys.executable, "-m", "explora", "people", str(path), "--port", str(port), *options]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.link = self.process.stdout.readline().strip()
        self.address, _, self.token = self.link.partition("/#token=")

    def __enter__(self) -> "Started":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.communicate()


def processor_time(*roots: int) -> float:
    """The processor time of processes and all that they have started, as long as those are alive [s]."""
    parents, times = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()
            parents[int(folder.name)] = int(fields[1])
            times[int(folder.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    found, line = 0.0, list(roots)
    while line:
        at = line.pop()
        found += times.get(at, 0.0)
        line += [child for child, parent in parents.items() if parent == at]
    return found


class Tab:
    """A page of the browser, and what went wrong on it.

    **Arguments:**

    - `page`: Playwright's page.
    """

    def __init__(self, page: Any):
        self.page, self.said = page, []
        page.add_init_script(_LISTEN)
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("console", self._heard)
        page.on("dialog", lambda box: (self.said.append(f"dialog: {box.message}"), box.dismiss()))

    def _heard(self, line: Any) -> None:
        where = line.location["url"]
        not_there = "status of 404" in line.text and "/api/" in where  # as documented: a run has not everything (yet)
        if line.type == "error" and not not_there and not where.endswith("/favicon.ico"):
            self.said.append(f"console: {line.text}")

    def enter(self, link: str, name: str = "") -> "Tab":
        """Opens a link and goes to a page by its name."""
        self.page.goto(link)
        self.page.wait_for_selector("header nav")
        return self.at(name) if name else self

    def at(self, name: str) -> "Tab":
        """Goes to a page by its name in the address."""
        self.page.click(f"nav a[href='#{name}']")
        self.page.wait_for_selector(f"nav a[href='#{name}'][aria-current]")
        return self

    def press(self, *keys: str) -> None:
        """Presses keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def text(self, selector: str) -> str:
        """What stands there; nothing if it is not there (yet)."""
        found = self.page.query_selector(selector)
        return "" if found is None else found.inner_text()

    def until(self, condition: Callable[[], Any], seconds: float = 30.0) -> Any:
        """Waits until something holds that the browser does not know of."""
        for _ in range(round(seconds / 0.05)):
            if found := condition():
                return found
            self.page.wait_for_timeout(50)
        raise AssertionError(f"it did not happen within {seconds:g} s; the page says {self.text('body')[:600]!r}")

    def axe(self) -> list[str]:
        """What axe-core finds on this page that is serious or critical."""
        path = MODULES / "axe-core" / "axe.min.js"
        if not path.is_file():
            lacking("axe-core is not there: `make front` installs the packages of the front end")
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(path.read_text("utf-8"))
        return self.page.evaluate(_AXE)

    def reach(self) -> list[str]:
        """What the Tab key does not reach, and what shows no focus when it is there; in a dialog if one is open."""
        self.page.evaluate("document.querySelectorAll('[data-reached]').forEach((each) => delete each.dataset.reached)")
        seen: list[str | None] = []
        for _ in range(400):
            self.press("Tab")
            seen.append(self.page.evaluate(_AT))
            if seen.count(None) == 2:  # once from the end to the start, wherever it began
                break
        unseen = [each for each in seen if each and each.startswith("unseen")]
        return unseen + [f"missed {each}" for each in self.page.evaluate(_MISSED)]

    def refused(self) -> list[str]:
        """What the content security policy forbade on this page."""
        return self.page.evaluate("window.__refused")

    def fine(self) -> None:
        """Nothing went wrong so far."""
        assert self.said == []
        assert self.refused() == []
