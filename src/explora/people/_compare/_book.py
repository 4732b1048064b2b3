"""What was asked and what was said, as the event log has it."""

from typing import Any, NamedTuple

import sqlalchemy as sa

from explora.core import ArgumentError

from .._base import EVENT
from .._log import Act, EventLog

PAIR, JUDGEMENT = "pair", "judgement"
SAID = ("left", "right", "tie", "unsure")
TASKS, PLAYS = "tasks", "plays"
_BLOCK = 1000


class Play(NamedTuple):
    """Who plays an episode and with what chance: with the task, that is all that there is to an episode.

    **Arguments:**

    - `turn`: of the version of the learner.
    - `seed`: of all chance.
    - `greedy`: whether it takes its likeliest actions.
    """

    turn: int
    seed: int
    greedy: bool


class Pair(NamedTuple):
    """Two tasks, or two episodes of one task, that somebody is asked about.

    **Arguments:**

    - `uuid`: its name.
    - `person`: who is asked.
    - `left`, `right`: the numbers of the tasks, on the sides on which they are shown.
    - `gain`: what the answer was expected to tell [nats].
    - `plays`: the episodes on either side; None if the tasks themselves are compared.
    - `spec`: the task of the episodes, as its space encodes it.
    """

    uuid: str
    person: str
    left: int
    right: int
    gain: float
    plays: tuple[Play, Play] | None = None
    spec: Any = None

    @property
    def what(self) -> str:
        """What is compared: `TASKS` or `PLAYS`."""
        return TASKS if self.plays is None else PLAYS

    def data(self) -> dict[str, Any]:
        """As it is written down."""
        if self.plays is None:
            return {"left": self.left, "right": self.right, "gain": self.gain}
        left, right = (play._asdict() for play in self.plays)
        return {"task": self.left, "spec": self.spec, "left": left, "right": right, "gain": self.gain}

    @staticmethod
    def read(act: Act) -> "Pair | None":
        """What was written down; None for what lacks its details, because somebody's data were deleted."""
        data = act.data
        if not {"left", "right", "gain"} <= data.keys():
            return None
        left, right, gain = data["left"], data["right"], data["gain"]
        if "task" not in data:
            return Pair(act.uuid, act.person, left, right, gain)
        plays = (Play(**left), Play(**right))
        return Pair(act.uuid, act.person, data["task"], data["task"], gain, plays, data["spec"])


class Said(NamedTuple):
    """What somebody said of a pair.

    **Arguments:**

    - `act`: its number in the log.
    - `uuid`: of the message.
    - `person`: who.
    - `pair`: the name of the pair.
    - `said`: one of `SAID`.
    - `time`: when [s since 1970].
    - `seconds`: how long it took; None: nobody measured it.
    """

    act: int
    uuid: str
    person: str
    pair: str
    said: str
    time: float
    seconds: float | None


class Book:
    """The comparisons in an event log, kept up to date without reading anything twice.

    **Arguments:**

    - `log`: where they are written down.
    """

    def __init__(self, log: EventLog):
        self._log, self._last = log, 0
        self.pairs: dict[str, Pair] = {}
        self.said: dict[int, Said] = {}
        """What stands, by number, oldest first."""
        self.undone: dict[str, Said] = {}
        """What was taken back, by the name of the message that did it."""
        self._answered: dict[str, int] = {}

    def look(self) -> None:
        """Reads what is new."""
        while acts := self._log.acts(after=self._last, kinds=(PAIR, JUDGEMENT), most=_BLOCK):
            for act in acts:
                self._note(act)

    def open(self, who: str, what: str) -> list[Pair]:
        """What somebody was asked and has not answered, oldest first."""
        mine = [pair for pair in self.pairs.values() if pair.person == who and pair.what == what]
        return [pair for pair in mine if pair.uuid not in self._answered]

    def stands(self, what: str) -> list[Said]:
        """What was said of tasks, or of episodes, and stands, oldest first."""
        return [said for said in self.said.values() if self.pairs[said.pair].what == what]

    def answered(self, pair: str) -> Said | None:
        """What was said of a pair, if that stands."""
        number = self._answered.get(pair)
        return None if number is None else self.said[number]

    def ask(self, pairs: list[Pair]) -> None:
        """Writes down what somebody is asked."""
        with self._log.base.writing("write an event to") as connection:
            for pair in pairs:
                self._log.note(connection, pair.person, PAIR, pair.data(), pair.uuid)
        self.look()

    def say(self, who: str, pair: Pair, said: str, uuid: str, seconds: float | None) -> None:
        """Writes down what somebody said; sent again with the same `uuid` it changes nothing.

        **Raises:** `ArgumentError` if they have said something else of it already.
        """
        before = self.answered(pair.uuid)
        if before is not None and before.uuid != uuid:
            raise ArgumentError("you have compared these two already: take that back first")
        with self._log.base.writing("write an event to") as connection:
            data = {"pair": pair.uuid, "said": said, "seconds": seconds}
            self._log.note(connection, who, JUDGEMENT, data, uuid)
        self.look()

    def undo(self, who: str, uuid: str, what: str | None = None) -> Said | None:
        """Takes back what somebody said last, and before that, and so on; None for `what`: of whatever it was.

        **Returns:** what no longer stands; None if nothing is left.
        """
        if uuid not in self.undone:
            mine = (said for said in reversed(self.said.values()) if said.person == who)
            last = next((said for said in mine if what in (None, self.pairs[said.pair].what)), None)
            if last is None:
                return None
            with self._log.base.writing("write an event to") as connection:
                taken = sa.select(EVENT.c.id).where(EVENT.c.undoes == last.act)
                if connection.execute(taken).first() is None:
                    self._log.note(connection, who, JUDGEMENT, {"undo": last.uuid}, uuid, undoes=last.act)
            self.look()
        found = self.undone.get(uuid)
        if found is not None and found.person != who:
            raise ArgumentError(f"`uuid` {uuid!r} was used for another act; make a new one for each")
        return found

    def _note(self, act: Act) -> None:
        """What lacks its details, because somebody's data were deleted, does not count."""
        self._last, data = act.id, act.data
        if act.kind == PAIR:
            if (pair := Pair.read(act)) is not None:
                self.pairs[act.uuid] = pair
        elif act.undoes is not None:
            taken = self.said.pop(act.undoes, None)
            if taken is not None:
                self._answered.pop(taken.pair, None)
                self.undone[act.uuid] = taken
        elif data.get("pair") in self.pairs:
            said = Said(act.id, act.uuid, act.person, data["pair"], data["said"], act.time, data.get("seconds"))
            self.said[act.id] = said
            self._answered[said.pair] = act.id
