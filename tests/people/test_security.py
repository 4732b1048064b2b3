"""Who may do what on every documented route, what a forged number or name gets, what a path cannot reach."""

from pathlib import Path

import pytest

from ._around import Browser, Server, uuid

OWNERS = {
    "GET /api/people",
    "POST /api/people",
    "POST /api/people/{id}/link",
    "POST /api/people/{id}/revoke",
    "POST /api/people/{id}/restore",
    "PUT /api/label/schema",
    "POST /api/label/schema/undo",
    "GET /api/label/agreement",
    "GET /api/label/gold",
    "PUT /api/label/gold/rule",
    "POST /api/label/gold",
    "POST /api/label/gold/remove",
    "GET /api/label/disputes",
    "POST /api/label/decide",
    "POST /api/label/decide/undo",
    "GET /api/label/overlap",
    "PUT /api/label/overlap",
    "GET /api/label/times",
    "GET /api/label/export",
    "POST /api/backup",
    "POST /api/people/{id}/forget",
    "GET /api/fool/examples",
    "PUT /api/fool/terms",
    "POST /api/fool/close",
    "GET /api/compare/taste",
    "GET /api/compare/versions",
    "GET /api/compare/export",
}
"""What only an owner may do."""

EVERYBODY = ("/api/session", "/api/watch/", "/api/events", "/api/history", "/api/play", "/api/fool/rounds")
"""Where a viewer may look; all else is for annotators, or for owners."""


def least(operation: str) -> str:
    """The least that somebody must be."""
    if operation in OWNERS:
        return "owner"
    return "viewer" if operation.split()[1].startswith(EVERYBODY) else "annotator"


def test_every_documented_route_asks_for_its_role(server: Server):
    schema = server.owner.ok("GET", "/api/openapi.json")
    asked = [f"{method.upper()} {path}" for path, methods in schema["paths"].items() for method in methods]
    assert set(asked) >= OWNERS
    roles = ("viewer", "annotator")
    people = {role: server.invite(role, role) for role in roles}
    found, expected = {}, {}
    for operation in asked:
        method, path = operation.split()
        if path in ("/api/session", "/api/watch/stream"):
            continue
        for role in roles:
            answer = people[role].ask(method, path.replace("{id}", "owner"), {} if method != "GET" else None)
            found[operation, role] = answer.status_code == 403
            expected[operation, role] = (role, least(operation)) not in {
                ("viewer", "viewer"),
                ("annotator", "viewer"),
                ("annotator", "annotator"),
            }
    assert found == expected
    assert [one["name"] for one in server.owner.ok("GET", "/api/people")] == ["owner", "viewer", "annotator"]


def test_a_name_of_somebody_elses_act_opens_nothing(server: Server):
    """A `uuid` is no key to what was done under it, whoever has seen it."""
    ann, bob = server.invite("Ann"), server.invite("Bob")
    item = {browser: browser.ok("POST", "/api/label/next", {"count": 1})["items"][0]["item"] for browser in (ann, bob)}
    said = {"uuid": uuid(), "item": item[ann], "value": "cat"}
    ann.ok("POST", "/api/label/answer", said)
    words = server.people.desk.slots.words()
    for forged in (said, said | {"value": "dog"}, said | {"item": item[bob], "value": "dog"}):
        assert bob.ask("POST", "/api/label/answer", forged).status_code == 409
    assert bob.ask("POST", "/api/label/undo", {"uuid": said["uuid"]}).status_code == 409
    assert bob.ask("POST", "/api/label/skip", {**said, "kind": "skipped", "value": None}).status_code == 409
    assert server.people.desk.slots.words() == words
    invited = server.people.log.acts(kinds=["invited"])[0]
    for path in ("/api/people", "/api/people/owner/link"):
        assert bob.ask("POST", path, {"uuid": invited.uuid, "name": "Ann", "role": "annotator"}).status_code == 403


def test_forged_numbers_of_events_show_nothing_of_others(server: Server):
    ann, bob = server.invite("Ann"), server.invite("Bob")
    item = ann.ok("POST", "/api/label/next", {"count": 1})["items"][0]["item"]
    ann.act("/api/label/answer", item=item, value="a secret", seconds=1.0)
    server.owner.ok("PUT", "/api/label/schema", {"uuid": uuid(), "kind": "text", "guidelines": "a secret"})
    for number in (0, 1, 2, 3, 10**6, 2**53):
        mine = bob.ok("GET", f"/api/events?after={number}&most=1000")
        assert {act["person"] for act in mine} <= {bob.who["id"]}
        assert bob.ok("GET", f"/api/label/history?before={number}") == []
    for number in ("-1", "1.5", str(2**63), str(2**64), "0x1", "1;DROP TABLE event", "%00"):
        assert bob.ask("GET", f"/api/events?after={number}").status_code == 422, number
        assert bob.ask("GET", f"/api/label/history?before={number}").status_code == 422, number
    for header in ("0", "-1", "999999", "<script>"):
        answer = server.owner.ask("GET", "/api/watch/stream", **{"Last-Event-ID": header})
        assert answer.status_code == 200
        assert "a secret" not in answer.text
    assert "a secret" not in str(bob.ok("POST", "/api/label/next", {"count": 9}))


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/api/watch/tasks/..%2F..%2Fpeople.db",
            "/api/watch/tasks/1/../../../people.db",
            "/api/watch/%2e%2e/people.db",
        ),
        *(
            "/%2e%2e%2fpeople.db",
            "/..%5cpeople.db",
            "/app.js%00.css",
            "/./people.db",
            "/config.json",
            "/run.db",
            "/lock",
        ),
        *("/static/..%2f_app.py", "/app.css/../people.db", "/%c0%ae%c0%ae/people.db", "/file:///etc/passwd"),
    ],
)
def test_no_path_leads_out_of_the_routes(still: Server, path: str):
    answer = still.owner.ask("GET", path)
    assert answer.status_code in (404, 422)
    assert set(answer.json()) == {"error"}


def test_a_picture_is_asked_for_by_name_and_never_read_from_a_path(still: Server, tmp_path: Path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"\x89PNG secret")
    for item in (str(secret), f"../../{secret}", f"file://{secret}", "../people.db"):
        answer = still.owner.client.get("/api/label/picture", params={"item": item})
        assert answer.status_code == 204
    for suite in (str(secret), "../run.db"):
        assert still.owner.client.get("/api/watch/versions", params={"suite": suite}).status_code == 404


@pytest.mark.parametrize("path", ["/api/people", "/api/label/answer", "/api/label/draft", "/api/label/undo"])
def test_no_route_reads_a_large_body(still: Server, path: str):
    method = "PUT" if path.endswith("draft") else "POST"
    for body in ({"uuid": "u" * 70_000}, [[] for _ in range(40_000)]):
        assert still.owner.ask(method, path, body).status_code == 413
    deep = b"[" * 30_000 + b"]" * 30_000
    answer = still.owner.client.request(method, path, content=deep, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), "nested as deep as the limit allows"
    assert set(answer.json()) == {"error"}


def test_sessions_of_one_server_are_none_of_another(server: Server, still: Server):
    other = Browser(still.app)
    for name, value in server.owner.client.cookies.items():
        other.client.cookies.set(name, value)
        other.client.cookies.set(f"explora-{still.people.access.realm}", value)
    assert other.ask("GET", "/api/session").status_code == 401
