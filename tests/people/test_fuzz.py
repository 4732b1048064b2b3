"""Whatever anybody sends to any documented route, nothing breaks: requests made from the OpenAPI schema, per role.

`EXPLORA_FUZZ` says how many examples every operation gets (100).
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ._around import ADDRESS, NASTY, Browser, Server, offer, served, uuid
from ._large import write_large
from .browser._stage import lacking

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Do not use the `random` module"),  # threads of the server do, not our strategies
]

EXAMPLES = int(os.environ.get("EXPLORA_FUZZ", "100"))
ROLES = ("owner", "annotator", "viewer", "nobody")
MALFORMED = (400, 413, 415, 422)
QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Crowd:
    """Somebody of every role, who come in again when they were thrown out."""

    def __init__(self, server: Server):
        self.server, access = server, server.people.access
        self.owner = access.person("owner")
        self.ids = {role: access.invite(self.owner, role, role, uuid())[0].id for role in ROLES[:-1]}
        self.real = {
            "people": [*self.ids.values(), "owner"],
            "watch": [0, 1, 5],
            "play": [0, 1, 5],
            "item": [f"item-{n}" for n in range(30)],
            "suite": ["graded", "named"],
            "uuid": [uuid() for _ in range(5)],
            "value": ["cat", NASTY],
            "parent": [0, 1, 2],
        }
        self.loop = asyncio.new_event_loop()  # one for all requests: a thread for each is most of what a request takes
        self.clients = {role: self.enter(role) for role in ROLES}

    def enter(self, role: str) -> httpx2.AsyncClient:
        """A session for somebody, whatever was done to them."""
        browser = Browser(self.server.app, None if role == "nobody" else self.link(role))
        way = httpx2.ASGITransport(self.server.app)
        told = {"base_url": ADDRESS, "headers": {"X-Explora": "1"}, "cookies": browser.client.cookies}
        return httpx2.AsyncClient(transport=way, follow_redirects=True, **told)

    def link(self, role: str) -> str:
        """The token of a link for somebody."""
        access = self.server.people.access
        if self.ids[role] not in {person.id for person in access.people()}:  # forgotten for ever
            self.ids[role] = access.invite(self.owner, role, role, uuid())[0].id
            self.real["people"].append(self.ids[role])
        access.restore(self.owner, self.ids[role], uuid())
        return access.link(self.owner, self.ids[role], uuid())

    def send(self, role: str, request: dict[str, Any]) -> int:
        """The status of the answer."""
        ask = lambda: self.loop.run_until_complete(self.clients[role].request(**request))
        answer = ask()
        if answer.status_code == 401 and role != "nobody" and request["url"] != "/api/session":
            self.clients[role] = self.enter(role)
            answer = ask()
        if answer.status_code >= 400:
            assert isinstance(answer.json()["error"], str), request
        return answer.status_code


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    if importlib.util.find_spec("schemathesis") is None:
        lacking("Schemathesis is not installed: pip install --group browser")
    place = tmp_path_factory.mktemp("fuzz")
    offer(place / "queue.db", 30, overlap=2)
    write_large(place / "run", tasks=60, records=20, versions=3)  # of mazes, so that all its parts can be built
    with served(place / "run", queue=place / "queue.db") as server:
        assert server.people.panel.wait(300.0)
        found = Crowd(server)
        yield found
        found.loop.close()


def operations(crowd: Crowd) -> Iterator[Any]:
    """All operations of the schema."""
    import schemathesis

    schema = crowd.server.owner.ok("GET", "/api/openapi.json")
    for found in schemathesis.openapi.from_dict(schema).get_all_operations():
        yield found.ok()


def requests_of(operation: Any, real: dict[str, list], wrong: bool) -> Any:
    """A strategy of requests: as the schema says, with ids that exist in two of three, or (some) as it does not say."""
    from schemathesis import GenerationMode

    mode = GenerationMode.NEGATIVE if wrong else GenerationMode.POSITIVE

    @st.composite
    def requests(draw: st.DrawFn) -> dict[str, Any]:
        case = draw(operation.as_strategy(generation_mode=mode))
        kind = operation.path.split("/")[2]

        def known(name: str, value: Any) -> Any:
            pool = real.get(kind if name == "id" else name)
            if name == "items" and isinstance(value, list):  # names, or objects that have one
                return [fill(each) if isinstance(each, dict) else known("item", each) for each in value]
            return value if wrong or pool is None or draw(st.integers(0, 2)) == 0 else draw(st.sampled_from(pool))

        fill = lambda given: {name: known(name, value) for name, value in dict(given or {}).items()}
        path = re.sub(r"\{(\w+)\}", "{}", operation.path)
        names, places = re.findall(r"\{(\w+)\}", operation.path), fill(case.path_parameters)
        found: dict[str, Any] = {
            "method": operation.method.upper(),
            "url": path.format(*(quote(str(places[name]), safe="") for name in names)),
            "params": fill(case.query),
        }
        if isinstance(case.body, dict):
            found["json"] = fill(case.body)
        elif isinstance(case.body, list | str | int | float | bool | None):
            found["json"] = case.body
        return found

    return requests()


def examples(strategy: Any, count: int) -> list[dict[str, Any]]:
    """So many requests; repeated where there are fewer different ones."""
    found: list[dict[str, Any]] = []

    @QUICK
    @given(strategy)
    def collect(request: dict[str, Any]) -> None:
        if _can_be_sent(request):
            found.append(request)

    collect()
    return [found[n % len(found)] for n in range(count)]


def _can_be_sent(request: dict[str, Any]) -> bool:
    try:
        json.dumps(request, allow_nan=False)
        str(request["params"]).encode()
    except ValueError:
        return False
    return True


def test_nothing_breaks_whatever_is_sent(crowd: Crowd):
    from hypothesis.errors import HypothesisException

    answers: dict[str, Counter[int]] = {role: Counter() for role in ROLES}
    broken: dict[str, Any] = {}
    by_route: dict[str, float] = {}
    for operation in operations(crowd):
        requests = examples(requests_of(operation, crowd.real, wrong=False), EXAMPLES)
        with contextlib.suppress(HypothesisException, ZeroDivisionError):  # there may be no wrong way to ask this
            requests += examples(requests_of(operation, crowd.real, wrong=True), EXAMPLES // 4)
        mine: Counter[int] = Counter()
        for n, request in enumerate(requests):
            for role in ROLES if n % 10 == 0 else ROLES[:-1]:  # who has no token is refused whatever is asked
                status = crowd.send(role, request)
                answers[role][status] += 1
                mine[status] += role == "owner"
                if status >= 500:
                    broken.setdefault(f"{role}: {operation.label}", request)
        by_route[operation.label] = sum(mine[status] for status in MALFORMED) / mine.total()
    print({role: dict(sorted(found.items())) for role, found in answers.items()}, by_route)
    assert broken == {}
    assert set(answers["nobody"]) <= {401, 422, 413}, "POST /api/session is open to all, and only it"
    for role in ROLES[:-1]:
        malformed = sum(answers[role][status] for status in MALFORMED)
        assert malformed < answers[role].total() / 2, (role, answers[role])
    assert {label: share for label, share in by_route.items() if share > 0.5} == {}
