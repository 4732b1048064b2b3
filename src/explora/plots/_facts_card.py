"""Facts: what a run is, what it cost, and what to cite."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from explora.store import Records

from ._citations import bibtex


class Setting(NamedTuple):
    """One field of a configuration.

    **Arguments:**

    - `path`: the field, dotted.
    - `value`: as text; for a part the name of its class.
    - `usual`: what the recipe has there by default; None if that is the same, or unknown.
    """

    path: str
    value: str
    usual: str | None


class Cost(NamedTuple):
    """What a run has spent.

    **Arguments:**

    - `turns`, `steps`, `updates`, `episodes`, `calls`: totals.
    - `seconds`: wall-clock time [s].
    - `until_first`: of that, until the first record, which has the compilation in it [s].
    - `rate`: environment steps a second overall.
    - `steady`: the median of the rates between records; None with fewer than two.
    - `learned`: share of the turns that the learner learned from; the others only scored tasks.
    """

    turns: int
    steps: int
    updates: int
    episodes: int
    calls: int
    seconds: float
    until_first: float
    rate: float
    steady: float | None
    learned: float


class RunCard(NamedTuple):
    """What a run is.

    **Arguments:**

    - `name`: of its folder.
    - `recipe`, `domain`: what ran.
    - `state`: `"finished"`, `"interrupted"` or `"running"`.
    - `ended`: why there was nothing more to do; empty if time or steps ran out, or it goes on.
    - `created`: when it was begun (ISO 8601).
    - `command`: what was typed.
    - `versions`, `machine`: as `store.environment` found them.
    - `settings`: every field of every part.
    - `plan`: how long it goes on and how often it is looked at.
    - `paper`: where the recipe was published; empty if unknown.
    - `citation`: BibTeX of that paper and of explora.
    """

    name: str
    recipe: str
    domain: str
    state: str
    ended: str
    created: str
    command: str
    versions: dict[str, str]
    machine: dict[str, str]
    settings: tuple[Setting, ...]
    plan: tuple[Setting, ...]
    paper: str
    citation: str


def run_card(name: str, facts: dict[str, Any], *, usual: Any = None, paper: str = "") -> RunCard:
    """The card of a run.

    **Arguments:**

    - `name`: of its folder.
    - `facts`: what the database knows of the run as a whole.
    - `usual`: the configuration of the recipe's parts by default, to tell what was changed; None: unknown.
    - `paper`: where the recipe was published.
    """
    config = facts.get("config", {})
    versions = {str(key): str(value) for key, value in facts.get("versions", {}).items()}
    return RunCard(
        name=name,
        recipe=str(config.get("recipe", "unknown")),
        domain=_class(config.get("parts", {}).get("domain", {})),
        state=str(facts.get("state", "unknown")),
        ended=str(facts.get("ended", "")),
        created=str(facts.get("created", "")),
        command=" ".join(str(word) for word in _tail(facts.get("command", []))),
        versions=versions,
        machine={str(key): _plain(value) for key, value in facts.get("machine", {}).items()},
        settings=settings(config.get("parts", {}), usual),
        plan=settings(facts.get("plan", config.get("plan", {}))),
        paper=paper,
        citation=bibtex(paper, versions.get("explora", "")),
    )


def settings(config: Any, usual: Any = None) -> tuple[Setting, ...]:
    """Every field of a configuration by dotted path, and where it departs from another.

    It is read from the JSON and not from the built parts, so that the configuration of an older explora shows as it
    was written.

    **Arguments:**

    - `config`: as `core.spec` writes it.
    - `usual`: another; None if there is none to compare with.
    """
    known = dict(flat_json(usual)) if usual is not None else None
    rows = []
    for path, value in flat_json(config):
        before = None if known is None else known.get(path, "absent")
        rows.append(Setting(path, value, None if before == value else before))
    return tuple(rows)


def flat_json(config: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every field of a configuration by dotted path, as text, a part's class before its fields."""
    if not isinstance(config, dict):
        yield path, _plain(config)
        return
    kind = config.get("type")
    if kind == "dict":
        items = config["items"].items() if isinstance(config["items"], dict) else config["items"]
        for key, value in items:
            yield from flat_json(value, f"{path}.{key}" if path else str(key))
    elif isinstance(kind, str) and "." not in kind:
        yield path, _plain(config)
    elif set(config) == {"type", "name"}:  # a member of an enumeration
        yield path, str(config["name"])
    else:
        if path and isinstance(kind, str):
            yield path, _class(config)
        for key, value in config.items():
            if key not in ("type", "version"):
                yield from flat_json(value, f"{path}.{key}" if path else key)


def cost(records: Records) -> Cost | None:
    """What a run has spent; None before its first record."""
    if not len(records.turn):
        return None
    turns, steps, seconds = int(records.turn[-1]), int(records.steps[-1]), float(records.seconds[-1])
    rates = np.diff(records.steps) / np.maximum(np.diff(records.seconds), 1e-9)
    return Cost(
        turns=turns,
        steps=steps,
        updates=int(records.updates[-1]),
        episodes=int(records.episodes[-1]),
        calls=int(records.calls[-1]),
        seconds=seconds,
        until_first=float(records.seconds[0]),
        rate=steps / max(seconds, 1e-9),
        steady=float(np.median(rates)) if len(rates) else None,
        learned=int(records.updates[-1]) / max(turns, 1),
    )


def _class(config: Any) -> str:
    """The name of a class without its package."""
    return str(config.get("type", "unknown")).rpartition(".")[2] if isinstance(config, dict) else "unknown"


def _tail(command: Any) -> list[Any]:
    """The command as a person types it: without the folder in which the program lies."""
    words = list(command)
    return [str(words[0]).replace("\\", "/").rpartition("/")[2], *words[1:]] if words else []


def _plain(value: Any) -> str:
    """A value of a configuration as text."""
    if isinstance(value, dict):
        if value.get("type") in ("float", "dtype"):
            return str(value.get("value", value.get("name")))
        if value.get("type") == "array":
            return f"array of {value.get('dtype')}, shape {value.get('shape')}"
        if value.get("type") == "list":
            return _plain(value.get("items", []))
        return str(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(item) for item in value) if value else "none"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
