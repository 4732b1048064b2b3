"""What an environment shows and accepts, and what a task is made of: descriptions from which others are built.

Networks and adapters are built from the first, editors for people from the second.
"""

import math
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax.numpy as jnp


class Codes(eqx.Module):
    """An array of small integers in `[0, count)`, such as the cells of a grid.

    **Arguments:**

    - `shape`: the shape of one observation.
    - `count`: how many codes there are.
    - `dtype`: how they are stored.
    """

    shape: tuple[int, ...] = eqx.field(static=True)
    count: int = eqx.field(static=True)
    dtype: jnp.dtype = eqx.field(static=True, default=jnp.dtype(jnp.uint8))


class Box(eqx.Module):
    """A real array whose entries lie in `[low, high]`.

    **Arguments:**

    - `shape`: the shape of one observation or action.
    - `low`, `high`: bounds of every entry; infinite where there are none.
    - `dtype`: how they are stored.
    """

    shape: tuple[int, ...] = eqx.field(static=True)
    low: float = eqx.field(static=True, default=-float("inf"))
    high: float = eqx.field(static=True, default=float("inf"))
    dtype: jnp.dtype = eqx.field(static=True, default=jnp.dtype(jnp.float32))


class Discrete(eqx.Module):
    """One of `count` choices.

    **Arguments:**

    - `count`: how many choices there are.
    - `names`: what they are called, for people.
    - `dtype`: how a choice is stored.
    """

    count: int = eqx.field(static=True)
    names: tuple[str, ...] = eqx.field(static=True, default=())
    dtype: jnp.dtype = eqx.field(static=True, default=jnp.dtype(jnp.int32))

    @property
    def shape(self) -> tuple[int, ...]:
        """A choice is a scalar."""
        return ()


Spec = Codes | Box | Discrete


class Brush(NamedTuple):
    """What can stand in a cell of a grid of letters.

    **Arguments:**

    - `letters`: how it is written; several for one thing that looks in several directions, in the order right, down,
      left, up.
    - `name`: what it is called.
    - `colour`: in which it is shown: `"floor"`, `"wall"`, `"goal"`, `"player"` or `"other"`.
    - `once`: whether it stands in exactly one cell.
    """

    letters: str
    name: str
    colour: Literal["floor", "wall", "goal", "player", "other"] = "other"
    once: bool = False


class Field(NamedTuple):
    """One entry of a task as `Space.encode` writes it, for editors.

    **Arguments:**

    - `name`: of the entry; empty if the task is written as this one value and not as an object of entries.
    - `kind`: `"real"`, `"whole"`, `"choice"`, `"text"` or `"grid"` (lines of letters, one a row).
    - `low`, `high`: bounds of a number, both included; of the length of a text.
    - `choices`: the values of a choice.
    - `log`: whether a number is better moved by factors than by steps.
    - `brushes`: what stands in the cells of a grid, the one of an empty grid first.
    - `height`, `width`: how many rows and columns a grid may have, least and most.
    - `hint`: what it means, in a few words.
    """

    name: str
    kind: Literal["real", "whole", "choice", "text", "grid"]
    low: float | None = None
    high: float | None = None
    choices: tuple[str | int | float | bool, ...] = ()
    log: bool = False
    brushes: tuple[Brush, ...] = ()
    height: tuple[int, int] = (1, 1)
    width: tuple[int, int] = (1, 1)
    hint: str = ""

    def problem(self, value: Any) -> str | None:
        """Why a value cannot stand in this entry, in a few words; None if it can."""
        if self.kind == "choice":
            return None if value in self.choices else f"must be one of {', '.join(map(str, self.choices))}"
        if self.kind in ("text", "grid"):
            if not isinstance(value, str):
                return "must be a text"
            return self._grid(value) if self.kind == "grid" else self._outside(len(value), "characters")
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return "must be a number"
        if self.kind == "whole" and not float(value).is_integer():
            return "must be a whole number"
        return self._outside(value, "")

    def _outside(self, value: int | float, unit: str) -> str | None:
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            return f"must lie between {self.low} and {self.high} {unit}".rstrip()
        return None

    def _grid(self, text: str) -> str | None:
        rows = text.split("\n")
        for name, count, (least, most) in (
            ("rows", len(rows), self.height),
            ("columns", len(rows[0]), self.width),
        ):
            if not least <= count <= most:
                return f"must have {least} to {most} {name}" if least < most else f"must have {least} {name}"
        if any(len(row) != len(rows[0]) for row in rows):
            return "must have rows of one length"
        strange = set(text) - {"\n"} - {letter for brush in self.brushes for letter in brush.letters}
        if strange:
            return f"must not have the letter {min(strange)!a}"
        for brush in self.brushes:
            count = sum(text.count(letter) for letter in brush.letters)
            if brush.once and count != 1:
                return f"must have exactly one {brush.name}, and has {count}"
        return None
