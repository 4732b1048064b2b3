"""Who may come in, and what they may do."""

import sqlite3
from pathlib import Path

import pytest

from explora.core import ArgumentError
from explora.people import Access, Base, Buckets, EventLog, Person, Rules

from ._around import ADDRESS, Browser, Server, served, uuid, write_run

OWNER = Person("owner", "owner", "owner")


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(tmp_path: Path, clock: Clock) -> Access:
    base = Base(tmp_path / "people.db")
    return Access(base, EventLog(base, clock=clock), clock=clock)


def test_a_link_opens_one_session(access: Access):
    link = access.owner_link()
    found = access.sign_in(link)
    assert found is not None
    person, session = found
    assert person == OWNER
    assert access.who(session) == OWNER
    assert access.sign_in(link) is None
    assert access.who(link) is None, "a link is no session"
    assert access.sign_in(session) is None, "a session is no link"


def test_a_new_link_of_the_owner_makes_the_last_one_void(access: Access):
    first, second = access.owner_link(), access.owner_link()
    assert access.sign_in(first) is None
    assert access.sign_in(second) is not None


def test_links_and_sessions_grow_old(access: Access, clock: Clock):
    link = access.owner_link()
    clock.now += 24 * 3600 + 1
    assert access.sign_in(link) is None
    _, session = access.sign_in(access.owner_link()) or (None, "")
    clock.now += 29 * 24 * 3600
    assert access.who(session) == OWNER
    clock.now += 2 * 24 * 3600
    assert access.who(session) is None


def test_only_digests_are_kept(access: Access, tmp_path: Path):
    link = access.owner_link()
    _, session = access.sign_in(link) or (None, "")
    other = access.invite(OWNER, "Ann", "annotator", uuid())[1]
    with sqlite3.connect(tmp_path / "people.db") as connection:
        dump = "\n".join(connection.iterdump())
    assert len(session) >= 43  # 256 bits
    assert not [token for token in (link, session, other) if token in dump]


def test_an_invitation_sent_twice_is_one_person(access: Access):
    name = uuid()
    first, old = access.invite(OWNER, "Ann", "annotator", name)
    again, new = access.invite(OWNER, "Ann", "annotator", name)
    assert first == again
    assert old != new
    assert [person.name for person in access.people()] == ["Ann"]
    with pytest.raises(ArgumentError, match="another act"):
        access.invite(OWNER, "Bob", "annotator", name)


def test_who_is_revoked_is_out_at_once_and_can_come_back(access: Access):
    person, link = access.invite(OWNER, "Ann", "annotator", uuid())
    unused = access.link(OWNER, person.id, uuid())
    _, session = access.sign_in(link) or (None, "")
    assert access.who(session) == person
    access.revoke(OWNER, person.id, uuid())
    assert access.who(session) is None
    assert access.sign_in(unused) is None
    with pytest.raises(ArgumentError, match="restore them first"):
        access.link(OWNER, person.id, uuid())
    access.restore(OWNER, person.id, uuid())
    assert access.who(session) is None
    assert access.sign_in(access.link(OWNER, person.id, uuid())) is not None


def test_the_owner_cannot_lock_themselves_out(access: Access):
    access.owner_link()
    with pytest.raises(ArgumentError, match="themselves"):
        access.revoke(OWNER, "owner", uuid())


def test_sessions_outlive_a_restart(tmp_path: Path):
    first = Base(tmp_path / "people.db")
    before = Access(first, EventLog(first))
    _, session = before.sign_in(before.owner_link()) or (None, "")
    first.close()
    second = Base(tmp_path / "people.db")
    after = Access(second, EventLog(second))
    assert after.realm == before.realm
    assert after.who(session) == OWNER


def test_a_bucket_fills_steadily():
    clock = Clock()
    buckets = Buckets(2.0, 3.0, clock=clock)
    assert [buckets.take("ann") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert buckets.take("ann") == 0.5
    assert buckets.take("bob") == 0.0
    clock.now += 0.5
    assert buckets.take("ann") == 0.0
    assert buckets.take("ann") == 0.5
    clock.now += 100.0
    assert [buckets.take("ann") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]


def test_nothing_can_be_read_without_a_token(still: Server):
    stranger = Browser(still.app)
    schema = still.owner.ok("GET", "/api/openapi.json")
    tried = 0
    for path, methods in schema["paths"].items():
        for method in methods:
            if (path, method) == ("/api/session", "post"):
                continue
            answer = stranger.ask(method.upper(), path.replace("{id}", "1"), {} if method != "get" else None)
            assert answer.status_code in (401, 429), (path, method)
            assert set(answer.json()) == {"error"}
            tried += 1
    assert tried > 25
    assert stranger.ask("GET", "/api/openapi.json").status_code == 401
    assert stranger.ask("GET", "/api/nothing").status_code == 401


def test_wrong_tokens_open_nothing(still: Server):
    stranger = Browser(still.app)
    assert stranger.ask("POST", "/api/session", {"token": "guessed"}).status_code == 401
    name = f"explora-{still.people.access.realm}"
    for token in ("guessed", "é", "a" * 5000, "\\x00"):
        stranger.client.cookies.set(name, token.encode("ascii", "backslashreplace").decode())
        assert stranger.ask("GET", "/api/session").status_code == 401


def test_the_cookie_is_for_nobody_else(still: Server):
    browser = Browser(still.app)
    answer = browser.ask("POST", "/api/session", {"token": still.people.access.owner_link()})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"explora-{still.people.access.realm}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie


def test_behind_a_proxy_with_tls_the_cookie_is_secure(tmp_path: Path):
    rules = Rules(public="https://labels.example.org", rate=0.0)
    with served(write_run(tmp_path / "run"), rules) as server:
        answer = Browser(server.app).client.post(
            "https://labels.example.org/api/session",
            json={"token": server.people.access.owner_link()},
            headers={"Origin": "https://labels.example.org"},
        )
        assert answer.status_code == 200
        assert answer.headers["set-cookie"].startswith("__Host-explora-")
        assert "Secure" in answer.headers["set-cookie"]
        assert "strict-transport-security" in answer.headers


ROLES = {
    "viewer": {"/api/watch/run": 200, "/api/label/schema": 403, "/api/people": 403, "/api/label/agreement": 403},
    "annotator": {"/api/watch/run": 200, "/api/label/schema": 200, "/api/people": 403, "/api/label/agreement": 403},
    "owner": {"/api/watch/run": 200, "/api/label/schema": 200, "/api/people": 200, "/api/label/agreement": 200},
}


@pytest.mark.parametrize("role", ROLES)
def test_roles_may_do_what_they_may(still: Server, role: str):
    somebody = still.invite("somebody", role)
    assert {path: somebody.ask("GET", path).status_code for path in ROLES[role]} == ROLES[role]
    invited = somebody.ask("POST", "/api/people", {"uuid": uuid(), "name": "friend"}).status_code
    assert invited == (200 if role == "owner" else 403)
    said = {"uuid": uuid(), "kind": "text"}
    assert somebody.ask("PUT", "/api/label/schema", said).status_code == (200 if role == "owner" else 403)


def test_revoking_over_the_wire(server: Server):
    ann = server.invite("Ann")
    assert server.owner.act(f"/api/people/{ann.who['id']}/revoke")["revoked"] is True
    assert ann.ask("GET", "/api/session").status_code == 401
    assert server.owner.ask("POST", "/api/people/nobody/revoke", {"uuid": uuid()}).status_code == 404
    assert [one["name"] for one in server.owner.ok("GET", "/api/people")] == ["owner", "Ann"]


def test_signing_out_ends_the_session(still: Server):
    ann = still.invite("Ann")
    kept = dict(ann.client.cookies)
    assert ann.ask("DELETE", "/api/session").status_code == 204
    ann.client.cookies.update(kept)
    assert ann.ask("GET", "/api/session").status_code == 401


def test_everybody_sees_their_own_acts_and_the_owner_all(server: Server):
    ann = server.invite("Ann")
    kinds = lambda browser: [act["kind"] for act in browser.ok("GET", "/api/events")]
    assert kinds(ann) == ["signed in"]
    assert kinds(server.owner) == ["signed in", "invited", "signed in"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::2]:8321", "", "localhost.evil:80"])
def test_other_names_lead_nowhere(still: Server, host: str):
    answer = still.owner.ask("GET", "/api/session", Host=host)
    assert answer.status_code == 400
    assert still.owner.ask("GET", "/", Host=host).status_code == 400


@pytest.mark.parametrize("host", ["localhost:8321", "127.0.0.1", "[::1]:9", "LOCALHOST"])
def test_the_names_of_this_machine_lead_here(still: Server, host: str):
    assert still.owner.ask("GET", "/", Host=host).status_code == 200


def test_pages_of_others_change_nothing(server: Server):
    post = lambda **headers: (
        server.owner.ask("POST", "/api/people", {"uuid": uuid(), "name": "x"}, **headers).status_code
    )
    assert post() == 200
    assert post(Origin=ADDRESS) == 200
    assert post(Origin="http://evil.example") == 403
    assert post(Origin="http://127.0.0.1:9999") == 403, "another port is another page"
    assert post(Origin="null") == 403
    assert post(**{"Sec-Fetch-Site": "cross-site"}) == 403
    assert post(**{"Sec-Fetch-Site": "same-site"}) == 403
    assert post(**{"X-Explora": "0"}) == 403
    assert post(**{"Content-Type": "text/plain"}) == 415
    assert len(server.owner.ok("GET", "/api/people")) == 3


def test_every_answer_carries_the_headers(still: Server):
    for path in ("/", "/app.js", "/api/session", "/api/nothing", "/nothing"):
        headers = still.owner.ask("GET", path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == ("no-store" if path.startswith("/api") else "no-cache")


def test_large_bodies_are_refused(still: Server):
    large = {"token": "x" * 70_000}
    assert still.owner.ask("POST", "/api/session", large).status_code == 413

    def chunks():
        for _ in range(100):
            yield b"x" * 1000

    headers = {"Content-Type": "application/json"}
    answer = still.owner.client.post("/api/session", content=chunks(), headers=headers)
    assert answer.status_code == 413
    assert still.owner.ask("POST", "/api/session", {"token": "x"}, **{"Content-Length": "-1"}).status_code == 413


def test_who_asks_too_much_is_told_to_wait(tmp_path: Path):
    with served(write_run(tmp_path / "run"), Rules(rate=0.001, burst=3.0)) as server:
        found = [server.owner.ask("GET", "/api/session") for _ in range(5)]
        assert [answer.status_code for answer in found] == [200, 200, 200, 429, 429]
        assert int(found[-1].headers["retry-after"]) > 100


def test_guessing_links_is_slow(tmp_path: Path):
    with served(write_run(tmp_path / "run"), Rules()) as server:
        stranger = Browser(server.app)
        found = [stranger.ask("POST", "/api/session", {"token": f"guess {n}"}).status_code for n in range(40)]
        assert found[0] == 401
        assert found[-1] == 429


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/%2e%2e/pyproject.toml", "/static/app.js", "//etc/passwd", "/app.js/x", "/people.db"],
)
def test_only_the_bundle_is_served(still: Server, path: str):
    assert still.owner.ask("GET", path).status_code == 404


def test_malformed_requests_are_one_sentence(still: Server):
    for body in (
        {},
        [],
        "x",
        {"uuid": "short", "name": "x"},
        {"uuid": uuid(), "name": " \n "},
        {"uuid": uuid(), "name": "a\x00b"},
    ):
        answer = still.owner.ask("POST", "/api/people", body)
        assert answer.status_code == 422, body
        assert set(answer.json()) == {"error"}
    answer = still.owner.client.post("/api/people", content=b'{"uuid"', headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    half = b'{"uuid": "12345678", "name": "\\ud800"}'
    answer = still.owner.client.post("/api/people", content=half, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
