"""What all conformance suites share: laws as methods, a part to examine, and comparisons that say what differs."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from explora.core import ArgumentError, ExploraError

Made = TypeVar("Made")


class BrokenLaw(ExploraError, AssertionError):
    """A part breaks a law of its contract; the message says which, how, and what to look for."""


class Conformance:
    """The laws of one contract: every method whose name starts with `test_` is one of them.

    A subclass gives the part with `part`; the fields in capitals may be set. Under pytest the subclass is a test
    class; `examine` runs it without pytest. What is computed once (`once`) is kept by the subclass, so that many laws
    share few compilations.
    """

    SEED: int = 0
    """Where all chance in the suite comes from."""
    _kept: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._kept = {}

    def part(self) -> Any:
        """The part to examine."""
        raise NotImplementedError(f"give {type(self).__name__} its part: `def part(self): return …`")

    @property
    def title(self) -> str:
        """What messages call the part."""
        return type(self.subject).__name__

    @property
    def subject(self) -> Any:
        """The part, made once for all laws."""
        return self.once("part", self.part)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """`make()`, computed once for each suite."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def key(self, number: int) -> PRNGKeyArray:
        """The key of that number; laws that use different numbers are independent."""
        return jr.fold_in(jr.key(self.SEED), number)

    def require(self, condition: Any, sentence: str) -> None:
        """Raises `BrokenLaw` with `sentence` if the condition does not hold."""
        if not bool(condition):
            raise BrokenLaw(f"{self.title}: {sentence}")

    def require_same(self, a: Any, b: Any, sentence: str) -> None:
        """Raises unless two pytrees are equal to the last bit (not-a-number equals itself)."""
        where = difference(a, b)
        self.require(where is None, f"{sentence} ({where})")

    def require_close(self, a: Any, b: Any, sentence: str, tolerance: float = 1e-5) -> None:
        """Raises unless two pytrees are equal up to floating-point rounding; integers must be equal."""
        where = difference(a, b, tolerance)
        self.require(where is None, f"{sentence} ({where})")


def examine(suite: type[Conformance], part: Any, settings: dict[str, Any]) -> None:
    """Runs every law of a suite on a part.

    **Arguments:**

    - `suite`: the laws.
    - `part`: what is examined.
    - `settings`: fields and hooks of the suite to be replaced, by name.

    **Raises:** `BrokenLaw` at the first law that does not hold; `ArgumentError` if the suite has no such field.
    """
    for name in settings:
        if not hasattr(suite, name):
            raise ArgumentError(f"{suite.__name__} has no setting {name!r}; see its fields in capitals and its hooks")
    own = type(suite.__name__, (suite,), {"part": lambda self: part, **settings})()
    for law in laws(suite):
        getattr(own, law)()


def laws(suite: type[Conformance]) -> tuple[str, ...]:
    """The names of the laws of a suite, in the order in which they are written."""
    found = {name: None for kind in reversed(suite.__mro__) for name in vars(kind) if name.startswith("test_")}
    return tuple(found)


def difference(a: Any, b: Any, tolerance: float | None = None) -> str | None:
    """Where two pytrees differ, in words, or None.

    **Arguments:**

    - `a`, `b`: pytrees of arrays; leaves that are no arrays are compared with `==`.
    - `tolerance`: by how much floats may differ, relative to the larger of 1 and their size; None: not by a bit.
    """
    first, second = (jax.tree_util.tree_flatten_with_path(x)[0] for x in (a, b))
    if [path for path, _ in first] != [path for path, _ in second]:
        return "their trees have different leaves"
    for (path, x), (_, y) in zip(first, second):
        found = _leaf_difference(x, y, tolerance)
        if found:
            return f"at {jax.tree_util.keystr(path) or 'the only leaf'}: {found}"
    return None


def _leaf_difference(x: Any, y: Any, tolerance: float | None) -> str | None:
    if not (eqx.is_array_like(x) and eqx.is_array_like(y)):
        return None if x == y else f"{x!r} against {y!r}"
    x, y = plain(x), plain(y)
    if x.shape != y.shape or x.dtype != y.dtype:
        return f"{x.dtype}{list(x.shape)} against {y.dtype}{list(y.shape)}"
    if x.dtype.kind == "f" and tolerance is not None:
        wide, other = x.astype(np.float64), y.astype(np.float64)
        same = np.isclose(wide, other, rtol=tolerance, atol=tolerance, equal_nan=True)
    elif x.dtype.kind == "f":
        bits = f"u{x.dtype.itemsize}"
        same = (x.view(bits) == y.view(bits)) | (np.isnan(x) & np.isnan(y))
    else:
        same = x == y
    if np.all(same):
        return None
    place = tuple(int(i) for i in np.argwhere(~same)[0])
    return f"{int(np.sum(~same))} of {same.size} entries, first {x[place]} against {y[place]} at {list(place)}"


def plain(x: Any) -> np.ndarray:
    """An array, or a key's data, as NumPy."""
    if isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        x = jr.key_data(x)
    return np.asarray(x)


def shapes(tree: Any) -> Any:
    """The same tree with shapes and types for arrays, so that two can be compared with `==`."""
    leaves, structure = jax.tree.flatten(tree)
    return structure, [(x.shape, str(x.dtype)) if eqx.is_array(x) else x for x in leaves]


def row(tree: Any, index: int) -> Any:
    """One row of a pytree of stacked arrays."""
    return jax.tree.map(lambda x: x[index], tree)


def rows(tree: Any) -> int:
    """How many rows a pytree of stacked arrays has."""
    return jax.tree.leaves(tree)[0].shape[0]


def pick(mask: Array, yes: Any, no: Any) -> Any:
    """Two pytrees of stacked arrays mixed row by row."""
    choose = lambda a, b: jnp.where(mask.reshape((-1,) + (1,) * (a.ndim - 1)), a, b)
    return jax.tree.map(choose, yes, no)


def where_false(mask: Array) -> list[int]:
    """The indices at which a mask does not hold."""
    return [int(i) for i in np.flatnonzero(~np.asarray(mask))]
