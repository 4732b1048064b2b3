"""Explorers decide what to learn from next."""

from typing import Any, ClassVar, Generic, TypeVar

import equinox as eqx
from jaxtyping import Bool, Float, Int32, PRNGKeyArray

from ._lesson import Lesson, Outcome, Rowwise, Task
from ._part import Part
from ._space import Space

State = TypeVar("State")


class Archive(eqx.Module):
    """What an explorer has kept, for people to look at and for the store to remember.

    **Arguments:**

    - `tasks`: a pytree of arrays with leading axis `slots`.
    - `filled`: which slots hold a task.
    - `id`, `parent`: the numbers of each task and of the one it was made from (-1: none).
    - `score`: the learning potential of each, as last measured.
    """

    tasks: Any
    filled: Bool[Rowwise, " slots"]
    id: Int32[Rowwise, " slots"]
    parent: Int32[Rowwise, " slots"]
    score: Float[Rowwise, " slots"]


class Story(eqx.Module):
    """Who lives where, for people to read later: the places in which an explorer keeps a task and its agent together.

    **Arguments:**

    - `task`: the number of the task in each place; `NEW` (-1): none.
    - `source`: the number of the task whose agent came to the place in this round, as a copy; `NEW`: nobody came.
    - `score`: the latest return of each place's agent in its own task; not finite: unknown.
    - `solved`: whether the task was ever solved there.
    - `scores`: the return of the agent of each place (first axis) in the task of each, as last measured; not finite:
      unknown. None: nobody measures it.
    """

    task: Int32[Rowwise, "*turns places"]
    source: Int32[Rowwise, "*turns places"]
    score: Float[Rowwise, "*turns places"]
    solved: Bool[Rowwise, "*turns places"]
    scores: Float[Rowwise, "places places"] | None = None


class Prospects(eqx.Module):
    """What an explorer is going to ask for and why, as its state has it: the shares of the rows of its next lesson.

    The shares of all slots and of new tasks sum to 1, but for edits of tasks that are no longer in the archive.

    **Arguments:**

    - `share`: for each slot of the archive, the expected share of the rows that hold that task or an edit of it.
    - `reasons`: what it consists of, by name, `"edited"` for the edits; of each slot they sum to its `share`.
    - `new`: the share of tasks that come from no other one.
    - `edited`: the share of edits.
    """

    share: Float[Rowwise, " slots"]
    reasons: dict[str, Float[Rowwise, " slots"]]
    new: Float[Rowwise, ""]
    edited: Float[Rowwise, ""]


class Explorer(Part, Generic[State, Task]):
    """Searches a space of tasks by `ask` and `tell`; knows neither the domain nor the learner.

    `tell` accepts lessons that the explorer did not ask for (their `memo` is None). Rows that are WAITING change
    nothing; each row is told at most once; rows that are VOID never enter an archive.
    """

    partial: ClassVar[bool] = False
    """True if the explorer can ask again while rows of earlier lessons are still WAITING."""

    @property
    def rhythm(self) -> tuple[tuple[str, int], ...]:
        """The kinds of round and how many of each, in order, for ever: `(("search", 1), ("train", 50))`."""
        return (("round", 1),)

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> State:
        """The state of an explorer that has seen nothing yet."""
        raise NotImplementedError

    def ask(self, state: State, space: Space[Task], phase: str, *, key: PRNGKeyArray) -> tuple[State, Lesson[Task]]:
        """The next lesson.

        **Arguments:**

        - `state`: this explorer's state.
        - `space`: where it searches.
        - `phase`: which kind of round this is, a name of `rhythm`.
        - `key`: the only source of chance.
        """
        raise NotImplementedError

    def tell(
        self, state: State, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> State:
        """Takes in what became of a lesson."""
        raise NotImplementedError

    def finished(self, state: State) -> str | None:
        """Why there is nothing more to ask: a sentence, or None as long as there is. Only hosted explorers end."""
        return None

    def open(self, state: State) -> Lesson[Task] | None:
        """The rows whose answers would be news: asked for and not told, and those that may have come unasked.

        Only explorers that can go on while rows wait (`partial`) say something else than None.
        """
        return None

    def waiting(self, state: State) -> bool:
        """Whether there is nothing to do but to wait for answers to what was asked."""
        return False

    def done(self, state: State) -> float | None:
        """How much of what it set out to do is done, in [0, 1]; None: it goes on for ever."""
        return None

    def archive(self, state: State) -> Archive | None:
        """What the explorer has kept so far, or None if it keeps nothing."""
        return None

    def story(self, state: State) -> Story | None:
        """Who lives where after a round, or None if agents have no places of their own.

        It is written down turn by turn (all but `scores`), so that nothing is missed between two records of a run.
        """
        return None

    def prospects(self, state: State) -> Prospects | None:
        """What it is going to ask for next and why, for people to look at; None if it cannot tell.

        Slots are those of `archive`. Nothing is drawn: what comes is chance, these are its probabilities.
        """
        return None
