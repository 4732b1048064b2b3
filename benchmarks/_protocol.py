"""How a benchmark talks with a peer in a process, and maybe an interpreter, of its own. Standard library only.

The peer is stopped between its pieces of work: it says how long the last one took and waits for the word to go on, so
that it never works while another contestant is being timed. What else it prints is passed over.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

MARK = "@@ "
GO, STOP = "go", "stop"
OURS = ("JAX_NUM_CPU_DEVICES",)  # variables that are set for explora's own process alone


class Worker:
    """The peer's side. It reads and writes the streams that the process was born with, whatever happens to `sys`."""

    def __init__(self) -> None:
        self._in: TextIO = os.fdopen(os.dup(0), "r")
        self._out: TextIO = os.fdopen(os.dup(1), "w")
        self._since, self._cpu = time.perf_counter(), time.process_time()

    def done(self, amount: float, **facts: Any) -> None:
        """Reports a piece of work that has just been finished, and waits until the next one is wanted."""
        seconds, cpu = time.perf_counter() - self._since, time.process_time() - self._cpu
        self._say({"amount": amount, "seconds": seconds, "cpu": cpu, "facts": facts})
        if self._in.readline().strip() != GO:
            sys.exit(0)
        self._since, self._cpu = time.perf_counter(), time.process_time()

    def refuse(self, reason: str) -> None:
        """Says why there will be no work, and ends the process."""
        self._say({"refused": reason})
        sys.exit(0)

    def _say(self, message: dict) -> None:
        self._out.write(MARK + json.dumps(message) + "\n")
        self._out.flush()


class Peer:
    """The benchmark's side of one such process.

    **Arguments:**

    - `command`: how to start it.
    - `environment`: variables to add to its environment.
    """

    def __init__(self, command: Sequence[str], environment: dict[str, str] | None = None):
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by `close`)
        self._folder = tempfile.TemporaryDirectory()
        script = Path(command[1]).resolve()
        self._process = subprocess.Popen(
            [command[0], str(script), *command[2:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._folder.name,
            env={name: text for name, text in os.environ.items() if name not in OURS} | (environment or {}),
            text=True,
        )
        self._waits = False

    def work(self) -> dict:
        """Lets it go on and returns what it says about its next piece of work.

        **Raises:** `RuntimeError` with the reason if it ends instead.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if self._waits:
            self._process.stdin.write(GO + "\n")
            self._process.stdin.flush()
        self._waits = False
        for line in self._process.stdout:
            if line.startswith(MARK):
                message = json.loads(line[len(MARK) :])
                if "refused" in message:
                    raise RuntimeError(message["refused"])
                self._waits = True
                return message
        raise RuntimeError(self._epitaph())

    def close(self) -> None:
        """Ends the process and waits for its end."""
        if self._process.poll() is None and not self._waits:
            self._process.terminate()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it may be gone already
                if self._waits:
                    self._process.stdin.write(STOP + "\n")
                self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()
        self._folder.cleanup()

    def _epitaph(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors.read().splitlines() if line.strip()]
        return f"its process ended with code {code}: {lines[-1] if lines else 'no message'}"
