"""Behind a proxy that ends TLS: the cookie is secure, names are checked, addresses believed, events pass at once."""

import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .._around import append, offer, write_run
from ._proxy import NAME, proxied
from ._stage import Started, Tab

pytestmark = pytest.mark.slow


class Caller:
    """Somebody on the network.

    **Arguments:**

    - `port`: of the proxy.
    - `trusted`: its certificate.
    - `origin`: the address that people know.
    - `address`: from which they call.
    """

    def __init__(self, port: int, trusted: Path, origin: str, address: str = "127.0.0.1"):
        self.port, self.origin, self.address, self.cookie = port, origin, address, ""
        self.context = ssl.create_default_context(cafile=str(trusted))

    def open(self, method: str, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
        """The beginning of an answer."""
        plain = socket.create_connection(("127.0.0.1", self.port), 20.0, source_address=(self.address, 0))
        connection = http.client.HTTPConnection(NAME, self.port)
        connection.sock = self.context.wrap_socket(plain, server_hostname=NAME)  # type: ignore[assignment]
        said = {"X-Explora": "1", "Origin": self.origin, "Content-Type": "application/json", "Cookie": self.cookie}
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, None if body is None else json.dumps(body), said | headers)
        answer = connection.getresponse()
        self.cookie = (answer.headers["set-cookie"] or self.cookie).partition(";")[0]
        return answer

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """A whole answer."""
        with self.open(method, path, body, **headers) as answer:
            return answer.status, answer.read()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Started, int, Path, str]]:
    """A server of a run that goes on, and the proxy before it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    offer(tmp_path / "queue.db", 2)
    path = write_run(tmp_path / "run", state="running", queue=tmp_path / "queue.db")
    with contextlib.ExitStack() as stack:
        proxy, trusted = stack.enter_context(proxied(tmp_path, port))
        public = f"https://{NAME}:{proxy}"
        server = stack.enter_context(Started(path, "--public", public, port=port))
        yield server, proxy, trusted, public


def test_a_session_by_tls(place: tuple[Started, int, Path, str], tmp_path: Path):
    server, port, trusted, public = place
    assert server.link.startswith(f"{public}/#token=")
    caller = Caller(port, trusted, public)
    with caller.open("POST", "/api/session", {"token": server.token}) as answer:
        assert answer.status == 200
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-explora-")
        assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie
        assert "max-age" in answer.headers["strict-transport-security"]
    assert caller.ask("GET", "/api/session")[0] == 200
    invite = {"uuid": "proxy-0001", "name": "Ann"}
    assert caller.ask("POST", "/api/people", invite)[0] == 200
    for origin in ("https://evil.example", f"http://{NAME}:{port}", f"https://{NAME}", "http://127.0.0.1:8321"):
        assert caller.ask("POST", "/api/people", invite, Origin=origin)[0] == 403, origin
    for host in ("evil.example", "10.0.0.1", f"{NAME}.evil.example"):
        assert caller.ask("GET", "/", Host=host)[0] == 400, host
    with caller.open("GET", "/api/watch/stream") as stream:
        lines = lambda: b"".join(iter(stream.readline, b"\n"))
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert b'"steps": 300' in lines()
        from explora.store import RunFolder

        with RunFolder.open(tmp_path / "run", write=True) as folder:
            append(folder, 3, range(6, 9))
        assert b'"steps": 400' in lines(), "it passes at once: the answer is not over"


def test_who_guesses_is_slowed_down_and_nobody_else(place: tuple[Started, int, Path, str]):
    server, port, trusted, public = place
    guesser, owner = (Caller(port, trusted, public, address) for address in ("127.0.0.2", "127.0.0.3"))
    claimed = {"X_Forwarded_For": "203.0.113.7"}  # what a stranger says of themselves counts for nothing
    found = [guesser.ask("POST", "/api/session", {"token": f"guess {n}"}, **claimed)[0] for n in range(60)]
    assert found[0] == 401
    assert 429 in found
    assert owner.ask("POST", "/api/session", {"token": server.token})[0] == 200


@pytest.mark.browser
def test_a_browser_comes_by_tls(place: tuple[Started, int, Path, str], tab: Callable[..., Tab], tmp_path: Path):
    server = place[0]
    owner = tab(ignore_https_errors=True).enter(server.link)
    assert owner.page.evaluate("isSecureContext && location.protocol") == "https:"
    owner.until(lambda: "300" in owner.text(".tile:has-text('environment steps') b"))
    from explora.store import RunFolder

    with RunFolder.open(tmp_path / "run", write=True) as folder:
        append(folder, 3, range(6, 9))
    owner.until(lambda: "400" in owner.text(".tile:has-text('environment steps') b"), 20.0)
    owner.at("people")
    owner.page.fill("input[required]", "Ann")
    owner.press("Enter")
    owner.page.wait_for_selector("input[aria-label=link]")
    assert owner.page.input_value("input[aria-label=link]").startswith(place[3])
    assert [cookie["secure"] for cookie in owner.page.context.cookies()] == [True]
