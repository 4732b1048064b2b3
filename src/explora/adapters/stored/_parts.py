"""The parts of a run that learns from stored episodes."""

from typing import Literal, NamedTuple

from explora.core import CombinationError, Discrete, Environment, Parts, UnknownName
from explora.domains.views import Asking, Counted, Spoken
from explora.explorers import Uniform
from explora.learners.sequence import ForesightNet, Hindsight, Sequence, SequenceNet, Strategy
from explora.nets.sequence import Transformer

from ._source import open_source
from ._studied import Studied


class Subject(NamedTuple):
    """What a learner of stored episodes is told of them, and can be asked for afterwards.

    **Arguments:**

    - `name`: as one types it.
    - `told`: the conditions.
    - `goals`: how goals are chosen in hindsight; `"words"`: they are clauses that came true; None: there are none.
    - `summary`: one line about it.
    - `paper`: where it comes from.
    - `skill`: what `skill` is: the version of the learner that acted, or the return of the whole episode.
    """

    name: str
    told: tuple[str, ...]
    goals: Literal["words", "future"] | None
    summary: str
    paper: str
    skill: Literal["turn", "return"] = "turn"


_LYNCH = "arXiv:2005.07648"

SUBJECTS: dict[str, Subject] = {
    subject.name: subject
    for subject in (
        Subject("words", ("return", "horizon", "goal", "skill"), "words", "what came true, in words", _LYNCH),
        Subject("goals", ("horizon", "goal"), "future", "which cells were reached, and how soon", "arXiv:1912.06088"),
        Subject("udrl", ("return", "horizon"), None, "how much was earned in how many steps", "arXiv:1912.02877"),
        Subject("dt", ("return",), None, "how much was still earned from each step on", "arXiv:2106.01345"),
        Subject("rcp", ("skill",), None, "how much the whole episode earned", "arXiv:1912.13465", "return"),
        Subject("skill", ("skill",), None, "which version of the learner acted", "arXiv:1912.13465"),
        Subject("expected", ("return",), None, "what each action promised, luck left out", "arXiv:2205.15967"),
    )
}
"""What one can learn from stored episodes, by name. `words` is the usual one where a domain has a language."""

TOGETHER = (
    (),
    ("goal",),
    ("goal",),
    ("skill",),
    ("return",),
    ("return", "horizon"),
    ("goal", "skill"),
    ("goal", "return"),
)
"""What is told together where words are told: what one is going to ask for, and nothing, which is the control."""


def asking_parts(
    environment: Environment,
    source: str,
    subject: str | None = None,
    *,
    rows: int = 16,
    window: int = 24,
    apart: tuple[tuple[str, ...], ...] = (),
) -> Parts:
    """The parts of a run that learns from stored episodes to be asked for something.

    **Arguments:**

    - `environment`: in which they were played, with the same settings.
    - `source`: the store, file or run, as for `open_source`.
    - `subject`: one of `SUBJECTS`; None: `words` where there is a language, else `udrl`.
    - `rows`: how many tasks are played each turn, to see how far it has come.
    - `window`: how many steps the learner looks back.
    - `apart`: clauses that are never told together, see `Studied`.

    **Raises:** `UnknownName` for a subject that there is not; `CombinationError` for one that does not suit.
    """
    name = subject or ("udrl" if environment.language is None else "words")
    if name not in SUBJECTS:
        raise UnknownName("recipe of `learn`", name, SUBJECTS)
    found = SUBJECTS[name]
    # where goals are not told it does not matter which they are, but there must be some
    strategies: dict[str | None, Strategy] = {"words": "none", "future": "future", None: "final"}
    foretold = found.goals == "words" and isinstance(environment.action, Discrete)
    if found.goals == "words":
        environment = Spoken(Counted(environment) if foretold and environment.tally is not None else environment)
    elif found.goals is not None and environment.goal is None:
        raise CombinationError(f"{type(environment).__name__} sets no goals: take one of `udrl`, `dt`, `rcp`, `skill`")
    net = (ForesightNet if foretold else SequenceNet)(Transformer(64, 2, 4, window=window), bins=48)
    learner = Sequence(
        net,
        Hindsight(strategies[found.goals]),
        told=found.told,
        drop=0.3 if len(found.told) > 1 else 0.1,
        together=TOGETHER if found.goals == "words" else (),
        returns="expected" if name == "expected" else "got",
        # long wandering is most of what happens, and says least about what it was good for
        balance=0.5 if found.goals == "words" else 0.0,
        rate=2e-3,
        fade=2000.0,
        room=0.0,  # what is learned from is stored already
        norm=1.0,
    )
    best = "optimal_returns" in environment.provides
    told = tuple(each for each in found.told if each != "skill" and (each != "return" or best))
    if found.goals == "words":
        told = ("goal",)  # what the task itself wants is said in words; a return with it may contradict them
    domain = Asking(environment, conditions=told)
    learning = Studied(learner, source, len(open_source(source)), skill=found.skill, apart=apart)
    return Parts(domain, learning, Uniform(rows=rows))
