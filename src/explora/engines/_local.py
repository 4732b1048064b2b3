"""The engine that runs in this process: compiled where the parts allow it, plain Python where they do not."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import jax
from jaxtyping import PRNGKeyArray

from explora.core import Parts, sharing
from explora.loop import Event, Log, State, chunk, host_chunk


@runtime_checkable
class Engine(Protocol):
    """Where a run is executed."""

    @property
    def name(self) -> str:
        """What `engine` calls it."""
        ...

    @property
    def workers(self) -> int:
        """How many processes play."""
        ...

    def check(self, parts: Parts) -> None:
        """Complains about parts that cannot be executed here.

        **Raises:** `CombinationError`.
        """
        ...

    def close(self) -> None:
        """Gives back what it holds; it may not be used afterwards."""
        ...

    def advance(
        self, parts: Parts, state: State, *, root: PRNGKeyArray, turns: int, capacity: int
    ) -> tuple[State, Log]:
        """Runs `turns` (at most `capacity`) turns and says what happened. `state` may not be used afterwards."""
        ...


class Local:
    """Runs in this process, on whatever devices JAX finds; lanes are spread over all of them.

    **Arguments:**

    - `keep`: called with every `Event`, for whoever wants to keep the experience; the run is then hosted.
    - `devices`: how many devices to use; None: all. The result is the same up to floating-point rounding.
    """

    name, workers = "local", 1

    def __init__(self, keep: Callable[[Event], Any] | None = None, devices: int | None = None):
        self.keep = keep
        self.devices = jax.device_count() if devices is None else devices

    def check(self, parts: Parts) -> None:
        """Does nothing: all parts can be executed here."""

    def close(self) -> None:
        """Does nothing."""

    def advance(
        self, parts: Parts, state: State, *, root: PRNGKeyArray, turns: int, capacity: int
    ) -> tuple[State, Log]:
        """Runs `turns` (at most `capacity`) turns and says what happened. `state` may not be used afterwards."""
        if parts.hosted or self.keep is not None:
            return host_chunk(parts, state, root=root, turns=turns, keep=self.keep)
        with sharing(self.devices) as everywhere:
            return chunk(parts, everywhere(state), root=root, turns=turns, capacity=capacity)
