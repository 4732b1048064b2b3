"""Optional packages, imported when they are used."""

from types import ModuleType
from typing import Any

from explora.core import MissingExtra


def gymnasium() -> ModuleType:
    """The package `gymnasium`.

    **Raises:** `MissingExtra` if it is not installed.
    """
    try:
        import gymnasium
    except ImportError as error:
        raise MissingExtra("gymnasium", "gymnasium") from error
    return gymnasium


def sklearn_base() -> ModuleType:
    """The module `sklearn.base`.

    **Raises:** `MissingExtra` if scikit-learn is not installed.
    """
    try:
        import sklearn.base
    except ImportError as error:
        raise MissingExtra("scikit-learn", "sklearn") from error
    return sklearn.base


def takes_weights(estimator: Any) -> bool:
    """Whether an estimator of scikit-learn can be told how much each row counts."""
    from sklearn.utils.validation import has_fit_parameter

    return has_fit_parameter(estimator, "sample_weight")


def torch() -> Any:
    """The package `torch`.

    **Raises:** `MissingExtra` if PyTorch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingExtra("torch", "torch") from error
    return torch
