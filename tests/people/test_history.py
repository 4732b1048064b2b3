"""Two logs, one history."""

from pathlib import Path
from typing import Any

from explora.people import Base, EventLog, HistoryPlace, history
from explora.store import Slots

from ._around import Server


class Times:
    """A clock that shows one given time after the other."""

    def __init__(self, *times: float):
        self.times = list(times)

    def __call__(self) -> float:
        return self.times.pop(0)


def logs(place: Path, acts: list[float], asked: list[float]) -> tuple[EventLog, Slots]:
    """Acts a0, a1, … and claims at those times, by turns of Ann and Bob."""
    log = EventLog(Base(place / "people.db"), clock=Times(*acts))
    for number in range(len(acts)):
        log.append(("ann", "bob")[number % 2], f"a{number}", None, f"uuid-{number}")
    slots = Slots(place / "queue.db", clock=Times(*asked))
    slots.offer([(f"q{number}", {}) for number in range(len(asked))])
    for number in range(len(asked)):
        slots.claim(("ann", "bob")[number % 2])
    return log, slots


def pages(log: EventLog, slots: Slots | None, most: int, **how: Any) -> list[list[str]]:
    """All pages, each as what its entries are about."""
    found, text = [], None
    while True:
        at = HistoryPlace.read(text, newest=how.get("newest", False))
        entries, after = history(log, slots, at=at, most=most, **how)
        found.append([entry.item or entry.kind for entry in entries])
        if after is None:
            return found
        text = after.write()


def test_both_logs_are_read_by_time_in_pages_without_gap_or_double(tmp_path: Path):
    log, slots = logs(tmp_path, [1.0, 4.0, 5.0], [2.0, 3.0, 6.0])
    assert pages(log, slots, 2) == [["a0", "q0"], ["q1", "a1"], ["a2", "q2"]]
    assert pages(log, slots, 4) == [["a0", "q0", "q1", "a1"], ["a2", "q2"]]
    assert pages(log, slots, 4, newest=True) == [["q2", "a2", "a1", "q1"], ["q0", "a0"]]
    assert pages(log, slots, 9, person="bob") == [["q1", "a1"]]
    assert pages(log, None, 2) == [["a0", "a1"], ["a2"]]


def test_a_clock_that_was_set_back_hides_nothing(tmp_path: Path):
    log, slots = logs(tmp_path, [5.0, 1.0, 2.0], [4.0, 9.0, 3.0])
    asked = [event["item"] for event in slots.events()]
    for newest in (False, True):
        for most in (1, 2, 3, 7):
            found = [name for page in pages(log, slots, most, newest=newest) for name in page]
            assert sorted(found) == sorted(["a0", "a1", "a2", *asked])
            assert [name for name in found if name in asked] == (asked[::-1] if newest else asked)


def test_the_owner_reads_all_and_others_their_own(server: Server):
    ann, bob = server.invite("Ann"), server.invite("Bob")
    for who, value in ((ann, "cat"), (bob, "dog")):
        who.ok("POST", "/api/label/next", {"count": 1})
        who.act("/api/label/answer", item="item-0", value=value)
    read = lambda who: [(e["log"], e["kind"]) for e in who.ok("GET", "/api/history")["entries"]]
    assert read(ann) == [("people", "signed in"), ("queue", "claimed"), ("queue", "answered")]
    assert len(read(server.owner)) == 9
    values = [e["data"]["value"] for e in server.owner.ok("GET", "/api/history?newest=true&most=3")["entries"]]
    assert values == ["dog", None, "cat"]
    for wrong in ("x", "1-", "-1-2", "1-2-3", "%F0%9F%91%8D", "1%00-2"):
        assert server.owner.ask("GET", f"/api/history?from={wrong}").status_code in (409, 422)
