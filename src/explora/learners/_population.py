"""Several learners of one kind as one learner: rivals, niches, ensembles of players."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Int32, Key, PRNGKeyArray, PyTree

from explora.core import ArgumentError, Domain, Experience, Learner, Lesson, Outcome, Parts, Policy, Status, row_keys


class PopulationState(eqx.Module):
    """The states of all members.

    **Arguments:**

    - `members`: their states, stacked along a leading axis.
    - `fresh`: the state of a member that has learned nothing, for members that start anew.
    """

    members: PyTree
    fresh: PyTree


class MembersPolicy(Policy):
    """Acts as several policies of one kind.

    **Arguments:**

    - `policies`: the members' policies, their arrays stacked along a leading axis.
    """

    policies: Policy

    def memory(self, lanes: int) -> PyTree:
        return _member(self.policies, 0).memory(lanes)

    def __call__(
        self,
        observations: PyTree,
        memory: PyTree,
        fresh: Bool[Array, " lanes"],
        *,
        keys: Key[Array, " lanes"],
        who: Int32[Array, " lanes"] | None = None,
    ) -> tuple[Array, PyTree, dict[str, Any]]:
        if who is None:
            return _member(self.policies, 0)(observations, memory, fresh, keys=keys)
        arrays, static = eqx.partition(self.policies, eqx.is_array)
        act = lambda member: eqx.combine(member, static)(observations, memory, fresh, keys=keys)
        everybody = jax.lax.map(act, arrays)
        lanes = jnp.arange(who.shape[0])
        return jax.tree.map(lambda x: x[who, lanes], everybody)

    def greedy(self) -> "MembersPolicy":
        return dataclasses.replace(self, policies=self.policies.greedy())


class Population(Learner[PopulationState]):
    """`members` learners of one kind, each with weights and optimiser of its own.

    The rows of a lesson stand in blocks, the first member's first: `who` is `0 … 0, 1 … 1, …`, all blocks equally
    long; without `who` too. Each member plays and learns from its own block. Where nobody asks for a member (judging,
    exporting) the first one acts.

    **Arguments:**

    - `learner`: what each member is.
    - `members`: how many there are.
    """

    learner: Learner
    members: int = eqx.field(static=True, default=2)  # pyright: ignore[reportIncompatibleMethodOverride]

    def __check_init__(self):
        if self.members < 1:
            raise ArgumentError(f"`members` must be at least 1, got {self.members}")

    @property
    def provides(self) -> frozenset[str]:
        return self.learner.provides | {"members"}

    def refuses(self, parts: Parts) -> str | None:
        return self.learner.refuses(parts)

    def init(self, domain: Domain, *, key: PRNGKeyArray) -> PopulationState:
        everybody = [self.learner.init(domain, key=k) for k in row_keys(key, self.members + 1)]
        arrays = [eqx.filter(state, eqx.is_array) for state in everybody]
        static = eqx.filter(everybody[0], eqx.is_array, inverse=True)
        stacked = jax.tree.map(lambda *x: jnp.stack(x), *arrays[:-1])
        return PopulationState(eqx.combine(stacked, static), everybody[-1])

    def policy(self, state: PopulationState) -> MembersPolicy:
        return MembersPolicy(eqx.filter_vmap(self.learner.policy)(state.members))

    def publish(self, state: PopulationState) -> PopulationState:
        published = eqx.filter_vmap(self.learner.publish)(state.members)
        return PopulationState(published, state.fresh)

    def play(
        self, state: PopulationState, domain: Domain, lesson: Lesson, *, key: PRNGKeyArray
    ) -> tuple[PopulationState, Experience, Outcome]:
        def one(member: Any, piece: Lesson, key: PRNGKeyArray) -> tuple[Any, Experience, Outcome]:
            return self.learner.play(member, domain, piece, key=key)

        members, experience, outcome = self._each(one, state.members, lesson, None, key, hosted=domain.hosted)
        flat = lambda x: x.reshape(-1, *x.shape[2:])
        outcome = jax.tree.map(flat, outcome)
        status, made = flat(experience.status), jax.tree.map(flat, experience.made)
        return PopulationState(members, state.fresh), Experience(status, experience, made), outcome

    def update(
        self, state: PopulationState, lesson: Lesson, experience: Experience, *, key: PRNGKeyArray
    ) -> PopulationState:
        def one(member: Any, piece: Lesson, key: PRNGKeyArray, lived: Experience) -> Any:
            return self.learner.update(member, piece, lived, key=key)

        # the experience of the members, each with its rows' status, lies within; what was decided since lies without
        learn = lesson.learn_mask & (experience.status == Status.ANSWERED)
        lesson = eqx.tree_at(lambda l: l.learn, lesson, learn)
        members = self._each(one, state.members, lesson, experience.data, key)
        return PopulationState(members, state.fresh)

    def start(self, state: PopulationState, source: Int32[Array, " members"], *, key: PRNGKeyArray) -> PopulationState:
        place = jnp.arange(self.members)
        copied = jnp.where(source < 0, place, source)

        def rearrange(stacked: Array, fresh: Array) -> Array:
            anew = (source == -2).reshape(-1, *(1,) * fresh.ndim)
            return jnp.where(anew, fresh[None], stacked[copied])

        stacked, static = eqx.partition(state.members, eqx.is_array)
        members = jax.tree.map(rearrange, stacked, eqx.filter(state.fresh, eqx.is_array))
        return PopulationState(eqx.combine(members, static), state.fresh)

    def metrics(self, state: PopulationState) -> dict[str, Array]:
        return self.learner.metrics(_member(state.members, 0))

    def _each(
        self, function: Any, members: Any, lesson: Lesson, lived: Any, key: PRNGKeyArray, hosted: bool = False
    ) -> Any:
        """Calls `function` for each member in turn: one after the other, so that its products stay large."""
        stacked, static = eqx.partition(members, eqx.is_array)
        cut = lambda x: x.reshape(self.members, -1, *x.shape[1:])
        learn = None if isinstance(lesson.learn, bool) else cut(lesson.learn)
        rows = (jax.tree.map(cut, lesson.tasks), learn, cut(lesson.id), cut(lesson.parent))
        keys = jax.vmap(lambda member: jr.fold_in(key, member))(jnp.arange(self.members))

        def one(x: Any) -> Any:
            member, (tasks, learn, number, parent), experience, k = x
            piece = Lesson(
                tasks,
                lesson.learn if learn is None else learn,
                number,
                parent,
                progress=lesson.progress,
                plays=lesson.plays,
                queue=lesson.queue,
                where=lesson.where,
                phase=lesson.phase,
            )
            extra = () if experience is None else (experience,)
            found = function(eqx.combine(member, static), piece, k, *extra)
            return eqx.filter(found, eqx.is_array)

        everybody = (stacked, rows, lived, keys)
        if not hosted:
            return _restore(jax.lax.map(one, everybody), static)
        found = [one(jax.tree.map(lambda x: x[member], everybody)) for member in range(self.members)]  # noqa: B023
        return _restore(jax.tree.map(lambda *x: jnp.stack(x), *found), static)


def _restore(found: Any, static: Any) -> Any:
    """Gives the members' states back what is not an array."""
    if isinstance(found, tuple):
        return (eqx.combine(found[0], static), *found[1:])
    return eqx.combine(found, static)


def _member(stacked: Any, number: int) -> Any:
    return jax.tree.map(lambda x: x[number] if eqx.is_array(x) else x, stacked)
