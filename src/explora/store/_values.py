"""Python, NumPy and JAX values as the database keeps them, and back."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from explora.core import ArgumentError


def real(x: Any) -> float | None:
    """A number as a column keeps it: not-a-number is kept as nothing, which every database knows."""
    number = None if x is None else float(x)
    return None if number is None or math.isnan(number) else number


def text(x: Any) -> str:
    """JSON as text, the same text for equal values.

    **Raises:** `ArgumentError` for what JSON cannot write.
    """
    return _dumps(x, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def pretty(x: Any) -> str:
    """JSON as text for people, keys in their own order.

    **Raises:** `ArgumentError` for what JSON cannot write.
    """
    return _dumps(x, indent=1, ensure_ascii=False)


def _dumps(x: Any, **layout: Any) -> str:
    try:
        return json.dumps(x, **layout, allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"a run keeps JSON, without infinity and not-a-number, got {x!r}: {error}") from error


def metrics(numbers: Mapping[str, Any]) -> str:
    """The metrics of one record as JSON; nothing stands for not-a-number, a string for the infinities.

    **Raises:** `ArgumentError` for a metric that is more than one number.
    """
    return text({name: _metric(name, x) for name, x in numbers.items()})


def read_metrics(stored: str) -> dict[str, float]:
    """The inverse of `metrics`."""
    return {name: math.nan if x is None else float(x) for name, x in json.loads(stored).items()}


def columns(stored: Sequence[str]) -> dict[str, Float[np.ndarray, " records"]]:
    """Many records' metrics as one column a name, not-a-number where a record lacks it."""
    rows = json.loads(f"[{','.join(stored)}]")  # one call for all: several times faster than one each
    names = sorted(set().union(*rows))
    return {name: np.array([row.get(name) for row in rows], np.float64) for name in names}


def _metric(name: str, x: Any) -> float | str | None:
    try:
        number = float(x)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"metric {name!r} must be one number, got {x!r}") from error
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    return None if math.isnan(number) else number


def _plain(x: Any) -> Any:
    if hasattr(x, "tolist"):
        return x.tolist()
    raise TypeError(f"{type(x).__name__} is not JSON")
