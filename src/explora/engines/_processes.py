"""Workers that are processes of this machine."""

import os
import subprocess
import sys
from typing import IO

from ._messages import receive, send
from ._shared import Shared
from ._team import Lost

_PROGRAM = "from explora.engines._work import main; main()"


class Processes(Shared):
    """Workers that are processes of this machine, a core each.

    **Arguments:**

    - `workers`: how many there are.
    """

    def __init__(self, workers: int = 2):
        super().__init__(_Process, workers, f"processes:{workers}")


class _Process:
    """A process that works."""

    def __init__(self):
        # In a group of its own: Ctrl-C at the terminal is not meant for it. When its input ends it ends itself.
        group = 0 if os.name == "posix" else None
        command, pipe = [sys.executable, "-c", _PROGRAM], subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, process_group=group)

    def ask(self, message: bytes) -> bytes:
        try:
            send(_open(self.process.stdin), message)
            return receive(_open(self.process.stdout))
        except (OSError, EOFError, ValueError) as error:  # ValueError: it was closed meanwhile
            self.close()
            raise Lost(f"process {self.process.pid} ended with {self.process.returncode}") from error

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                _open(pipe).close()
            except OSError:  # something was left to write
                continue


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # both were asked for
    return pipe
