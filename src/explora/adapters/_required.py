"""Optional packages, imported when they are used."""

from types import ModuleType

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
