"""The documentation says what is: links lead somewhere, tables are made from the code, examples run."""

import ast
import importlib
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from explora.cli._main import HELP, VERBS
from explora.recipes import RECIPES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"])

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(r"`((?:src|docs|examples|benchmarks|tests)/[\w./-]+)`")
_SNIPPET = re.compile(r'^--8<-- "([^"]+)"$', re.MULTILINE)
_BLOCK = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_UNMADE = frozenset({"benchmarks/results/"})
"""Folders that the documentation names and that hold results, which are not there before somebody has measured."""


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _BLOCK.sub("", _text(page))


def _anchors(page: Path) -> set[str]:
    """What one can link to on a page: its headings, as mkdocs writes them (and GitHub, where no dashes meet)."""
    plain = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in _HEADING.findall(_prose(page)))
    return {re.sub(r"[-\s]+", "-", heading) for heading in plain}


def _python(page: Path) -> list[str]:
    """The blocks of Python on a page that are meant to run: all but excerpts and whole files."""
    return [code for kind, rest, code in _BLOCK.findall(_text(page)) if kind == "python" and "title=" not in rest]


def _tables() -> ModuleType:
    """`docs/make_tables.py`, which is no module of a package."""
    found = importlib.util.spec_from_file_location("make_tables", DOCS / "make_tables.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_relative_links_lead_somewhere(page: Path):
    links = [link for link in _LINK.findall(_prose(page)) if not re.match(r"[a-z]+:", link)]
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{_name(page)}: {link} leads nowhere"
        if anchor:
            assert anchor in _anchors(target), f"{_name(page)}: {link}: there is no such heading"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_paths_and_snippets_exist(page: Path):
    named = [path for path in _PATH.findall(_prose(page)) if path not in _UNMADE]
    included = _SNIPPET.findall(_text(page))
    missing = [path for path in [*named, *included] if not (ROOT / path).exists()]
    assert not missing, f"{_name(page)} names {', '.join(missing)}"


def test_tables_are_up_to_date():
    stale = _tables().outdated()
    assert not stale, f"run `python docs/make_tables.py`: {', '.join(stale)}"


def test_a_stale_table_would_be_noticed():
    tables = _tables()
    text = _text(DOCS / "algorithms.md")
    assert tables.renewed("docs/algorithms.md", text.replace("| `accel` | ACCEL", "| `excel` | ACCEL")) == text
    with pytest.raises(ValueError, match="must hold"):
        tables.renewed("docs/algorithms.md", text.replace("<!-- end of recipes -->", ""))


def test_every_verb_is_documented():
    headings = _HEADING.findall(_text(DOCS / "command-line.md"))
    assert sorted(h.removeprefix("explora ") for h in headings if h.startswith("explora ")) == sorted(VERBS)
    for verb in VERBS:
        assert f"\n  {verb} " in HELP, f"`explora --help` does not say what {verb} does"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_recipes_and_verbs_that_are_typed_exist(page: Path):
    commands = [line for kind, _, code in _BLOCK.findall(_text(page)) if kind == "sh" for line in code.split("\n")]
    for command in commands:
        verb = re.match(r"explora (\S+)", command)
        assert verb is None or verb[1] in VERBS, f"{_name(page)}: {command}"
        recipe = re.search(r"--recipe (\S+)", command)
        assert recipe is None or recipe[1] in {r.name for r in RECIPES}, f"{_name(page)}: {command}"


def test_every_page_is_in_the_navigation():
    named = set(re.findall(r"\S+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    assert named == {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}


def test_every_public_folder_has_an_api_page():
    shown = {name for page in (DOCS / "api").glob("*.md") for name in re.findall(r"^::: (\S+)$", _text(page), re.M)}
    folders = {f"explora.{path.parent.name}" for path in (ROOT / "src" / "explora").glob("*/__init__.py")}
    assert folders - {"explora.cli"} <= shown
    assert all(importlib.util.find_spec(name) for name in shown)


def test_every_column_of_the_database_is_described():
    from explora.store._tables import META

    lines = [line for line in _text(DOCS / "formats.md").split("\n") if line.startswith("| `")]
    rows = {line.split("|")[1].strip(" `"): line for line in lines}
    for table in META.sorted_tables:
        described = set(re.findall(r"`(\w+)`", rows[table.name].split("|")[2]))
        assert described == {column.name for column in table.columns}, table.name


def test_the_mazes_of_the_documentation_can_be_read():
    from explora.domains.maze import fewest_actions_of_many, parse_mazes

    found = {}
    for page in (DOCS / "formats.md", DOCS / "quick-start.md"):
        text = next(code for kind, _, code in _BLOCK.findall(_text(page)) if kind == "text")
        for suite in parse_mazes(text):
            found |= dict(zip(suite.names, fewest_actions_of_many(suite.tasks).tolist(), strict=True))
    assert found == {"around the corner": 8, "maze 2": 5, "the long way round": 11}
    shown = [code for kind, _, code in _BLOCK.findall(_text(DOCS / "formats.md")) if kind == "json"]
    tasks = {task["name"]: task["optimal_steps"] for task in json.loads(shown[-1])["tasks"]}
    assert tasks == {"around the corner": 8, "maze 2": 5}


def test_the_json_of_eval_has_the_fields_that_are_described():
    import numpy as np

    from explora.cli._eval import _as_json
    from explora.ledger import Verdict

    one = np.ones(1)
    real = _as_json("runs/x", Verdict("graded", ("a",), 1, one, one, one, one, 1))
    shown = json.loads([code for kind, _, code in _BLOCK.findall(_text(DOCS / "formats.md")) if kind == "json"][-1])
    assert list(shown) == list(real)
    assert list(shown["tasks"][0]) == list(real["tasks"][0])


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_python_imports_what_exists(page: Path):
    for code in _python(page):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                module = importlib.import_module(node.module)
                for alias in node.names:
                    assert hasattr(module, alias.name), f"{_name(page)}: {node.module} has no {alias.name}"
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "explora":
                assert hasattr(importlib.import_module("explora"), node.attr), f"{_name(page)}: explora.{node.attr}"


def test_the_readme_shows_what_the_quick_start_runs():
    assert set(_python(ROOT / "README.md")) <= set(_python(DOCS / "quick-start.md"))


@pytest.mark.slow
def test_the_quick_start_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """All its blocks, one after the other; only the runs are cut down to a few turns of a small batch."""
    import explora

    begin = explora.run
    small = {"explorer.rows": 8, "explorer.capacity": 64, "learner.minibatches": 2, "domain.steps": 64}

    def run(what: Any, *args: Any, fields: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        assert kwargs.pop("minutes", None) or kwargs.pop("steps", None)
        return begin(what, *args, fields=(fields or {}) | small, steps=1024, **kwargs)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(explora, "run", run)
    names: dict[str, Any] = {}
    for code in _python(DOCS / "quick-start.md"):
        exec(compile(code, "quick-start.md", "exec"), names)
    assert names["verdict"].suite == "perfect-13"
    assert len(names["ids"]) == 8
