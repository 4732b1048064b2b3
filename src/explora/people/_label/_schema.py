"""What an answer may be, and what people read before they answer."""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from .._words import Line, Text, storable

_KEYS = "1234567890abcdefghijklmnopqrstuvwxyz"


class Choice(BaseModel):
    """A label that can be chosen.

    **Arguments:**

    - `value`: as it is kept.
    - `name`: as people see it.
    - `key`: the key that chooses it.
    """

    value: Annotated[
        StrictStr | StrictBool | StrictInt | StrictFloat, Field(union_mode="left_to_right"), AfterValidator(storable)
    ]
    name: Annotated[Line, Field(max_length=200)]
    key: Annotated[str, Field(max_length=1)] = ""


class Schema(BaseModel):
    """What an answer may be.

    **Arguments:**

    - `kind`: `classes` (one of several), `labels` (any number of several), `numbers`, `text`.
    - `choices`: the labels to choose from.
    - `free`: whether another label may be typed.
    - `guidelines`: what people read.
    """

    kind: Literal["classes", "labels", "numbers", "text"] = "classes"
    choices: Annotated[list[Choice], Field(max_length=500)] = []
    free: bool = True
    guidelines: Annotated[Text, Field(max_length=20_000)] = ""

    def refuses(self, value: Any) -> str | None:
        """Why a label is none of this schema; None if it is one."""
        if self.kind == "numbers":
            good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            return None if good else f"the label must be a number, got {value!r:.60}"
        if self.kind == "text":
            return None if isinstance(value, str) and value.strip() else "the label must be a text"
        if self.kind == "labels":
            if not isinstance(value, list):
                return f"the label must be a list of labels, got {value!r:.60}"
            return next((said for part in value if (said := self._stranger(part)) is not None), None)
        if isinstance(value, list):
            return f"the label must be one of the labels, got the list {value!r:.60}"
        return self._stranger(value)

    def _stranger(self, value: Any) -> str | None:
        if isinstance(value, str) and not value.strip():
            return "a label must not be empty"
        if self.free or any(type(value) is type(choice.value) and value == choice.value for choice in self.choices):
            return None
        return f"{value!r:.60} is none of the {len(self.choices)} labels"

    def keyed(self) -> "Schema":
        """The same with a key for every choice, as long as there are keys: a label of one letter has that letter."""
        taken = {choice.key for choice in self.choices if choice.key}
        short = [c.name.lower() for c in self.choices if not c.key and c.name.lower() in _KEYS and len(c.name) == 1]
        chosen: list[Choice] = []
        for choice in self.choices:
            key = choice.key or _key(choice.name.lower(), taken, taken.union(short))
            taken.add(key)
            chosen.append(choice.model_copy(update={"key": key}))
        return self.model_copy(update={"choices": chosen})


def starting(kind: str, classes: Sequence[Any]) -> Schema:
    """The schema of a target of a pool, before anybody has written one.

    **Arguments:**

    - `kind`: of the target.
    - `classes`: those that are known.
    """
    choices = [Choice(value=value, name=str(value)) for value in classes if str(value).strip()]
    chosen: Any = kind if kind in ("classes", "labels", "numbers") else "classes"
    return Schema(kind=chosen, choices=choices[:500], free=True)


def _key(name: str, taken: set[str], reserved: set[str]) -> str:
    if name and name in _KEYS and len(name) == 1 and name not in taken:
        return name
    return next((key for key in _KEYS if key not in reserved), "")
