"""Worked examples of a learner and of an explorer, each in well under a hundred lines."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int32, Key, PRNGKeyArray, PyTree

from explora.core import (
    NEW,
    Archive,
    CombinationError,
    Discrete,
    Domain,
    Environment,
    Experience,
    Explorer,
    Learner,
    Lesson,
    Outcome,
    Parts,
    Policy,
    Space,
    Status,
    Trajectories,
    fresh_lesson,
)
from explora.learners import measure
from explora.maths import advantages
from explora.nets import features, flatten


class LinearState(eqx.Module):
    """What `Linear` carries along.

    **Arguments:**

    - `actor`, `critic`: a matrix from features to action preferences, and to the value.
    - `loss`: of the last update.
    - `spec`: what an observation looks like.
    """

    actor: Float[Array, "features actions"]
    critic: Float[Array, "features 1"]
    loss: Float[Array, ""]
    spec: Any


class LinearPolicy(Policy):
    """Prefers actions linearly in what it sees.

    **Arguments:**

    - `actor`, `critic`, `spec`: as in `LinearState`.
    - `sampled`: draws actions by their probability, or takes the likeliest.
    """

    actor: Float[Array, "features actions"]
    critic: Float[Array, "features 1"]
    spec: Any
    sampled: bool = eqx.field(static=True, default=True)

    def __call__(
        self,
        observations: PyTree,
        memory: PyTree,
        fresh: Bool[Array, " lanes"],
        *,
        keys: Key[Array, " lanes"],
        who: Int32[Array, " lanes"] | None = None,
    ) -> tuple[Array, PyTree, dict[str, Array]]:
        seen = flatten(self.spec, observations)
        logits = seen @ self.actor
        drawn = jax.vmap(jr.categorical)(keys, logits) if self.sampled else jnp.argmax(logits, axis=-1)
        return drawn.astype(jnp.int32), memory, {"values": seen @ self.critic}

    def greedy(self) -> "LinearPolicy":
        return LinearPolicy(self.actor, self.critic, self.spec, sampled=False)


class Linear(Learner[LinearState]):
    """A linear actor-critic that takes one plain gradient step a lesson.

    **Arguments:**

    - `rate`: the length of a step.

    **Reference:** Williams 1992, REINFORCE, with a baseline.
    """

    rate: float = 1.0

    @property
    def provides(self) -> frozenset[str]:
        return frozenset({"returns", "max_returns", "solved", "lengths", "values", "advantages", "episodes"})

    def refuses(self, parts: Parts) -> str | None:
        if isinstance(parts.domain, Environment):
            return None
        return f"Linear learns by acting, but {type(parts.domain).__name__} is no Environment: use another learner"

    def init(self, domain: Domain, *, key: PRNGKeyArray) -> LinearState:
        if not isinstance(domain, Environment) or not isinstance(domain.action, Discrete):
            raise CombinationError(f"Linear chooses among discrete actions, but {type(domain).__name__} has none")
        size = features(domain.observation)
        actor = 0.01 * jr.normal(key, (size, domain.action.count))
        return LinearState(actor, jnp.zeros((size, 1)), jnp.zeros(()), domain.observation)

    def policy(self, state: LinearState) -> LinearPolicy:
        return LinearPolicy(state.actor, state.critic, state.spec)

    def measure(self, state: LinearState, lesson: Lesson, experience: Experience) -> Outcome:
        return measure(lesson, experience, _advantages(experience.data))

    def update(self, state: LinearState, lesson: Lesson, experience: Experience, *, key: PRNGKeyArray) -> LinearState:
        lived: Trajectories = experience.data
        counts = (lesson.learn_mask & (experience.status == Status.ANSWERED))[lived.row] & ~lived.gap
        weight = counts.astype(jnp.float32) / jnp.maximum(jnp.sum(counts.astype(jnp.float32)), 1.0)
        seen, advantage = flatten(state.spec, lived.observations), _advantages(lived)
        target = advantage + lived.policy["values"][..., 0]

        def loss(actor: Array, critic: Array) -> Array:
            logits = jax.nn.log_softmax(seen @ actor)
            chosen = jnp.take_along_axis(logits, lived.actions[..., None], axis=-1)[..., 0]
            error = (seen @ critic)[..., 0] - target
            return jnp.sum(weight * (0.5 * error**2 - chosen * advantage))

        value, (actor, critic) = jax.value_and_grad(loss, argnums=(0, 1))(state.actor, state.critic)
        actor, critic = state.actor - self.rate * actor, state.critic - self.rate * critic
        return LinearState(actor, critic, value, state.spec)

    def metrics(self, state: LinearState) -> dict[str, Array]:
        return {"loss": state.loss}


def _advantages(lived: Trajectories) -> Float[Array, "steps lanes"]:
    values, last = lived.policy["values"][..., 0], lived.last["values"][..., 0]
    return advantages(lived.rewards, values, last, lived.terminated, lived.truncated, discount=0.95, trace=0.9)


class Carousel(Explorer[Archive, Any]):
    """Two rounds of new tasks, one of those it has kept; the oldest make room. It learns from all of them.

    **Arguments:**

    - `rows`: how many tasks a lesson has.
    - `slots`: how many it keeps, at least `rows`.
    """

    rows: int = eqx.field(static=True, default=4)
    slots: int = eqx.field(static=True, default=8)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"returns"})

    @property
    def rhythm(self) -> tuple[tuple[str, int], ...]:
        return (("new", 2), ("again", 1))

    def init(self, space: Space, *, key: PRNGKeyArray) -> Archive:
        nobody = jnp.full((self.slots,), NEW, jnp.int32)
        tasks = space.samples(self.slots, key=key)
        return Archive(tasks, nobody >= 0, nobody, jnp.copy(nobody), jnp.zeros((self.slots,)))

    def ask(self, state: Archive, space: Space, phase: str, *, key: PRNGKeyArray) -> tuple[Archive, Lesson]:
        fresh = fresh_lesson(space.samples(self.rows, key=key), True, phase=phase)
        if phase == "new":
            return state, fresh
        # Kept tasks come first in the order of their slots; where too few are kept, new ones fill the lesson.
        pick = lambda old, new: jnp.where(
            state.filled[: self.rows].reshape((-1,) + (1,) * (new.ndim - 1)), old[: self.rows], new
        )
        tasks = jax.tree.map(pick, state.tasks, fresh.tasks)
        ids, parents = pick(state.id, fresh.id), pick(state.parent, fresh.parent)
        return state, fresh_lesson(tasks, True, id=ids, parent=parents, phase=phase)

    def tell(self, state: Archive, space: Space, lesson: Lesson, outcome: Outcome, *, key: PRNGKeyArray) -> Archive:
        if outcome.returns is None:
            raise CombinationError("Carousel keeps returns, but the outcome has none: use a learner that measures them")
        good = outcome.answered & jnp.isfinite(outcome.returns)

        def keep(state: Archive, row: Any) -> tuple[Archive, None]:
            task, number, parent, score, good = row
            known = state.filled & (state.id == number)
            oldest = jnp.argmin(jnp.where(state.filled, state.id, NEW))
            slot = jnp.where(good, jnp.where(jnp.any(known), jnp.argmax(known), oldest), self.slots)
            put = lambda old, new: old.at[slot].set(new, mode="drop")
            tasks = jax.tree.map(put, state.tasks, task)
            filled, ids, parents = put(state.filled, True), put(state.id, number), put(state.parent, parent)
            return Archive(tasks, filled, ids, parents, put(state.score, score)), None

        rows = (lesson.tasks, lesson.id, lesson.parent, outcome.returns, good)
        return jax.lax.scan(keep, state, rows)[0]

    def archive(self, state: Archive) -> Archive:
        return state

    def metrics(self, state: Archive) -> dict[str, Array]:
        return {"kept": jnp.sum(state.filled.astype(jnp.int32))}
