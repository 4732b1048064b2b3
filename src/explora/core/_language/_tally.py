"""How clauses stand while an episode is still going on."""

from typing import Any

from jaxtyping import Array, Float, PyTree


class Tally:
    """What a domain counts, step by step, to say how the clauses of its language stand.

    Whether a clause is true is known when an episode is over; who is to make it true must know sooner how far it has
    come. The same counting is done while an episode is played and over stored ones, which know of the world, of what
    was seen and done, and of what was achieved; so nothing else is counted.
    """

    def begin(self, world: Any) -> Any:
        """The counts before the first step.

        **Arguments:**

        - `world`: of the task that is played.
        """
        raise NotImplementedError

    def count(self, world: Any, counts: Any, seen: PyTree[Array], action: Array, achieved: PyTree[Array]) -> Any:
        """The counts after a step.

        **Arguments:**

        - `world`: of the task that is played.
        - `counts`: before the step.
        - `seen`: what was observed before it.
        - `action`: what was done.
        - `achieved`: what was reached with it, see `Environment.achieved`.
        """
        raise NotImplementedError

    def standing(self, world: Any, counts: Any, seen: PyTree[Array]) -> Float[Array, " clauses"]:
        """How each clause stands before a step, from -1, false for good, to 1, true as far as can be seen.

        **Arguments:**

        - `world`: of the task that is played.
        - `counts`: before the step.
        - `seen`: what is observed.
        """
        raise NotImplementedError
