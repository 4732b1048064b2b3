"""Utilities made of utilities, and strategies made of a utility and a choice."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._refused import require


def make_linear_combination(*functions: Callable[..., Any], weights: Any = None) -> Callable:
    """A function that adds up what other functions say, each with its weight; None: 1 each.

    **Raises:** `ArgumentError` if there are not as many weights as functions.
    """
    factors = _each("weights", weights, functions)
    return lambda *args, **kwargs: sum(w * f(*args, **kwargs) for w, f in zip(factors, functions, strict=True))


def make_product(*functions: Callable[..., Any], exponents: Any = None) -> Callable:
    """A function that multiplies what other functions say, each to the power of its exponent; None: 1 each.

    **Raises:** `ArgumentError` if there are not as many exponents as functions.
    """
    powers = _each("exponents", exponents, functions)

    def product(*args: Any, **kwargs: Any) -> Any:
        return np.prod([f(*args, **kwargs) ** p for p, f in zip(powers, functions, strict=True)], axis=0)

    return product


def make_query_strategy(utility_measure: Callable[..., Any], selector: Callable[..., Any]) -> Callable:
    """A strategy that chooses, of a pool, what the selector chooses of the utilities of its rows."""
    return lambda classifier, X: selector(utility_measure(classifier, X))


def _each(name: str, given: Any, functions: Sequence[Any]) -> Any:
    if given is None:
        return (1.0,) * len(functions)
    require(len(given) == len(functions), f"`{name}` must be as many as functions, {len(functions)}, got {len(given)}")
    return given
