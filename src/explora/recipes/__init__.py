"""The named algorithms of the literature, each written as a choice of public parts.

A recipe is a function from a domain to `Parts`, and nothing else assembles parts: what a paper calls its method is,
here, a handful of constructor arguments. `RECIPES` lists them with title, parts and paper without importing JAX;
`recipe(name)` finds one, `usual(domain)` is the one that a run takes if none is named.
"""

import importlib
from typing import TYPE_CHECKING, Any

from ._catalogue import DEFAULT as DEFAULT
from ._catalogue import RECIPES as RECIPES
from ._catalogue import Recipe as Recipe
from ._start import run as run

if TYPE_CHECKING:
    from explora.core import Domain

    from ._tune import Trial as Trial
    from ._tune import tune as tune


def __getattr__(name: str) -> Any:
    if name not in ("Trial", "tune"):
        raise AttributeError(f"module 'explora.recipes' has no attribute {name!r}")
    return getattr(importlib.import_module("explora.recipes._tune"), name)


def recipe(name: str) -> Recipe:
    """The recipe of that name.

    **Raises:** `UnknownName` with the nearest name if there is none.
    """
    from explora.core import UnknownName  # here, so that listing recipes needs no JAX

    found = {recipe.name: recipe for recipe in RECIPES}
    if name not in found:
        raise UnknownName("recipe", name, found)
    return found[name]


def usual(domain: "Domain") -> Recipe:
    """The recipe that a run in this domain takes if none is named.

    Environments take `DEFAULT`. Questions take `uncertainty-herding`, or, where numbers or several labels at once are
    predicted and nothing says how unsure of a class a model is, `max-herding`.
    """
    from explora.core import Questions

    if not isinstance(domain, Questions):
        return recipe(DEFAULT)
    return recipe("uncertainty-herding" if domain.given.classes else "max-herding")
