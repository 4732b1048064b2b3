"""Proximal policy optimisation with a recurrent actor-critic."""

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
from explora.nets import ActorCritic

from ._measure import measure


class PPOState(eqx.Module):
    """What PPO carries along.

    **Arguments:**

    - `weights`: of the network.
    - `optimiser`: of Adam.
    - `average`: a running average of the weights, which is what is published; None without averaging.
    - `updates`: how many gradient steps were taken.
    - `losses`: the last update's mean losses and diagnostics, by name.
    - `spec`: what the network reads and chooses from.
    """

    weights: PyTree
    optimiser: PyTree
    average: PyTree
    updates: Int32[Array, ""]
    losses: dict[str, Float[Array, ""]]
    spec: Any


class ActorCriticPolicy(Policy):
    """Acts by the preferences of an `ActorCritic`.

    **Arguments:**

    - `net`, `weights`, `spec`: the network.
    - `remember`: whether to report the memory before each step, for learning from pieces of a sequence.
    - `sampled`: draws actions by their probability, or takes the likeliest.
    """

    net: ActorCritic
    weights: PyTree
    spec: Any
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
        once = jax.tree.map(lambda x: x[None], observations)
        logits, values, after = self.net(self.weights, self.spec, once, memory, fresh[None])
        logits = jax.nn.log_softmax(logits[0])
        action = _draw(keys, logits) if self.sampled else jnp.argmax(logits, axis=-1).astype(jnp.int32)
        chosen = jnp.take_along_axis(logits, action[:, None], axis=-1)[:, 0]
        report = {"log_probability": chosen, "values": values[0]}
        if self.remember:
            report["memory"] = memory
        return action, after, report

    def greedy(self) -> "ActorCriticPolicy":
        return dataclasses.replace(self, sampled=False)


class PPO(Learner[PPOState]):
    """Clipped policy gradient with generalised advantage estimation.

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

    def __check_init__(self):
        for name in ("rate", "clip", "norm"):
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
        )

    def policy(self, state: PPOState) -> ActorCriticPolicy:
        return ActorCriticPolicy(self.net, state.weights, state.spec, remember=self.segment is not None)

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
        batch = _pieces(self._batch(lesson, experience), segment)
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
            return PPOState(weights, optimiser, average, state.updates + 1, state.losses, state.spec), losses

        def epoch(state: PPOState, key: PRNGKeyArray) -> tuple[PPOState, dict[str, Array]]:
            order = jr.permutation(key, lanes)[: size * self.minibatches].reshape(self.minibatches, size)
            return _scan(minibatch, state, order)

        state, losses = _scan(epoch, state, jr.split(key, self.epochs))
        return eqx.tree_at(lambda s: s.losses, state, jax.tree.map(jnp.mean, losses))

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

    def _batch(self, lesson: Lesson, experience: Experience) -> dict[str, Any]:
        lived: Trajectories = experience.data
        advantage = self._advantages(lived)
        learns = (lesson.learn_mask & (experience.status == Status.ANSWERED))[lived.row] & ~lived.gap
        return {
            "observations": lived.observations,
            "actions": lived.actions,
            "fresh": lived.fresh,
            "log_probability": lived.policy["log_probability"],
            "values": lived.policy["values"],
            "advantages": advantage,
            "targets": advantage + lived.policy["values"].mean(-1),
            "weight": learns.astype(jnp.float32),
        }

    def _loss(self, weights: PyTree, spec: Any, batch: dict[str, Any], memory: Any) -> tuple[Array, dict[str, Array]]:
        logits, values, _ = self.net(weights, spec, batch["observations"], memory, batch["fresh"])
        logits = jax.nn.log_softmax(logits)
        chosen = jnp.take_along_axis(logits, batch["actions"][..., None], axis=-1)[..., 0]
        advantage = batch["advantages"]
        mean = lambda x: jnp.sum(x * batch["weight"])
        difference = chosen - batch["log_probability"]
        ratio = jnp.exp(difference)
        clipped = jnp.clip(ratio, 1 - self.clip, 1 + self.clip)
        policy_loss = -mean(jnp.minimum(ratio * advantage, clipped * advantage))

        error = (values - batch["targets"][..., None]) ** 2
        if self.clip_value:
            near = batch["values"] + jnp.clip(values - batch["values"], -self.clip, self.clip)
            error = jnp.maximum(error, (near - batch["targets"][..., None]) ** 2)
        value_loss = 0.5 * mean(error.mean(-1))

        entropy = -mean(jnp.sum(jnp.exp(logits) * logits, axis=-1))
        loss = policy_loss + self.critic * value_loss - self.entropy * entropy
        return loss, {
            "policy_loss": policy_loss,
            "value_loss": value_loss,
            "entropy": entropy,
            "divergence": mean(ratio - 1 - difference),
            "clipped": mean((jnp.abs(ratio - 1) > self.clip).astype(jnp.float32)),
        }


def _draw(keys: Key[Array, " lanes"], logits: Float[Array, "lanes actions"]) -> Int32[Array, " lanes"]:
    """One action a lane by inversion: a single uniform number each, instead of one for every action."""
    uniform = jax.vmap(lambda k: jr.uniform(k))(keys)
    below = jnp.cumsum(jnp.exp(logits), axis=-1)
    drawn = jnp.sum(uniform[:, None] * below[:, -1:] > below, axis=-1)
    return jnp.minimum(drawn, logits.shape[-1] - 1).astype(jnp.int32)


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
