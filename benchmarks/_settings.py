"""What the command line asked for."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How the benchmark is run.

    **Arguments:**

    - `quick`: a few seconds a row: shows that everything works, and nothing else.
    - `repeats`: how many samples each contestant gives.
    - `jaxued`: the folder of a JaxUED checkout, or None.
    - `jaxued_python`: the interpreter in which its scripts run.
    - `minimax`: an interpreter that can import minimax-lib, or None.
    """

    quick: bool = False
    repeats: int = 5
    jaxued: str | None = None
    jaxued_python: str = sys.executable
    minimax: str | None = None
