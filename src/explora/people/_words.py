"""What may stand in a request: texts that every database and every page can take."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr


def _storable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("must be text without the character NUL and halves of others")
    return text


def _line(text: str) -> str:
    text = " ".join(_storable(text).split())
    if not text:
        raise ValueError("must not be empty")
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""Any text, of several lines perhaps."""

Line = Annotated[str, Field(json_schema_extra={"pattern": r"\S"}), AfterValidator(_line)]
"""One line that is not empty, without blanks at its ends."""

Uuid = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")]
"""Made by whoever acts, a new one for every act."""

Item = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_storable)]
"""The id of an item."""

Label = Annotated[
    StrictStr | StrictBool | StrictInt | StrictFloat | list[Annotated[StrictStr, Field(max_length=1000)]],
    Field(union_mode="left_to_right"),
]
"""A label as JSON."""


def storable(value: Any) -> Any:
    """A label, if every database can take it.

    **Raises:** `ValueError` for the character NUL, halves of characters, numbers that are not finite or have more than
    53 bits, and for long texts and lists.
    """
    if isinstance(value, str):
        if len(value) > 10_000:
            raise ValueError("a label may have 10,000 characters")
        return _storable(value)
    if isinstance(value, list):
        if len(value) > 1000:
            raise ValueError("a label may have 1,000 parts")
        return [storable(part) for part in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and not -(2.0**53) <= value <= 2.0**53:
        raise ValueError("a number must be finite and of at most 53 bits")
    return value
