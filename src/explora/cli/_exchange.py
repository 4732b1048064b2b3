"""Exchanging a part inside a part by its name: `--explorer.score learnability`, `--learner.net.core lstm`."""

import dataclasses
import importlib
import re
import typing

import equinox as eqx

from explora import adapters
from explora.core import Parts, UnknownName


def exchanged(parts: Parts, words: list[str]) -> tuple[Parts, list[str]]:
    """Carries out the options that name a part, before the options of that part itself can be read.

    A field that both parts have keeps its value, such as the width of a recurrent core. A part that may hold another
    one in a field of the same name, and holds none, takes in the old one: `--explorer.score preferred` tilts the score
    that the recipe has.

    **Arguments:**

    - `parts`: what a recipe is made of.
    - `words`: what was typed.

    **Returns:** the parts, some exchanged, and the words that are left.

    **Raises:** `UnknownName` with the nearest name if there is no such part.
    """
    rest, waiting = [], ""
    for word in words:
        option, _, name = word.partition("=")
        if waiting:
            parts, waiting = _exchange(parts, waiting, word), ""
        elif not _names_part(parts, option):
            rest.append(word)
        elif name:
            parts = _exchange(parts, option, name)
        else:
            waiting = option
    return parts, [*rest, waiting] if waiting else rest


def alternatives(owner: eqx.Module, field: str) -> dict[str, type[eqx.Module]]:
    """The public parts that could stand in a field with nothing more to say, by the name one types.

    **Arguments:**

    - `owner`: the part with the field.
    - `field`: the name of a field that holds a part.
    """
    hint = typing.get_type_hints(type(owner)).get(field)
    kinds = tuple(kind for kind in (typing.get_args(hint) or (hint,)) if isinstance(kind, type))
    package = importlib.import_module(type(getattr(owner, field)).__module__.split("._")[0])
    found = {}
    for name, kind in (*vars(package).items(), *vars(adapters).items()):
        suits = isinstance(kind, type) and issubclass(kind, kinds) and issubclass(kind, eqx.Module)
        if suits and not any(_needed(entry) for entry in dataclasses.fields(kind)):
            found[_typed(name)] = kind
    abstract = {kind for kind in found.values() if any(issubclass(o, kind) and o is not kind for o in found.values())}
    return {name: kind for name, kind in found.items() if kind not in abstract}


def _exchange(parts: Parts, option: str, name: str) -> Parts:
    *way, field = _path(option)
    owner = _at(parts, way)
    assert owner is not None  # `_names_part` has seen it
    old, choices = getattr(owner, field), alternatives(owner, field)
    wanted = next((kind for typed, kind in choices.items() if _plain(typed) == _plain(name)), None)
    if wanted is None:
        raise UnknownName(f"part for `{option}`", name, choices)
    same = {entry.name: entry.type for entry in dataclasses.fields(old)}
    shared = [entry.name for entry in dataclasses.fields(wanted) if same.get(entry.name) == entry.type]
    kept = {entry: getattr(old, entry) for entry in shared}
    if _takes_in(wanted, field) and not isinstance(old, wanted):
        kept[field] = old
    new = wanted(**kept)
    return _put(parts, [*way, field], new)


def _takes_in(kind: type[eqx.Module], field: str) -> bool:
    """Whether parts of a kind may hold another one in a field of that name, and hold none by default."""
    return any(entry.name == field and entry.default is None for entry in dataclasses.fields(kind))


def _names_part(parts: Parts, option: str) -> bool:
    """Whether an option stands for a part inside the explorer, the learner or the domain, and not for a value."""
    path = _path(option) if option.startswith("--") else []
    if len(path) < 2:
        return False
    *way, field = path
    owner = _at(parts, way)
    if owner is None or not isinstance(getattr(owner, field, None), eqx.Module):
        return False
    return len(alternatives(owner, field)) > 1


def _at(parts: Parts, way: list[str]) -> eqx.Module | None:
    found: typing.Any = parts
    for name in way:
        found = getattr(found, name, None)
    return found if isinstance(found, eqx.Module) else None


def _put(part: typing.Any, path: list[str], new: eqx.Module) -> typing.Any:
    """The part with another one at the end of the path, made anew so that its own checks run."""
    first, *rest = path
    inner = _put(getattr(part, first), rest, new) if rest else new
    return dataclasses.replace(part, **{first: inner})


def _path(option: str) -> list[str]:
    return option.removeprefix("--").replace("-", "_").split(".")


def _needed(entry: dataclasses.Field) -> bool:
    return entry.init and entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING


def _typed(name: str) -> str:
    """`PositiveValueLoss` as one types it: `positive-value-loss`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
