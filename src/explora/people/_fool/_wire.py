"""What goes over the wire under `/api/fool`."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr, create_model

from .._label import Choice
from .._words import Item, Uuid, storable
from ._counts import RoundCount

Cell = Annotated[
    StrictStr | StrictBool | StrictInt | StrictFloat | None,
    Field(union_mode="left_to_right"),
    AfterValidator(storable),
]
Values = Annotated[dict[Annotated[str, Field(max_length=1000)], Cell], Field(max_length=1000)]
Class = Annotated[
    StrictStr | StrictBool | StrictInt | StrictFloat, Field(union_mode="left_to_right"), AfterValidator(storable)
]


class FieldOf(BaseModel):
    """A column that can be written."""

    name: str
    kind: str
    choices: list[str]


class Play(BaseModel):
    """What people need to know before they play; without a model (yet) there are no fields."""

    ready: bool
    problem: str | None
    round: int
    version: int
    state: str
    validators: int
    unanimous: bool
    share: float
    fields: list[FieldOf] = []
    fixed: list[str] = []
    classes: list[Choice] = []
    guidelines: str = ""


class Guess(BaseModel):
    """An example that somebody is writing."""

    values: Values
    origin: Item | None = None


class Chance(BaseModel):
    """A label, and how probable the model takes it to be."""

    label: Any
    chance: float


class Said(BaseModel):
    """What the model says of an example, likeliest first."""

    version: int
    label: Any
    chances: list[Chance]


class Start(BaseModel):
    """An item of the pool to start from."""

    id: str
    values: dict[str, Any]
    said: Said


class Claim(Guess):
    """An example, and what its author says is right."""

    uuid: Uuid
    label: Class


class Kept(BaseModel):
    """What became of an example."""

    example: str
    fools: bool
    again: bool
    said: Said


class About(BaseModel):
    """An act about an example."""

    uuid: Uuid
    example: Item


class Count(BaseModel):
    """How many examples somebody wants to have at hand."""

    count: Annotated[int, Field(ge=1, le=20)] = 3


class Shown(BaseModel):
    """An example to look at; who wrote it and what they said is not told."""

    example: str
    values: dict[str, Any]
    origin: str | None
    until: float


class Verdict(About):
    """What is right, to somebody who looked at an example."""

    kind: Literal["label", "invalid", "skipped"] = "label"
    label: Class | None = None


class Stands(BaseModel):
    """How an example stands."""

    outcome: str


class Mine(BaseModel):
    """Something that somebody wrote or judged."""

    act: int
    wrote: bool
    example: str
    round: int
    values: dict[str, Any]
    origin: str | None
    kind: str
    label: Any
    said: Any = None
    outcome: str
    open: bool


_TALLY: Any = {name: (kind, ...) for name, kind in RoundCount.__annotations__.items()}


class Tally(create_model("Tally", **_TALLY)):
    """What a round amounts to: the fields of `RoundCount`."""


class Matrix(BaseModel):
    """How many examples of each suite each version gets right."""

    versions: list[int]
    suites: list[str]
    sizes: list[int]
    right: list[list[int]]


class Table(BaseModel):
    """All rounds."""

    rounds: list[Tally]
    matrix: Matrix | None


class NewTerms(BaseModel):
    """What is to hold from the next round on."""

    uuid: Uuid
    validators: Annotated[int, Field(ge=1, le=20)] = 2
    unanimous: StrictBool = True
    share: Annotated[float, Field(ge=0, le=0.9, allow_inf_nan=False)] = 0.3


class End(BaseModel):
    """The end of a round."""

    uuid: Uuid
    round: Annotated[int, Field(ge=1, le=2**53)]


class Ended(BaseModel):
    """The round that was ended."""

    round: int


class Whole(BaseModel):
    """An example with all that was said of it."""

    example: str
    address: str
    values: dict[str, Any]
    origin: str | None
    version: int
    said: Any
    chance: float
    claims: dict[str, Any]
    votes: dict[str, dict[str, Any]]
    outcome: str
    label: Any
    fooled: bool
