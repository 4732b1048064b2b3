"""A run written by hand with people around it, and a browser's part of the talking."""

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from explora.people import People, Rules, application
from explora.store import EvaluationRow, Record, RunFolder, Slots, TaskRow

ADDRESS = "http://127.0.0.1:8321"
NASTY = "<script>alert('here')</script><img src='x' onerror='alert(1)'>"
"""A text that a page must show and not run."""

_number = itertools.count()


def uuid() -> str:
    """A new name for an act."""
    return f"test-{next(_number):08d}"


def write_run(
    path: Path, *, state: str = "finished", queue: Path | None = None, records: int = 3, tasks: int = 6
) -> Path:
    """A run of some records, a hundred steps and a minute apart, with two tasks each, and two versions."""
    oracle = {} if queue is None else {"oracle": {"type": "explora.adapters.Queue", "path": str(queue)}}
    config = {
        "recipe": "plr",
        "parts": {"type": "explora.core.Parts", "domain": {"type": "no.Such", **oracle}},
        "plan": {},
    }
    facts = {"state": state, "created": "2026-11-21T02:33:35+00:00", "command": ["explora", NASTY], "versions": {}}
    with RunFolder.create(path, config=config, facts=facts) as folder:
        for i in range(records):
            append(folder, i, range(i * tasks // records, (i + 1) * tasks // records), judged=i in (0, records - 1))
    return path


def append(folder: RunFolder, i: int, ids: range, *, judged: bool = False) -> None:
    """One more record: the score of task n is n / 10, its parent is task n // 2."""
    rows = [TaskRow(n, n // 2 if n else -1, 10 * (i + 1), f"{n:016x}", {"number": n}, n / 10) for n in ids]
    rates = {"a": min(1.0, i / 2), NASTY: 1.0}
    turn = 10 * (i + 1)
    found = [EvaluationRow(turn, "easy", name, 20, rate, rate / 2, 12.0) for name, rate in rates.items()]
    metrics = {"play/return": 0.1 * i, "loss": float("nan") if i == 0 else 1.0 / i}
    record = Record(turn, 100 * (i + 1), 4 * (i + 1), 0, 5 * (i + 1), 60.0 * (i + 1), 300.0, metrics)
    folder.database.append(record, tasks=rows, evaluations=found if judged else [])


def offer(path: Path, count: int, **how: int) -> None:
    """Puts questions into a queue."""
    Slots(path).offer([(f"item-{n}", {"text": f"text {n}"}) for n in range(count)], **how)


class Clock:
    """The time, some way ahead."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Browser:
    """Somebody who is signed in.

    **Arguments:**

    - `app`: the server.
    - `token`: of the link.
    """

    def __init__(self, app: Any, token: str | None = None):
        self.client = TestClient(app, base_url=ADDRESS, headers={"X-Explora": "1"})
        self.who = {} if token is None else self.ok("POST", "/api/session", {"token": token})

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer to a request."""
        return (
            self.client.request(method, path, json=body, headers=headers)
            if body is not None
            else self.client.request(method, path, headers=headers)
        )

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """What a request that must go well brings."""
        answer = self.ask(method, path, body)
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.content else None

    def act(self, path: str, **said: Any) -> Any:
        """An act with a name of its own."""
        return self.ok("POST", path, {"uuid": uuid(), **said})


class Server:
    """A run with people around it, as the tests see it.

    **Arguments:**

    - `people`: the run.
    - `rules`: what the guard lets through.
    """

    def __init__(self, people: People, rules: Rules):
        self.people, self.app, self.clock = people, application(people, rules), people.desk._clock
        people.follower.look()
        self.owner = Browser(self.app, people.access.owner_link())

    def invite(self, name: str, role: str = "annotator") -> Browser:
        """Somebody new."""
        return Browser(self.app, self.owner.act("/api/people", name=name, role=role)["token"])


@contextmanager
def served(path: Path, rules: Rules | None = None, queue: Path | None = None) -> Iterator[Server]:
    """A server around a run."""
    with RunFolder.open(path) as folder:
        people = People.around(folder, queue=queue)
        people.desk._clock = Clock()
        try:
            yield Server(people, rules or Rules(rate=0.0))
        finally:
            people.scene.wait(30.0)
            people.close()
