"""The rounds as the event log tells them: the same acts in the same order are the same rounds."""

import dataclasses
from collections.abc import Iterable
from typing import Any, NamedTuple

from .._log import Act

WROTE, WITHDREW, TOOK = "fool.wrote", "fool.withdrew", "fool.took"
SAID, RETRACTED = "fool.said", "fool.retracted"
TERMS, CLOSED, TRAINED, FAILED = "fool.terms", "fool.closed", "fool.trained", "fool.failed"
KINDS = (WROTE, WITHDREW, TOOK, SAID, RETRACTED, TERMS, CLOSED, TRAINED, FAILED)
"""The acts of rounds."""


class Terms(NamedTuple):
    """What holds in a round.

    **Arguments:**

    - `validators`: how many people are asked about an example.
    - `unanimous`: whether all of them must name the label that its author named; else more than half must.
    - `share`: of the confirmed examples that is set aside as the suite of the round.
    """

    validators: int = 2
    unanimous: bool = True
    share: float = 0.3

    @property
    def needed(self) -> int:
        """How many must name the same label."""
        return self.validators if self.unanimous else self.validators // 2 + 1


class Vote(NamedTuple):
    """What a validator said.

    **Arguments:**

    - `act`: the number of the act.
    - `kind`: `label`, `invalid` (the example makes no sense), `skipped` (not for me).
    - `label`: what is right, to them: they are not told what the author said.
    """

    act: int
    kind: str
    label: Any


class Outcome(NamedTuple):
    """How an example stands.

    **Arguments:**

    - `kind`: `open`, `agreed`, `refuted`, `invalid`.
    - `label`: what was agreed on.
    """

    kind: str
    label: Any = None


@dataclasses.dataclass
class Example:
    """An example that somebody wrote; the same content in the same round is one example, whoever writes it.

    **Arguments:**

    - `id`: its name.
    - `round`: the number of its round.
    - `address`: of its content.
    - `values`, `origin`: what stands in it, and the item of the pool of which it was made.
    - `version`, `said`, `chance`: what the version in the loop said of it, and how sure it was.
    - `terms`: of its round.
    - `claims`: what each of its authors says is right, with the number of the act.
    - `votes`: what validators said that stands.
    - `leases`: until when somebody has it to look at [s since 1970].
    """

    id: str
    round: int
    address: str
    values: dict[str, Any]
    origin: str | None
    version: int
    said: Any
    chance: float
    terms: Terms
    claims: dict[str, tuple[int, Any]] = dataclasses.field(default_factory=dict)
    votes: dict[str, Vote] = dataclasses.field(default_factory=dict)
    leases: dict[str, float] = dataclasses.field(default_factory=dict)

    @property
    def counted(self) -> list[Vote]:
        """The verdicts; a skip is none."""
        return [vote for vote in self.votes.values() if vote.kind != "skipped"]

    @property
    def claimed(self) -> bool:
        """Whether an author says that the model is wrong."""
        return any(label != self.said for _, label in self.claims.values())

    @property
    def outcome(self) -> Outcome:
        """How it stands: settled as soon as more verdicts could change nothing."""
        votes, needed = self.counted, self.terms.needed
        labels = {label for _, label in self.claims.values()}
        best, most = None, 0
        for label in labels:
            count = sum(vote.kind == "label" and vote.label == label for vote in votes)
            best, most = (label, count) if count > most else (best, most)
        if most >= needed:
            return Outcome("agreed", best)
        if most + self.terms.validators - len(votes) >= needed:
            return Outcome("open")
        senseless = sum(vote.kind == "invalid" for vote in votes)
        return Outcome("invalid" if 2 * senseless > len(votes) else "refuted")

    @property
    def fooled(self) -> bool:
        """Whether the model was wrong, by an author and the validators."""
        outcome = self.outcome
        return outcome.kind == "agreed" and outcome.label != self.said

    def acts_of(self, who: str) -> list[int]:
        """The numbers of the acts by which somebody wrote it or judged it."""
        wrote = [self.claims[who][0]] if who in self.claims else []
        return wrote + ([self.votes[who].act] if who in self.votes else [])

    def free(self, now: float) -> int:
        """How many more people may look at it now."""
        held = sum(until > now for who, until in self.leases.items() if who not in self.votes)
        return self.terms.validators - len(self.counted) - held

    def open_to(self, who: str) -> bool:
        """Whether somebody may say what is right: no author, and nobody twice."""
        return who not in self.claims and who not in self.votes and self.outcome.kind == "open"


@dataclasses.dataclass
class Round:
    """A round.

    **Arguments:**

    - `number`: from 1.
    - `version`: in the loop.
    - `terms`: what holds in it.
    - `state`: `open`, `training` (its owner has ended it and the next version is not there yet), `closed`.
    - `examples`: by id, in the order in which they came.
    - `withdrawn`: how many were.
    - `problem`: why no version came of it.
    - `sizes`: of the part that taught the next version, and of the suite.
    """

    number: int
    version: int
    terms: Terms
    state: str = "open"
    examples: dict[str, Example] = dataclasses.field(default_factory=dict)
    withdrawn: int = 0
    problem: str | None = None
    sizes: tuple[int, int] | None = None


class Book:
    """All rounds; it changes by `apply` only, which is told acts that were found legal before they were written."""

    def __init__(self) -> None:
        self.rounds: list[Round] = [Round(1, 0, Terms())]
        self.examples: dict[str, Example] = {}
        self.acts: dict[str, Act] = {}
        """All acts of rounds by `uuid`."""
        self.addresses: dict[str, str] = {}
        """The newest example of each content that was not withdrawn."""
        self.matrix: Any = None
        """Versions × suites, of the newest version."""
        self.last = 0
        self._votes: dict[int, tuple[str, str]] = {}
        self._claims: dict[int, str] = {}
        self._numbered: dict[int, Act] = {}
        self._terms = Terms()

    @property
    def now(self) -> Round:
        """The newest round."""
        return self.rounds[-1]

    def apply(self, acts: Iterable[Act]) -> None:
        """What happened next."""
        for act in acts:
            if act.id > self.last:
                self.last = act.id
                self.acts[act.uuid] = self._numbered[act.id] = act
                _APPLY[act.kind](self, act)

    def act(self, number: int) -> Act:
        """An act of rounds by number."""
        return self._numbered[number]

    def example_of(self, act: Act) -> str:
        """The example that an act was about."""
        return self._claims[act.id] if act.kind == WROTE else act.data["example"]

    def _wrote(self, act: Act) -> None:
        data = act.data
        known = self.examples.get(self.addresses.get(data["address"], ""))
        if known is None or known.round != data["round"]:
            chosen = {
                name: data[name] for name in ("round", "address", "values", "origin", "version", "said", "chance")
            }
            known = Example(id=f"e{act.id}", terms=self.rounds[data["round"] - 1].terms, **chosen)
            self.examples[known.id] = self.rounds[data["round"] - 1].examples[known.id] = known
            self.addresses[known.address] = known.id
        known.claims[act.person] = (act.id, data["label"])
        known.leases.pop(act.person, None)
        self._claims[act.id] = known.id

    def _withdrew(self, act: Act) -> None:
        example = self.examples[act.data["example"]]
        example.claims.pop(act.person, None)
        if not example.claims:
            own = self.rounds[example.round - 1]
            del own.examples[example.id], self.addresses[example.address]
            own.withdrawn += 1

    def _took(self, act: Act) -> None:
        self.examples[act.data["example"]].leases[act.person] = act.data["until"]

    def _said(self, act: Act) -> None:
        example = self.examples[act.data["example"]]
        example.votes[act.person] = Vote(act.id, act.data["kind"], act.data["label"])
        self._votes[act.id] = (example.id, act.person)

    def _retracted(self, act: Act) -> None:
        id, person = self._votes[act.undoes or 0]
        self.examples[id].votes.pop(person, None)

    def _agreed_on(self, act: Act) -> None:
        self._terms = Terms(**act.data)
        if not self.now.examples and self.now.state == "open":
            self.now.terms = self._terms

    def _closed(self, act: Act) -> None:
        self.rounds[act.data["round"] - 1].state = "training"

    def _trained(self, act: Act) -> None:
        own = self.rounds[act.data["round"] - 1]
        own.state, own.sizes, self.matrix = "closed", (act.data["train"], act.data["suite"]), act.data["matrix"]
        self.rounds.append(Round(own.number + 1, act.data["version"], self._terms))

    def _failed(self, act: Act) -> None:
        own = self.rounds[act.data["round"] - 1]
        own.state, own.problem = "closed", act.data["why"]
        self.rounds.append(Round(own.number + 1, own.version, self._terms))


_APPLY = {
    WROTE: Book._wrote,
    WITHDREW: Book._withdrew,
    TOOK: Book._took,
    SAID: Book._said,
    RETRACTED: Book._retracted,
    TERMS: Book._agreed_on,
    CLOSED: Book._closed,
    TRAINED: Book._trained,
    FAILED: Book._failed,
}
