"""Simulated annotators: one process, one connection each, as little work as possible beside that of the server.

The standard library's HTTP client costs more processor time for a request than the server does, and they share the
machine. So requests are bytes that are put together by hand, and of the replies only what is needed is looked at.
"""

import asyncio
import json
import resource
import time
import uuid
from typing import Any

_AGAIN = 0.02  # how long to wait before a new connection is tried [s]


class Annotator(asyncio.Protocol):
    """Answers as long as it lasts: the next question as soon as the last answer is acknowledged.

    Whatever breaks, the same bytes are sent again over a new connection until a reply comes: they count once.

    **Arguments:**

    - `port`: of the server.
    - `cookie`: of a session.
    - `until`: when to stop, by `time.monotonic` [s].
    - `ahead`: how many questions are fetched at a time.
    """

    def __init__(self, port: int, cookie: str, until: float, ahead: int):
        self.port, self.until, self.ahead = port, until, ahead
        self.head = f"host: 127.0.0.1:{port}\r\nx-explora: 1\r\ncontent-type: application/json\r\ncookie: {cookie}"
        self.latencies: list[float] = []
        self.acknowledged: list[tuple[str, bool]] = []
        self.items: list[str] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: Any = None
        self.sending, self.got = b"", b""
        self.name, self.since, self.resent = "", 0.0, 0
        self.next()

    async def connect(self) -> None:
        """A connection, as soon as there is a server."""
        while not self.done.done():
            try:
                await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self.port)
                return
            except OSError:
                await asyncio.sleep(_AGAIN)

    def connection_made(self, transport: Any) -> None:
        """Sends what has not been answered."""
        self.transport, self.got = transport, b""
        transport.write(self.sending)

    def connection_lost(self, error: Exception | None) -> None:
        """Tries again."""
        if not self.done.done():
            self.resent += 1
            self.trying = asyncio.get_running_loop().create_task(self.connect())

    def data_received(self, data: bytes) -> None:
        """A reply, or a part of one."""
        self.got += data
        head, found, body = self.got.partition(b"\r\n\r\n")
        if not found:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) < int(length):
            return
        self.got = b""
        status = int(head[9:12])
        if status >= 500:  # the queue is not to be written just now: send it again
            asyncio.get_running_loop().call_later(_AGAIN, self.transport.write, self.sending)
        elif status != 200:
            self.end(RuntimeError(f"{status} {body!r}"))
        else:
            self.reply(json.loads(body))

    def reply(self, said: dict[str, Any]) -> None:
        """Notes what the server said, and goes on."""
        if self.name:
            self.latencies.append(time.perf_counter() - self.since)
            self.acknowledged.append((self.name, said["settled"]))
        self.items += [each["item"] for each in said["items"]]
        if time.monotonic() > self.until:
            self.end()
        else:
            self.next()
            self.transport.write(self.sending)

    def next(self) -> None:
        """What is to be sent next."""
        if not self.items:
            self.name = ""
            path, body = "next", {"count": self.ahead}
        else:
            self.name, item = uuid.uuid4().hex, self.items.pop(0)
            body = {"uuid": self.name, "item": item, "value": "yes", "seconds": 1.0}
            path, body = "answer", body | ({} if self.items else {"more": self.ahead})
        text = json.dumps(body)
        self.sending = (
            f"POST /api/label/{path} HTTP/1.1\r\n{self.head}\r\ncontent-length: {len(text)}\r\n\r\n{text}".encode()
        )
        self.since = time.perf_counter()

    def end(self, error: Exception | None = None) -> None:
        """Goes home."""
        if not self.done.done():
            self.done.set_exception(error) if error is not None else self.done.set_result(None)
        self.transport.close()


async def _work(port: int, cookies: list[str], seconds: float, ahead: int) -> dict[str, Any]:
    until = time.monotonic() + seconds
    everybody = [Annotator(port, cookie, until, ahead) for cookie in cookies]
    await asyncio.gather(*(each.connect() for each in everybody))
    await asyncio.wait_for(asyncio.gather(*(each.done for each in everybody)), seconds + 90)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "latencies": [latency for each in everybody for latency in each.latencies],
        "acknowledged": [each for one in everybody for each in one.acknowledged],
        "resent": sum(each.resent for each in everybody),
        "cpu": used.ru_utime + used.ru_stime,
    }


def work(port: int, cookies: list[str], seconds: float, ahead: int, ready: Any, out: Any) -> None:
    """All annotators, in one process.

    **Arguments:**

    - `port`: of the server.
    - `cookies`: of the sessions, one for each.
    - `seconds`: how long they work.
    - `ahead`: how many questions each fetches at a time.
    - `ready`: is set as soon as they begin.
    - `out`: gets what came of it.
    """
    ready.set()
    try:
        out.put(asyncio.run(_work(port, cookies, seconds, ahead)))
    except Exception as error:  # the other process waits for something
        out.put({"error": repr(error)})
