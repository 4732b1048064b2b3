"""Many simulated annotators against `explora people`, and a server that is killed while they work.

    python benchmarks/people_load.py --seconds 120 --people 50
    python benchmarks/people_load.py --seconds 120 --people 50 --store postgresql
    python benchmarks/people_load.py --seconds 120 --people 50 --kills 20

One HTTP request an answer, ten new questions with every tenth reply, no pause between answers; the annotators are a
process of their own. What is checked afterwards is read from the database of the queue and not from the server: every
answer that was acknowledged is there once, and no item is settled by more people than it was offered to.

`--store` is `sqlite`, `postgresql` (a server is started for the time of the measurement) or the URL of a server, in
which schemas are made that are taken away afterwards. Durability: SQLite with a write-ahead log and `synchronous=FULL`;
PostgreSQL with `fsync=on` and `synchronous_commit=on`, its defaults: an acknowledged answer has been flushed to the
disk and survives a power cut, not only the death of the server.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import signal
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import _annotators
import sqlalchemy as sa
from _machine import load, machine
from _postgresql import postgresql

from explora.people import People, Person, Rules, serve
from explora.store import RunFolder, Slots, connect

CONTEXT = multiprocessing.get_context("forkserver")  # a process is there at once, everything imported already
CONTEXT.set_forkserver_preload(["explora.people", "_annotators"])
OWNER = Person("owner", "owner", "owner")
DURABLE = {"sqlite": "journal_mode=WAL, synchronous=FULL", "postgresql": "fsync=on, synchronous_commit=on"}


def run_server(run: Path, port: int, store: str | None, said: Any) -> None:
    """A server in a process of its own."""
    with contextlib.suppress(KeyboardInterrupt):
        serve(run, port=port, rules=Rules(rate=0.0), store=store, said=said.put)


def start(run: Path, port: int, store: str | None) -> tuple[Any, int]:
    """A server on that port, or on any if it is 0."""
    said = CONTEXT.Queue()
    server = CONTEXT.Process(target=run_server, args=(run, port, store, said))
    server.start()
    link = said.get(timeout=120)
    return server, int(link.rpartition("/#")[0].rpartition(":")[2])


def cpu(process: int) -> float:
    """How long a process has computed [s]; Linux only."""
    ticks = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def cpu_of_store(url: str | None) -> float:
    """How long the processes of a server that listens in a folder of this machine have computed [s]; 0 of others."""
    socket = Path(str((sa.make_url(url).query.get("host") if url else None) or "/"))
    known = socket / "data" / "postmaster.pid"
    if not known.is_file():
        return 0.0
    mother = int(known.read_text().split()[0])
    children = Path(f"/proc/{mother}/task/{mother}/children").read_text().split()
    return cpu(mother) + sum(map(cpu, map(int, children)))


def prepare(place: Path, url: str | None, schema: str, options: argparse.Namespace) -> list[str]:
    """A run that asks, a queue, and a session for everybody."""
    where = str(place / "queue.db") if url is None else url
    oracle = {"type": "explora.adapters.Queue", "path": where, "schema": schema}
    config = {"recipe": "load", "parts": {"domain": {"oracle": oracle}}, "plan": {}}
    with RunFolder.create(place / "run", config=config, facts={"state": "finished"}):
        pass
    slots = Slots(where if url else Path(where), schema=schema)
    slots.offer([(f"item-{n}", {"text": f"text {n}"}) for n in range(options.items)], overlap=options.overlap)
    slots.close()
    with RunFolder.open(place / "run") as folder:
        people = People.around(folder, store=url)
        cookies = []
        for number in range(options.people):
            _, link = people.access.invite(OWNER, f"person {number}", "annotator", f"invite-{number:04d}")
            found = people.access.sign_in(link)
            assert found is not None
            cookies.append(f"explora-{people.access.realm}={found[1]}")
        people.scene.wait(60)
        people.close()
    return cookies


def check(where: Path | str, schema: str, acknowledged: list[tuple[str, bool]], overlap: int) -> dict[str, int]:
    """What the database says."""
    prefix = "" if isinstance(where, Path) else f'"{schema}".'
    engine, _ = connect(where, "write")
    with engine.connect() as connection:
        ask = lambda query, **values: connection.execute(sa.text(query.replace("{}", prefix)), values)
        said = dict(map(tuple, ask("SELECT uuid, count(*) FROM {}log WHERE uuid IS NOT NULL GROUP BY uuid")))
        query = "SELECT count(*) FROM (SELECT item FROM {}%s GROUP BY item HAVING count(*) > :most) AS beyond"
        beyond = ask(query % "slot WHERE state = 'answered'", most=overlap).scalar_one()
        beyond += ask(query % "word WHERE kind = 'answered'", most=overlap).scalar_one()
        surplus = ask("SELECT count(*) FROM {}word WHERE kind = 'surplus'").scalar_one()
        settled = ask("SELECT count(*) FROM {}slot WHERE state = 'answered'").scalar_one()
        words = ask("SELECT count(*) FROM {}word WHERE kind = 'answered'").scalar_one()
        if prefix:  # nobody needs it any more
            connection.execute(sa.text(f'DROP SCHEMA "{schema}" CASCADE'))
            connection.commit()
    engine.dispose()
    return {
        "answers in the log": len(said),
        "lost": sum(name not in said for name, _ in acknowledged),
        "doubled": sum(count > 1 for count in said.values()) + abs(settled - words),
        "beyond overlap": beyond,
        "surplus": surplus,
    }


def measure(place: Path, url: str | None, options: argparse.Namespace) -> dict[str, Any]:
    """One measurement."""
    schema = f"explora_load_{uuid.uuid4().hex[:12]}"
    cookies = prepare(place, url, schema, options)
    server, port = start(place / "run", 0, url)
    time.sleep(options.pause)
    before, stored = cpu(server.pid), cpu_of_store(url)
    out, ready = CONTEXT.Queue(), CONTEXT.Event()
    words = (port, cookies, options.seconds, options.ahead, ready, out)
    clients = CONTEXT.Process(target=_annotators.work, args=words)
    clients.start()
    ready.wait()
    began = time.monotonic()
    for number in range(options.kills):
        time.sleep(max(0.0, began + (number + 1) * options.seconds / (options.kills + 1) - time.monotonic()))
        server.kill()
        server.join()
        server, _ = start(place / "run", port, url)
    came = out.get(timeout=options.seconds + 240)
    spent, stored = cpu(server.pid) - before, cpu_of_store(url) - stored
    clients.join()
    os.kill(server.pid, signal.SIGINT)
    server.join(20)
    if "error" in came:
        raise SystemExit(came["error"])
    ranked, count = sorted(came["latencies"]), len(came["latencies"])
    return {
        "store": "sqlite" if url is None else "postgresql",
        "durability": DURABLE["sqlite" if url is None else "postgresql"],
        "people": options.people,
        "seconds": options.seconds,
        "kills": options.kills,
        "answers a second": round(count / options.seconds, 1),
        "median ms": round(1000 * statistics.median(ranked), 1),
        "p99 ms": round(1000 * ranked[int(0.99 * count)], 1),
        "longest ms": round(1000 * ranked[-1], 1),
        # of the last server only, so it means something only if none was killed
        "server CPU ms an answer": None if options.kills else round(1000 * spent / count, 2),
        "database server CPU ms an answer": None if options.kills or not stored else round(1000 * stored / count, 2),
        "clients CPU ms an answer": round(1000 * came["cpu"] / count, 2),
        "sent again": came["resent"],
        "acknowledged": len(came["acknowledged"]),
        **check(place / "queue.db" if url is None else url, schema, came["acknowledged"], options.overlap),
        "load": round(load(), 1),
    }


@contextlib.contextmanager
def the_store(name: str) -> Iterator[str | None]:
    """The URL of the server; None for files."""
    if name == "postgresql":
        with postgresql() as url:
            yield url
    else:
        yield None if name == "sqlite" else name


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--items", type=int, default=40_000)
    parser.add_argument("--overlap", type=int, default=2)
    parser.add_argument("--ahead", type=int, default=10, help="how many questions everybody fetches at a time")
    parser.add_argument("--kills", type=int, default=0, help="how often the server is killed meanwhile")
    parser.add_argument("--store", default="sqlite", help="sqlite, postgresql, or the URL of a server")
    parser.add_argument("--pause", type=float, default=3.0, help="between the start of the server and the first answer")
    parser.add_argument("--out", type=Path, help="a file for the result, with what it was measured on")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, the_store(options.store) as url:
        found = measure(Path(folder), url, options)
    sys.stdout.write(json.dumps(found) + "\n")
    if options.out is not None:
        options.out.write_text(json.dumps({"machine": machine(), **found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
