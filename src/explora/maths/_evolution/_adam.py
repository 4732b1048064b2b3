"""Adam, in the form in which evolution strategies use it."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32


class AdamState(eqx.Module):
    """What Adam remembers.

    **Arguments:**

    - `first`, `second`: the running means of the gradient and of its square.
    - `steps`: how many steps were taken.
    """

    first: Float[Array, "*members dims"]
    second: Float[Array, "*members dims"]
    steps: Int32[Array, "*members"]


class Adam(eqx.Module):
    """Adam with ε beside the uncorrected root: a step is -rate · √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε).

    Optax puts ε beside the corrected root, so that its first steps along tiny gradients are longer.

    **Arguments:**

    - `first`, `second`: β₁ and β₂.
    - `epsilon`: ε.

    **Reference:** Kingma and Ba 2014 (arXiv:1412.6980), the end of sec. 2; so released with Salimans et al. 2017
    (arXiv:1703.03864) and with POET (arXiv:1901.01753).
    """

    first: float = 0.9
    second: float = 0.999
    epsilon: float = 1e-8

    def init(self, vector: Float[Array, " dims"]) -> AdamState:
        """A state that has seen no gradient."""
        return AdamState(jnp.zeros_like(vector), jnp.zeros_like(vector), jnp.zeros((), jnp.int32))

    def step(
        self, state: AdamState, gradient: Float[Array, " dims"], rate: Float[Array, ""] | float
    ) -> tuple[AdamState, Float[Array, " dims"]]:
        """What to add to a vector whose loss has that gradient.

        **Arguments:**

        - `state`: what Adam remembers.
        - `gradient`: of what is to become smaller.
        - `rate`: the size of a step.
        """
        steps = state.steps + 1
        time = steps.astype(gradient.dtype)
        first = self.first * state.first + (1.0 - self.first) * gradient
        second = self.second * state.second + (1.0 - self.second) * gradient**2
        scale = rate * jnp.sqrt(1.0 - self.second**time) / (1.0 - self.first**time)
        return AdamState(first, second, steps), -scale * first / (jnp.sqrt(second) + self.epsilon)
