"""Signing in and out, and letting people in."""

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field

from .._log import EventLog
from .._words import Item, Line, Uuid
from ._guard import Rules, cookie_name
from ._roles import OWNER, VIEWER
from ._tokens import Access, Person

_MONTH = 30 * 24 * 3600


class SignIn(BaseModel):
    """A link that somebody was sent."""

    token: Annotated[str, Field(min_length=1, max_length=200)]


class Invitation(BaseModel):
    """Somebody who is to be let in."""

    uuid: Uuid
    name: Annotated[Line, Field(max_length=80)]
    role: Literal["viewer", "annotator", "owner"] = "annotator"


class OnlyUuid(BaseModel):
    """An act that needs nothing else said."""

    uuid: Uuid


class Who(BaseModel):
    """Somebody who may use the server."""

    id: str
    name: str
    role: str
    revoked: bool


class Invited(BaseModel):
    """Somebody with the token of a link; it is shown this once."""

    person: Who
    token: str


class Done(BaseModel):
    """One entry of the event log."""

    id: int
    time: float
    person: str
    kind: str
    data: dict
    uuid: str
    undoes: int | None


def access_routes(access: Access, log: EventLog, rules: Rules) -> APIRouter:
    """The routes under `/api/session`, `/api/people` and `/api/events`.

    **Arguments:**

    - `access`: who is known.
    - `log`: what they did.
    - `rules`: of the guard.
    """
    routes, cookie = APIRouter(prefix="/api"), cookie_name(access, rules)

    @routes.post("/session", tags=["session"])
    def sign_in(said: SignIn, response: Response) -> Who:
        """Exchanges the token of a link for a session cookie."""
        found = access.sign_in(said.token)
        if found is None:
            raise HTTPException(401, "this link is not valid (any more): it opens one session; ask for a new one")
        person, token = found
        response.set_cookie(
            cookie, token, max_age=_MONTH, path="/", secure=rules.secure, httponly=True, samesite="strict"
        )
        return _who(person)

    @routes.get("/session", tags=["session"])
    def session(person: Person = VIEWER) -> Who:
        """Who you are."""
        return _who(person)

    @routes.delete("/session", tags=["session"], status_code=204)
    def sign_out(request: Request, response: Response, person: Person = VIEWER) -> None:
        """Ends this session."""
        access.sign_out(person, request.scope["explora"]["token"])
        response.delete_cookie(cookie, path="/", secure=rules.secure, httponly=True, samesite="strict")

    @routes.get("/people", tags=["people"])
    def people(person: Person = OWNER) -> list[Who]:
        """Everybody."""
        return [_who(one) for one in access.people()]

    @routes.post("/people", tags=["people"])
    def invite(said: Invitation, person: Person = OWNER) -> Invited:
        """Lets somebody in; send them `URL/#token=TOKEN`."""
        new, token = access.invite(person, said.name, said.role, said.uuid)
        return Invited(person=_who(new), token=token)

    @routes.post("/people/{id}/link", tags=["people"])
    def link(id: Item, said: OnlyUuid, person: Person = OWNER) -> Invited:
        """Another link for somebody."""
        token = access.link(person, id, said.uuid)
        return Invited(person=_who(access.person(id)), token=token)

    @routes.post("/people/{id}/revoke", tags=["people"])
    def revoke(id: Item, said: OnlyUuid, person: Person = OWNER) -> Who:
        """Ends all sessions of somebody and lets them in no more."""
        return _who(access.revoke(person, id, said.uuid))

    @routes.post("/people/{id}/restore", tags=["people"])
    def restore(id: Item, said: OnlyUuid, person: Person = OWNER) -> Who:
        """Lets somebody in again, with a new link."""
        return _who(access.restore(person, id, said.uuid))

    @routes.get("/events", tags=["people"])
    def events(
        after: Annotated[int, Field(ge=0, le=2**53)] = 0,
        most: Annotated[int, Field(ge=1, le=1000)] = 200,
        person: Person = VIEWER,
    ) -> list[Done]:
        """What was done, oldest first: the owner sees everybody's acts, others their own."""
        acts = log.acts(after=after, most=most, person=None if person.role == "owner" else person.id)
        return [Done(**act._asdict()) for act in acts]

    return routes


def _who(person: Person) -> Who:
    return Who(**person._asdict())
