"""Estimators of scikit-learn written down, and built from what was written.

A blueprint is `{"estimator": import path, "options": {name: value}}`; a value may be a blueprint, or hold some, so
that a pipeline has one too. Only public classes of scikit-learn are looked up: a configuration that came by mail can
name nothing else.
"""

import importlib
import inspect
from typing import Any

import numpy as np

from explora.core import ArgumentError, UnknownName

from .. import _required

PLAIN = (str, bool, int, float, type(None))


class Unwritten(Exception):
    """An estimator has something in it that a blueprint cannot say."""


def construct(blueprint: str | dict[str, Any]) -> Any:
    """The estimator of a blueprint, not fitted.

    **Raises:** `UnknownName` for anything but a public estimator of scikit-learn; `ArgumentError` for options that it
    does not take.
    """
    name, options = (blueprint, {}) if isinstance(blueprint, str) else _opened(blueprint)
    cls = _find(name)
    try:
        return cls(**{option: _value(value) for option, value in options.items()})
    except TypeError as error:
        raise ArgumentError(f"`options` of {name} do not fit: {error}; it takes {inspect.signature(cls)}") from error


def describe(estimator: Any) -> dict[str, Any]:
    """The blueprint of an estimator: what differs from its defaults.

    **Raises:** `Unwritten` if it is no public class of scikit-learn, or holds what is no number, string, list,
    dictionary or estimator.
    """
    cls = type(estimator)
    public = [part for part in cls.__module__.split(".") if not part.startswith("_")]
    name = ".".join([*public, cls.__name__])
    try:
        known = _find(name) is cls
    except UnknownName:
        known = False
    if not known:
        raise Unwritten(f"{cls.__module__}.{cls.__qualname__} is no public class of scikit-learn")
    defaults = inspect.signature(cls).parameters
    options = {
        option: _written(value)
        for option, value in estimator.get_params(deep=False).items()
        if not _same(value, defaults[option].default)
    }
    return {"estimator": name, "options": options}


def _opened(blueprint: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if not isinstance(blueprint.get("estimator"), str) or set(blueprint) - {"estimator", "options"}:
        raise ArgumentError(f"a blueprint is {{'estimator': name, 'options': {{…}}}}, got {blueprint!r}")
    return blueprint["estimator"], blueprint.get("options", {})


def _find(name: str) -> Any:
    base = _required.sklearn_base().BaseEstimator
    module, _, attribute = name.rpartition(".")
    parts = name.split(".")
    suits = lambda cls: isinstance(cls, type) and issubclass(cls, base) and hasattr(cls, "fit")
    if parts[0] != "sklearn" or len(parts) < 3 or not all(x.isidentifier() and not x.startswith("_") for x in parts):
        raise UnknownName("public estimator of scikit-learn", name, ["sklearn.linear_model.LogisticRegression"])
    try:
        package = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the package exists and lacks one of its own dependencies
        raise UnknownName("package of scikit-learn", module, ["sklearn.linear_model", "sklearn.ensemble"]) from None
    cls = getattr(package, attribute, None)
    if not suits(cls):
        known = [f"{module}.{x}" for x in dir(package) if not x.startswith("_") and suits(getattr(package, x, None))]
        raise UnknownName("public estimator of scikit-learn", name, known)
    return cls


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        if "estimator" in value:
            return construct(value)
        return {key: _value(x) for key, x in value.items()}
    return type(value)(_value(x) for x in value) if isinstance(value, list | tuple) else value


def _written(value: Any) -> Any:
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return type(value)(_written(x) for x in value)
    if isinstance(value, dict) and all(isinstance(key, PLAIN) for key in value):
        return {key: _written(x) for key, x in value.items()}
    if hasattr(value, "get_params") and not isinstance(value, type):
        return describe(value)
    raise Unwritten(f"{value!r} is no number, string, list, dictionary or estimator")


def _same(value: Any, default: Any) -> bool:
    return value is default or (isinstance(value, PLAIN) and type(value) is type(default) and value == default)
