"""People, and the tokens by which the server knows them; only digests of tokens are ever written down."""

import hashlib
import secrets
import time
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

import sqlalchemy as sa

from explora.core import ArgumentError, UnknownName

from .._base import EVENT, PERSON, REALM, TOKEN, Base
from .._log import EventLog

ROLES = ("viewer", "annotator", "owner")
"""What people may be; each may do what those before it may."""

_LINK, _SESSION = "link", "session"
_FIRST = 24 * 3600.0  # for how long the link that is printed at the start can be used [s]
_INVITED = 7 * 24 * 3600.0  # … and one that is sent to somebody
_SIGNED_IN = 30 * 24 * 3600.0
_FRESH = 2.0  # how long sessions are believed without a look at the log: another process may have ended one [s]
_KNOWN = 4096  # how many sessions are remembered


class Person(NamedTuple):
    """Somebody who may use the server.

    **Arguments:**

    - `id`: what logs call them; says nothing about who they are.
    - `name`: what people call them.
    - `role`: one of `ROLES`.
    - `revoked`: whether they may no more.
    """

    id: str
    name: str
    role: str
    revoked: bool = False


class Access:
    """Who may use the server, and as what.

    A *link* token is sent to a person, opens one session and is then spent; a *session* token lives in a cookie. Both
    are 256 random bits, of which SHA-256 digests are kept: who reads the database cannot sign in.

    **Arguments:**

    - `base`: where people and digests are kept.
    - `log`: where it is written down what was done.
    - `clock`: the time [s since 1970].
    """

    def __init__(self, base: Base, log: EventLog, *, clock: Callable[[], float] = time.time):
        self.base, self.log, self._clock = base, log, clock
        self._known: dict[str, tuple[Person, float, int]] = {}  # who, until when, and as of which event
        self._last, self._looked, self._turn = -1, -1e9, Lock()
        with base.writing("open") as connection:
            found = connection.execute(sa.select(REALM)).scalar()
            if found is None:
                found = secrets.token_hex(4)
                connection.execute(sa.insert(REALM).values(id=found))
        self.realm: str = found
        """Names the cookie: servers on one machine share a browser's cookies, whatever their ports."""

    def owner_link(self) -> str:
        """A token that signs in the owner once; those that were made before and not used are void."""
        owner = Person("owner", "owner", "owner")
        with self.base.writing("let the owner into") as connection:
            row = owner._asdict() | {"since": self._clock(), "revoked": None}
            connection.execute(self.base.insert(PERSON).values(row).on_conflict_do_nothing())
            unused = (TOKEN.c.person == owner.id, TOKEN.c.kind == _LINK, TOKEN.c.used.is_(None))
            connection.execute(sa.delete(TOKEN).where(*unused))
            return self._token(connection, owner.id, _LINK, _FIRST)

    def invite(self, by: Person, name: str, role: str, uuid: str) -> tuple[Person, str]:
        """Lets somebody in.

        **Arguments:**

        - `by`: who does.
        - `name`, `role`: of the new person.
        - `uuid`: of the act; sent again, it is the same person with a new link.

        **Returns:** the person, and the token of their link: nobody can find it out afterwards.
        """
        if role not in ROLES:
            raise UnknownName("role", role, ROLES)
        with self.base.writing("invite somebody to") as connection:
            act, new = self.log.note(connection, by.id, "invited", {"name": name, "role": role}, uuid)
            person = Person(f"p{act.id}", name, role)
            if new:
                row = person._asdict() | {"since": act.time, "revoked": None}
                connection.execute(sa.insert(PERSON).values(row))
            return person, self._token(connection, person.id, _LINK, _INVITED)

    def link(self, by: Person, id: str, uuid: str) -> str:
        """Another link for somebody who is known already, for another browser, say."""
        person = self.person(id)
        if person.revoked:
            raise ArgumentError(f"{person.name!r} may use this server no more; restore them first")
        with self.base.writing("write to") as connection:
            self.log.note(connection, by.id, "linked", {"person": id}, uuid)
            return self._token(connection, id, _LINK, _INVITED)

    def sign_in(self, token: str) -> tuple[Person, str] | None:
        """Exchanges the token of a link for one of a session.

        **Returns:** who it is and the new token; None if the link is unknown, spent, too old or revoked.
        """
        now, digest = self._clock(), _digest(token)
        with self.base.writing("sign in to") as connection:
            spend = sa.update(TOKEN).where(TOKEN.c.digest == digest, TOKEN.c.kind == _LINK, TOKEN.c.used.is_(None))
            spend = spend.where(TOKEN.c.until > now).values(used=now).returning(TOKEN.c.person)
            id = connection.execute(spend).scalar()
            person = None if id is None else _person(connection.execute(_of(id)).first())
            if person is None or person.revoked:
                return None
            self.log.note(connection, person.id, "signed in", {}, f"in-{digest[:32]}")
            return person, self._token(connection, person.id, _SESSION, _SIGNED_IN)

    def who(self, token: str) -> Person | None:
        """Whose session it is; None if it is nobody's any more."""
        self._look()
        known, last = self.remembered(token), self._last
        if known is not None:
            return known
        now, digest = self._clock(), _digest(token)
        query = sa.select(PERSON, TOKEN.c.until).join(TOKEN, TOKEN.c.person == PERSON.c.id)
        query = query.where(TOKEN.c.digest == digest, TOKEN.c.kind == _SESSION, TOKEN.c.until > now)
        rows = self.base.rows(query)
        person = _person(rows[0]) if rows else None
        if person is None or person.revoked:
            self._known.pop(digest, None)
            return None
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[digest] = (person, rows[0].until, last)
        return person

    def remembered(self, token: str) -> Person | None:
        """Whose session it was a moment ago, without a look at the database; None if nobody looked lately."""
        now, known = self._clock(), self._known.get(_digest(token))
        if known is None or known[2] != self._last or known[1] <= now or not 0 <= now - self._looked < _FRESH:
            return None
        return known[0]

    def _look(self) -> None:
        """Looks whether anything has been done: whoever ends a session writes it down, and if nobody has, all go on."""
        with self._turn:  # of many who come at once one looks
            if not 0 <= self._clock() - self._looked < _FRESH:
                now = self._clock()
                self._last = self.base.rows(sa.select(sa.func.coalesce(sa.func.max(EVENT.c.id), 0)))[0][0]
                self._looked = now

    def sign_out(self, person: Person, token: str) -> None:
        """Ends one session."""
        digest = _digest(token)
        with self.base.writing("sign out of") as connection:
            self.log.note(connection, person.id, "signed out", {}, f"out-{digest[:32]}")
            connection.execute(sa.delete(TOKEN).where(TOKEN.c.digest == digest))
        self._known.pop(digest, None)

    def revoke(self, by: Person, id: str, uuid: str) -> Person:
        """Ends all sessions and links of somebody, and lets them in no more. What they did stays.

        **Raises:** `ArgumentError` for oneself, `UnknownName` for nobody.
        """
        if id == by.id:
            raise ArgumentError("nobody can revoke themselves: another owner can")
        return self._change(by, id, "revoked", uuid, self._clock())

    def restore(self, by: Person, id: str, uuid: str) -> Person:
        """Lets somebody in again; they need a new link."""
        return self._change(by, id, "restored", uuid, None)

    def person(self, id: str) -> Person:
        """Somebody by id."""
        rows = self.base.rows(_of(id))
        if not rows:
            raise UnknownName("person", id, [person.id for person in self.people()])
        found = _person(rows[0])
        assert found is not None  # there is a row
        return found

    def people(self) -> list[Person]:
        """Everybody, in the order in which they came."""
        rows = self.base.rows(sa.select(PERSON).order_by(PERSON.c.since, PERSON.c.id))
        return [person for row in rows if (person := _person(row)) is not None]

    def forget(self, id: str) -> None:
        """Believes no session of somebody any more without a look at the database."""
        self._known = {digest: known for digest, known in self._known.items() if known[0].id != id}

    def _change(self, by: Person, id: str, kind: str, uuid: str, revoked: float | None) -> Person:
        person = self.person(id)
        with self.base.writing("write to") as connection:
            if self.log.note(connection, by.id, kind, {"person": id}, uuid)[1]:
                connection.execute(sa.update(PERSON).where(PERSON.c.id == id).values(revoked=revoked))
                connection.execute(sa.delete(TOKEN).where(TOKEN.c.person == id))
        self.forget(id)
        return person._replace(revoked=revoked is not None)

    def _token(self, connection: sa.Connection, person: str, kind: str, lives: float) -> str:
        now, token = self._clock(), secrets.token_urlsafe(32)
        connection.execute(sa.delete(TOKEN).where(TOKEN.c.until < now))
        row = {"digest": _digest(token), "person": person, "kind": kind, "until": now + lives, "used": None}
        connection.execute(sa.insert(TOKEN).values(row))
        return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _of(id: str) -> sa.Select:
    return sa.select(PERSON).where(PERSON.c.id == id)


def _person(row: object) -> Person | None:
    if row is None:
        return None
    return Person(row.id, row.name, row.role, row.revoked is not None)  # pyright: ignore[reportAttributeAccessIssue]
