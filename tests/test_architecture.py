"""The shape of the code: sizes, directions, exports, docstrings. What a reader may rely on in every folder."""

import ast
import dataclasses
import importlib
import json
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import explora
from explora.core import Part

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "explora"
LIBRARY = sorted(SOURCE.rglob("*.py"))
EVERYTHING = [
    *LIBRARY,
    *(path for name in ("tests", "benchmarks", "examples", "docs") for path in sorted((ROOT / name).rglob("*.py"))),
]
PACKAGES = sorted(path.parent for path in SOURCE.rglob("__init__.py"))

HEAVY = {
    *("sqlalchemy", "tyro", "rich", "PIL", "gymnasium", "scipy", "matplotlib", "tensorboard", "wandb", "mlflow"),
    *("polars", "sklearn", "pandas", "fastapi", "starlette", "uvicorn", "pydantic", "ray"),
}
"""What `import explora` must not load: whoever needs it loads it then."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def listed(found: list[str]) -> str:
    return "\n" + "\n".join(found)


def public(name: str) -> bool:
    return not name.startswith("_")


# --- sizes -----------------------------------------------------------------------------------------------------------


def test_no_module_is_longer_than_500_lines() -> None:
    lengths = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in EVERYTHING}
    found = [f"{name}: {length}" for name, length in lengths.items() if length > 500]
    assert not found, listed(found)


def test_no_function_is_longer_than_80_lines() -> None:
    lengths = {
        f"{short(path)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in EVERYTHING
        for node in functions(path)
    }
    found = [f"{name}: {length}" for name, length in lengths.items() if length > 80]
    assert not found, listed(found)


def test_no_function_has_more_than_10_parameters() -> None:
    def count(node: Function) -> int:
        names = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        return len([x for x in names if x is not None and x.arg not in ("self", "cls")])

    counts = {f"{short(path)}:{node.lineno} {node.name}": count(node) for path in LIBRARY for node in functions(path)}
    found = [f"{name}: {number}" for name, number in counts.items() if number > 10]
    assert not found, listed(found)


def test_no_folder_has_more_than_14_modules() -> None:
    counts = {short(folder): len([x for x in folder.glob("*.py") if x.name != "__init__.py"]) for folder in PACKAGES}
    found = [f"{name}: {number}" for name, number in counts.items() if number > 14]
    assert not found, listed(found)


# --- directions ------------------------------------------------------------------------------------------------------


def test_imports_go_in_the_direction_of_the_sentence() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nobody_reaches_into_the_private_modules_of_another_folder() -> None:
    found = []
    for path in LIBRARY:
        home = ".".join(("explora", *path.relative_to(SOURCE).parent.parts))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("explora."):
                owner, _, private = node.module.partition("._")
                names = [private] if private else [x.name for x in node.names if x.name.startswith("_")]
                # A private folder belongs to the folder in which it lies.
                if names and owner != "explora" and not home.startswith(owner):
                    found.append(f"{short(path)}:{node.lineno} imports {node.module}")
    assert not found, listed(found)


def test_importing_explora_loads_nothing_that_is_needed_later_only() -> None:
    code = "import json, sys, explora; print(json.dumps([sorted(sys.modules), explora.__version__]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded, version = json.loads(done.stdout)
    assert version
    assert HEAVY & {name.partition(".")[0] for name in loaded} == set()
    assert [name for name in loaded if re.match(r"explora\.(cli|plots|recipes|runs|store|testing)\b", name)] == []


# --- exports ---------------------------------------------------------------------------------------------------------


def exports(folder: Path) -> list[tuple[str | None, str, str | None]]:
    """What an `__init__` imports: (module, name, as)."""
    nodes = [node for node in tree(folder / "__init__.py").body if isinstance(node, ast.ImportFrom)]
    return [(node.module, alias.name, alias.asname) for node in nodes if node.level == 1 for alias in node.names]


@pytest.mark.parametrize("folder", PACKAGES, ids=short)
def test_a_folder_opens_with_an_essay(folder: Path) -> None:
    essay = ast.get_docstring(tree(folder / "__init__.py")) or ""
    assert len(essay.split()) >= 12, "the docstring of a folder says what it is for, in some sentences"


@pytest.mark.parametrize("folder", PACKAGES, ids=short)
def test_a_folder_exports_each_name_once_and_as_itself(folder: Path) -> None:
    found = exports(folder)
    assert [name for _, name, alias in found if alias != name] == [], "write `from ._x import A as A`"
    assert len({name for _, name, _ in found}) == len(found)


def test_modules_are_private_and_only_folders_have_names() -> None:
    known = {"__init__.py", "__main__.py", "registered.py"}  # Gymnasium finds its entry points by the name of a module
    found = [short(path) for path in LIBRARY if public(path.name) and path.name not in known]
    assert not found, listed(found)


def test_every_part_is_exported() -> None:
    """What is a part of somebody's run must have a name that a configuration can say."""
    contracts = {"Part", "Space", "Domain", "Environment", "Examples", "Learner", "Explorer", "Score", "Policy"}
    parts, found = contracts | {"Conformance"}, []
    for _ in range(4):  # parts of parts
        parts |= {
            node.name for nodes in classes().values() for _, node in nodes if parts & {named(x) for x in node.bases}
        }
    for name in sorted(parts):
        for path, _ in classes().get(name, []):
            if public(name) and name not in {exported for _, exported, _ in exports(path.parent)}:
                found.append(f"{short(path)} {name}")
    assert not found, listed(found)


def test_a_public_name_is_used_somewhere() -> None:
    """A name without an underscore is exported, or somebody in the library uses it: the rest is dead."""
    words = Counter(word for path in LIBRARY for word in re.findall(r"\w+", path.read_text(encoding="utf-8")))
    found = []
    for path in LIBRARY:
        taken = {name for _, name, _ in exports(path.parent)}
        for node in tree(path).body:
            own = isinstance(node, ast.ClassDef | Function) and public(node.name) and node.name not in taken
            if own and words[node.name] < 2:
                found.append(f"{short(path)}:{node.lineno} {node.name}")
    assert not found, listed(found)


# --- docstrings ------------------------------------------------------------------------------------------------------


def exported_definitions() -> Iterator[tuple[Path, ast.ClassDef | Function]]:
    """Where the exported classes and functions are defined."""
    for folder in PACKAGES:
        for module, name, _ in exports(folder):
            if module is None:
                continue
            path = folder / f"{module.replace('.', '/')}.py"
            if path.exists():
                nodes = [x for x in tree(path).body if isinstance(x, ast.ClassDef | Function) and x.name == name]
                yield from ((path, node) for node in nodes)


@cache
def classes() -> dict[str, list[tuple[Path, ast.ClassDef]]]:
    """Every class of the library, by name."""
    found: dict[str, list[tuple[Path, ast.ClassDef]]] = {}
    for path in LIBRARY:
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append((path, node))
    return found


def named(base: ast.expr) -> str:
    """The name of a base class, without its parameters."""
    base = base.value if isinstance(base, ast.Subscript) else base
    return base.id if isinstance(base, ast.Name) else getattr(base, "attr", "")


def explained(node: ast.ClassDef, seen: frozenset[str] = frozenset()) -> set[str]:
    """The names of the methods that the bases of a class explain already."""
    found: set[str] = set()
    for base in {named(x) for x in node.bases} - seen:
        for _, parent in classes().get(base, []):
            found |= {x.name for x in parent.body if isinstance(x, Function) and ast.get_docstring(x)}
            found |= explained(parent, seen | {base})
    return found


def protocols(path: Path) -> set[str]:
    """The names of the methods that a protocol in the same module explains."""
    nodes = [x for x in tree(path).body if isinstance(x, ast.ClassDef) and "Protocol" in map(named, x.bases)]
    return {x.name for node in nodes for x in node.body if isinstance(x, Function) and ast.get_docstring(x)}


def test_every_module_has_a_docstring() -> None:
    assert [short(path) for path in LIBRARY if path.name != "_version.py" and not ast.get_docstring(tree(path))] == []


def test_every_exported_name_has_a_docstring() -> None:
    found = [f"{short(path)}:{x.lineno} {x.name}" for path, x in exported_definitions() if not ast.get_docstring(x)]
    assert not found, listed(found)


def test_every_public_method_has_a_docstring_or_inherits_one() -> None:
    found = []
    for path, node in exported_definitions():
        if isinstance(node, ast.ClassDef):
            known = explained(node) | protocols(path)
            for method in node.body:
                law = isinstance(method, Function) and method.name.startswith("test_")  # its name is its sentence
                named_only = isinstance(method, Function) and public(method.name) and not ast.get_docstring(method)
                if named_only and not law and method.name not in known:
                    found.append(f"{short(path)}:{method.lineno} {node.name}.{method.name}")
    assert not found, listed(found)


def test_exported_classes_explain_their_fields() -> None:
    found = []
    for path, node in exported_definitions():
        if isinstance(node, ast.ClassDef):
            fields = [
                x.target.id
                for x in node.body
                if isinstance(x, ast.AnnAssign)
                and isinstance(x.target, ast.Name)
                and public(x.target.id)
                and "ClassVar" not in ast.unparse(x.annotation)
                and x.target.id.islower()
            ]
            text = ast.get_docstring(node) or ""
            missing = [name for name in fields if f"`{name}`" not in text]
            if missing and "**Arguments:** as" not in text:
                found.append(f"{short(path)}:{node.lineno} {node.name} says nothing of {', '.join(missing)}")
    assert not found, listed(found)


def test_exported_functions_explain_their_arguments() -> None:
    found = []
    for path, node in exported_definitions():
        if isinstance(node, Function):
            names = [x.arg for x in (*node.args.args, *node.args.kwonlyargs)]
            text = ast.get_docstring(node) or ""
            missing = [name for name in names if f"`{name}`" not in text]
            # A sentence is enough for a function of three arguments; with more each is named.
            if len(names) > 3 and missing and "**Arguments:** as" not in text:
                found.append(f"{short(path)}:{node.lineno} {node.name} says nothing of {', '.join(missing)}")
    assert not found, listed(found)


# --- habits ----------------------------------------------------------------------------------------------------------


def test_annotations_are_not_postponed() -> None:
    """jaxtyping checks them when a function is defined."""
    assert [short(path) for path in EVERYTHING if "from __future__ import annotations" in _code(path)] == []


def test_only_the_command_line_prints() -> None:
    found = [
        f"{short(path)}:{node.lineno}"
        for path in LIBRARY
        if "cli" not in path.relative_to(SOURCE).parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "breakpoint")
    ]
    assert not found, listed(found)


def test_no_error_is_swallowed() -> None:
    found = []
    for path in LIBRARY:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler):
                kind = "" if node.type is None else ast.unparse(node.type)
                silent = all(isinstance(x, ast.Pass) for x in node.body)
                if kind == "" or (silent and kind in ("Exception", "BaseException")):
                    found.append(f"{short(path)}:{node.lineno}")
    assert not found, listed(found)


def test_nothing_is_left_to_do() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    here = Path(__file__)
    assert [short(path) for path in EVERYTHING if path != here and words.search(path.read_text("utf-8"))] == []


def test_versions_are_pinned_and_nothing_else() -> None:
    """The constraints name a version of all that `make` installs, and no index."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []
    pinned = {_name(line) for line in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    wanted = [
        *project["project"]["dependencies"],
        *project["build-system"]["requires"],
        *extras["gymnasium"],
        *extras["tensorboard"],
        *extras["pool"],
        *extras["people"],
        *project["dependency-groups"]["test"],
        *project["dependency-groups"]["docs"],
    ]
    assert {_name(requirement) for requirement in wanted} - pinned == set()


def _name(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement.partition("==")[0])
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def _code(path: Path) -> str:
    """A module without its strings, so that talking about something is not doing it."""
    return "\n".join(ast.unparse(node) for node in tree(path).body if isinstance(node, ast.Import | ast.ImportFrom))


def test_no_field_hides_what_a_contract_asks_for():
    hidden = []
    for kind in sorted(kinds_of(Part), key=lambda kind: (kind.__module__, kind.__name__)):
        own = {field.name for field in dataclasses.fields(kind)}
        for base in kind.__mro__[1:]:
            wanted = {name for name, value in vars(base).items() if callable(value)}
            hidden += [f"{kind.__module__}.{kind.__name__}.{name}" for name in own & wanted if name[0] != "_"]
    assert not hidden, listed(hidden)


def kinds_of(kind: type) -> set[type]:
    """All kinds of parts that explora has."""
    for module in pkgutil.walk_packages(explora.__path__, "explora."):
        if module.name.rpartition(".")[2] != "__main__" and not any(x in module.name for x in ("modal", "_box2d_env")):
            importlib.import_module(module.name)
    found, left = set(), [kind]
    while left:
        new = [sub for sub in left.pop().__subclasses__() if sub not in found and sub.__module__.startswith("explora")]
        found.update(new)
        left.extend(new)
    return found
