"""The tables of a queue: the same in an SQLite file and in a PostgreSQL server."""

import sqlalchemy as sa

META = sa.MetaData()

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only in an INTEGER

FORMAT = sa.Table("queue", META, sa.Column("format", sa.Integer, nullable=False))

ITEM = sa.Table(
    "item",
    META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("shown", sa.Text, nullable=False),
)

# One row a slot: how many people are to answer an item is a number of rows, and nobody has to count.
SLOT = sa.Table(
    "slot",
    META,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("priority", sa.Double, nullable=False),
    sa.Column("skips", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("annotator", sa.Text),
    sa.Column("since", sa.Double),
    sa.Column("until", sa.Double),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.UniqueConstraint("item", "place"),
    sa.UniqueConstraint("item", "annotator"),
)
sa.Index("slot_next", SLOT.c.state, SLOT.c.priority.desc(), SLOT.c.id)
sa.Index("slot_held", SLOT.c.annotator, SLOT.c.state)

# What each person last said of each item. It follows from the events, and spares reading them all.
WORD = sa.Table(
    "word",
    META,
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("annotator", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("value", sa.Text),
    sa.Column("cost", sa.Double, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("event", sa.BigInteger, nullable=False),
)
sa.Index("word_last", WORD.c.annotator, WORD.c.event)

LOG = sa.Table(
    "log",
    META,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("slot", sa.BigInteger, nullable=False),
    sa.Column("annotator", sa.Text, nullable=False),
    sa.Column("uuid", sa.Text, unique=True),
    sa.Column("value", sa.Text),
    sa.Column("cost", sa.Double, nullable=False, server_default="0"),
    sa.Column("seconds", sa.Double, nullable=False, server_default="0"),
    sa.Column("time", sa.Double, nullable=False),
    sqlite_autoincrement=True,  # a number is never given twice
)
sa.Index("log_of", LOG.c.annotator, LOG.c.item)

_STAYS = "events are only ever appended"
_TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER IF NOT EXISTS log_{name} BEFORE {doing} ON log BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END"
        for name, doing in (("stays", "UPDATE"), ("remains", "DELETE"))
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION %(schema)s.log_stays() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN RAISE EXCEPTION '{_STAYS}'; END $$",
        "CREATE OR REPLACE TRIGGER log_stays BEFORE UPDATE OR DELETE ON %(schema)s.log "
        "FOR EACH ROW EXECUTE FUNCTION %(schema)s.log_stays()",
    ],
}


def make(connection: sa.Connection, schema: str | None) -> None:
    """Makes what is not there yet of a queue's tables.

    **Arguments:**

    - `connection`: a transaction.
    - `schema`: in which schema of a server; None in a file.
    """
    if schema is not None:
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
    META.create_all(connection)
    quoted = connection.dialect.identifier_preparer.quote_identifier(schema or "main")
    for statement in _TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement % {"schema": quoted} if schema is not None else statement)
