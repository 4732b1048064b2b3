"""What every exchangeable part has in common."""

from typing import TYPE_CHECKING, Any, ClassVar

import equinox as eqx

if TYPE_CHECKING:
    from ._parts import Parts


class Part(eqx.Module):
    """One exchangeable part of the loop: its fields are hyperparameters, its state is a separate pytree.

    A part is a value. Its methods are pure functions of their arguments and never change `self`; what they need to
    remember goes into a state that the caller keeps. The unbuilt part *is* the configuration.
    """

    hosted: ClassVar[bool] = False
    """True if the part needs plain Python (people, browsers, scikit-learn): the run is then not compiled."""

    @property
    def needs(self) -> frozenset[str]:
        """What the other parts of a run must provide, by name (`"mutate"`, `"values"`, `"members"`, …)."""
        return frozenset()

    @property
    def provides(self) -> frozenset[str]:
        """What this part offers to the others, by the same names."""
        return frozenset()

    def refuses(self, parts: "Parts") -> str | None:
        """Why this part cannot work with `parts`: one sentence that names the cure, or None if it can."""
        return None

    def metrics(self, state: Any) -> dict[str, Any]:
        """A few scalars worth watching.

        **Arguments:**

        - `state`: this part's state.

        **Returns:** scalars by name, the same names at every turn.
        """
        return {}

    def freeze(self, state: Any) -> Any:
        """The state as a pytree of arrays, as a checkpoint keeps it. Parts that hold host objects override this."""
        return state

    def thaw(self, frozen: Any, fresh: Any) -> Any:
        """The inverse of `freeze`.

        **Arguments:**

        - `frozen`: what `freeze` returned, read from a checkpoint.
        - `fresh`: a state as `init` makes it, for what a checkpoint does not keep (data that can be read again).
        """
        return frozen
