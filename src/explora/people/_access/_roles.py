"""Which role a route asks for."""

from collections.abc import Awaitable, Callable

from fastapi import Depends, HTTPException, Request

from ._tokens import ROLES, Person


def someone(role: str) -> Callable[[Request], Awaitable[Person]]:
    """A dependency of a route: who asks, if they may.

    **Arguments:**

    - `role`: the least that they must be.

    **Returns:** a function that FastAPI calls with the request.
    """

    async def asked(request: Request) -> Person:  # else it would be called in a thread, which costs more than it does
        found: Person | None = request.scope.get("explora", {}).get("person")
        if found is None:
            raise HTTPException(401, "sign in first")
        if ROLES.index(found.role) < ROLES.index(role):
            raise HTTPException(403, f"this is for the role {role!r}, and you are {found.role!r}")
        return found

    return asked


VIEWER, ANNOTATOR, OWNER = (Depends(someone(role)) for role in ROLES)
