"""The tables of a queue that an owner's acts touch, beside those of `Slots`."""

import sqlalchemy as sa

from .._slots._tables import ITEM as ITEM
from .._slots._tables import LOG as LOG
from .._slots._tables import SLOT as SLOT
from .._slots._tables import WORD as WORD

OWN = sa.MetaData()

SETTING = sa.Table(
    "setting",
    OWN,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""What an owner has settled for the whole queue. It follows from the events."""

_DECIDED = sa.text("kind IN ('decided', 'undecided')")
DECISIONS = sa.Index("log_decided", LOG.c.item, sqlite_where=_DECIDED, postgresql_where=_DECIDED)
"""What was decided of an item is found without reading the whole log."""
