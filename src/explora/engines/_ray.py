"""Workers that live on a Ray cluster, on this machine or on many."""

import os
import warnings
from typing import Any

from explora.core import MissingExtra, RunError

from ._shared import Shared
from ._team import Lost
from ._work import Work

_MEMORY = 256 << 20
"""What a cluster that is started here sets aside for messages on their way [bytes]."""


class Ray(Shared):
    """Workers that live on a Ray cluster, a core each.

    explora must be installed wherever they live, in the same version. The result is the same to the last bit as with
    `Processes` as long as all processors are of one kind.

    **Arguments:**

    - `workers`: how many there are.
    - `address`: of the cluster, as `ray.init` takes it (`"auto"`, `"10.0.0.5:6379"`, `"ray://head:10001"`); None: one
      is started on this machine for as long as the engine is open.

    **Raises:** `MissingExtra` if Ray is not installed, `RunError` if the cluster cannot be reached.
    """

    def __init__(self, workers: int = 2, address: str | None = None):
        self._ray = _cluster(workers, address)
        self._ours = address is None
        name = f"ray:{workers}" if address is None else f"ray:{workers}@{address}"
        super().__init__(lambda: _Actor(self._ray), workers, name)

    def close(self) -> None:
        """Sends the workers home, and ends the cluster if it was started for them."""
        super().close()
        if self._ours and self._ray.is_initialized():
            self._ray.shutdown()


class _Actor:
    """A worker on a cluster."""

    def __init__(self, ray: Any):
        self._ray = ray
        self.handle = ray.remote(num_cpus=1)(Work).remote()

    def ask(self, message: bytes) -> bytes:
        gone = self._ray.exceptions
        try:
            return self._ray.get(self.handle.answer.remote(message))
        except (gone.RayActorError, gone.WorkerCrashedError, gone.ObjectLostError) as error:
            raise Lost(str(error).strip().splitlines()[0]) from error

    def close(self) -> None:
        self._ray.kill(self.handle)


def _cluster(workers: int, address: str | None) -> Any:
    """The package `ray`, connected."""
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("ray", "ray") from error
    if ray.is_initialized():
        raise RunError("this process is connected to a Ray cluster already: call `ray.shutdown()` before")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report home
    options = {"address": address or "local", "log_to_driver": False, "logging_level": "error"}
    if address is None:
        options |= {"num_cpus": workers, "object_store_memory": _MEMORY, "include_dashboard": False}
    try:
        with warnings.catch_warnings():
            # JAX fears for whoever forks; what Ray starts here becomes another program at once.
            warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
            ray.init(**options)
    except Exception as error:  # whatever Ray has to say: connections, versions, addresses
        raise RunError(f"the Ray cluster at {address or 'this machine'} cannot be used: {error}") from error
    return ray
