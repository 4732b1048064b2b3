"""A designer that learns to make the tasks in which members of a population differ: PAIRED and its relatives."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from explora.core import (
    NEW,
    Archive,
    ArgumentError,
    CombinationError,
    Environment,
    Experience,
    Explorer,
    Learner,
    Lesson,
    Outcome,
    Parts,
    Score,
    Space,
    Trajectories,
    fresh_lesson,
)
from explora.scores import Regret

from ._checks import between
from ._pooled import described

Task = TypeVar("Task")


class AdversaryState(eqx.Module):
    """What `Adversary` remembers.

    **Arguments:**

    - `designer`: the state of the learner that designs.
    - `tasks`, `id`: the latest designs.
    - `score`: what each earned.
    - `judged`: which of them were judged.
    """

    designer: Any
    tasks: Any
    id: Int32[Array, " designs"]
    score: Float[Array, " designs"]
    judged: Bool[Array, " designs"]


class Draft(eqx.Module):
    """What comes back with a lesson: how its tasks were designed."""

    lesson: Lesson
    experience: Experience


class Adversary(Explorer[AdversaryState, Task]):
    """Trains a designer in the space's studio; it is rewarded for tasks on which members of a population differ.

    Every member plays every design and learns from it. The score of a design is the reward of the last step of its
    making, and that step ends the designer's episode, so that nothing is bootstrapped past it.

    With `Regret()` and two members this is PAIRED, member 0 the protagonist, member 1 the antagonist;
    `Regret(form="flexible")` and `Regret(members=n, form="population")` are its variants; `Difficulty()` with
    `members=1` is the minimax adversary.

    **Arguments:**

    - `designer`: a policy-gradient learner, its own network and hyperparameters included.
    - `rows`: how many tasks are designed in a round; a lesson has `rows * members` rows, a block for each member.
    - `members`: how many members the learner has.
    - `score`: what the designer is rewarded with.

    **Reference:** Dennis et al. 2020, Emergent Complexity and Zero-shot Transfer via Unsupervised Environment Design
    (arXiv:2012.02096), algorithm 1.
    """

    designer: Learner
    rows: int = eqx.field(static=True, default=32)
    members: int = eqx.field(static=True, default=2)
    score: Score = eqx.field(default_factory=Regret)

    def __check_init__(self):
        between("rows", self.rows, 1)
        between("members", self.members, 1)
        members = getattr(self.score, "members", self.members)
        if members != self.members:
            raise ArgumentError(
                f"`members` must be that of the score, got members={self.members} and a "
                f"{type(self.score).__name__} of {members}; use {type(self.score).__name__}(members={self.members}) "
                "or another score"
            )

    @property
    def needs(self) -> frozenset[str]:
        return self.score.needs | {"studio"} | ({"members"} if self.members > 1 else set())

    def refuses(self, parts: Parts) -> str | None:
        studio = parts.space.studio()
        if studio is None:
            return (
                f"Adversary designs tasks step by step, but {type(parts.space).__name__} has no `studio`; "
                "use Replay, or give the space a `studio`"
            )
        if "policy_gradient" not in self.designer.provides:
            return (
                f"Adversary rewards its designer, but {type(self.designer).__name__} does not learn from rewards; "
                "use designer=PPO(…)"
            )
        found = parts.learner.members
        if found != self.members:
            return (
                f"Adversary compares `members`={self.members} players of every design, but the "
                f"{type(parts.learner).__name__} has {found}; set the learner's `members` to {self.members}, or "
                f"`members` of Adversary and of its score to {found}"
            )
        return self.designer.refuses(Parts(studio, self.designer, self))

    def init(self, space: Space[Task], *, key: PRNGKeyArray) -> AdversaryState:
        studio = _studio(space)
        task = jax.eval_shape(lambda: space.sample(key=key))
        return AdversaryState(
            self.designer.init(studio, key=key),
            jax.tree.map(lambda x: jnp.zeros((self.rows, *x.shape), x.dtype), task),
            jnp.full((self.rows,), NEW, jnp.int32),
            jnp.zeros((self.rows,)),
            jnp.zeros((self.rows,), bool),
        )

    def ask(
        self, state: AdversaryState, space: Space[Task], phase: str, *, key: PRNGKeyArray
    ) -> tuple[AdversaryState, Lesson[Task]]:
        studio = _studio(space)
        start, play = jr.split(key)
        draft = fresh_lesson(studio.space.samples(self.rows, key=start), True)
        designer, experience, outcome = self.designer.play(state.designer, studio, draft, key=play)
        tasks = experience.made
        if tasks is None:
            raise CombinationError(f"`product` of {type(studio).__name__} must give the designed task, got None")
        finished = outcome.answered & jax.vmap(space.valid)(tasks)
        block = lambda x: jnp.concatenate([x] * self.members)
        lesson = fresh_lesson(
            jax.tree.map(block, tasks),
            block(finished),
            who=jnp.repeat(jnp.arange(self.members, dtype=jnp.int32), self.rows) if self.members > 1 else None,
            memo=Draft(draft, experience),
            cost=None if outcome.steps is None else jnp.sum(outcome.steps),
            phase=phase,
        )
        return eqx.tree_at(lambda s: s.designer, state, designer), lesson

    def tell(
        self, state: AdversaryState, space: Space[Task], lesson: Lesson[Task], outcome: Outcome, *, key: PRNGKeyArray
    ) -> AdversaryState:
        draft = lesson.memo
        if not isinstance(draft, Draft):
            return state  # the designer did not make these tasks, so there is nothing to reward
        rows = jax.tree.map(lambda x: jnp.broadcast_to(x, (lesson.rows, *jnp.shape(x))), self.score.init())
        blocks = lambda x: x.reshape(self.members, self.rows)
        measured = described(outcome, self.score, space, lesson)
        earned = blocks(self.score(lesson, measured, rows)[0])
        judged = jnp.all(blocks(outcome.answered & lesson.learn_mask) & jnp.isfinite(earned), axis=0)
        earned = jnp.where(judged, earned.mean(0), 0.0)
        experience = credited(draft.experience, earned)
        # A design that nobody could judge teaches the designer nothing.
        told = eqx.tree_at(
            lambda l: (l.learn, l.progress),
            draft.lesson,
            (judged, jnp.zeros(()) if lesson.progress is None else lesson.progress),
            is_leaf=lambda x: x is None,
        )
        designer = self.designer.update(state.designer, told, experience, key=key)
        # Without a single reward even the optimiser's momentum must not move.
        keep = lambda new, old: jnp.where(jnp.any(judged), new, old) if eqx.is_array(new) else new
        designer = jax.tree.map(keep, designer, state.designer)
        first = lambda x: x[: self.rows]
        return AdversaryState(designer, jax.tree.map(first, lesson.tasks), first(lesson.id), earned, judged)

    def archive(self, state: AdversaryState) -> Archive:
        parent = jnp.full((self.rows,), NEW, jnp.int32)
        return Archive(state.tasks, state.judged, state.id, parent, state.score)

    def metrics(self, state: AdversaryState) -> dict[str, Array]:
        count = jnp.maximum(jnp.sum(state.judged), 1).astype(jnp.float32)
        own = {
            "mean_score": jnp.sum(state.score) / count,
            "max_score": jnp.max(state.score, initial=-jnp.inf, where=state.judged),
            "judged": jnp.mean(state.judged.astype(jnp.float32)),
        }
        own["max_score"] = jnp.where(jnp.any(state.judged), own["max_score"], 0.0)
        return own | {f"designer/{name}": value for name, value in self.designer.metrics(state.designer).items()}


def credited(experience: Experience, earned: Float[Array, " designs"]) -> Experience:
    """The designer's experience with what its designs earned.

    The reward arrives at the last step of the episode that made the design, and that step is a true end: what the
    designer would do next has nothing to do with it.

    **Arguments:**

    - `experience`: what the designer lived through; its data are `Trajectories`, one lane a design.
    - `earned`: the reward of each design.
    """
    lived = experience.data
    if not isinstance(lived, Trajectories):
        raise CombinationError(
            f"Adversary rewards the steps of `Trajectories`, but its studio records {type(lived).__name__}; "
            "use a studio that is an Environment"
        )
    steps = lived.rewards.shape[0]
    last = steps - 1 - jnp.argmax(lived.ended[::-1], axis=0)
    here = (jnp.arange(steps)[:, None] == last[None]) & jnp.any(lived.ended, axis=0)[None]
    rewards = lived.rewards + jnp.where(here, earned[None], 0.0)
    lived = eqx.tree_at(
        lambda t: (t.rewards, t.terminated, t.truncated),
        lived,
        (rewards, lived.terminated | here, lived.truncated & ~here),
    )
    return eqx.tree_at(lambda e: e.data, experience, lived)


def _studio(space: Space) -> Environment:
    studio = space.studio()
    if studio is None:
        raise CombinationError(f"{type(space).__name__} has no `studio`; use Replay, or give the space a `studio`")
    return studio
