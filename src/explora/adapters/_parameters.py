"""Spaces whose tasks are a few numbers: the parameters of somebody else's environment."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Float32, PRNGKeyArray

from explora.core import ArgumentError, Field, Space, Suite, TaskError

from ._parameter_studio import ParameterStudio

_EXACT = 2**24
"""Beyond this a 32-bit float skips whole numbers."""


class Real(eqx.Module):
    """A real parameter.

    **Arguments:**

    - `name`: what it is called.
    - `low`, `high`: its bounds, both included.
    - `log`: spread its values evenly over their logarithms.
    """

    name: str = eqx.field(static=True)
    low: float = eqx.field(static=True)
    high: float = eqx.field(static=True)
    log: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise ArgumentError(f"{self.name!r}: `low` must be less than `high`, got {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise ArgumentError(f"{self.name!r}: `low` must be positive if `log`, got {self.low}; use log=False")

    @property
    def count(self) -> int:
        """How many values there are; 0: a continuum."""
        return 0

    @property
    def field(self) -> Field:
        """What an editor asks for."""
        return Field(self.name, "real", self.low, self.high, log=self.log)

    def read(self, number: float) -> float:
        """The value for which a coordinate stands."""
        return float(number)

    def write(self, value: Any) -> float | None:
        """The coordinate of a value; None if there is none."""
        good = isinstance(value, int | float) and not isinstance(value, bool)
        return float(np.float32(value)) if good else None


class Whole(eqx.Module):
    """A whole number.

    **Arguments:**

    - `name`: what it is called.
    - `low`, `high`: its bounds, both included, at most 2²⁴ away from 0.
    """

    name: str = eqx.field(static=True)
    low: int = eqx.field(static=True)
    high: int = eqx.field(static=True)

    def __check_init__(self):
        if not -_EXACT <= self.low < self.high <= _EXACT:
            raise ArgumentError(
                f"{self.name!r}: `low` must be less than `high`, both within ±2²⁴, got {self.low} and {self.high}"
            )

    @property
    def log(self) -> bool:
        """Whether values are spread over their logarithms."""
        return False

    @property
    def count(self) -> int:
        """How many values there are."""
        return self.high - self.low + 1

    @property
    def field(self) -> Field:
        """What an editor asks for."""
        return Field(self.name, "whole", self.low, self.high)

    def read(self, number: float) -> int:
        """The value for which a coordinate stands."""
        return int(number)

    def write(self, value: Any) -> float | None:
        """The coordinate of a value; None if there is none."""
        good = isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
        return float(value) if good else None


class Choice(eqx.Module):
    """One of a few values without an order.

    **Arguments:**

    - `name`: what it is called.
    - `options`: the values.
    """

    name: str = eqx.field(static=True)
    options: tuple[str | int | float | bool, ...] = eqx.field(static=True)

    def __check_init__(self):
        if len(self.options) < 2 or len(set(self.options)) < len(self.options):
            raise ArgumentError(f"{self.name!r}: `options` must be two or more different values, got {self.options}")

    @property
    def log(self) -> bool:
        """Whether values are spread over their logarithms."""
        return False

    @property
    def low(self) -> int:
        """The first coordinate."""
        return 0

    @property
    def high(self) -> int:
        """The last coordinate."""
        return len(self.options) - 1

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.options)

    @property
    def field(self) -> Field:
        """What an editor asks for."""
        return Field(self.name, "choice", choices=self.options)

    def read(self, number: float) -> str | int | float | bool:
        """The value for which a coordinate stands."""
        return self.options[int(number)]

    def write(self, value: Any) -> float | None:
        """The coordinate of a value; None if there is none."""
        return float(self.options.index(value)) if value in self.options else None


class ParameterSpace(Space[Float32[Array, " parameters"]]):
    """Boxes of named parameters: real, whole or chosen among options. A task is one row of numbers.

    A task holds natural units (a real or whole number stands for itself, an option for its place in the list), and
    these are its `features` too. `parameters` and `from_parameters` speak of the unit box, in which a logarithmic
    parameter is even.

    **Arguments:**

    - `entries`: the parameters; `Real`, `Whole` or `Choice`.
    - `spread`: `mutate` adds Gaussian noise of this standard deviation in the unit box, reflected at its walls; an
      option is drawn anew with this probability.
    """

    entries: tuple[Real | Whole | Choice, ...] = eqx.field(static=True)
    spread: float = eqx.field(static=True, default=0.1)

    def __check_init__(self):
        names = [entry.name for entry in self.entries]
        if not names or len(set(names)) < len(names):
            raise ArgumentError(f"`entries` must be one or more parameters of different names, got {names}")
        if not 0 < self.spread <= 1:
            raise ArgumentError(f"`spread` must be greater than 0 and at most 1, got {self.spread}")

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"mutate", "features", "parameters", "studio"})

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.entries)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return self.parameter_names

    def sample(self, *, key: PRNGKeyArray) -> Float32[Array, " parameters"]:
        return self._natural(jr.uniform(key, (len(self.entries),)))

    def mutate(self, task: Float32[Array, " parameters"], *, key: PRNGKeyArray) -> Float32[Array, " parameters"]:
        move_key, choose_key, draw_key = jr.split(key, 3)
        place = self.parameters(task)
        moved = (place + self.spread * jr.normal(move_key, place.shape)) % 2.0
        moved = jnp.where(moved > 1.0, 2.0 - moved, moved)
        redrawn = jr.bernoulli(choose_key, self.spread, place.shape)
        chosen = jnp.where(redrawn, jr.uniform(draw_key, place.shape), place)
        unordered = np.array([isinstance(entry, Choice) for entry in self.entries])
        return self._natural(jnp.where(unordered, chosen, moved))

    def valid(self, task: Float32[Array, " parameters"]) -> Bool[Array, ""]:
        low, high, count, _ = self._table
        return jnp.all((task >= low) & (task <= high) & ((count == 0) | (task == jnp.round(task))))

    def features(self, task: Float32[Array, " parameters"]) -> Float[Array, " features"]:
        return task

    def feature_bounds(self) -> tuple[Float[Array, " features"], Float[Array, " features"]]:
        low, high, _, _ = self._table
        return jnp.asarray(low), jnp.asarray(high)

    def parameters(self, task: Float32[Array, " parameters"]) -> Float[Array, " parameters"]:
        low, high, count, log = self._table
        even = (task - low) / (high - low)
        safe = np.where(log, low, 1.0).astype(np.float32)
        logarithmic = jnp.log(jnp.where(log, task, 1.0) / safe) / np.log(np.where(log, high / safe, 2.0))
        place = jnp.where(log, logarithmic.astype(jnp.float32), even)
        middle = (task - low + 0.5) / np.maximum(count, 1).astype(np.float32)
        return jnp.clip(jnp.where(count > 0, middle, place), 0.0, 1.0)

    def from_parameters(
        self, parameters: Float[Array, " parameters"], *, key: PRNGKeyArray
    ) -> Float32[Array, " parameters"]:
        return self._natural(parameters)

    def studio(self) -> ParameterStudio:
        return ParameterStudio(self)

    def values(self, task: Any) -> dict[str, Any]:
        """What the numbers of a task stand for, by name (on the host)."""
        numbers = np.asarray(task).tolist()
        return {entry.name: entry.read(number) for entry, number in zip(self.entries, numbers, strict=True)}

    def encode(self, task: Float32[Array, " parameters"]) -> dict[str, Any]:
        return self.values(task)

    def decode(self, value: Any) -> Float32[Array, " parameters"]:
        if not isinstance(value, dict) or value.keys() != set(self.parameter_names):
            raise TaskError(f"a task is an object with the entries {', '.join(self.parameter_names)}; got {value!r}")
        numbers = []
        for entry in self.entries:
            number = entry.write(value[entry.name])
            low, high = np.float32(entry.low), np.float32(entry.high)
            if number is None or not low <= number <= high:
                options = entry.options if isinstance(entry, Choice) else f"a number in [{entry.low}, {entry.high}]"
                raise TaskError(f"`{entry.name}` must be {options}, got {value[entry.name]!r}")
            numbers.append(number)
        return jnp.array(numbers, jnp.float32)

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(entry.field for entry in self.entries)

    def describe(self, task: Float32[Array, " parameters"]) -> str:
        show = lambda x: f"{x:.4g}" if isinstance(x, float) else str(x)
        return ", ".join(f"{name} {show(value)}" for name, value in self.values(task).items())

    def draw(self, task: Float32[Array, " parameters"], size: int = 160) -> np.ndarray:
        """One bar a parameter, from its least value (empty) to its greatest (full)."""
        bars = len(self.entries)
        side = max(size // (2 * bars + 1), 1)
        picture = np.full((side * (2 * bars + 1), size, 3), (250, 249, 246), np.uint8)
        for bar, share in enumerate(np.asarray(self.parameters(task))):
            picture[side * (2 * bar + 1) : side * (2 * bar + 2)] = (226, 224, 218)
            picture[side * (2 * bar + 1) : side * (2 * bar + 2), : round(float(share) * size)] = (39, 158, 96)
        return picture

    def suite(self, count: int = 32) -> Suite[Float32[Array, " parameters"]]:
        """The suite `spread`: tasks that fill the box evenly, each parameter on its own exactly so.

        **Arguments:**

        - `count`: how many.

        **Reference:** Roberts 2018, the additive recurrence whose steps are powers of the generalised golden ratio.
        """
        golden = 2.0
        for _ in range(64):
            golden = (1.0 + golden) ** (1.0 / (1.0 + len(self.entries)))
        steps = golden ** -np.arange(1.0, 1.0 + len(self.entries))
        ranks = np.argsort(np.argsort(np.arange(count)[:, None] * steps % 1.0, axis=0), axis=0)
        places = (ranks + 0.5) / count
        tasks = jax.vmap(self._natural)(jnp.asarray(places, jnp.float32))
        names = tuple(f"spread-{number}" for number in range(1, 1 + count))
        return Suite(tasks, names, summary=f"{count} tasks that fill the box of parameters evenly")

    @property
    def _table(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Low, high, count (0: real) and whether it is logarithmic, of each parameter."""
        column = lambda name, kind: np.array([getattr(entry, name) for entry in self.entries], kind)
        return column("low", np.float32), column("high", np.float32), column("count", np.int32), column("log", bool)

    def _natural(self, place: Float[Array, " parameters"]) -> Float32[Array, " parameters"]:
        """The task at a place of the unit box."""
        low, high, count, log = self._table
        even = low + place * (high - low)
        safe = np.where(log, low, 1.0).astype(np.float32)
        ratio = np.where(log, high / safe, 1.0).astype(np.float32)
        real = jnp.where(log, safe * jnp.power(ratio, place), even)
        bins = count.astype(np.float32)
        binned = low + jnp.minimum(jnp.floor(place * bins), bins - 1.0)
        return jnp.clip(jnp.where(count > 0, binned, real), low, high)
