"""From what an environment shows to features that a network can use, built from the observation's `Spec`."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from explora.core import Box, Codes, Discrete, Spec, between

from ._affine import affine


def flatten(spec: PyTree[Spec], observations: PyTree) -> Float[Array, "*batch features"]:
    """Every observation as one vector: codes and choices one-hot, real entries as they are.

    **Arguments:**

    - `spec`: what one observation looks like.
    - `observations`: the same tree of arrays with any leading axes.

    **Returns:** the features, in the order of the tree's leaves.
    """
    leaves = jax.tree.leaves(spec, is_leaf=_is_spec)
    arrays = jax.tree.leaves(observations)
    return jnp.concatenate([_vector(leaf, x) for leaf, x in zip(leaves, arrays, strict=True)], axis=-1)


def features(spec: PyTree[Spec]) -> int:
    """How many features `flatten` makes of one observation."""
    return sum(_size(leaf) for leaf in jax.tree.leaves(spec, is_leaf=_is_spec))


class Dense(eqx.Module):
    """One linear layer and a ReLU on the flattened observation.

    **Arguments:**

    - `width`: how many features come out.
    """

    width: int = eqx.field(static=True, default=64)

    def __check_init__(self):
        between("width", self.width, 1)

    def init(self, spec: PyTree[Spec], *, key: PRNGKeyArray) -> dict[str, Array]:
        """Weights for observations of that kind."""
        return {
            "weights": jax.nn.initializers.orthogonal(2**0.5)(key, (features(spec), self.width)),
            "bias": jnp.zeros((self.width,)),
        }

    def __call__(self, weights: dict[str, Array], spec: PyTree[Spec], observations: PyTree) -> Array:
        """The features of observations with any leading axes."""
        return jax.nn.relu(affine(flatten(spec, observations), weights["weights"], weights["bias"]))


class Convolution(eqx.Module):
    """One valid convolution over the cells of an image of codes, beside a linear layer on everything else.

    Each code is first turned into the values of `table`. The convolution is laid out as one dense product: for views
    of a few cells that is several times faster on a CPU, and the same function.

    **Arguments:**

    - `channels`: how many filters.
    - `kernel`: the side of a filter [cells].
    - `scalar`: how many features the other leaves are mapped to.
    - `table`: the channel values of each code, `table[code][channel]`; None: one-hot.
    - `image`: the name of the leaf that is the image.
    """

    channels: int = eqx.field(static=True, default=16)
    kernel: int = eqx.field(static=True, default=3)
    scalar: int = eqx.field(static=True, default=5)
    table: tuple[tuple[float, ...], ...] | None = eqx.field(static=True, default=None)
    image: str = eqx.field(static=True, default="image")

    def __check_init__(self):
        for name in ("channels", "kernel", "scalar"):
            between(name, getattr(self, name), 1)

    def init(self, spec: dict[str, Spec], *, key: PRNGKeyArray) -> dict[str, Array]:
        """Weights for observations of that kind."""
        image_key, rest_key = jr.split(key)
        depth = len(self._table(spec)[0])
        rest = {name: leaf for name, leaf in spec.items() if name != self.image}
        filters = jax.nn.initializers.lecun_normal(in_axis=(0, 1, 2), out_axis=3)(
            image_key, (self.kernel, self.kernel, depth, self.channels)
        )
        return {
            "filters": filters,
            "filter_bias": jnp.zeros((self.channels,)),
            "weights": jax.nn.initializers.orthogonal(2**0.5)(rest_key, (features(rest), self.scalar)),
            "bias": jnp.zeros((self.scalar,)),
        }

    def __call__(self, weights: dict[str, Array], spec: dict[str, Spec], observations: dict[str, Array]) -> Array:
        """The features of observations with any leading axes."""
        shown = {name: leaf for name, leaf in spec.items() if name != self.image}
        dense = self._dense(weights["filters"], spec)
        codes = flatten(spec[self.image], observations[self.image])
        bias = jnp.tile(weights["filter_bias"], dense.shape[1] // self.channels)
        image = jax.nn.relu(affine(codes, dense, bias))
        others = flatten(shown, {name: observations[name] for name in shown})
        rest = affine(others, weights["weights"], weights["bias"])
        return jnp.concatenate([image, rest], axis=-1)

    def _table(self, spec: dict[str, Any]) -> Any:
        count = spec[self.image].count
        return self.table if self.table is not None else tuple(map(tuple, np.eye(count).tolist()))

    def _dense(self, filters: Array, spec: dict[str, Any]) -> Float[Array, "codes outputs"]:
        """The convolution as one matrix from one-hot cells to all filters at all places."""
        height, width = spec[self.image].shape
        rows, columns = height - self.kernel + 1, width - self.kernel + 1
        by_code = jnp.einsum("kc,ijcf->ijkf", jnp.asarray(self._table(spec)), filters)
        dense = jnp.zeros((height, width, by_code.shape[2], rows, columns, self.channels))
        for row in range(rows):
            for column in range(columns):
                place = (slice(row, row + self.kernel), slice(column, column + self.kernel))
                dense = dense.at[(*place, slice(None), row, column)].set(by_code)
        return dense.reshape(height * width * by_code.shape[2], rows * columns * self.channels)


def _is_spec(x: Any) -> bool:
    return isinstance(x, Codes | Box | Discrete)


def _size(spec: Spec) -> int:
    cells = 1
    for side in spec.shape:
        cells *= side
    return cells * (1 if isinstance(spec, Box) else spec.count)


def _vector(spec: Spec, x: Array) -> Float[Array, "*batch features"]:
    batch = x.shape[: x.ndim - len(spec.shape)]
    if isinstance(spec, Box):
        return x.astype(jnp.float32).reshape(*batch, -1)
    return jax.nn.one_hot(x, spec.count, dtype=jnp.float32).reshape(*batch, -1)
