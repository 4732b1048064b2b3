"""The outermost layer of the server: what it does not let through nobody else sees."""

import asyncio
import json
import math
from http.cookies import CookieError, SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explora.core import ArgumentError

from ._rate import Buckets
from ._tokens import Access

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_SAFE = ("GET", "HEAD", "OPTIONS")
_PATIENCE = 20.0  # how long the body of a request may take [s]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FAMILIAR, _LONG = 4096, 1000  # so many cookies need not be taken apart again, unless they are so long
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Rules(NamedTuple):
    """What the guard lets through.

    **Arguments:**

    - `public`: the address at which people find the server if it is behind a proxy, `https://labels.example.org`; None:
      only this machine.
    - `rate`: requests a second for each person, in the long run; 0: no limit.
    - `burst`: how many at once.
    - `body`: the largest body of a request [bytes].
    """

    public: str | None = None
    rate: float = 50.0
    burst: float = 200.0
    body: int = 65_536

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which the server answers: another name that leads here is an attack on a browser."""
        return LOOPBACK if self.public is None else (*LOOPBACK, urlsplit(self.public).hostname or "")

    @property
    def secure(self) -> bool:
        """Whether people come by TLS."""
        return self.public is not None and self.public.startswith("https://")


class Guard:
    """Lets a request through if it came under a known name, from a page of ours, from somebody we know, and not too
    often; and puts headers on every answer that keep a browser from doing what our pages never do.

    **Arguments:**

    - `app`: what is guarded.
    - `access`: who may come in.
    - `rules`: what is let through.
    """

    def __init__(self, app: ASGIApp, access: Access, rules: Rules):
        if rules.public is not None and urlsplit(rules.public).scheme not in ("http", "https"):
            raise ArgumentError(f"`public` must be an address such as https://labels.example.org, got {rules.public!r}")
        self.app, self.access, self.rules = app, access, rules
        self.cookie = cookie_name(access, rules)
        self._everybody = Buckets(rules.rate, rules.burst)
        self._strangers = Buckets(rules.rate and 1.0, 20.0)
        self._tokens: dict[str, str | None] = {}
        self._extra = {api: _extra(api, rules.secure) for api in (False, True)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        dressed = _dressed(send, self._extra[scope["path"].startswith("/api")])
        refusal = self._refuses(scope, headers) or await self._unknown(scope, headers)
        if refusal is not None:
            await _refuse(dressed, *refusal)
            return
        body = await _body(headers, receive, self.rules.body) if scope["method"] not in _SAFE else b""
        if body is None:
            await _refuse(dressed, 413, f"the body of a request may have {self.rules.body:,} bytes; send less")
            return
        await self.app(scope, _replay(body, receive), dressed)

    def _refuses(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """What is wrong with where a request came from."""
        host = headers.get("host", "")
        if _name(host) not in self.rules.hosts:
            return 400, f"this server does not answer to the name {_name(host)!r}; start it with `--public URL`"
        if scope["method"] in _SAFE:
            return None
        origin = headers.get("origin")
        ours = {f"http://{host}", f"https://{host}"} if self.rules.public is None else {self.rules.public.rstrip("/")}
        if self.rules.public is not None and _name(host) in LOOPBACK:
            ours.add(f"http://{host}")
        if origin is not None and origin not in ours:
            return 403, f"a page of {origin} may not change anything here"
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "a page of another site may not change anything here"
        if headers.get("x-explora") != "1":
            return 403, "a request that changes something must have the header `X-Explora: 1`"
        kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json":
            return 415, f"the body must be application/json, got {kind}"
        return None

    async def _unknown(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """Whether somebody asks too much, or is nobody we know; else it is noted who it is."""
        address = (scope.get("client") or ("?",))[0]
        token = self._token(headers.get("cookie", ""))
        scope["explora"] = {"person": None, "token": token}
        person = None if token is None else self.access.remembered(token)
        if token is not None and person is None:
            person = await run_in_threadpool(self.access.who, token)
        if person is not None:
            wait = self._everybody.take(person.id)
            scope["explora"]["person"] = person
        elif scope["path"].startswith("/api"):
            wait = self._strangers.take(address)
        else:
            wait = self._everybody.take(address)
        if wait:
            return 429, f"too many requests; try again in {math.ceil(wait)} s"
        open_to_all = scope["path"] == "/api/session" and scope["method"] == "POST"
        if person is None and scope["path"].startswith("/api") and not open_to_all:
            return 401, "sign in first: open the link that `explora people` printed, or that the owner sent you"
        return None

    def _token(self, header: str) -> str | None:
        """The token in a cookie."""
        if len(header) > _LONG:
            return _token(header, self.cookie)
        if header not in self._tokens:
            if len(self._tokens) >= _FAMILIAR:
                self._tokens.clear()
            self._tokens[header] = _token(header, self.cookie)
        return self._tokens[header]


def cookie_name(access: Access, rules: Rules) -> str:
    """What the cookie of a session is called; by TLS its name keeps other hosts from setting it."""
    return f"{'__Host-' if rules.secure else ''}explora-{access.realm}"


def _name(host: str) -> str:
    """A `Host` header without its port."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name.lower().rstrip(".")


def _token(header: str, name: str) -> str | None:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return None if found is None else found.value


async def _body(headers: dict[str, str], receive: Receive, most: int) -> bytes | None:
    """The whole body; None if it is too large, or takes too long."""
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > most:
        return None
    body = b""
    try:
        async with asyncio.timeout(_PATIENCE):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > most:
                    return None
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        return None


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hands out a body that was read already, and then whatever comes after it: that the other side has gone."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _extra(api: bool, secure: bool) -> dict[bytes, bytes]:
    """The headers that every answer has, unless it says otherwise."""
    kept = {"cache-control": "no-store" if api else "no-cache"}
    extra = _HEADERS | kept | ({"strict-transport-security": "max-age=31536000"} if secure else {})
    return {name.encode(): value.encode() for name, value in extra.items()}


def _dressed(send: Send, extra: dict[bytes, bytes]) -> Send:
    """Puts the headers on that every answer has."""

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", []))
            named = {name.lower() for name, _ in own}
            own += [pair for pair in extra.items() if pair[0] not in named]
            message = {**message, "headers": own}
        await send(message)

    return dressed


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"error": sentence}).encode()
    headers: list[Any] = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 429:
        headers.append((b"retry-after", sentence.split()[-2].encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
