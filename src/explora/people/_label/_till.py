"""Where people queue: what has come by the time the desk is free is served together."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter, to_thread

from explora.core import ExploraError

from ._desk import Served, Turn

_MOST = 256  # that are served together: so many rows are written in a few milliseconds
_GATHER = 0.005  # where people come one upon the other, a pause that makes for fewer transactions [s]
_QUICK = 1.0  # a failure that came so soon may lie with one of those who were served together [s]

Waiting = tuple[Turn, asyncio.Future[Served]]


class Till:
    """Serves people together who come at the same time.

    Flushing a transaction to the disk takes as long for one answer as for many. So one thread serves whoever has come,
    and meanwhile the next ones queue; everybody has their answer after the transaction in which it was written, and
    not before. No request holds a thread while it waits.

    **Arguments:**

    - `serve`: as `Desk.serve`.
    """

    def __init__(self, serve: Callable[[Sequence[Turn]], list[Served | ExploraError]]):
        self._serve = serve
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, _Line] = WeakKeyDictionary()

    async def __call__(self, turn: Turn) -> Served:
        """What somebody gets.

        **Raises:** why they were refused, or that the queue cannot be written.
        """
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop)
        if line is None:
            line = self._lines[loop] = _Line(self._serve)
        future: asyncio.Future[Served] = loop.create_future()
        line.waiting.append((turn, future))
        if line.work is None or line.work.done():
            line.work = loop.create_task(line.on())
        return await future


class _Line:
    """Those who wait, in the order in which they came."""

    def __init__(self, serve: Callable[[Sequence[Turn]], list[Served | ExploraError]]):
        self._serve, self._one = serve, CapacityLimiter(1)  # a thread of its own: no slow picture holds it up
        self.waiting: list[Waiting] = []
        self.work: asyncio.Task[None] | None = None

    async def on(self) -> None:
        """Serves until nobody waits."""
        while self.waiting:
            now, self.waiting = self.waiting[:_MOST], self.waiting[_MOST:]
            await self._together(now)
            if len(now) > 1:
                await asyncio.sleep(_GATHER)

    async def _together(self, now: list[Waiting]) -> None:
        began = asyncio.get_running_loop().time()
        try:
            found = await to_thread.run_sync(self._serve, [turn for turn, _ in now], limiter=self._one)
        except Exception as error:  # whatever it is, whoever waits must hear of it
            if len(now) > 1 and asyncio.get_running_loop().time() - began < _QUICK:
                for one in now:  # so that nobody is refused for what another one brought
                    await self._together([one])
                return
            found = [error] * len(now)
        for (_, future), each in zip(now, found, strict=True):
            _tell(future, each)


def _tell(future: asyncio.Future[Served], found: Served | Exception) -> None:
    with suppress(asyncio.InvalidStateError):  # who hung up is told nothing; what they said is written all the same
        if isinstance(found, Exception):
            future.set_exception(found)
        else:
            future.set_result(found)
