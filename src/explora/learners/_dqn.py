"""Q-learning from stored experience, with goals in hindsight: the usual way to learn from what was not achieved."""

import dataclasses
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int32, Key, PRNGKeyArray, PyTree

from explora.core import (
    CombinationError,
    Discrete,
    Domain,
    Environment,
    Episodes,
    Policy,
    Rowwise,
    between,
)
from explora.nets import ActorCritic, Dense, Memoryless

from ._kept import Recalling, RecallState
from ._noisy import Noisy
from .sequence import Hindsight

_CURE = "wrap it: `Asking(…, ('goal',))` of `explora.domains.views`"


class DQNState(RecallState):
    """What a `DQN` learner carries along.

    **Arguments:**

    - `weights`, `target`: of the network that learns, and of the one that follows it slowly.
    - `optimiser`: of Adam.
    - `noise`: the share of actions that are random.
    - `loss`: of the last updates.
    - `spec`: what is shown, and the goal.
    - `action`: what it decides.
    - `stored`: the experience that is kept; None: none.
    """

    weights: PyTree
    target: PyTree
    optimiser: PyTree
    noise: Float[Array, ""]
    loss: Float[Array, ""]


class DQNPolicy(Policy):
    """Takes the action of the greatest value.

    **Arguments:**

    - `net`, `weights`: the network.
    - `spec`: what is shown, and the goal.
    - `action`: what it decides.
    """

    net: ActorCritic
    weights: PyTree
    spec: Any
    action: Discrete

    def __call__(
        self,
        observations: PyTree,
        memory: PyTree,
        fresh: Bool[Array, " lanes"],
        *,
        keys: Key[Array, " lanes"],
        who: Int32[Array, " lanes"] | None = None,
    ) -> tuple[Array, PyTree, dict[str, Any]]:
        values = _values(self.net, self.weights, self.spec, {name: observations[name] for name in self.spec})
        return jnp.argmax(values, axis=1).astype(self.action.dtype), memory, {}


class Transitions(NamedTuple):
    """Some steps: shown `before`, the `action`, its `reward`, shown `after`; `ended` if the rules say that was all."""

    before: PyTree[Rowwise]
    action: Rowwise
    reward: Rowwise
    after: PyTree[Rowwise]
    ended: Rowwise


class DQN(Recalling[DQNState]):
    """Double Q-learning from a store of episodes; with goals, most steps are seen in hindsight (HER).

    It plays environments of `Asking`: of what these tell it heeds the goal alone, if there is one. A step that is seen
    in hindsight earns `hit` and ends if the new goal is achieved after it, else it earns `miss`. An episode that was
    cut off did not end. What is evaluated and loaded acts without noise.

    **Arguments:**

    - `net`: the network; it has no memory.
    - `hindsight`: which goals are learned, `share` for how many of the steps; "none" where there are no goals.
    - `noise`: the share of random actions while it learns.
    - `discount`: of rewards.
    - `rate`: of Adam.
    - `follow`: by which share the target network nears the other one at each update.
    - `batch`, `updates`: steps an update, and updates after each round.
    - `room`: how much of what was lived is learned from again; the oldest episodes are forgotten [MiB].
    - `miss`, `hit`: rewards in hindsight.
    - `lowest`, `highest`: no target lies beyond.

    **Reference:** Mnih et al. 2015, Nature 518; van Hasselt et al. 2016 (arXiv:1509.06461); Andrychowicz et al. 2017,
    HER (arXiv:1707.01495): four of five steps in hindsight, goals from later in the episode, targets in
    [-1 / (1 - discount), 0].
    """

    net: ActorCritic = ActorCritic(Dense(256), Memoryless(256))
    hindsight: Hindsight = Hindsight("future", share=0.8)
    noise: float = 0.2
    discount: float = 0.98
    rate: float = 1e-3
    follow: float = 0.01
    batch: int = 256
    miss: float = -1.0
    hit: float = 0.0
    lowest: float = -float("inf")
    highest: float = float("inf")

    def __check_init__(self):
        for name in ("rate", "follow", "room"):
            between(name, getattr(self, name), 0, strict=True)
        for name in ("noise", "discount", "follow"):
            between(name, getattr(self, name), 0, 1)
        between("batch", self.batch, 1)

    def unfit(self, domain: Domain) -> str | None:
        name = type(domain).__name__
        if not isinstance(domain, Environment):
            return f"DQN learns what to do, but {name} is no Environment; {_CURE} of one"
        if not isinstance(domain.action, Discrete):
            return f"DQN chooses between actions, but those of {name} are {domain.action}; take PPO or ES"
        spec = domain.observation
        if not isinstance(spec, dict) or not {"seen", "told"} <= set(spec):
            return f"DQN must be told what to achieve, and {name} tells nothing; {_CURE}"
        return None

    def init(self, domain: Domain, *, key: PRNGKeyArray) -> DQNState:
        reason = self.unfit(domain)
        if reason or not isinstance(domain, Environment) or not isinstance(domain.action, Discrete):
            raise CombinationError(reason)
        shown = domain.observation
        spec = {name: shown[name] for name in ("seen", "goal") if name in shown}
        weights = self.net.init(spec, domain.action, key=key)
        target = jax.tree.map(jnp.copy, weights)
        optimiser, noise = self._optimiser.init(weights), jnp.float32(self.noise)
        return DQNState(weights, target, optimiser, noise, jnp.zeros(()), spec=spec, action=domain.action)

    def policy(self, state: DQNState) -> Noisy:
        return Noisy(DQNPolicy(self.net, state.weights, state.spec, state.action), state.noise, state.action)

    def publish(self, state: DQNState) -> DQNState:
        return dataclasses.replace(state, noise=jnp.zeros_like(state.noise))

    def learn(self, state: DQNState, episodes: Episodes, updates: int, *, rng: np.random.Generator) -> DQNState:
        changing = jax.tree.map(jnp.copy, (state.weights, state.target, state.optimiser))  # are given away below
        loss, done = state.loss, 0
        while done < updates:
            count = min(_CHUNK, updates - done)
            drawn = self.draw(episodes, count * self.batch, rng=rng)
            batches = jax.tree.map(lambda x, n=count: x.reshape(n, self.batch, *x.shape[1:]), drawn)
            changing, loss = _train((self, state.spec, batches), changing)
            done += count
        weights, target, optimiser = changing
        return dataclasses.replace(state, weights=weights, target=target, optimiser=optimiser, loss=loss)

    def draw(self, episodes: Episodes, count: int, *, rng: np.random.Generator) -> Transitions:
        """Steps of stored episodes, each as likely, some of them with another goal than they had."""
        step = rng.integers(0, episodes.steps, count)
        episode = np.searchsorted(episodes.offsets, step, side="right") - 1
        ended = (step + 1 == episodes.offsets[episode + 1]) & episodes.terminated[episode]
        reward = episodes.reward[step]
        before, after = jax.tree.map(lambda x: x[step], episodes.observation), episodes.after(step)
        if "goal" not in episodes.columns:
            return Transitions({"seen": before}, episodes.action[step], reward, {"seen": after}, ended)
        aims = self.hindsight.aims(episodes, episode, step - episodes.offsets[episode], rng=rng)
        pick = lambda own, achieved: _where(aims.relabelled, achieved[np.maximum(aims.step, 0)], own[episode])
        goal = episodes.columns["goal"]
        if episodes.achieved is not None:
            goal = jax.tree.map(pick, goal, episodes.achieved)
            same = jax.tree.map(lambda g, x: (g == x[step]).reshape(count, -1).all(1), goal, episodes.achieved)
            there = np.logical_and.reduce(jax.tree.leaves(same))
            reward = np.where(aims.relabelled, np.where(there, self.hit, self.miss), reward).astype(np.float32)
            ended = np.where(aims.relabelled, there, ended)
        return Transitions(
            {"seen": before, "goal": goal}, episodes.action[step], reward, {"seen": after, "goal": goal}, ended
        )

    def metrics(self, state: DQNState) -> dict[str, Array]:
        return {"loss": state.loss}

    @property
    def _optimiser(self) -> optax.GradientTransformation:
        return optax.adam(self.rate)


_CHUNK = 50  # updates that are worked out without coming back to the host


@eqx.filter_jit(donate="all-except-first")
def _train(given: tuple, changing: tuple) -> tuple[tuple, Array]:
    """One gradient step for each batch; what changes is given away."""
    learner, spec, batches = given

    def loss(weights: PyTree, target: PyTree, batch: Transitions) -> Array:
        best = jnp.argmax(_values(learner.net, weights, spec, batch.after), axis=1)
        pick = lambda values, which: jnp.take_along_axis(values, which[:, None], axis=1)[:, 0]
        then = pick(_values(learner.net, target, spec, batch.after), best)
        worth = batch.reward + learner.discount * jnp.where(batch.ended, 0.0, then)
        worth = jax.lax.stop_gradient(jnp.clip(worth, learner.lowest, learner.highest))
        now = pick(_values(learner.net, weights, spec, batch.before), batch.action.astype(jnp.int32))
        return jnp.mean(optax.losses.huber_loss(now, worth))

    def step(carry: tuple, batch: Transitions) -> tuple[tuple, Array]:
        weights, target, optimiser = carry
        value, gradient = jax.value_and_grad(loss)(weights, target, batch)
        with jax.numpy_dtype_promotion("standard"):  # Optax raises a float to the power of an int
            change, optimiser = learner._optimiser.update(gradient, optimiser, weights)
        weights = jax.tree.map(lambda w, c: w + c, weights, change)
        near = lambda slow, fast: slow + learner.follow * (fast - slow)
        return (weights, jax.tree.map(near, target, weights), optimiser), value

    changing, values = jax.lax.scan(step, changing, batches)
    return changing, jnp.mean(values)


def _values(net: ActorCritic, weights: PyTree, spec: Any, shown: PyTree) -> Float[Array, "rows actions"]:
    """What each action is worth: the network's preferences."""
    rows = jax.tree.leaves(shown)[0].shape[0]
    once = jax.tree.map(lambda x: x[None], shown)
    return net(weights, spec, once, net.core.memory(rows), jnp.zeros((1, rows), bool))[0][0]


def _where(mask: Bool[np.ndarray, " some"], new: np.ndarray, old: np.ndarray) -> np.ndarray:
    return np.where(mask.reshape(-1, *(1,) * (new.ndim - 1)), new, old)
