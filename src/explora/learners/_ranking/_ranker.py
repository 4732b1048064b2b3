"""One learner for all comparisons: Bradley and Terry's model over sums of step utilities."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, PRNGKeyArray

from explora.core import ArgumentError, Part, between
from explora.maths import Adam, LinearTaste, Preference, Taste, fit_preference, log_choices, standardised


class Comparisons(NamedTuple):
    """Pairs of things and what was said of them.

    A thing is a sequence of steps: a trajectory has many, a task has one. Pairs that follow from something else than
    a person's word (less noise is better, a later version is better) are comparisons like any other, by a rater of
    their own.

    **Arguments:**

    - `left`, `right`: the features of each step; behind the last step of a thing anything finite.
    - `left_steps`, `right_steps`: how many steps each thing has.
    - `answers`: `LEFT`, `TIE` or `RIGHT` of `explora.maths`.
    - `raters`: who answered, counted from 0.
    - `counts`: how many votes each answer stands for.
    """

    left: Float[np.ndarray, "pairs steps features"]
    right: Float[np.ndarray, "pairs steps features"]
    left_steps: Int[np.ndarray, " pairs"]
    right_steps: Int[np.ndarray, " pairs"]
    answers: Int[np.ndarray, " pairs"]
    raters: Int[np.ndarray, " pairs"]
    counts: Float[np.ndarray, " pairs"]

    @classmethod
    def of_things(
        cls,
        left: Float[np.ndarray, "pairs features"],
        right: Float[np.ndarray, "pairs features"],
        answers: Int[np.ndarray, " pairs"],
        raters: Int[np.ndarray, " pairs"] | None = None,
        counts: Float[np.ndarray, " pairs"] | None = None,
    ) -> "Comparisons":
        """Comparisons of things of one step: tasks, pictures, texts.

        **Arguments:** as for the class; `raters`: None: always the same person; `counts`: None: one vote each.
        """
        ones = np.ones(len(answers), np.int64)
        raters = 0 * ones if raters is None else raters
        counts = np.ones(len(answers)) if counts is None else counts
        return cls(left[:, None], right[:, None], ones, ones, answers, raters, counts)


class Ranked(NamedTuple):
    """What a `Ranker` found.

    **Arguments:**

    - `taste`: the utility of a step, and how sure it is.
    - `linear`: the linear fit: ties, reliability of the raters, weights and their covariance.
    """

    taste: Taste
    linear: Preference


class NetworkTaste(Taste):
    """The mean of several networks, as sure as they agree.

    **Arguments:**

    - `members`: the networks, stacked.
    - `centre`, `scale`: of each feature.
    """

    members: Any
    centre: Float[Array, " features"]
    scale: Float[Array, " features"]

    def __call__(self, features: Float[Array, "*things features"]) -> tuple[Float[Array, "*things"], Array]:
        along = standardised(features, self.centre, self.scale)
        said = _everybody(self.members, along.reshape(-1, along.shape[-1])).reshape(-1, *along.shape[:-1])
        return jnp.mean(said, axis=0), jnp.std(said, axis=0)


class Ranker(Part):
    """Fits utilities to comparisons: linear by default, or an ensemble of small networks.

    The probability of each answer is `explora.maths.log_choices` of the difference of two sums of utilities; raters
    are as reliable as `explora.maths.fit_preference` finds them. With networks, reliability and ties are those of the
    linear fit; each member starts from other weights and weighs the comparisons anew (the Bayesian bootstrap).

    **Arguments:**

    - `spread`: the prior's standard deviation of the utility of one scale of a feature.
    - `hidden`: the widths of the hidden layers; `()`: linear.
    - `members`: how many networks; one linear fit needs no others, it knows its covariance.
    - `steps`, `rate`, `decay`: of Adam, and the weight of the squared parameters.
    - `batch`: how many comparisons a step of Adam looks at, drawn anew for each; None: all.

    **Reference:** Brown et al. 2019, T-REX (arXiv:1904.06387), eq. 2 and 3, for sums over the steps of trajectories;
    Brown et al. 2020, D-REX (arXiv:1907.03976), whose ranks are comparisons too; Christiano et al. 2017
    (arXiv:1706.03741), sec. 2.2, for the ensemble; Rubin 1981, Annals of Statistics 9, for the bootstrap.
    """

    spread: float = 1.0
    hidden: tuple[int, ...] = eqx.field(static=True, default=())
    members: int = eqx.field(static=True, default=5)
    steps: int = eqx.field(static=True, default=500)
    rate: float = 3e-3
    decay: float = 0.01
    batch: int | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        between("spread", self.spread, 0.0, strict=True)
        between("members", self.members, 1)
        between("steps", self.steps, 1)
        if self.batch is not None:
            between("batch", self.batch, 1)

    def fit(
        self,
        said: Comparisons,
        *,
        key: PRNGKeyArray,
        centre: Float[np.ndarray, " features"] | None = None,
        scale: Float[np.ndarray, " features"] | None = None,
    ) -> Ranked:
        """Fits everything anew: the same comparisons always give the same taste.

        **Arguments:**

        - `said`: what was compared and said. There may be nothing: the taste is then that of nobody in particular.
        - `key`: for the first weights of networks and their bootstraps; the linear fit leaves nothing to chance.
        - `centre`, `scale`: of each feature; None: 0 and 1.

        **Raises:** `ArgumentError` for comparisons that do not fit together.
        """
        features = said.left.shape[-1]
        centre = np.zeros(features) if centre is None else np.asarray(centre, np.float64)
        scale = np.ones(features) if scale is None else np.asarray(scale, np.float64)
        if not (scale > 0).all():
            raise ArgumentError("`scale` must be positive for every feature; use 1 where nothing varies")
        sums = [_total((x - centre) / scale, n) for x, n in zip(said[:2], said[2:4], strict=True)]
        linear = fit_preference(
            sums[0] - sums[1], said.answers, raters=said.raters, counts=said.counts, spread=self.spread
        )
        placed = jnp.asarray(centre, jnp.float32), jnp.asarray(scale, jnp.float32)
        if self.hidden and len(said.answers):
            members = self._networks(said, linear, centre, scale, key)
            return Ranked(NetworkTaste(members, *placed), linear)
        root = jnp.asarray(np.linalg.cholesky(linear.covariance), jnp.float32)
        return Ranked(LinearTaste(jnp.asarray(linear.weights, jnp.float32), *placed, root), linear)

    def _networks(
        self, said: Comparisons, linear: Preference, centre: np.ndarray, scale: np.ndarray, key: PRNGKeyArray
    ) -> Any:
        standard = lambda x: jnp.asarray((x - centre) / scale, jnp.float32)
        care = jnp.asarray(linear.reliability[said.raters], jnp.float32)
        data = (
            standard(said.left),
            standard(said.right),
            jnp.asarray(said.left_steps),
            jnp.asarray(said.right_steps),
            jnp.asarray(said.answers),
            care,
            jnp.asarray(said.counts, jnp.float32),
        )
        ties = np.float32(linear.log_tie)
        return _trained(self, said.left.shape[-1], data, ties, key)


def _total(features: np.ndarray, steps: np.ndarray) -> np.ndarray:
    inside = np.arange(features.shape[1]) < steps[:, None]
    return np.einsum("psf,ps->pf", features, inside.astype(np.float64))


@eqx.filter_jit
def _trained(ranker: Ranker, features: int, data: tuple[Array, ...], ties: Any, key: PRNGKeyArray) -> Any:
    """All members at once."""
    rule = Adam()

    def one(key: PRNGKeyArray) -> Any:
        start, draw, deal = jr.split(key, 3)
        flat, shaped = ravel_pytree(_network(features, ranker.hidden, start))
        votes = data[-1] * jr.exponential(draw, data[-1].shape)

        def loss(flat: Array, data: tuple[Array, ...], votes: Array) -> Array:
            return -_likelihood(shaped(flat), data, votes, ties) + ranker.decay * jnp.sum(flat**2)

        def step(carry: tuple[Array, Any], number: Array) -> tuple[tuple[Array, Any], None]:
            flat, state = carry
            some = (data[:-1], votes)
            if ranker.batch is not None:
                dealt = jr.randint(jr.fold_in(deal, number), (ranker.batch,), 0, votes.shape[0])
                some = jax.tree.map(lambda x: x[dealt], some)
            state, change = rule.step(state, jax.grad(loss)(flat, *some), ranker.rate)
            return (flat + change, state), None

        return _centred(shaped(jax.lax.scan(step, (flat, rule.init(flat)), jnp.arange(ranker.steps))[0][0]), data)

    return jax.vmap(one)(jr.split(key, ranker.members))


def _likelihood(network: Any, data: tuple[Array, ...], votes: Array, ties: Any) -> Array:
    """The mean log-probability of the answers, guesses included."""
    left, right, left_steps, right_steps, answers, care = data

    table = log_choices(_utilities(network, left, left_steps) - _utilities(network, right, right_steps), ties)
    said = jnp.take_along_axis(table, answers[:, None], axis=1)[:, 0]
    guess = -jnp.log(jnp.where(jnp.isfinite(ties), 3.0, 2.0))
    # log1p(-1) is minus infinity, where a gradient would be no number
    doubt = jnp.where(care < 1, jnp.log1p(-jnp.minimum(care, 1 - 1e-6)) + guess, -1e30)
    return jnp.sum(votes * jnp.logaddexp(jnp.log(care) + said, doubt)) / jnp.maximum(jnp.sum(votes), 1.0)


def _centred(network: Any, data: tuple[Array, ...]) -> Any:
    """The same network, with a utility of 0 in the mean of all steps that were compared: comparisons leave its level
    open, and networks that differ in nothing else agree."""
    left, right, left_steps, right_steps = data[:4]
    total = jnp.sum(_utilities(network, left, left_steps)) + jnp.sum(_utilities(network, right, right_steps))
    steps = jnp.sum(left_steps) + jnp.sum(right_steps)
    *inner, (weights, bias) = network
    return [*inner, (weights, bias - total / jnp.maximum(steps, 1).astype(jnp.float32))]


def _utilities(network: Any, features: Array, steps: Array) -> Array:
    """The sum over the steps of each thing."""
    inside = jnp.arange(features.shape[1])[None] < steps[:, None]
    return jnp.sum(jnp.where(inside, _apply(network, features), 0.0), axis=1)


def _network(features: int, hidden: tuple[int, ...], key: PRNGKeyArray) -> list[tuple[Array, Array]]:
    """Layers of weights and biases, the weights as He et al. 2015 scale them."""
    widths = (features, *hidden, 1)
    keys = jr.split(key, len(widths) - 1)
    draw = lambda k, rows, columns: jr.normal(k, (rows, columns)) * np.float32(np.sqrt(2.0 / rows))
    return [
        (draw(k, rows, columns), jnp.zeros((columns,)))
        for k, rows, columns in zip(keys, widths, widths[1:], strict=False)
    ]


def _apply(network: list[tuple[Array, Array]], features: Array) -> Array:
    at = features
    for weights, bias in network[:-1]:
        at = at @ weights
        at = jax.nn.relu(at + jnp.broadcast_to(bias, at.shape))
    return (at @ network[-1][0])[..., 0] + network[-1][1][0]


def _everybody(members: Any, features: Float[Array, "things features"]) -> Float[Array, "members things"]:
    return jax.vmap(_apply, in_axes=(0, None))(members, features)
