"""The list of domains, readable without importing JAX."""

import importlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from explora.core import Domain


class Entry(NamedTuple):
    """A domain that the command line knows.

    **Arguments:**

    - `name`: what it is called there.
    - `summary`: one line about it.
    - `place`: the module and the class.
    - `plays`: whether playing a task is acting in an environment, `"environments"`, or asking, `"questions"`.
    - `recipe`: the recipe that a run takes if none is named; None: the library's.
    - `options`: short names of command-line options, and what they stand for.
    - `examples`: what one may type after its name.
    """

    name: str
    summary: str
    place: str
    plays: str = "environments"
    recipe: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()

    def build(self) -> "Domain":
        """The domain with its defaults."""
        module, name = self.place.split(":")
        return getattr(importlib.import_module(module), name)()


DOMAINS: tuple[Entry, ...] = (
    Entry(
        "maze",
        "find the goal of a maze while seeing only the cells ahead",
        "explora.domains.maze:Maze",
        examples=(
            "--minutes 4",
            "--recipe accel --steps 4000000 --seed 1 --out runs/accel-1",
            "--recipe sfl --minutes 10 --seeds 5",
            "--recipe accel --explorer.score learnability --learner.net.core lstm",
            "--domain.space.height 9 --domain.space.width 9 --explorer.rows 64",
        ),
    ),
    Entry(
        "walker",
        "walk on two legs over rough ground, pits, stumps and stairs",
        "explora.domains.walker:Walker",
        recipe="poet",
        examples=(
            "--minutes 30",
            "--recipe enhanced-poet --minutes 60 --domain.space cppn-space",
            "--recipe dr --minutes 10 --domain.space.rules paper --domain.space.start random",
        ),
    ),
    Entry(
        "bits",
        "flip bits until they are as they are wanted: 2^n states, reward in one of them",
        "explora.domains.yardsticks:BitFlipping",
        recipe="asking",
        examples=(
            "--minutes 2",
            "--minutes 2 --domain.environment.space.bits 20",
            "--minutes 2 --explorer.again 0",
        ),
    ),
    Entry(
        "pool",
        "which items of a table, a folder of images or a file of texts to label next",
        "explora.domains.pool:Pool",
        "questions",
        recipe="uncertainty-herding",
        options=(
            ("--data", "--domain.source.path"),
            ("--target", "--domain.source.target"),
            ("--budget", "--explorer.budget"),
            ("--batch", "--explorer.batch"),
            ("--heed", "--explorer.heed"),
            ("--pair", "--domain.source.pair"),
            ("--held-out", "--domain.held-out"),
        ),
        examples=(
            "--data sklearn:digits --budget 200 --batch 10",
            "--data mails.csv --target topic --budget 300 --recipe badge",
            "--data comparisons.jsonl --target preferred --pair left right --budget 100",
            "--data photos --target folder --budget 100 --held-out 0.4",
            "--data sklearn:wine --recipe margin --explorer.select power --learner.model.kind mlp",
        ),
    ),
)
"""Every domain that can be named."""
