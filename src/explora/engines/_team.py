"""Several workers, and what happens when one of them is lost."""

import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import LifoQueue
from typing import Protocol, runtime_checkable

import numpy as np

from explora.core import RunError

from ._messages import understood

_PATIENCE = 3
"""After how many workers lost over one message there is no further attempt."""


class Lost(Exception):
    """A worker is gone, and with it what it was doing."""


@runtime_checkable
class Worker(Protocol):
    """Somebody who answers messages."""

    def ask(self, message: bytes) -> bytes:
        """The answer to a message.

        **Raises:** `Lost`.
        """
        ...

    def close(self) -> None:
        """Sends the worker home; work in hand is lost."""
        ...


class _Seat:
    """A place for a worker.

    **Arguments:**

    - `worker`: who sits there; None: nobody yet.
    - `told`: what it knows.
    """

    def __init__(self):
        self.worker: Worker | None = None
        self.told: tuple[bytes, ...] = ()


class Team:
    """Workers who are hired when there is work, and replaced when they are lost.

    Which worker answers which message does not matter: all know the same.

    **Arguments:**

    - `hire`: finds a worker.
    - `size`: how many there are at a time.
    """

    def __init__(self, hire: Callable[[], Worker], size: int):
        self.noted: Callable[[str], None] = warnings.warn
        """Is told when a worker was lost, from any thread."""
        self.hire = hire
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="team")
        self._seats = [_Seat() for _ in range(size)]
        self._free: LifoQueue[_Seat] = LifoQueue()
        for seat in self._seats:
            self._free.put(seat)
        self._closed = threading.Event()

    def all(self, common: tuple[bytes, ...], messages: Sequence[bytes]) -> list[list[np.ndarray]]:
        """The arrays that answer all messages, in their order; what a lost worker was doing is done again by a new one.

        **Arguments:**

        - `common`: messages that every worker must have heard before; who has heard one is spared it.
        - `messages`: each is answered once.

        **Raises:** `RunError` if one message costs too many workers, or if the work cannot be done.
        """
        return list(self._threads.map(lambda message: self._one(common, message), messages))

    @property
    def crew(self) -> list[Worker]:
        """Who works at present."""
        return [seat.worker for seat in self._seats if seat.worker is not None]

    def close(self) -> None:
        """Sends everybody home; a second time does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        for worker in self.crew:
            worker.close()
        self._threads.shutdown(cancel_futures=True)

    def _one(self, common: tuple[bytes, ...], message: bytes) -> list[np.ndarray]:
        seat = self._free.get()
        try:
            for _ in range(_PATIENCE):
                try:
                    return self._answer(seat, common, message)
                except Lost as lost:
                    seat.worker, seat.told = None, ()
                    if self._closed.is_set():
                        raise RunError("the workers have been sent home") from lost
                    self.noted(f"a worker was lost ({lost}); another one does its work again")
            raise RunError(
                f"{_PATIENCE} workers in a row were lost over the same piece of work; does the machine have enough "
                "memory? What they said is above, if anything; `explora resume` goes on from the last checkpoint"
            )
        finally:
            self._free.put(seat)

    def _answer(self, seat: _Seat, common: tuple[bytes, ...], message: bytes) -> list[np.ndarray]:
        if seat.worker is None:
            seat.worker = self.hire()
            if self._closed.is_set():  # meanwhile
                seat.worker.close()
                raise Lost("it was sent home")
        for place, each in enumerate(common):
            if seat.told[place : place + 1] != (each,):
                understood(seat.worker.ask(each))
                seat.told = (*seat.told[:place], each)
        return understood(seat.worker.ask(message))
