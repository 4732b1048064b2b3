"""Learners: what is trained."""

from typing import Any, Generic, TypeVar

import equinox as eqx
import jax
from jaxtyping import Array, Int32, PRNGKeyArray

from ._domain import Domain, Environment
from ._errors import CombinationError
from ._lesson import Experience, Lesson, Outcome
from ._part import Part

State = TypeVar("State")


class Learner(Part, Generic[State]):
    """A network, an update rule, and the state they act on.

    Playing and learning are apart: a reward may arrive between the two, a person may answer tomorrow, stored
    experience is learned from without playing. `play` leaves `policy(state)` as it was.
    """

    @property
    def members(self) -> int:
        """How many players it trains side by side: a lesson's `who` must name no others."""
        return 1

    def init(self, domain: Domain, *, key: PRNGKeyArray) -> State:
        """The state of a learner that has learned nothing yet.

        **Arguments:**

        - `domain`: what it will play, for the shapes of what it will see and do.
        - `key`: for its first weights.
        """
        raise NotImplementedError

    def policy(self, state: State) -> Any:
        """What plays. For environments a `Policy`; other domains say what they expect."""
        raise NotImplementedError

    def play(
        self, state: State, domain: Domain, lesson: Lesson, *, key: PRNGKeyArray
    ) -> tuple[State, Experience, Outcome]:
        """Plays a lesson and measures what came of it.

        **Returns:** the state (running statistics may have changed, the policy has not), the experience and one row
        of outcome for each task.
        """
        experience = domain.play(self.policy(state), lesson, key=key)
        outcome = self.measure(state, lesson, experience)
        return state, experience, _with_optimum(outcome, domain, lesson)

    def takes(self, domain: Domain, lesson: Lesson) -> int:
        """About how many environment steps it takes to play a lesson: from it follows how often a run is recorded.

        **Arguments:**

        - `domain`: where it is played.
        - `lesson`: only its shapes are looked at.
        """
        length = domain.steps if isinstance(domain, Environment) else 1
        return max(1, lesson.lanes) * lesson.plays * length

    def piece(self, lesson: Lesson) -> int | None:
        """Into pieces of how many rows a lesson may be cut, each to be played apart from the others; None: it may not.

        The number divides that of the rows. Where there is one, `play` leaves the state as it was, it finds for the
        rows of a `Lesson.piece` what it finds for them in the whole lesson, to floating-point rounding, and what the
        experience carries has a row for each of them. So other processes can play the pieces (see `explora.engines`).
        """
        return None

    def measure(self, state: State, lesson: Lesson, experience: Experience) -> Outcome:
        """What an experience says about each task of the lesson."""
        raise NotImplementedError

    def update(self, state: State, lesson: Lesson, experience: Experience, *, key: PRNGKeyArray) -> State:
        """Learns from the rows of an experience where `lesson.learn` is set and the status is ANSWERED."""
        raise NotImplementedError

    def publish(self, state: State) -> State:
        """The state to evaluate, export and load: by default the one that trains; an average of late ones, say."""
        return state

    def start(self, state: State, source: Int32[Array, " members"], *, key: PRNGKeyArray) -> State:
        """Rearranges the members of a population.

        **Arguments:**

        - `state`: the state of all members.
        - `source`: for each member, -1 to keep it, -2 for a fresh one, `k` for a copy of member `k`.
        - `key`: for fresh ones.
        """
        raise CombinationError(f"{type(self).__name__} has no members; wrap it in Population(…, members=N)")


def _with_optimum(outcome: Outcome, domain: Domain, lesson: Lesson) -> Outcome:
    """Adds what a perfect player would get, where the domain can tell; free under `jit` if nobody uses it."""
    if not isinstance(domain, Environment) or outcome.optimal_returns is not None:
        return outcome
    if "optimal_returns" not in domain.provides:
        return outcome
    optimal = jax.vmap(lambda task: domain.optimal_return(domain.world(task)))(lesson.tasks)
    return eqx.tree_at(lambda o: o.optimal_returns, outcome, optimal, is_leaf=lambda x: x is None)
