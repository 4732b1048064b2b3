"""Linear models fitted to convergence: multinomial logistic regression and ridge regression, many members at once.

Both work in coordinates of their own: the inputs are centred, reduced to as many coordinates as there are rows if
there are more features than that, and rotated onto their principal axes. A rotation leaves the penalty as it is, and
in these coordinates a diagonal is a good stand-in for the curvature: thirty steps do what takes hundreds without it,
also on inputs of very different scales, in 32 bits.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int32

_WIDEST = 1024
"""Coordinates up to which finding the principal axes is worth its cubic cost; above, the axes stay as they are."""

_MEMORY = 10
"""How many past steps estimate the curvature."""

_LOOKS = 3
"""How many lengths are tried along each direction, if one of them is better than standing still."""

_PRECISION = 1e-8
"""The gain that is not worth a further step, in nats per unit of weight."""


class Coefficients(eqx.Module):
    """The coefficients of one member.

    **Arguments:**

    - `slope`: the coefficients of the centred inputs.
    - `level`: what the middle of the inputs gives.
    - `centre`: the middle of the inputs.
    """

    slope: Float[Array, "features outputs"]
    level: Float[Array, " outputs"]
    centre: Float[Array, " features"]


class Axes(eqx.Module):
    """The inputs in coordinates in which a linear model is quickly fitted.

    **Arguments:**

    - `rows`: the inputs in these coordinates, and a last column of ones.
    - `basis`: the directions of the coordinates, orthonormal.
    - `centre`: the middle of the inputs.
    """

    rows: Float[Array, "rows coordinates_and_one"]
    basis: Float[Array, "features coordinates"]
    centre: Float[Array, " features"]

    @staticmethod
    def of(inputs: Float[Array, "rows features"], weights: Float[Array, " rows"]) -> "Axes":
        """The axes of weighted inputs; members that weigh the rows otherwise may share them."""
        centre = weights @ inputs / jnp.maximum(jnp.sum(weights), 1e-30)
        # Rows of no weight are not looked at: they are padding, and may hold anything finite.
        rows = jnp.where(weights[:, None] > 0, inputs - centre[None], 0.0)
        basis = jnp.eye(inputs.shape[1])
        if rows.shape[1] > rows.shape[0]:  # the best coefficients are combinations of the rows
            basis, lower = jnp.linalg.qr(rows.T)
            rows = lower.T
        if rows.shape[1] <= _WIDEST:
            _, turn = jnp.linalg.eigh((rows * weights[:, None]).T @ rows)
            basis, rows = basis @ turn, rows @ turn
        return Axes(jnp.concatenate([rows, jnp.ones((rows.shape[0], 1))], axis=1), basis, centre)

    def penalty(self, decay: Float[Array, ""]) -> Float[Array, "coordinates_and_one 1"]:
        """What each coordinate costs: the level costs nothing."""
        return jnp.full((self.rows.shape[1], 1), decay).at[-1].set(0.0)

    def coefficients(self, values: Float[Array, "coordinates_and_one outputs"]) -> Coefficients:
        """The coefficients in the coordinates of the inputs."""
        return Coefficients(self.basis @ values[:-1], values[-1], self.centre)


def ridge(
    axes: Axes, targets: Float[Array, "rows outputs"], weights: Float[Array, " rows"], decay: float
) -> Coefficients:
    """The least of ½ Σ weight · ‖target − prediction‖² + ½ decay · ‖slope‖²."""
    middle = weights @ targets / jnp.maximum(jnp.sum(weights), 1e-30)
    weighted = axes.rows * weights[:, None]
    curvature = weighted.T @ axes.rows
    rounding = 1e-7 * jnp.diag(curvature) + 1e-30  # keeps the factor real where two columns are one
    curvature = curvature + jnp.diag(axes.penalty(jnp.float32(decay))[:, 0] + rounding)
    factor = jax.scipy.linalg.cho_factor(curvature, lower=True)
    found = axes.coefficients(jax.scipy.linalg.cho_solve(factor, weighted.T @ (targets - middle[None])))
    return eqx.tree_at(lambda x: x.level, found, found.level + middle)


class _Place(NamedTuple):
    """Where the search is: coefficients, the logits that they give, gradient, inverse curvature, and the past."""

    values: Float[Array, "coordinates classes"]
    logits: Float[Array, "rows classes"]
    gradient: Float[Array, "coordinates classes"]
    scale: Float[Array, "coordinates classes"]
    steps: Float[Array, "memory coordinates classes"]
    bends: Float[Array, "memory coordinates classes"]
    inverse: Float[Array, " memory"]
    turn: Int32[Array, ""]
    gain: Float[Array, ""]


class Logistic(eqx.Module):
    """The problem: the least of Σ weight · (−ln p(class)) + ½ decay · ‖slope‖².

    Two classes are as one: their slopes are opposite, so that the penalty that a single slope would pay is twice the
    penalty of the two. It is counted twice then, as everybody does who fits two classes with one slope.

    **Arguments:**

    - `axes`: the inputs.
    - `hot`: the classes of the rows, one-hot.
    - `weights`: of the rows.
    - `allowed`: the classes that exist; others get probability zero.
    - `decay`: the weight of the penalty.
    """

    axes: Axes
    hot: Float[Array, "rows classes"]
    weights: Float[Array, " rows"]
    allowed: Bool[Array, " classes"]
    decay: float = eqx.field(static=True)

    def _penalty(self) -> Float[Array, "coordinates 1"]:
        return self.axes.penalty(self.decay * jnp.where(jnp.sum(self.allowed) == 2, 2.0, 1.0))

    def _chances(self, logits: Float[Array, "rows classes"]) -> Float[Array, "rows classes"]:
        return jax.nn.softmax(jnp.where(self.allowed[None], logits, -jnp.inf), axis=1)

    def _at(
        self, values: Array, logits: Array, steps: Array, bends: Array, inverse: Array, turn: Int32[Array, ""]
    ) -> _Place:
        chances, penalty, rows = self._chances(logits), self._penalty(), self.axes.rows
        gradient = rows.T @ (self.weights[:, None] * (chances - self.hot)) + penalty * values
        # The diagonal of the curvature, if the rows' uncertainty had nothing to do with where they lie.
        doubt = self.weights @ (chances * (1.0 - chances)) / jnp.maximum(jnp.sum(self.weights), 1e-30)
        spread = (self.weights @ rows**2)[:, None]
        scale = 1.0 / ((doubt[None] + 1e-6) * spread + penalty + 1e-12)
        gain = jnp.sum(gradient**2 * scale)
        return _Place(values, logits, gradient, scale, steps, bends, inverse, turn, gain)

    def start(self) -> _Place:
        """All coefficients zero."""
        values = jnp.zeros((self.axes.rows.shape[1], self.hot.shape[1]))
        past = jnp.zeros((_MEMORY, *values.shape))
        return self._at(values, self.axes.rows @ values, past, past, jnp.zeros((_MEMORY,)), jnp.int32(0))

    def step(self, at: _Place) -> _Place:
        """To the lowest place along a direction that the past suggests."""
        direction = -_downhill(at)
        change = self.axes.rows @ direction
        length = self._length(at, direction, change)
        values, logits = at.values + length * direction, at.logits + length * change
        slot = at.turn % _MEMORY
        after = self._at(values, logits, at.steps, at.bends, at.inverse, at.turn + 1)
        step, bend = values - at.values, after.gradient - at.gradient
        bent = jnp.sum(step * bend)
        sound = bent > 1e-12  # rounding may bend a tiny step the wrong way; it teaches nothing then
        return after._replace(
            steps=at.steps.at[slot].set(jnp.where(sound, step, 0.0)),
            bends=at.bends.at[slot].set(jnp.where(sound, bend, 0.0)),
            inverse=at.inverse.at[slot].set(jnp.where(sound, 1.0 / jnp.where(sound, bent, 1.0), 0.0)),
        )

    def _length(self, at: _Place, direction: Array, change: Array) -> Float[Array, ""]:
        """Where along the direction the slope is nearest to zero, by Newton steps that stay between two slopes."""
        penalised = self._penalty() * direction
        first, second = jnp.sum(penalised * at.values), jnp.sum(penalised * direction)
        hot, rate = self.hot, self.weights

        start, enough = jnp.abs(jnp.sum(at.gradient * direction)), _PRECISION * jnp.sum(self.weights)

        def unsettled(state: tuple[Array, ...]) -> Array:
            _, _, _, best, least, looks = state
            # Where somebody has arrived all slopes are rounding, and none is better: others are not kept waiting.
            tries = jnp.where((best == 0) & (at.gain > enough), 10 * _LOOKS, _LOOKS)
            return (least > 0.1 * start) & (looks < tries)

        def look(state: tuple[Array, ...]) -> tuple[Array, ...]:
            length, low, high, best, least, looks = state
            chances = self._chances(at.logits + length * change)
            mean = jnp.sum(chances * change, axis=1)
            slope = jnp.sum(rate * (mean - jnp.sum(hot * change, axis=1))) + first + length * second
            bend = jnp.sum(rate * (jnp.sum(chances * change**2, axis=1) - mean**2)) + second
            better = jnp.abs(slope) < least
            best, least = jnp.where(better, length, best), jnp.where(better, jnp.abs(slope), least)
            low, high = jnp.where(slope < 0, length, low), jnp.where(slope < 0, high, length)
            newton = length - slope / jnp.maximum(bend, 1e-30)
            inside = (newton > low) & (newton < high) & (newton < 10.0 * length)
            outside = jnp.where(jnp.isinf(high), 4.0 * length, 0.5 * (low + high))
            return jnp.where(inside, newton, outside), low, high, best, least, looks + 1

        lengths = (jnp.float32(1.0), jnp.float32(0.0), jnp.float32(jnp.inf), jnp.float32(0.0))
        return jax.lax.while_loop(unsettled, look, (*lengths, start, jnp.int32(0)))[3]


def logistic(
    axes: Axes,
    hot: Float[Array, "rows classes"],
    samples: Float[Array, "members rows"],
    allowed: Bool[Array, " classes"],
    *,
    decay: float,
    steps: int,
) -> Coefficients:
    """Quasi-Newton steps (limited memory) until no member gains by a further one, `steps` at most.

    The logits are linear in the coefficients, so that a length along a direction is judged without another product
    with the inputs, and by slopes, which lose no digits where the values hardly differ.

    **Arguments:** as of `Logistic`; `samples` are the weights of each member.

    **Returns:** the coefficients, members along a leading axis.

    **Reference:** Nocedal & Wright 2006, Numerical Optimization, algorithms 7.4 and 7.5.
    """
    problem = lambda sample: Logistic(axes, hot, sample, allowed, decay)
    step = jax.vmap(lambda sample, at: problem(sample).step(at))
    enough = _PRECISION * jnp.sum(samples, axis=1)
    # All go on until the last has arrived: to hold back those that have would copy their past at every step.
    going = lambda at: (at.turn[0] < steps) & jnp.any(at.gain > enough)
    places = jax.vmap(lambda sample: problem(sample).start())(samples)
    places = jax.lax.while_loop(going, lambda at: step(samples, at), places)
    return jax.vmap(axes.coefficients)(places.values)


def _downhill(at: _Place) -> Float[Array, "coordinates classes"]:
    """The gradient, divided by the curvature that the past steps met (the two loops of L-BFGS)."""

    def newest_first(i: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        direction, shares = state
        slot = (at.turn - 1 - i) % _MEMORY
        share = at.inverse[slot] * jnp.sum(at.steps[slot] * direction)
        return direction - share * at.bends[slot], shares.at[slot].set(share)

    def oldest_first(i: Array, direction: Array) -> Array:
        slot = (at.turn + i) % _MEMORY
        return direction + at.steps[slot] * (shares[slot] - at.inverse[slot] * jnp.sum(at.bends[slot] * direction))

    direction, shares = jax.lax.fori_loop(0, _MEMORY, newest_first, (at.gradient, jnp.zeros((_MEMORY,))))
    return jax.lax.fori_loop(0, _MEMORY, oldest_first, direction * at.scale)
