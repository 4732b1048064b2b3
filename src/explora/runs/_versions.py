"""The learner of a run as it was after some turn, to look at while the run goes on."""

from typing import Any, NamedTuple

import equinox as eqx

from explora.core import NotThere, Parts
from explora.store import RunFolder

from ._open import begin, restore
from ._plan import Plan


class Taught(NamedTuple):
    """What a run had learned at some turn.

    **Arguments:**

    - `policy`: what acts.
    - `turn`: how many turns were over.
    """

    policy: Any
    turn: int


def newest(folder: RunFolder) -> int:
    """The turn of the newest version or checkpoint of a run.

    **Raises:** `NotThere` if there is none yet.
    """
    turns = (*folder.versions.turns(), *folder.checkpoints.turns())
    if not turns:
        raise NotThere(f"{folder.path} has no version of the learner yet: wait until the run has saved its first one")
    return max(turns)


def taught(folder: RunFolder, parts: Parts, plan: Plan, turn: int | None = None) -> Taught:
    """The learner of a run at a turn: of a version that was kept, or of a checkpoint.

    **Arguments:**

    - `folder`: of the run.
    - `parts`, `plan`: of the run.
    - `turn`: which one; None: the newest.

    **Raises:** `NotThere` if there is none of that turn, or none that is whole.
    """
    learner, kept = parts.learner, folder.versions.turns()
    turn = newest(folder) if turn is None else turn
    if turn in kept:
        fresh = lambda: learner.publish(begin(parts, plan).learner)
        like = fresh() if parts.hosted else eqx.filter_eval_shape(fresh)
        loaded = folder.versions.load(learner.freeze(like), turn)
        return Taught(learner.policy(learner.thaw(loaded.tree, like)), loaded.turn)
    if turn != newest(folder):
        names = ", ".join(map(str, kept[-5:])) or "none"
        raise NotThere(
            f"there is no version of turn {turn}: the last ones are {names}; leave the turn out for the newest"
        )
    state = restore(folder, parts, plan)[0]
    return Taught(learner.policy(learner.publish(state.learner)), int(state.turn))
