"""What rounds amount to, in numbers."""

from typing import NamedTuple

from explora.maths import wilson

from ._book import Round


class RoundCount(NamedTuple):
    """What a round amounts to. Every example counts once, however many wrote it and looked at it.

    **Arguments:**

    - `number`, `version`, `state`, `problem`: of the round, as of `Round`.
    - `validators`, `unanimous`, `share`: what holds in it, as of `Terms`.
    - `collected`: examples that were not withdrawn.
    - `claimed`: of which an author says that the model is wrong.
    - `fooled`: of which validators say so too.
    - `agreed`: confirmed examples, also those that the model got right.
    - `refuted`, `invalid`: those of which validators say something else, or that they make no sense.
    - `waiting`: claimed ones that are not settled; after the end of the round they stay so.
    - `withdrawn`: examples that their authors took back.
    - `rate`: `fooled / collected`; None if there is none. While some are waiting it can still rise.
    - `low`, `high`: Wilson's 95 % interval of it.
    - `train`, `suite`: how many taught the next version, and how many were set aside; None before the end.

    **Reference:** Kiela et al. 2021, Dynabench (arXiv:2104.14337): the validated model error rate.
    """

    number: int
    version: int
    state: str
    problem: str | None
    validators: int
    unanimous: bool
    share: float
    collected: int
    claimed: int
    fooled: int
    agreed: int
    refuted: int
    invalid: int
    waiting: int
    withdrawn: int
    rate: float | None
    low: float
    high: float
    train: int | None
    suite: int | None


def counted(own: Round) -> RoundCount:
    """What a round amounts to."""
    examples = list(own.examples.values())
    outcomes = [example.outcome for example in examples]
    fooled = sum(example.fooled for example in examples)
    low, high = wilson(float(fooled), len(examples))
    of = lambda kind: sum(outcome.kind == kind for outcome in outcomes)
    return RoundCount(
        own.number,
        own.version,
        own.state,
        own.problem,
        *own.terms,
        collected=len(examples),
        claimed=sum(example.claimed for example in examples),
        fooled=fooled,
        agreed=of("agreed"),
        refuted=of("refuted"),
        invalid=of("invalid"),
        waiting=sum(e.claimed and outcome.kind == "open" for e, outcome in zip(examples, outcomes, strict=True)),
        withdrawn=own.withdrawn,
        rate=fooled / len(examples) if examples else None,
        low=low,
        high=high,
        train=None if own.sizes is None else own.sizes[0],
        suite=None if own.sizes is None else own.sizes[1],
    )
