"""What a result depends on besides configuration and seed."""

import datetime
import importlib.metadata
import os
import platform
import socket
import sys
from pathlib import Path
from typing import Any

import jax

_PACKAGES = ("explora", "jax", "jaxlib", "equinox", "optax", "numpy")


def environment() -> dict[str, Any]:
    """The versions and the machine of this process: results are exact to the last bit only where these are the same.

    **Returns:** `versions`, `machine`, `command` and `created` (the time, ISO 8601), as JSON.
    """
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed as a package"
    machine = {
        "host": socket.gethostname(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "devices": [device.device_kind for device in jax.devices()],
        "flags": os.environ.get("XLA_FLAGS", ""),
    }
    created = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    return {"versions": versions, "machine": machine, "command": sys.argv, "created": created}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
