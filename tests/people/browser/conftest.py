"""The browser of the distribution, and tabs in it."""

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import pytest

_NAMES = "--host-resolver-rules=MAP labels.example.org 127.0.0.1"  # no other machine is asked where that is

if importlib.util.find_spec("fastapi") is None:
    collect_ignore_glob = ["test_*.py"]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many tests a browser has really run: `.ci/run` looks for this line."""
    ran = sum(
        "browser" in report.keywords and report.when == "call"
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    )
    terminalreporter.write_line(f"browser tests run: {ran}")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """Chromium without a window."""
    from ._stage import browser_path, lacking

    path = browser_path()
    if path is None:
        lacking("no Chromium is installed: the package is called chromium or chromium-browser")
    if importlib.util.find_spec("playwright") is None:
        lacking("Playwright is not installed: pip install --group browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--disable-dev-shm-usage", _NAMES])
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens tabs, each of somebody of their own; at the end nothing may have gone wrong on any of them."""
    from ._stage import Tab

    opened: list[tuple[Any, Tab]] = []

    def opens(*, width: int = 1280, height: int = 800, scheme: str = "light", **how: Any) -> Tab:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **how)
        context.set_default_timeout(20_000)
        opened.append((context, Tab(context.new_page())))
        return opened[-1][1]

    yield opens
    said = [line for _, each in opened for line in each.said + each.refused()]
    for context, _ in opened:
        context.close()
    assert said == []
