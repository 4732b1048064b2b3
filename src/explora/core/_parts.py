"""The parts of a run, and whether they fit together."""

import equinox as eqx

from ._domain import Domain, Journal
from ._errors import CombinationError
from ._explorer import Explorer
from ._learner import Learner
from ._space import Space


class Parts(eqx.Module):
    """What a run is made of.

    **Arguments:**

    - `domain`: what is learned from and whose space is searched.
    - `learner`: what is trained.
    - `explorer`: what decides which task comes next.
    - `others`: further domains of the run, by name: a lesson says with `where` which one it is played in.

    **Raises:** `CombinationError` at `check` if the parts make no sense together.
    """

    domain: Domain
    learner: Learner
    explorer: Explorer
    others: dict[str, Domain] = eqx.field(default_factory=dict)

    @property
    def space(self) -> Space:
        """The space that the explorer searches."""
        return self.domain.space

    def played_in(self, where: str) -> Domain:
        """The domain in which a lesson of that `where` is played."""
        return self.domain if where == "main" else self.others[where]

    @property
    def hosted(self) -> bool:
        """Whether any part needs plain Python."""
        return any(part.hosted for part in self.all())

    def all(self) -> tuple:
        """Every part, the space included."""
        return (self.domain, self.space, self.learner, self.explorer, *self.others.values())

    def noting(self, journal: Journal) -> "Parts":
        """The parts with a journal for what comes from outside, see `Domain.noting`."""
        others = {name: domain.noting(journal) for name, domain in self.others.items()}
        return Parts(self.domain.noting(journal), self.learner, self.explorer, others)

    def check(self) -> "Parts":
        """Returns itself, or raises.

        **Raises:** `CombinationError` with a sentence that says which part lacks what, and what to use instead.
        """
        provided = frozenset().union(*(part.provides for part in self.all()))
        for part in self.all():
            missing = part.needs - provided
            if missing:
                raise CombinationError(
                    f"{type(part).__name__} needs {_names(missing)}, which neither "
                    f"{type(self.domain).__name__} nor {type(self.learner).__name__} provides "
                    f"(they provide {_names(provided) or 'nothing'})"
                )
            reason = part.refuses(self)
            if reason:
                raise CombinationError(reason)
        return self


def _names(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
