"""What nobody may do in a round, and the sentence that says why."""

from explora.core import ArgumentError, UnknownName

from ._book import Book, Example
from ._sparring import Sparring


def example_of(book: Book, id: str) -> Example:
    """An example that was not withdrawn.

    **Raises:** `UnknownName` if there is none.
    """
    found = book.examples.get(id)
    if found is None or not found.claims:
        raise UnknownName("example", id, [])
    return found


def still_open(book: Book, example: Example) -> None:
    """Complains if the round of an example has ended."""
    if book.rounds[example.round - 1].state != "open":
        raise ArgumentError(f"round {example.round} has ended; what was said in it stays")


def may_write(book: Book, model: Sparring, who: str, address: str) -> None:
    """Complains about an example that must not be written."""
    form = model.versions.form
    if book.now.state != "open":
        raise ArgumentError("the round has ended, and the next version is being trained; send it again in a moment")
    if form.held_out(address):
        raise ArgumentError("this is one of the items by which models are judged; change something")
    place = form.place(address)
    if place is not None and place in model.labelled:
        raise ArgumentError("this is an item of the pool whose label the run knows; change something")
    known = book.examples.get(book.addresses.get(address, ""))
    if known is None:
        return
    if known.outcome.kind != "open":
        raise ArgumentError(f"this example was judged in round {known.round}: it counts once; change something")
    if known.round != book.now.number:
        return
    if who in known.claims:
        said = known.claims[who][1]
        raise ArgumentError(f"you have written this already, and said {said!r}; withdraw it to say something else")
    if who in known.votes:
        raise ArgumentError("you have judged this example, which somebody else wrote; change something")


def may_withdraw(book: Book, who: str, example: Example) -> None:
    """Complains about an example that its author cannot take back."""
    if who not in example.claims:
        raise ArgumentError("this example is not yours (any more)")
    still_open(book, example)
    if example.outcome.kind != "open":
        raise ArgumentError("this example is settled: others have looked at it, and it stays")


def may_judge(book: Book, who: str, example: Example, now: float) -> None:
    """Complains about somebody who must not say what is right."""
    still_open(book, example)
    if who in example.claims:
        raise ArgumentError("this example is yours: others say whether you are right")
    if who in example.votes:
        raise ArgumentError("you have judged this example already; take that back first")
    if example.outcome.kind != "open":
        raise ArgumentError("others have settled this example meanwhile")
    if who not in example.leases:
        raise ArgumentError(f"you were not asked about {example.id!r:.80}: ask for the next examples first")
    if example.leases[who] <= now and example.free(now) <= 0:
        raise ArgumentError("your time for this example was over, and others look at it now")
