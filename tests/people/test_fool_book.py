"""Rounds by hand: what the log says, how examples stand, what they amount to."""

from typing import Any

import pytest

from explora.maths import wilson
from explora.people import Act, Book, Example, Outcome, Terms, Vote
from explora.people._fool import _book as kinds
from explora.people._fool._counts import counted


class Story:
    """Acts one after the other, as a log has them."""

    def __init__(self) -> None:
        self.acts: list[Act] = []

    def act(self, person: str, kind: str, data: Any, undoes: int | None = None) -> Act:
        number = len(self.acts) + 1
        self.acts.append(Act(number, float(number), person, kind, data, f"u-{number}", undoes))
        return self.acts[-1]

    def wrote(self, who: str, content: str, label: str, said: str = "no", round: int = 1) -> str:
        data = {"round": round, "address": content, "values": {"text": content}, "origin": None}
        known = self.book.addresses.get(content)
        self.act(who, kinds.WROTE, data | {"label": label, "version": round - 1, "said": said, "chance": 0.9})
        return known or f"e{len(self.acts)}"

    def said(self, who: str, example: str, label: str | None = None, kind: str = "label") -> Act:
        return self.act(who, kinds.SAID, {"example": example, "kind": kind, "label": label})

    @property
    def book(self) -> Book:
        book = Book()
        book.apply(self.acts)
        return book


def example(terms: Terms, said: str, claims: list[str], votes: list[str]) -> Example:
    """An example of which the model says `said`; votes are labels, `!` means senseless, `-` is a skip."""
    found = Example("e1", 1, "a", {}, None, 0, said, 0.9, terms)
    found.claims = {f"author-{i}": (i, label) for i, label in enumerate(claims)}
    kind = {"!": "invalid", "-": "skipped"}
    found.votes = {f"v-{i}": Vote(i, kind.get(vote, "label"), vote) for i, vote in enumerate(votes)}
    return found


ALL, MOST = Terms(2, True), Terms(3, False)


@pytest.mark.parametrize(
    ("terms", "votes", "outcome"),
    [
        (ALL, "", "open"),
        (ALL, "Y", "open"),
        (ALL, "YY", "agreed"),
        (ALL, "N", "refuted"),  # one who says otherwise settles it: nobody else need look
        (ALL, "YN", "refuted"),
        (ALL, "!", "invalid"),
        (ALL, "-", "open"),
        (ALL, "--Y", "open"),
        (ALL, "-YY", "agreed"),
        (MOST, "Y", "open"),
        (MOST, "YN", "open"),
        (MOST, "YY", "agreed"),  # the third is not needed
        (MOST, "YNY", "agreed"),
        (MOST, "NN", "refuted"),
        (MOST, "Y!!", "invalid"),
        (MOST, "YN!", "refuted"),
        (Terms(2, False), "Y", "open"),  # more than half of two are two
        (Terms(1, True), "Y", "agreed"),
    ],
)
def test_an_example_is_settled_as_soon_as_nothing_can_change_it(terms: Terms, votes: str, outcome: str):
    found = example(terms, "N", ["Y"], list(votes))
    assert found.outcome.kind == outcome
    assert found.fooled == (outcome == "agreed")


def test_two_claims_about_the_same_content_are_settled_by_the_validators():
    assert example(ALL, "N", ["Y", "N"], ["Y", "Y"]).outcome == Outcome("agreed", "Y")
    right = example(ALL, "N", ["Y", "N"], ["N", "N"])
    assert right.outcome == Outcome("agreed", "N")
    assert not right.fooled, "the model was right"
    assert right.claimed
    assert example(ALL, "N", ["Y", "N"], ["Y"]).outcome.kind == "open"
    assert example(ALL, "N", ["Y", "N"], ["Y", "N"]).outcome.kind == "refuted"


def test_the_validated_fooling_rate_counts_every_example_once():
    """Ten examples: seven claimed to fool, of which three are confirmed, one refuted, one senseless, two waiting."""
    story = Story()
    ids = [story.wrote("ann", f"text {n}", "yes") for n in range(7)] + [
        story.wrote("ann", f"text {n}", "no") for n in range(7, 10)
    ]
    for id in (*ids[:3], ids[7]):
        story.said("bob", id, "no" if id == ids[7] else "yes")
        story.said("cid", id, "no" if id == ids[7] else "yes")
    story.said("bob", ids[3], "no")
    story.said("bob", ids[4], kind="invalid")
    story.said("bob", ids[5], "yes")
    found = counted(story.book.now)
    assert (found.collected, found.claimed, found.fooled, found.agreed) == (10, 7, 3, 4)
    assert (found.refuted, found.invalid, found.waiting, found.withdrawn) == (1, 1, 2, 0)
    assert found.rate == 0.3
    # (3/10 + 1.96²/20 ± 1.96 √(0.3·0.7/10 + 1.96²/400)) / (1 + 1.96²/10), by hand
    assert (found.low, found.high) == (pytest.approx(0.10779, abs=1e-5), pytest.approx(0.60323, abs=1e-5))
    assert (found.low, found.high) == wilson(3.0, 10)


def test_the_same_content_written_twice_is_one_example():
    story = Story()
    first = story.wrote("ann", "same", "yes")
    assert story.wrote("bob", "same", "yes") == first
    assert story.wrote("cid", "same", "no") == first
    found = counted(story.book.now)
    assert (found.collected, found.claimed) == (1, 1)
    assert set(story.book.examples[first].claims) == {"ann", "bob", "cid"}


def test_withdrawing_and_taking_back_leave_what_was_before():
    story = Story()
    first, second = story.wrote("ann", "one", "yes"), story.wrote("ann", "two", "yes")
    story.wrote("bob", "two", "no")
    before = counted(story.book.now)
    vote = story.said("cid", first, "yes")
    story.act("cid", kinds.RETRACTED, {"example": first}, undoes=vote.id)
    assert counted(story.book.now) == before
    assert story.book.examples[first].open_to("cid")
    story.act("ann", kinds.WITHDREW, {"example": first}, undoes=1)
    story.act("ann", kinds.WITHDREW, {"example": second}, undoes=2)
    found = counted(story.book.now)
    assert (found.collected, found.withdrawn, found.claimed) == (1, 1, 0), "what bob wrote stays"
    assert story.book.examples[second].claims == {"bob": (3, "no")}
    again = story.wrote("ann", "one", "yes")
    assert again != first
    assert counted(story.book.now).collected == 2


def test_who_wrote_or_judged_is_not_asked_and_no_more_are_asked_than_needed():
    story = Story()
    id = story.wrote("ann", "one", "yes")
    assert [story.book.examples[id].open_to(who) for who in ("ann", "bob")] == [False, True]
    assert story.book.examples[id].free(now=0.0) == 2
    story.act("bob", kinds.TOOK, {"example": id, "until": 50.0})
    assert [story.book.examples[id].free(now) for now in (0.0, 49.0, 50.0)] == [1, 1, 2]
    story.said("bob", id, "yes")
    assert story.book.examples[id].free(now=0.0) == 1, "a lease that was used is none"
    assert not story.book.examples[id].open_to("bob")
    story.said("cid", id, kind="skipped")
    assert story.book.examples[id].free(now=0.0) == 1, "a skip is no verdict"
    assert not story.book.examples[id].open_to("cid")


def test_a_round_ends_and_the_next_one_has_the_next_version_and_the_new_terms():
    story = Story()
    story.wrote("ann", "one", "yes")
    story.act("owner", kinds.TERMS, Terms(3, False, 0.5)._asdict())
    assert story.book.now.terms == Terms(), "what holds in a round that people play in stays"
    story.act("owner", kinds.CLOSED, {"round": 1})
    assert story.book.now.state == "training"
    matrix = {"versions": [0, 1], "suites": ["round-001"], "sizes": [1], "right": [[0], [1]]}
    story.act("explora", kinds.TRAINED, {"round": 1, "version": 1, "train": 2, "suite": 1, "matrix": matrix})
    first, second = story.book.rounds
    assert (first.state, first.sizes) == ("closed", (2, 1))
    assert (second.number, second.version, second.state, second.terms) == (2, 1, "open", Terms(3, False, 0.5))
    story.act("owner", kinds.CLOSED, {"round": 2})
    story.act("explora", kinds.FAILED, {"round": 2, "why": "no"})
    third = story.book.now
    assert (third.number, third.version, story.book.rounds[1].problem) == (3, 1, "no")
    assert story.book.matrix == matrix


def test_telling_an_act_twice_changes_nothing():
    story = Story()
    id = story.wrote("ann", "one", "yes")
    story.said("bob", id, "yes")
    book = story.book
    before = counted(book.now)
    book.apply(story.acts)
    assert counted(book.now) == before
