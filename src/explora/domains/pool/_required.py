"""Optional packages, imported when they are used."""

from types import ModuleType

from explora.core import MissingExtra


def polars() -> ModuleType:
    """The package `polars`.

    **Raises:** `MissingExtra` if it is not installed.
    """
    try:
        import polars
    except ImportError as error:
        raise MissingExtra("polars", "pool") from error
    return polars


def sklearn_datasets() -> ModuleType:
    """The module `sklearn.datasets`.

    **Raises:** `MissingExtra` if scikit-learn is not installed.
    """
    try:
        import sklearn.datasets
    except ImportError as error:
        raise MissingExtra("scikit-learn", "pool") from error
    return sklearn.datasets
