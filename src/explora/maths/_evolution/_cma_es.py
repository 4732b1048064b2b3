"""Covariance matrix adaptation: a Gaussian that follows the order of its own samples."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, Int32, PRNGKeyArray

from explora.core import ArgumentError, between


class CMAState(eqx.Module):
    """A Gaussian, and which way it has been moving.

    **Arguments:**

    - `mean`, `sigma`: the centre and the step size.
    - `step_path`, `shape_path`: p_σ and p_c, the running sums of the moves of the mean.
    - `covariance`: C, without the step size.
    - `root`: A with A Aᵀ = C, for the C of the time when it was last computed.
    - `evaluations`: how many samples were told.
    - `rooted`: how many had been when `root` was computed.
    """

    mean: Float[Array, "*copies dims"]
    sigma: Float[Array, "*copies"]
    step_path: Float[Array, "*copies dims"]
    shape_path: Float[Array, "*copies dims"]
    covariance: Float[Array, "*copies dims dims"]
    root: Float[Array, "*copies dims dims"]
    evaluations: Int32[Array, "*copies"]
    rooted: Int32[Array, "*copies"]


class CMAES(eqx.Module):
    """CMA-ES with positive weights, rank-one and rank-μ updates and cumulative control of the step size.

    The square root of the covariance is renewed after every `gap` samples only. `root="cholesky"` takes its triangular
    root: a tenth of the work of `"eigen"`, and what it samples has the same distribution. Its axes turn whenever it is
    renewed, and p_σ, which is summed up in them, is turned along: it stays what it was in the axes L (L⁻¹ C L⁻ᵀ)^½ of
    the old root L, which change without turning. (Left as it is, p_σ makes CMA-MAE's QD score on the sphere 1 %
    less after 2,500 turns.)

    **Arguments:**

    - `rows`: how many samples a turn has, λ.
    - `root`: `"cholesky"` or `"eigen"`.
    - `form`: of the rank-one update, `"tutorial"` or `"pyribs"`. pyribs 0.12 does not divide p_c by σ and multiplies
      its square by c₁ twice, so that the update all but vanishes; its published numbers can be met with this only.
    - `lazy`: renew the root after λ / (2 n (c₁ + c_μ)) samples, as published; else every turn.

    **Reference:** Hansen 2016, The CMA Evolution Strategy: A Tutorial (arXiv:1604.00772), fig. 6 and table 1, with the
    squared length of p_σ in the update of σ, and the laziness of app. B.2; Krause et al. 2016, CMA-ES with Optimal
    Covariance Update and Storage Complexity, for the triangular root.
    """

    rows: int = eqx.field(static=True)
    root: str = eqx.field(static=True, default="cholesky")
    form: str = eqx.field(static=True, default="tutorial")
    lazy: bool = eqx.field(static=True, default=True)

    def __check_init__(self):
        between("rows", self.rows, 2)
        for name, known in (("root", ("cholesky", "eigen")), ("form", ("tutorial", "pyribs"))):
            if getattr(self, name) not in known:
                raise ArgumentError(f"`{name}` must be {known[0]!r} or {known[1]!r}, got {getattr(self, name)!r}")

    def init(self, mean: Float[Array, " dims"], sigma: Float[Array, ""] | float) -> CMAState:
        """A round Gaussian."""
        dims, none = mean.shape[0], jnp.zeros((), jnp.int32)
        identity = jnp.eye(dims, dtype=mean.dtype)
        rest = jnp.zeros_like(mean)
        return CMAState(mean, jnp.asarray(sigma, mean.dtype), rest, rest, identity, identity, none, none)

    def ask(self, state: CMAState, *, key: PRNGKeyArray) -> Float[Array, "rows dims"]:
        """Samples of the Gaussian."""
        dims = state.mean.shape[0]
        noise = jr.normal(key, (self.rows, dims), state.mean.dtype)
        return state.mean[None] + state.sigma * (noise @ state.root.T)

    def tell(self, state: CMAState, ranked: Float[Array, "rows dims"], parents: Int[Array, ""]) -> CMAState:
        """The Gaussian after a turn; its root stays as it was, see `renewed`.

        **Arguments:**

        - `state`: the Gaussian.
        - `ranked`: its samples, best first.
        - `parents`: from how many of them to learn, μ; with 0 only the count of samples changes.
        """
        dims, kind = float(state.mean.shape[0]), state.mean.dtype
        weights, mass = self.weights(parents, kind)
        c_step, c_path, c_one, c_mu, damping = rates(dims, mass)
        ranked = jnp.where((weights > 0)[:, None], ranked, state.mean[None])
        evaluations = state.evaluations + self.rows

        mean = weights @ ranked
        shift = (mean - state.mean) / state.sigma
        step_path = (1 - c_step) * state.step_path
        step_path = step_path + jnp.sqrt(c_step * (2 - c_step) * mass) * self.whitened(state, shift)
        length = jnp.sum(step_path**2) / dims
        warm = 1 - (1 - c_step) ** (2 * evaluations.astype(kind) / self.rows)
        steady = (length / warm < 2 + 4 / (dims + 1)).astype(kind)
        gain, move = (c_one, shift) if self.form == "tutorial" else (c_one**2, mean - state.mean)
        shape_path = (1 - c_path) * state.shape_path + steady * jnp.sqrt(c_path * (2 - c_path) * mass) * move

        steps = (ranked - state.mean[None]) / state.sigma
        lost = c_one * (1 - (1 - steady) * c_path * (2 - c_path)) + c_mu
        covariance = (1 - lost) * state.covariance + gain * shape_path[:, None] * shape_path[None]
        covariance = covariance + c_mu * ((weights[:, None] * steps).T @ steps)
        sigma = state.sigma * jnp.exp(jnp.minimum(1.0, c_step / damping * (length - 1) / 2))

        learned = (mean, sigma, step_path, shape_path, covariance)
        before = (state.mean, state.sigma, state.step_path, state.shape_path, state.covariance)
        keep = lambda new, old: jnp.where(parents > 0, new, old)
        mean, sigma, step_path, shape_path, covariance = jax.tree.map(keep, learned, before)
        return CMAState(mean, sigma, step_path, shape_path, covariance, state.root, evaluations, state.rooted)

    def weights(
        self, parents: Int[Array, ""], kind: Any = jnp.float32
    ) -> tuple[Float[Array, " rows"], Float[Array, ""]]:
        """The weight of each place, and the variance-effective number of parents, μ_eff."""
        count = jnp.maximum(parents, 1).astype(kind)
        place = jnp.arange(1, self.rows + 1).astype(kind)
        raw = jnp.where(place <= count, jnp.log(count + 0.5) - jnp.log(place), 0.0)
        weights = raw / jnp.sum(raw)
        return weights, 1 / jnp.sum(weights**2)

    def whitened(self, state: CMAState, vector: Float[Array, " dims"]) -> Float[Array, " dims"]:
        """The vector in the coordinates in which the Gaussian is round."""
        if self.root == "cholesky":
            return jax.scipy.linalg.solve_triangular(state.root, vector, lower=True)
        size = jnp.sqrt(jnp.sum(state.root**2, axis=0))
        axes = state.root / size[None]
        return axes @ ((axes.T @ vector) / size)

    def due(self, state: CMAState) -> Bool[Array, "*copies"]:
        """Whether the root is out of date."""
        since = state.evaluations - state.rooted
        if not self.lazy:
            return since > 0
        dims = float(state.mean.shape[-1])
        mass = self.weights(jnp.asarray(self.rows // 2, jnp.int32))[1]
        _, _, c_one, c_mu, _ = rates(dims, mass)
        return since.astype(jnp.float32) > 0.5 * self.rows / (dims * (c_one + c_mu))

    def renewed(self, state: CMAState) -> CMAState:
        """The same Gaussian with a root that is up to date."""
        path = state.step_path
        if self.root == "cholesky":
            root = jax.lax.linalg.cholesky(state.covariance, symmetrize_input=False)
            path = _turned(path, jax.scipy.linalg.solve_triangular(state.root, root, lower=True))
        else:
            values, axes = jnp.linalg.eigh(state.covariance)
            least = jnp.finfo(values.dtype).eps * values[-1]
            root = axes * jnp.sqrt(jnp.maximum(values, least))[None]
        return eqx.tree_at(lambda s: (s.root, s.rooted, s.step_path), state, (root, state.evaluations, path))

    def exhausted(self, state: CMAState, *, condition: float = 1e14, width: float = 1e-11) -> Bool[Array, ""]:
        """Whether the Gaussian has become too flat, too thin or not a Gaussian at all.

        With the triangular root, its diagonal stands for the axes: their true ratio is at least as large.

        **Arguments:**

        - `state`: the Gaussian.
        - `condition`: the largest ratio of two eigenvalues of the covariance.
        - `width`: the least standard deviation along the longest axis.
        """
        size = jnp.sqrt(jnp.sum(state.root**2, axis=0)) if self.root == "eigen" else jnp.diagonal(state.root)
        longest, shortest = jnp.max(size), jnp.min(size)
        sound = jnp.all(jnp.isfinite(state.root)) & jnp.isfinite(state.sigma) & (shortest > 0)
        return ~sound | ((longest / shortest) ** 2 > condition) | (state.sigma * longest < width)


def _turned(path: Float[Array, " dims"], change: Float[Array, "dims dims"]) -> Float[Array, " dims"]:
    """A path in the axes of a new triangular root R = L T, of which it knows the old one's: Tᵀ (T Tᵀ)^-½ p.

    The root is a series, which converges if T is near to one; elsewhere the length, which must stay, says that it did
    not, and the path is left as it is.
    """
    found, term, share = path, path, 1.0
    for k in range(1, 7):
        term = change @ (change.T @ term) - term
        share *= -(2 * k - 1) / (2 * k)
        found = found + share * term
    found = change.T @ found
    length, wanted = jnp.linalg.norm(found), jnp.linalg.norm(path)
    near = jnp.abs(length - wanted) < 0.01 * wanted
    return jnp.where(near, found * (wanted / jnp.where(near, length, 1.0)), path)


def rates(dims: float, mass: Float[Array, ""]) -> tuple[Array, Array, Array, Array, Array]:
    """c_σ, c_c, c₁, c_μ and d_σ for `dims` dimensions and an effective number of parents.

    **Reference:** Hansen 2016 (arXiv:1604.00772), table 1.
    """
    c_step = (mass + 2) / (dims + mass + 5)
    c_path = (4 + mass / dims) / (dims + 4 + 2 * mass / dims)
    c_one = 2 / ((dims + 1.3) ** 2 + mass)
    c_mu = jnp.minimum(1 - c_one, 2 * (mass - 2 + 1 / mass) / ((dims + 2) ** 2 + mass))
    damping = 1 + 2 * jnp.maximum(0.0, jnp.sqrt(jnp.maximum(mass - 1, 0.0) / (dims + 1)) - 1) + c_step
    return c_step, c_path, c_one, c_mu, damping
