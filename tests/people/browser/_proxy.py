"""A reverse proxy as one puts in front of a server on a network: it ends TLS and says who asks."""

import asyncio
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ._stage import lacking

NAME = "labels.example.org"


def certificate(place: Path) -> tuple[Path, Path]:
    """A key and a certificate of our own for `NAME`."""
    if shutil.which("openssl") is None:
        lacking("no openssl is installed")
    key, made = place / "key.pem", place / "certificate.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split()
    words += ["-keyout", str(key), "-out", str(made), "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    subprocess.run(words, check=True, capture_output=True)
    return key, made


@contextmanager
def proxied(place: Path, upstream: int) -> Iterator[tuple[int, Path]]:
    """A proxy in front of a port of this machine.

    **Returns:** its own port, and the certificate that a client has to trust.
    """
    key, made = certificate(place)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    loop, ready, port = asyncio.new_event_loop(), threading.Event(), [0]

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):  # at once: a stream of events must not wait for more
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # the other side has gone
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n"))[:-2]
        except (asyncio.IncompleteReadError, OSError):
            writer.close()
            return
        head = re.sub(rb"(?im)^(connection|x-forwarded-[a-z]+):[^\r\n]*\r\n", b"", head)
        address = writer.get_extra_info("peername")[0].encode()
        head += b"Connection: close\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: " + address + b"\r\n\r\n"
        back, forth = await asyncio.open_connection("127.0.0.1", upstream)
        forth.write(head)
        await asyncio.gather(pass_on(reader, forth), pass_on(back, writer))

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port[0] = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()

    def thread() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(run())
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    stop = asyncio.Event()
    running = threading.Thread(target=thread)
    running.start()
    try:
        assert ready.wait(20.0)
        yield port[0], made
    finally:
        loop.call_soon_threadsafe(stop.set)
        running.join(20.0)
