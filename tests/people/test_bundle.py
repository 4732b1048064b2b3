"""The bundle that is shipped: of these sources, small, and of a kind that the content security policy allows."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FRONT, STATIC = ROOT / "front", ROOT / "src" / "explora" / "people" / "static"


def test_the_bundle_is_small():
    size = sum(len(gzip.compress(path.read_bytes())) for path in STATIC.iterdir())
    assert size < 300 * 1024


def test_the_pages_load_nothing_from_elsewhere_and_run_nothing_inline():
    page = (STATIC / "index.html").read_text("utf-8")
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert sorted(loaded) == ["/app.css", "/app.js", "/app.svg"]
    assert re.findall(r"<script(?![^>]*\bsrc=)|\bon\w+=|<style|style=", page) == []
    script, style = (STATIC / "app.js").read_text("utf-8"), (STATIC / "app.css").read_text("utf-8")
    assert set(re.findall(r"https?://[^\"'`\s)]+", script + style)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in style


def test_data_never_become_markup():
    """Text nodes only: an injected script has no way in."""
    ways = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|srcdoc")
    found = {path.name: ways.findall(path.read_text("utf-8")) for path in [*FRONT.glob("src/*.ts"), STATIC / "app.js"]}
    assert {name: ways for name, ways in found.items() if ways} == {}


def test_the_lock_file_names_no_registry():
    text = (FRONT / "package-lock.json").read_text("utf-8")
    assert '"integrity"' in text
    assert "resolved" not in text
    assert "://" not in re.sub(r'"(url|funding)": "[^"]*"', "", text)


@pytest.mark.slow
def test_the_bundle_is_that_of_these_sources():
    if shutil.which("node") is None or not (FRONT / "node_modules").is_dir():
        pytest.skip("Node.js or the packages of front/ are not installed: `make front` checks the bundle")
    done = subprocess.run(["node", "build.mjs", "--check"], cwd=FRONT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
