"""Proximal policy optimisation with an actor-critic, recurrent or not, of choices or of numbers."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
from jaxtyping import Array, Bool, Float, Int32, Key, PRNGKeyArray, PyTree

from explora.core import (
    ArgumentError,
    Box,
    Codes,
    CombinationError,
    Domain,
    Environment,
    Experience,
    Learner,
    Lesson,
    Outcome,
    Parts,
    Policy,
    Share,
    Status,
    Trajectories,
    between,
    spread,
)
from explora.maths import advantages
from explora.nets import ActorCritic, acted

from ._measure import measure
from ._moments import Moments, nothing_seen


class PPOState(eqx.Module):
    """What PPO carries along.

    **Arguments:**

    - `weights`: of the network.
    - `optimiser`: of Adam.
    - `average`: a running average of the weights, which is what is published; None without averaging.
    - `updates`: how many gradient steps were taken.
    - `losses`: the last update's mean losses and diagnostics, by name.
    - `spec`: what the network reads.
    - `action`: what it decides on.
    - `seen`: the moments of what it has read; None without normalisation.
    """

    weights: PyTree
    optimiser: PyTree
    average: PyTree
    updates: Int32[Array, ""]
    losses: dict[str, Float[Array, ""]]
    spec: Any
    action: Any
    seen: Moments | None


class ActorCriticPolicy(Policy):
    """Acts by the preferences of an `ActorCritic`.

    **Arguments:**

    - `net`, `weights`, `spec`: the network.
    - `action`: what the environment accepts.
    - `seen`: how observations are scaled before they are read; None: not at all.
    - `unit`: of what the value heads say [reward].
    - `remember`: whether to report the memory before each step, for learning from pieces of a sequence.
    - `sampled`: draws actions by their probability, or takes the likeliest: of numbers their means.
    """

    net: ActorCritic
    weights: PyTree
    spec: Any
    action: Any
    seen: Moments | None = None
    unit: float = 1.0
    remember: bool = eqx.field(static=True, default=False)
    sampled: bool = eqx.field(static=True, default=True)

    def memory(self, lanes: int) -> PyTree:
        return self.net.core.memory(lanes)

    def __call__(
        self,
        observations: PyTree,
        memory: PyTree,
        fresh: Bool[Array, " lanes"],
        *,
        keys: Key[Array, " lanes"],
        who: Int32[Array, " lanes"] | None = None,
    ) -> tuple[Array, PyTree, dict[str, Any]]:
        if self.seen is not None:
            observations = self.seen.scaled(self.spec, observations)
        once = jax.tree.map(lambda x: x[None], observations)
        said, values, after = self.net(self.weights, self.spec, once, memory, fresh[None])
        decision = self.net.decision(self.weights, said[0])
        drawn = decision.draw(keys) if self.sampled else decision.likeliest()
        report = {"log_probability": decision.log_probability(drawn), "values": values[0] * self.unit}
        if isinstance(self.action, Box):
            report["drawn"] = drawn  # before it is clipped to the bounds: its probability is learned from
        if self.remember:
            report["memory"] = memory
        return acted(self.action, drawn), after, report

    def greedy(self) -> "ActorCriticPolicy":
        return dataclasses.replace(self, sampled=False)


class PPO(Learner[PPOState]):
    """Clipped policy gradient with generalised advantage estimation.

    Decides on choices or, where the action is a `Box`, on numbers: each is drawn from a normal distribution whose
    deviation is learned and the same everywhere; what is drawn is clipped to the bounds only to act. Judged greedily it
    takes the likeliest choice, or the means.

    **Arguments:**

    - `net`: the actor-critic.
    - `rate`: Adam's learning rate at the start.
    - `final_rate`: the learning rate when the run's budget is spent, as a share of `rate`; linear in between.
    - `discount`, `trace`: γ and λ.
    - `clip`: how far the probability ratio (and the value, if `clip_value`) may move before the loss goes flat.
    - `clip_value`: whether the value loss is clipped too.
    - `epochs`, `minibatches`: passes over a lesson, and pieces of each pass.
    - `entropy`, `critic`: weights of the entropy bonus and of the value loss.
    - `norm`: the gradient is clipped to this norm.
    - `segment`: learn from pieces of this many steps, each starting from the memory that the player had there; None,
      or more than a play has: whole sequences. Else it must divide the length of a play.
    - `average`: share of the old in the running average of weights that is published, per gradient step; None: the
      latest weights are published.
    - `unit`: the size of a usual return [reward]: the value heads speak in multiples of it, so that neither they nor
      `clip` need to know how an environment counts.
    - `normalise`: whether the numbers of an observation are scaled by the mean and deviation of all that was learned
      from.

    **Reference:** Schulman et al. 2017 (arXiv:1707.06347).
    """

    net: ActorCritic = ActorCritic()
    rate: float = 5e-4
    final_rate: float = 0.1
    discount: float = 0.995
    trace: float = 0.98
    clip: float = 0.2
    clip_value: bool = True
    epochs: int = 4
    minibatches: int = 4
    entropy: float = 0.01
    critic: float = 0.5
    norm: float = 0.5
    segment: int | None = None
    average: float | None = 0.99
    unit: float = 1.0
    normalise: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        for name in ("rate", "clip", "norm", "unit"):
            between(name, getattr(self, name), 0, strict=True)
        between("final_rate", self.final_rate, 0)
        for name in ("discount", "trace"):
            between(name, getattr(self, name), 0, 1)
        for name in ("epochs", "minibatches", "segment"):
            between(name, getattr(self, name), 1)
        between("average", self.average, 0)
        if isinstance(self.average, int | float) and not self.average < 1:
            raise ArgumentError(
                f"`average` must be less than 1, got {self.average}: the first weights would stay for ever; "
                "without averaging it is None"
            )

    @property
    def provides(self) -> frozenset[str]:
        measured = {
            "returns",
            "max_returns",
            "solved",
            "lengths",
            "values",
            "advantages",
            "episodes",
            "policy_gradient",
        }
        return frozenset(measured | ({"disagreement"} if self.net.critics > 1 else set()))

    def refuses(self, parts: Parts) -> str | None:
        if not isinstance(parts.domain, Environment):
            return (
                f"PPO learns by acting, but {type(parts.domain).__name__} is no Environment: use a supervised learner"
            )
        if isinstance(parts.domain.action, Codes):
            name = type(parts.domain).__name__
            return f"PPO decides on choices or on numbers, but the action of {name} is an array of codes"
        steps = parts.domain.steps
        if self.segment is not None and steps > self.segment and steps % self.segment:
            return f"`segment`={self.segment} does not divide the {steps} steps of a play: use one that does"
        return None

    def init(self, domain: Domain, *, key: PRNGKeyArray) -> PPOState:
        if not isinstance(domain, Environment):
            raise CombinationError(f"PPO learns by acting, but {type(domain).__name__} is no Environment")
        weights = self.net.init(domain.observation, domain.action, key=key)
        zero = jnp.zeros(())
        return PPOState(
            weights,
            self._optimiser.init(weights),
            None if self.average is None else jax.tree.map(jnp.copy, weights),
            jnp.zeros((), jnp.int32),
            dict.fromkeys(("policy_loss", "value_loss", "entropy", "divergence", "clipped"), zero),
            domain.observation,
            domain.action,
            nothing_seen(domain.observation) if self.normalise else None,
        )

    def policy(self, state: PPOState) -> ActorCriticPolicy:
        remember = self.segment is not None
        return ActorCriticPolicy(
            self.net, state.weights, state.spec, state.action, state.seen, self.unit, remember=remember
        )

    def publish(self, state: PPOState) -> PPOState:
        if state.average is None:
            return state
        # Adam-like bias correction is not needed: the average starts at the first weights and forgets them.
        return eqx.tree_at(lambda s: s.weights, state, state.average)

    def measure(self, state: PPOState, lesson: Lesson, experience: Experience) -> Outcome:
        return measure(lesson, experience, self._advantages(experience.data))

    def update(self, state: PPOState, lesson: Lesson, experience: Experience, *, key: PRNGKeyArray) -> PPOState:
        lived: Trajectories = experience.data
        steps = lived.rewards.shape[0]
        segment = self.segment if self.segment is not None and self.segment < steps else None
        whole = self._batch(state, lesson, experience)
        batch = _pieces(whole, segment)
        memory = _memory(self.net.core, lived, segment)
        rate = self.rate * (1.0 - (1.0 - self.final_rate) * lesson.progress)  # pyright: ignore[reportOperatorIssue]
        lanes = batch["actions"].shape[1]
        size = lanes // self.minibatches
        if size == 0:
            raise CombinationError(
                f"a lesson of {lanes} pieces cannot be cut into `minibatches`={self.minibatches}: "
                "ask for more rows, or set fewer minibatches"
            )

        def minibatch(state: PPOState, lanes: Array) -> tuple[PPOState, dict[str, Array]]:
            def share(others: Share, lanes: Array) -> tuple[PyTree, dict[str, Array]]:
                piece = _centred(jax.tree.map(lambda x: jnp.take(x, lanes, axis=1), batch), others)
                start = jax.tree.map(lambda x: jnp.take(x, lanes, axis=0), memory)
                return others.total(jax.grad(self._loss, has_aux=True)(state.weights, state.spec, piece, start))

            gradient, losses = spread(share, size, lanes)
            with jax.numpy_dtype_promotion("standard"):  # Optax raises a float to the power of an int
                change, optimiser = self._optimiser.update(gradient, state.optimiser)
            weights = jax.tree.map(lambda w, c: w - rate * c, state.weights, change)
            average = _blend(self.average, state.average, weights)
            parts = lambda s: (s.weights, s.optimiser, s.average, s.updates)
            return eqx.tree_at(parts, state, (weights, optimiser, average, state.updates + 1), is_leaf=_none), losses

        def epoch(state: PPOState, key: PRNGKeyArray) -> tuple[PPOState, dict[str, Array]]:
            order = jr.permutation(key, lanes)[: size * self.minibatches].reshape(self.minibatches, size)
            return _scan(minibatch, state, order)

        state, losses = _scan(epoch, state, jr.split(key, self.epochs))
        seen = None if state.seen is None else state.seen.with_more(state.spec, lived.observations, whole["weight"])
        after = (jax.tree.map(jnp.mean, losses), seen)
        return eqx.tree_at(lambda s: (s.losses, s.seen), state, after, is_leaf=_none)

    def metrics(self, state: PPOState) -> dict[str, Array]:
        return state.losses

    @property
    def _optimiser(self) -> optax.GradientTransformation:
        return optax.chain(optax.clip_by_global_norm(self.norm), optax.scale_by_adam(eps=1e-5))

    def _advantages(self, lived: Trajectories) -> Float[Array, "steps lanes"]:
        values, last = lived.policy["values"].mean(-1), lived.last["values"].mean(-1)
        return advantages(
            lived.rewards,
            values,
            last,
            lived.terminated,
            lived.truncated,
            discount=self.discount,
            trace=self.trace,
        )

    def _batch(self, state: PPOState, lesson: Lesson, experience: Experience) -> dict[str, Any]:
        lived: Trajectories = experience.data
        advantage, values = self._advantages(lived), lived.policy["values"]
        # Scaled as they were when the player read them: before the first step the ratio is 1.
        seen = lived.observations if state.seen is None else state.seen.scaled(state.spec, lived.observations)
        learns = (lesson.learn_mask & (experience.status == Status.ANSWERED))[lived.row] & ~lived.gap
        return {
            "observations": seen,
            "actions": lived.policy.get("drawn", lived.actions),
            "fresh": lived.fresh,
            "log_probability": lived.policy["log_probability"],
            "values": values / self.unit,
            "advantages": advantage,
            "targets": (advantage + values.mean(-1)) / self.unit,
            "weight": learns.astype(jnp.float32),
        }

    def _loss(self, weights: PyTree, spec: Any, batch: dict[str, Any], memory: Any) -> tuple[Array, dict[str, Array]]:
        said, values, _ = self.net(weights, spec, batch["observations"], memory, batch["fresh"])
        decision = self.net.decision(weights, said)
        advantage = batch["advantages"]
        mean = lambda x: jnp.sum(x * batch["weight"])
        difference = decision.log_probability(batch["actions"]) - batch["log_probability"]
        ratio = jnp.exp(difference)
        clipped = jnp.clip(ratio, 1 - self.clip, 1 + self.clip)
        policy_loss = -mean(jnp.minimum(ratio * advantage, clipped * advantage))

        error = (values - batch["targets"][..., None]) ** 2
        if self.clip_value:
            near = batch["values"] + jnp.clip(values - batch["values"], -self.clip, self.clip)
            error = jnp.maximum(error, (near - batch["targets"][..., None]) ** 2)
        value_loss = 0.5 * mean(error.mean(-1))

        entropy = mean(decision.entropy())
        loss = policy_loss + self.critic * value_loss - self.entropy * entropy
        return loss, {
            "policy_loss": policy_loss,
            "value_loss": value_loss,
            "entropy": entropy,
            "divergence": mean(ratio - 1 - difference),
            "clipped": mean((jnp.abs(ratio - 1) > self.clip).astype(jnp.float32)),
        }


def _pieces(batch: Any, segment: int | None) -> Any:
    """Cuts sequences into pieces that stand side by side: `(steps, lanes)` becomes `(segment, pieces · lanes)`."""
    if segment is None:
        return batch

    def cut(x: Array) -> Array:
        steps, lanes = x.shape[:2]
        pieces = x.reshape(steps // segment, segment, lanes, *x.shape[2:])
        return pieces.swapaxes(0, 1).reshape(segment, -1, *x.shape[2:])

    return jax.tree.map(cut, batch)


def _centred(piece: dict[str, Any], others: Share) -> dict[str, Any]:
    """A device's share of a minibatch; over all shares weights sum to 1, advantages have mean 0 and deviation 1."""
    weight = piece["weight"] / jnp.maximum(others.total(piece["weight"].sum()), 1.0)
    mean = lambda x: others.total(jnp.sum(x * weight))
    centred = piece["advantages"] - mean(piece["advantages"])
    return piece | {"weight": weight, "advantages": centred / (jnp.sqrt(mean(centred**2)) + 1e-5)}


def _memory(core: Any, lived: Trajectories, segment: int | None) -> Any:
    """The memory with which each piece starts."""
    if segment is None:
        return core.memory(lived.rewards.shape[1])
    return jax.tree.map(lambda x: x[::segment].reshape(-1, *x.shape[2:]), lived.policy["memory"])


def _none(x: Any) -> bool:
    return x is None


def _blend(share: float | None, average: PyTree, weights: PyTree) -> PyTree:
    """The running average after one more set of weights; None where none is kept."""
    if share is None:
        return None
    return jax.tree.map(lambda a, w: share * a + (1 - share) * w, average, weights)


def _scan(function: Any, state: PPOState, inputs: Any) -> tuple[PPOState, Any]:
    """`lax.scan` over a state that also holds what is not an array."""
    arrays, static = eqx.partition(state, eqx.is_array)

    def step(arrays: Any, x: Any) -> tuple[Any, Any]:
        after, y = function(eqx.combine(arrays, static), x)
        return eqx.filter(after, eqx.is_array), y

    arrays, ys = jax.lax.scan(step, arrays, inputs)
    return eqx.combine(arrays, static), ys
