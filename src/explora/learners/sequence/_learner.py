"""Learning the distribution of all behaviour, given what it turned out to achieve."""

import dataclasses
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int32, PRNGKeyArray, PyTree

from explora.core import (
    ArgumentError,
    CombinationError,
    Domain,
    Environment,
    Episodes,
    between,
)

from .._kept import Recalling, RecallState
from ._hindsight import Hindsight
from ._luck import expected_returns
from ._net import SequenceNet, ToldNet
from ._policy import SequencePolicy
from ._windows import TOLD, Batch, Clauses, Sampler

_CURE = "wrap it: `Asking(…)` of `explora.domains.views`"


class SequenceState(RecallState):
    """What a `Sequence` learner carries along.

    **Arguments:**

    - `weights`: of the network.
    - `optimiser`: of AdamW.
    - `updates`: how many gradient steps were taken.
    - `ranges`: the least and the greatest value of each number that it can be told, in the data so far.
    - `losses`: of the last updates, by name.
    - `spec`, `action`: what it sees and does.
    - `stored`: the experience that is kept; None: none.
    """

    weights: PyTree
    optimiser: PyTree
    updates: Int32[Array, ""]
    ranges: dict[str, Float[Array, "2"]]
    losses: dict[str, Float[Array, ""]]


class Sequence(Recalling[SequenceState]):
    """Predicts what was done, given what was seen and what it turned out to be good for; then it is asked.

    It learns from all behaviour, good and bad, by supervised learning alone: of each window of an episode it is told
    the return that followed, the number of steps, the goal that was achieved, the skill of who acted; each of them is
    left out at times, so that it can be asked for any of them alone. What is told is `told`; what is left out of it is
    never shown.

    It plays environments of `Asking`. In a run, what was played is kept and learned from again; `learn` learns from
    stored episodes without playing.

    **Arguments:**

    - `net`: the network; its `window` is how many steps it looks back.
    - `hindsight`: which goals windows get.
    - `told`: which conditions it learns to heed.
    - `drop`: how likely each of them is left out of a window.
    - `together`: sets of them, one of which each window is told instead, each set as likely; an empty set among them
      is for asking nothing. With four conditions that are left out one by one, one alone is told of 2 windows in 100:
      who is going to be asked for certain sets learns them better so. Empty: by `drop`.
    - `balance`: how much more often steps of rare returns are drawn, see `Sampler`.
    - `rate`: AdamW's learning rate after the warm-up.
    - `final_rate`: that at the end of a `learn`, as a share of `rate`; linear in between.
    - `fade`: the rate falls as 1 / √(1 + updates / fade), whatever there is still to come; 0: it does not.
    - `warmup`: how many updates the rate rises for.
    - `decay`: of the weights.
    - `norm`: the gradient is clipped to this norm.
    - `batch`: windows an update.
    - `row`: windows are packed into rows of so many steps, as many rows as have the steps of `batch` windows (see
      `Sampler`): nothing of a row is empty, but a step costs more the longer it is. 0: a window is a row.
    - `updates`: how many updates follow each round of a run.
    - `remember`, `insist`: how it remembers while it plays, and how much it heeds what it is told, see
      `SequencePolicy`.
    - `room`: how much of what a run has lived is learned from again; the oldest episodes are forgotten [MiB].
    - `returns`: which return it is told of a step: what was `"got"`, or what was to be `"expected"` of it (see
      `expected_returns`): the cure where luck decides, since who is told what was got takes luck for skill.

    **Reference:** Chen et al. 2021 (arXiv:2106.01345); Schmidhuber 2019 (arXiv:1912.02875); Ghosh et al. 2019
    (arXiv:1912.06088); Paster et al. 2022 (arXiv:2205.15967) for `returns`.
    """

    net: ToldNet = SequenceNet()
    hindsight: Hindsight = Hindsight()
    told: tuple[str, ...] = eqx.field(static=True, default=("horizon", "goal"))
    drop: float = 0.1
    together: tuple[tuple[str, ...], ...] = eqx.field(static=True, default=())
    balance: float = 0.0
    rate: float = 1e-3
    final_rate: float = 0.1
    fade: float = 0.0
    warmup: int = 100
    decay: float = 1e-4
    norm: float = 0.25
    batch: int = 256
    row: int = eqx.field(static=True, default=0)
    remember: Literal["ring", "window"] = eqx.field(static=True, default="ring")
    insist: float = eqx.field(static=True, default=1.0)
    returns: Literal["got", "expected"] = eqx.field(static=True, default="got")

    def __check_init__(self):
        if self.returns == "expected" and self.hindsight.strategy in ("future", "geometric"):
            raise CombinationError(
                f"what is to be expected is known of whole episodes, and hindsight {self.hindsight.strategy!r} cuts "
                "them short: take `none` or `final`"
            )
        for name in ("rate", "norm"):
            between(name, getattr(self, name), 0, strict=True)
        for name in ("final_rate", "fade", "decay", "insist"):
            between(name, getattr(self, name), 0)
        for name in ("batch", "warmup"):
            between(name, getattr(self, name), 1)
        between("row", self.row, 0)
        between("drop", self.drop, 0, 1)
        between("balance", self.balance, 0, 1)
        if self.row and self.net.past:
            raise CombinationError(
                "`row` puts several episodes into one, and `past` of the network is that of one alone"
            )
        unknown = set(self.told).union(*self.together) - set(TOLD)
        if unknown:
            raise CombinationError(
                f"`told` and `together` may name {', '.join(TOLD)}; got {', '.join(sorted(unknown))}"
            )
        if self.insist != 1 and not self.drop and () not in self.together:
            raise CombinationError(
                f"`insist` {self.insist:g} needs to know what is done unasked, and this learner is always told all: "
                "raise `drop`, or put an empty set in `together`"
            )
        deaf = set(self.told) - set(self.net.hears)
        if deaf:
            raise CombinationError(
                f"{type(self.net).__name__} can be told {', '.join(self.net.hears)} alone; got "
                f"{', '.join(sorted(deaf))} in `told`: leave it out, or take `SequenceNet`"
            )

    def unfit(self, domain: Domain) -> str | None:
        if not isinstance(domain, Environment):
            return f"Sequence learns what to do, but {type(domain).__name__} is no Environment; {_CURE} of one"
        spec = domain.observation
        if not isinstance(spec, dict) or not {"seen", "action", "reward", "told"} <= set(spec):
            return f"Sequence must be told what to achieve, and {type(domain).__name__} tells nothing; {_CURE}"
        return None

    def init(self, domain: Domain, *, key: PRNGKeyArray) -> SequenceState:
        reason = self.unfit(domain)
        if reason or not isinstance(domain, Environment):
            raise CombinationError(reason)
        weights = self.net.init(domain.observation, domain.action, key=key)
        unit = jnp.array([0.0, 1.0])
        return SequenceState(
            weights,
            self._optimiser.init(weights),
            jnp.zeros((), jnp.int32),
            dict.fromkeys(("return", "horizon", "skill"), unit),
            {"loss": jnp.zeros(())},
            spec=domain.observation,
            action=domain.action,
        )

    def policy(self, state: SequenceState) -> SequencePolicy:
        return SequencePolicy(
            self.net, state.weights, state.ranges, state.spec, state.action, self.remember, insist=self.insist
        )

    def learn(
        self,
        state: SequenceState,
        episodes: Episodes,
        updates: int,
        *,
        rng: np.random.Generator,
        clauses: Clauses | None = None,
    ) -> SequenceState:
        """As of every learner that recalls; `clauses`: what came true of each episode, where goals are words."""
        if self.net.foretells and clauses is None:
            raise CombinationError(
                "it foretells which clauses come true, and nobody says which did: take `SequenceNet`"
            )
        longest, most = self.net.longest, int(episodes.lengths.max(initial=0))
        if longest is not None and most > longest:
            raise ArgumentError(f"`episodes` must have at most `longest`={longest} steps each, got {most}; raise it")
        left = expected_returns(episodes) if self.returns == "expected" else None
        shown = {"past": self.net.past, "demos": self.net.demos}
        window, packed = self.row or self.net.window, self.row > 0
        sampler = Sampler(
            episodes,
            window,
            state.action,
            self.hindsight,
            left=left,
            balance=self.balance,
            packed=packed,
            clauses=clauses,
            **shown,
        )
        state = dataclasses.replace(state, ranges=_ranges(state.ranges, episodes, left))
        changing = jax.tree.map(jnp.copy, (state.weights, state.optimiser, state.updates))  # are given away below
        loss, done = state.losses["loss"], 0
        while done < updates:
            count = min(_CHUNK, updates - done)
            rates = self._rates(updates, int(state.updates))[done : done + count]
            batches = self._batches(sampler, count, rng)
            changing, loss = _train((self, state.spec, state.action, state.ranges, rates, batches), changing)
            done += count
        weights, optimiser, count = changing
        return dataclasses.replace(state, weights=weights, optimiser=optimiser, updates=count, losses={"loss": loss})

    def metrics(self, state: SequenceState) -> dict[str, Array]:
        return state.losses

    @property
    def _optimiser(self) -> optax.GradientTransformation:
        return optax.chain(
            optax.clip_by_global_norm(self.norm), optax.scale_by_adam(), optax.add_decayed_weights(self.decay)
        )

    def _rates(self, updates: int, before: int) -> np.ndarray:
        """The learning rate of each of `updates` updates, after so many before them."""
        rates = self.rate * np.linspace(1, self.final_rate, updates)
        if self.fade:
            rates = rates / np.sqrt(1 + (before + np.arange(updates)) / self.fade)
        return rates.astype(np.float32)

    def _batches(self, sampler: Sampler, count: int, rng: np.random.Generator) -> Batch:
        """`count` batches; conditions that are not to be heeded are never told."""
        rows = max(self.batch * self.net.window // self.row, 1) if self.row else self.batch
        drawn = sampler.draw(count * rows, drop=self.drop, together=self.together, rng=rng)
        heeded = np.array([name in self.told for name in TOLD], np.uint8)
        drawn.moments["told"] = drawn.moments["told"] * heeded
        return jax.tree.map(lambda x: x.reshape(count, rows, *x.shape[1:]), drawn)


_CHUNK = 50  # updates that are worked out without coming back to the host


@eqx.filter_jit(donate="all-except-first")
def _train(given: tuple, changing: tuple) -> tuple[tuple, Array]:
    """One gradient step for each batch; what changes is given away."""
    learner, spec, action, ranges, rates, batches = given

    def loss(weights: PyTree, batch: Batch) -> Array:
        outputs = learner.net(weights, spec, ranges, batch.moments, batch.past, batch.segment)
        total = jnp.sum(learner.net.losses(action, outputs, batch.action, batch.moments) * batch.weight)
        return total / jnp.maximum(jnp.sum(batch.weight), 1.0)

    def step(carry: tuple, each: tuple) -> tuple[tuple, Array]:
        (weights, optimiser, count), (rate, batch) = carry, each
        value, gradient = jax.value_and_grad(loss)(weights, batch)
        with jax.numpy_dtype_promotion("standard"):  # Optax raises a float to the power of an int
            change, optimiser = learner._optimiser.update(gradient, optimiser, weights)
        rate = rate * jnp.minimum(1.0, (count + 1).astype(jnp.float32) / learner.warmup)
        return (jax.tree.map(lambda w, c: w - rate * c, weights, change), optimiser, count + 1), value

    changing, values = jax.lax.scan(step, changing, (rates, batches))
    return changing, jnp.mean(values)


def _ranges(known: dict[str, Array], episodes: Episodes, left: np.ndarray | None) -> dict[str, Array]:
    """The least and the greatest value of each number."""
    left = episodes.returns_to_go if left is None else left
    skill = episodes.columns.get("skill", np.zeros(1))
    found = {
        "return": (min(left.min(), 0.0), max(left.max(), 0.0)),
        "horizon": (1.0, episodes.lengths.max()),
        "skill": (skill.min(), skill.max()),
    }
    return {name: jnp.array(found[name], jnp.float32) for name in known}
