"""Many simulated annotators against `explora people`, and a server that is killed while they work.

    python benchmarks/people_load.py --seconds 120 --people 50 --kills 0

One HTTP request an answer, items fetched ten at a time, no pause between answers; the clients are a process of their
own. What is checked afterwards is read from the queue's file and not from the server: every answer that was
acknowledged is there once, and no item is settled by more people than it was offered to. Durability: SQLite,
write-ahead log, `synchronous=FULL`: an acknowledged answer has been flushed to the disk.
"""

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import signal
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from explora.people import Access, Base, EventLog, Person, Rules, serve
from explora.store import RunFolder, Slots

CONTEXT = multiprocessing.get_context("forkserver")  # a process is there at once, everything imported already
CONTEXT.set_forkserver_preload(["explora.people"])
OWNER = Person("owner", "owner", "owner")


class Client:
    """One annotator: a connection that is made anew whenever it breaks."""

    def __init__(self, port: int, cookie: str):
        self.port, self.cookie = port, cookie
        self.connection: http.client.HTTPConnection | None = None

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Sends until an answer comes; the same body each time, so that it counts once."""
        headers = {"X-Explora": "1", "Content-Type": "application/json", "Cookie": self.cookie}
        while True:
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                self.connection.request("POST", path, json.dumps(body), headers)
                answer = self.connection.getresponse()
                said = json.loads(answer.read())
            except (OSError, http.client.HTTPException, ValueError):
                self.connection = None
                time.sleep(0.02)
                continue
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status} {said}")
            return said


def work(port: int, cookies: list[str], seconds: float, ready: Any, out: Any) -> None:
    """All annotators, in one process: a thread each."""
    ready.set()
    latencies: list[float] = []
    acknowledged: list[tuple[str, bool]] = []
    until = time.monotonic() + seconds

    def annotate(cookie: str) -> None:
        client = Client(port, cookie)
        while time.monotonic() < until:
            items = client.post("/api/label/next", {"count": 10})["items"]
            for each in items:
                if time.monotonic() > until:
                    return
                name, started = uuid.uuid4().hex, time.perf_counter()
                body = {"uuid": name, "item": each["item"], "value": "yes", "seconds": 1.0}
                settled = client.post("/api/label/answer", body)["settled"]
                latencies.append(time.perf_counter() - started)
                acknowledged.append((name, settled))

    threads = [threading.Thread(target=annotate, args=(cookie,)) for cookie in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out.put((latencies, acknowledged))


def run_server(run: Path, port: int, said: Any) -> None:
    """A server in a process of its own."""
    with contextlib.suppress(KeyboardInterrupt):
        serve(run, port=port, rules=Rules(rate=0.0), said=said.put)


def start(run: Path, port: int) -> tuple[Any, int]:
    """A server on that port, or on any if it is 0."""
    said = CONTEXT.Queue()
    server = CONTEXT.Process(target=run_server, args=(run, port, said))
    server.start()
    link = said.get(timeout=120)
    return server, int(link.rpartition("/#")[0].rpartition(":")[2])


def cpu(process: int) -> float:
    """How long a process has computed [s]; Linux only."""
    ticks = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def prepare(place: Path, people: int, items: int, overlap: int) -> list[str]:
    """A run that asks, a queue, and a session for everybody."""
    oracle = {"type": "explora.adapters.Queue", "path": str(place / "queue.db")}
    config = {"recipe": "load", "parts": {"domain": {"oracle": oracle}}, "plan": {}}
    with RunFolder.create(place / "run", config=config, facts={"state": "finished"}):
        pass
    slots = Slots(place / "queue.db")
    slots.offer([(f"item-{n}", {"text": f"text {n}"}) for n in range(items)], overlap=overlap)
    slots.close()
    base = Base(place / "run" / "people.db")
    access = Access(base, EventLog(base))
    cookies = []
    for number in range(people):
        _, link = access.invite(OWNER, f"person {number}", "annotator", f"invite-{number:04d}")
        found = access.sign_in(link)
        assert found is not None
        cookies.append(f"explora-{access.realm}={found[1]}")
    base.close()
    return cookies


def check(place: Path, acknowledged: list[tuple[str, bool]], overlap: int) -> dict[str, int]:
    """What the database says."""
    with sqlite3.connect(place / "queue.db") as connection:
        said = dict(
            connection.execute("SELECT uuid, count(*) FROM log WHERE uuid IS NOT NULL GROUP BY uuid").fetchall()
        )
        query = "SELECT count(*) FROM (SELECT item FROM {} GROUP BY item HAVING count(*) > ?)"
        beyond = connection.execute(query.format("slot WHERE state = 'answered'"), (overlap,)).fetchone()[0]
        beyond += connection.execute(query.format("word WHERE kind = 'answered'"), (overlap,)).fetchone()[0]
        surplus = connection.execute("SELECT count(*) FROM word WHERE kind = 'surplus'").fetchone()[0]
    lost = sum(name not in said for name, _ in acknowledged)
    doubled = sum(count > 1 for count in said.values())
    return {
        "answers in the log": len(said),
        "lost": lost,
        "doubled": doubled,
        "beyond overlap": beyond,
        "surplus": surplus,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--items", type=int, default=40_000)
    parser.add_argument("--overlap", type=int, default=2)
    parser.add_argument("--kills", type=int, default=0, help="how often the server is killed meanwhile")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        cookies = prepare(place, options.people, options.items, options.overlap)
        server, port = start(place / "run", 0)
        out, ready = CONTEXT.Queue(), CONTEXT.Event()
        clients = CONTEXT.Process(target=work, args=(port, cookies, options.seconds, ready, out))
        clients.start()
        ready.wait()
        began = time.monotonic()
        for number in range(options.kills):
            time.sleep(max(0.0, began + (number + 1) * options.seconds / (options.kills + 1) - time.monotonic()))
            server.kill()
            server.join()
            server, _ = start(place / "run", port)
        latencies, acknowledged = out.get(timeout=options.seconds + 120)
        clients.join()
        spent = cpu(server.pid)
        os.kill(server.pid, signal.SIGINT)
        server.join(20)
        ranked = sorted(latencies)
        found = {
            "answers a second": round(len(ranked) / options.seconds, 1),
            "median ms": round(1000 * statistics.median(ranked), 1),
            "p99 ms": round(1000 * ranked[int(0.99 * len(ranked))], 1),
            # of the last server, so it means something only if none was killed
            "server CPU ms an answer": None if options.kills else round(1000 * spent / len(ranked), 2),
            "acknowledged": len(acknowledged),
            **check(place, acknowledged, options.overlap),
        }
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
