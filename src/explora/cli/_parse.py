"""Reading a command line with tyro, in explora's manner: one line for a mistake, exit code 2."""

import warnings
from collections.abc import Callable
from typing import Annotated, Any

import tyro

from explora.core import ArgumentError


def parse(target: Callable[..., Any], words: list[str], program: str, description: str | None = None) -> Any:
    """What `target` returns, called with what was typed.

    **Arguments:**

    - `target`: a function or a dataclass.
    - `words`: what was typed.
    - `program`: the name in the help.
    - `description`: what the help says first; None: the docstring of `target`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tyro warns of types that it cannot narrow; they are not offered
        return tyro.cli(target, args=words, prog=program, description=description, config=_CONFIG)


def take(words: list[str], option: str, default: str, meaning: str) -> tuple[list[str], str]:
    """Takes one option out of what was typed: one on which the other options depend.

    **Arguments:**

    - `words`: what was typed.
    - `option`: its name, `--recipe`.
    - `default`: its value if it is not there.
    - `meaning`: what to say if its value is missing.

    **Returns:** the other words, and the value.
    """
    rest, value = [], default
    waiting = False
    for word in words:
        if waiting:
            value, waiting = word, False
        elif word == option:
            waiting = True
        elif word.startswith(f"{option}="):
            value = word.partition("=")[2]
        else:
            rest.append(word)
    if waiting:
        raise ArgumentError(f"`{option}` needs a value: {meaning}")
    return rest, value


RunPath = Annotated[
    tyro.conf.Positional[str], tyro.conf.arg(metavar="RUN", help="folder of the run, or its name under runs/")
]
"""The argument that names a run."""

_CONFIG = (tyro.conf.AvoidSubcommands, tyro.conf.HelptextFromCommentsOff)
