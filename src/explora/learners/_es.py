"""Evolution strategies as learners: many perturbed copies play, and their ranks say where to go."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int32, PRNGKeyArray, UInt32

from explora.core import (
    CombinationError,
    Domain,
    Environment,
    Experience,
    Learner,
    Lesson,
    Outcome,
    Parts,
    Status,
    between,
    fresh_lesson,
    row_keys,
)
from explora.maths import Adam, AdamState, es_gradient, mirrored

from ._lane_nets import LanePolicy, Shape, shape_of

_OWN = 2
"""How often a member plays itself where its copies do."""
_ABREAST = 8
"""How many rows that nobody learns from are played side by side where they are played in pieces."""
_CROWDED = 2048
"""How many copies there are at a time: more of them would take much memory, fewer would wait for each other."""


class Fading(eqx.Module):
    """A number that shrinks by a constant factor at every update, down to a floor.

    **Arguments:**

    - `start`: what it is at first.
    - `factor`: what is left of it after an update.
    - `floor`: what it never falls below.
    """

    start: float
    factor: float = 1.0
    floor: float = 0.0

    def __check_init__(self):
        between("start", self.start, 0, strict=True)
        between("factor", self.factor, 0, 1, strict=True)
        between("floor", self.floor, 0)

    def at(self, updates: Int32[Array, "*members"]) -> Float[Array, "*members"]:
        """Its value after so many updates."""
        return jnp.maximum(self.start * self.factor ** updates.astype(jnp.float32), self.floor)


class Horizon(eqx.Module):
    """How much of an episode is played while learning: the more, the more the member earned the last time.

    Who stands or falls learns from short episodes; who walks is given time to go on.

    **Arguments:**

    - `first`: the part of an episode's limit for returns of 0 and less.
    - `whole`: the return from which on whole episodes are played; in between the part grows in proportion.

    **Reference:** Salimans et al. 2017 (arXiv:1703.03864), section 2.1, adjust the length of episodes as training goes
    on; this rule is ours.
    """

    first: float
    whole: float

    def __check_init__(self):
        between("first", self.first, 0, 1, strict=True)
        between("whole", self.whole, 0, strict=True)

    def part(self, earned: Float[Array, "*members"]) -> Float[Array, "*members"]:
        """The part of the limit after such a return."""
        return self.first + (1.0 - self.first) * jnp.clip(earned / self.whole, 0.0, 1.0)


class ESState(eqx.Module):
    """What an evolution strategy carries along, for each member.

    **Arguments:**

    - `centre`: the weights around which it searches.
    - `adam`: of the optimiser.
    - `earned`: its own return when it last learned; 0 before.
    - `shape`: of the networks.
    """

    centre: Float[Array, "members weights"]
    adam: AdamState
    earned: Float[Array, " members"]
    shape: Shape


class Lived(eqx.Module):
    """What became of a row.

    **Arguments:**

    - `own`: of the member itself.
    - `seed`: of the perturbations of its copies.
    - `results`: their returns: all that went one way, then all that went the other.
    """

    own: Outcome
    seed: UInt32[Array, "rows words"]
    results: Float[Array, "rows both"]


class ES(Learner[ESState]):
    """Evolution strategies: mirrored perturbations, centred ranks, Adam, weight decay, fading steps.

    Each row that is learned from is played by `2 * pairs` perturbed copies of its member, and twice by the member
    itself (so that cores share the plays evenly): the mean of these two is what the outcome reports. Where a lesson's
    `learn` is plainly False only the member plays. A member learns the mean of what its rows say; results are ranked
    within a row. With several `members` the state of all is one, and a lesson's `who` may name any of them in any
    order, or nobody (-1): such a row is VOID and, where others learn, costs next to nothing. A member that becomes
    another's copy (`start`) begins with new moments and the first step sizes, as the released code has it.

    The defaults are those of the released code of POET but for its 256 pairs: 63, so that copies and member play 128
    times.

    **Arguments:**

    - `hidden`: units of the hidden layers.
    - `pairs`: how many perturbations each row is played with, both ways.
    - `rate`: Adam's learning rate.
    - `sigma`: the standard deviation of the perturbations.
    - `shrink`: the weight of the penalty on squared weights (half of it).
    - `scale`: the standard deviation of the first weights.
    - `horizon`: how much of an episode is played while learning; None: all of it.
    - `members`: how many strategies there are.

    **Reference:** Salimans et al. 2017, Evolution Strategies as a Scalable Alternative to Reinforcement Learning
    (arXiv:1703.03864), algorithm 1; Wang et al. 2019, POET (arXiv:1901.01753), appendix.
    """

    hidden: tuple[int, ...] = eqx.field(static=True, default=(40, 40))
    pairs: int = eqx.field(static=True, default=63)
    rate: Fading = Fading(0.01, 0.9999, 0.001)
    sigma: Fading = Fading(0.1, 0.999, 0.01)
    shrink: float = 0.01
    scale: float = 0.1
    horizon: Horizon | None = None
    members: int = eqx.field(static=True, default=1)  # pyright: ignore[reportIncompatibleMethodOverride]

    def __check_init__(self):
        between("pairs", self.pairs, 1)
        between("members", self.members, 1)
        between("shrink", self.shrink, 0)
        between("scale", self.scale, 0, strict=True)
        for units in self.hidden:
            between("hidden", units, 1)

    @property
    def provides(self) -> frozenset[str]:
        measured = {"returns", "max_returns", "solved", "lengths", "episodes"}
        return frozenset(measured | ({"members", "any_member"} if self.members > 1 else set()))

    def refuses(self, parts: Parts) -> str | None:
        if parts.domain.hosted:
            return f"ES plays compiled environments, and {type(parts.domain).__name__} needs plain Python: use PPO"
        if isinstance(parts.domain, Environment):
            return None
        return f"ES learns by acting, but {type(parts.domain).__name__} is no Environment: use a supervised learner"

    def init(self, domain: Domain, *, key: PRNGKeyArray) -> ESState:
        if not isinstance(domain, Environment):
            raise CombinationError(f"ES learns by acting, but {type(domain).__name__} is no Environment")
        shape = shape_of(domain.observation, domain.action, self.hidden)
        centre = self._first(shape, key)
        return ESState(centre, jax.vmap(Adam().init)(centre), jnp.zeros((self.members,)), shape)

    def policy(self, state: ESState) -> LanePolicy:
        return LanePolicy(state.centre, state.shape)

    def play(
        self, state: ESState, domain: Domain, lesson: Lesson, *, key: PRNGKeyArray
    ) -> tuple[ESState, Experience, Outcome]:
        who = _who(lesson)
        chance, play_key = jr.split(key)
        seed = jax.vmap(jr.key_data)(row_keys(chance, lesson.rows, lesson.first))
        if lesson.learn is False:
            shown = eqx.tree_at(lambda l: l.who, lesson, jnp.maximum(who, 0), is_leaf=lambda x: x is None)
            played = domain.judge(self.policy(state), shown, key=play_key)
            played = jax.tree.map(lambda x: x[:, None], played)  # all plays of a row are one column already
        else:
            assert isinstance(domain, Environment)  # `refuses` lets nothing else through
            played = self._crowds(state, domain, lesson, who, seed, play_key)
        returns: Any = played.returns
        highest: Any = played.max_returns
        mine = lambda x: x[:, :_OWN].mean(1)
        own = mine(returns)
        sound = jnp.all(played.status[:, :_OWN] == Status.ANSWERED, axis=1) & jnp.isfinite(own) & (who >= 0)
        there = lambda x: jnp.where(who >= 0, x.sum(1), 0)
        outcome = Outcome(
            jnp.where(sound, Status.ANSWERED, Status.VOID).astype(jnp.int8),
            steps=there(played.steps),
            episodes=there(played.episodes),
            returns=own,
            max_returns=highest[:, :_OWN].max(1),
            solved=mine(played.solved),
            lengths=mine(played.lengths),
        )
        return state, Experience(outcome.status, Lived(outcome, seed, returns[:, _OWN:])), outcome

    def takes(self, domain: Domain, lesson: Lesson) -> int:
        """Copies play too."""
        return super().takes(domain, lesson) * (1 if lesson.learn is False else _OWN + 2 * self.pairs)

    def piece(self, lesson: Lesson) -> int:
        if lesson.learn is not False:
            return 1  # a crowd is enough for a core
        return max(size for size in range(1, _ABREAST + 1) if lesson.rows % size == 0)

    def _crowds(
        self,
        state: ESState,
        domain: Environment,
        lesson: Lesson,
        who: Int32[Array, " rows"],
        seed: UInt32[Array, "rows words"],
        key: PRNGKeyArray,
    ) -> Outcome:
        """What came of all plays, `(rows, 2 + 2 pairs)`: the member's own, then those of its perturbed copies.

        As many rows at a time as have `_CROWDED` plays. Where nobody plays, all is over after one step.
        """
        lanes, rows = _OWN + 2 * self.pairs, lesson.rows
        groups = -(-rows * lanes // _CROWDED) if lanes < _CROWDED else rows
        size = -(-rows // groups)

        def play(group: tuple[Any, Array, Array, Array]) -> Outcome:
            tasks, member, seed, row = group
            centre, sigma = state.centre[member], self.sigma.at(state.adam.steps[member])
            noise = jax.vmap(lambda s: _noise(s, self.pairs, centre.shape[1]))(seed)
            copies = jax.vmap(lambda c, n, s: jnp.concatenate([c[None]] * _OWN + [mirrored(c, n, s)]))(
                centre, noise, sigma
            )
            part = jnp.ones((size,)) if self.horizon is None else self.horizon.part(state.earned[member])
            each = lambda tree: jax.tree.map(lambda x: jnp.repeat(x, lanes, axis=0), tree)
            everybody = fresh_lesson(
                each(tasks),
                False,
                who=jnp.arange(size * lanes, dtype=jnp.int32),
                plays=max(lesson.plays, 1),
                first=row[0] * lanes,
            )
            policy = LanePolicy(copies.reshape(size * lanes, -1), state.shape)
            found = domain.judge(policy, everybody, key=key, part=each(jnp.where(member >= 0, part, 0.0)))
            return jax.tree.map(lambda x: x.reshape(size, lanes), found)

        more = groups * size - rows
        fill = lambda x: jnp.concatenate([x, jnp.broadcast_to(x[-1:], (more, *x.shape[1:]))])
        first = jnp.int32(0) if lesson.first is None else lesson.first
        number = first + jnp.arange(rows + more, dtype=jnp.int32)
        played = (jax.tree.map(fill, lesson.tasks), jnp.pad(who, (0, more), constant_values=-1), fill(seed), number)
        found = jax.lax.map(play, jax.tree.map(lambda x: x.reshape(groups, size, *x.shape[1:]), played))
        return jax.tree.map(lambda x: x.reshape(groups * size, lanes)[:rows], found)

    def measure(self, state: ESState, lesson: Lesson, experience: Experience) -> Outcome:
        return eqx.tree_at(lambda o: o.status, experience.data.own, experience.status)

    def update(self, state: ESState, lesson: Lesson, experience: Experience, *, key: PRNGKeyArray) -> ESState:
        lived: Lived = experience.data
        who = _who(lesson)
        learns = lesson.learn_mask & (experience.status == Status.ANSWERED)
        sigma = self.sigma.at(state.adam.steps)

        def slope(row: tuple[Array, Array, Array]) -> Float[Array, " weights"]:
            seed, results, member = row
            noise = _noise(seed, results.shape[0] // 2, state.centre.shape[1])
            return es_gradient(noise, results, sigma[member])

        slopes = jax.lax.map(slope, (lived.seed, lived.results, who))
        rows = (who[None] == jnp.arange(self.members)[:, None]) & learns[None]
        share = rows.astype(jnp.float32) / jnp.maximum(rows.sum(1, keepdims=True), 1).astype(jnp.float32)
        loss = self.shrink * state.centre - share @ slopes
        adam, change = jax.vmap(Adam().step)(state.adam, loss, self.rate.at(state.adam.steps))
        learned = jnp.any(rows, axis=1)
        keep = lambda new, old: jnp.where(learned.reshape(-1, *(1,) * (new.ndim - 1)), new, old)
        own = jnp.nan_to_num(lived.own.returns) if lived.own.returns is not None else jnp.zeros(rows.shape[1])
        after = (state.centre + change, adam, share @ own)
        centre, adam, earned = jax.tree.map(keep, after, (state.centre, state.adam, state.earned))
        return ESState(centre, adam, earned, state.shape)

    def start(self, state: ESState, source: Int32[Array, " members"], *, key: PRNGKeyArray) -> ESState:
        place = jnp.arange(self.members)
        copied = state.centre[jnp.where(source < 0, place, source)]
        centre = jnp.where((source == -2)[:, None], self._first(state.shape, key), copied)
        anew = (source == -2) | ((source >= 0) & (source != place))
        new = jax.vmap(Adam().init)(centre)
        pick = lambda new, old: jnp.where(anew.reshape(-1, *(1,) * (new.ndim - 1)), new, old)
        earned = jnp.where(source == -2, 0.0, state.earned[jnp.where(source < 0, place, source)])
        return ESState(centre, jax.tree.map(pick, new, state.adam), earned, state.shape)

    def metrics(self, state: ESState) -> dict[str, Array]:
        updates = state.adam.steps[0]
        return {
            "updates": updates.astype(jnp.float32),
            "rate": self.rate.at(updates),
            "sigma": self.sigma.at(updates),
            "norm": jnp.linalg.norm(state.centre[0]),
        }

    def _first(self, shape: Shape, key: PRNGKeyArray) -> Float[Array, "members weights"]:
        return self.scale * jax.vmap(lambda k: jr.normal(k, (shape.count,)))(row_keys(key, self.members))


def _who(lesson: Lesson) -> Int32[Array, " rows"]:
    return jnp.zeros((lesson.rows,), jnp.int32) if lesson.who is None else lesson.who


def _noise(seed: UInt32[Array, " words"], pairs: int, weights: int) -> Float[Array, "pairs weights"]:
    return jr.normal(jr.wrap_key_data(seed), (pairs, weights))
