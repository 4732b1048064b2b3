"""The tables of a run's database, and what one row of each holds.

All types are portable: JSON is text, so that SQLite and PostgreSQL store and return the same. The columns `seconds` and
`time` are wall-clock; everything else is determined by the configuration and what came from outside (`schedule`,
`journal`, `letter`), so a run that was killed and resumed has the same tables as one that was not.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

META = sa.MetaData()


class Record(NamedTuple):
    """What the host is told every so many turns; the totals are since the beginning of the run.

    **Arguments:**

    - `turn`: how many turns are over.
    - `steps`: environment steps.
    - `updates`: updates of the learner.
    - `calls`: oracle calls.
    - `episodes`: finished episodes.
    - `seconds`: wall-clock time that the run has spent [s].
    - `budget`: environment steps that the schedules reckon with.
    - `metrics`: one number each, by name; not-a-number where nothing was measured.
    """

    turn: int
    steps: int
    updates: int
    calls: int
    episodes: int
    seconds: float
    budget: float
    metrics: Mapping[str, Any]


class TaskRow(NamedTuple):
    """A task that the explorer has found.

    **Arguments:**

    - `id`: its number in the run.
    - `parent`: the number of the task that it was made from; -1 if none.
    - `turn`: when it was recorded.
    - `address`: the address of its content: equal tasks have equal addresses.
    - `spec`: the task as JSON, as `Space.encode` writes it.
    - `score`: its learning potential when it was recorded; None if it was not scored.
    - `generation`: how many edits lie between it and a task without parent; None: to be found out by the database.
    """

    id: int
    parent: int
    turn: int
    address: str
    spec: Any
    score: float | None = None
    generation: int | None = None


class EvaluationRow(NamedTuple):
    """How one version did on one held-out task.

    **Arguments:**

    - `turn`: the version.
    - `suite`, `task`: the task, by name.
    - `episodes`: how many episodes were played.
    - `solve_rate`: share of them that succeeded, in [0, 1].
    - `mean_return`: mean undiscounted return.
    - `optimal_steps`: length of the shortest solution [steps]; None if unknown.
    - `greedy`: whether the likeliest action was taken instead of a sampled one.
    """

    turn: int
    suite: str
    task: str
    episodes: int
    solve_rate: float | None
    mean_return: float | None
    optimal_steps: float | None = None
    greedy: bool = False


class VersionRow(NamedTuple):
    """A learner that was kept for later comparison.

    **Arguments:**

    - `turn`: how many turns were over.
    - `name`: the name of its file in the folder `versions`.
    """

    turn: int
    name: str


class EventRow(NamedTuple):
    """Something that happened.

    **Arguments:**

    - `turn`: when.
    - `kind`: what, as one word.
    - `data`: the details, as JSON.
    - `time`: the same by the clock [s since 1970].
    """

    turn: int
    kind: str
    data: Any
    time: float


RUN = sa.Table(
    "run",
    META,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
RECORD = sa.Table(
    "record",
    META,
    sa.Column("turn", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("steps", sa.BigInteger, nullable=False),
    sa.Column("updates", sa.BigInteger, nullable=False),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("episodes", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("budget", sa.Double, nullable=False),
    sa.Column("metrics", sa.Text, nullable=False),
)
SCHEDULE = sa.Table(
    "schedule",
    META,
    sa.Column("turn", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("budget", sa.Double, nullable=False),
)
TASK = sa.Table(
    "task",
    META,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("parent", sa.BigInteger, nullable=False),
    sa.Column("turn", sa.BigInteger, nullable=False, index=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("score", sa.Double),
    sa.Column("generation", sa.Integer, nullable=False),
)
VERSION = sa.Table(
    "version",
    META,
    sa.Column("turn", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
)
EVALUATION = sa.Table(
    "evaluation",
    META,
    sa.Column("turn", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("suite", sa.Text, primary_key=True),
    sa.Column("task", sa.Text, primary_key=True),
    sa.Column("episodes", sa.BigInteger, nullable=False),
    sa.Column("solve_rate", sa.Double),
    sa.Column("mean_return", sa.Double),
    sa.Column("optimal_steps", sa.Double),
    sa.Column("greedy", sa.Boolean, primary_key=True),
)


def _events(name: str) -> sa.Table:
    return sa.Table(
        name,
        META,
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("turn", sa.BigInteger, nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
    )


EVENT = _events("event")
"""What the run itself did; rewound with it."""

ENTERED, MOVED, SOLVED, STANDINGS = "entered", "moved", "solved", "standings"
"""Events of explorers that keep tasks and agents together in places: a task came to a place; another agent took one
over; a task was solved; who does how well where."""

JOURNAL = _events("journal")
"""What came from outside (answers of people and other oracles): kept when the run is rewound, and read again."""

LETTER = sa.Table(
    "letter",
    META,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("uuid", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("turn", sa.BigInteger, index=True),
    sa.Column("time", sa.Double, nullable=False),
    sqlite_autoincrement=True,
)
"""What people send to a run, and the turn at which each letter was taken: kept like the journal."""

REWOUND = (RECORD, TASK, VERSION, EVALUATION, EVENT)
KEPT = (SCHEDULE, JOURNAL, LETTER)
WALL_CLOCK = frozenset({"seconds", "time"})
