"""The space of tasks: which data-generating programs there are, and how to move among them."""

import hashlib
import json
from typing import TYPE_CHECKING, Any, Generic

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray, UInt32

from ._errors import CombinationError, TaskError
from ._keys import row_keys
from ._lesson import Task
from ._part import Part
from ._specs import Field

if TYPE_CHECKING:
    from ._domain import Environment


class Space(Part, Generic[Task]):
    """The set of allowed tasks. A task is a pytree of arrays of fixed shapes.

    A subclass gives at least `sample`, `valid`, `encode` and `decode`. It names in `provides` what else it can do:
    `"mutate"`, `"features"`, `"studio"`, `"demands"`. `sample` and `mutate` must stay valid, `decode(encode(task))`
    must be `task`, and `canonical` must be idempotent; `explora.testing.SpaceSuite` checks these laws.
    """

    def sample(self, *, key: PRNGKeyArray) -> Task:
        """A random task."""
        raise NotImplementedError

    def mutate(self, task: Task, *, key: PRNGKeyArray) -> Task:
        """A random neighbour of `task`."""
        raise CombinationError(f"{type(self).__name__} has no `mutate`; use an explorer that edits nothing")

    def valid(self, task: Task) -> Bool[Array, ""]:
        """Whether `task` belongs to the space."""
        raise NotImplementedError

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What the entries of `features` are called."""
        return ()

    def features(self, task: Task) -> Float[Array, " features"]:
        """A few numbers that describe a task, for diversity, for continuous curricula and for people."""
        raise CombinationError(f"{type(self).__name__} has no `features`")

    def feature_bounds(self) -> tuple[Float[Array, " features"], Float[Array, " features"]]:
        """The least and the greatest value of each feature."""
        raise CombinationError(f"{type(self).__name__} has no `features`")

    def parameters(self, task: Task) -> Float[Array, " parameters"]:
        """The coordinates, each in [0, 1], from which `from_parameters` makes a task like this one."""
        raise CombinationError(f"{type(self).__name__} has no `parameters`")

    def from_parameters(self, parameters: Float[Array, " parameters"], *, key: PRNGKeyArray) -> Task:
        """A random task with the given coordinates, each in [0, 1] (what Mixture and SelfPaced move in)."""
        raise CombinationError(f"{type(self).__name__} has no `parameters`")

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """What the entries of `parameters` are called."""
        return ()

    def demanding(self, task: Task, returns: Float[Array, ""]) -> Task:
        """The same task in which this return is asked for (spaces of requests, which provide `"demands"`)."""
        raise CombinationError(f"{type(self).__name__} has no `demanding`: nothing is asked for in its tasks")

    def canonical(self, task: Task) -> Task:
        """The one representative of all arrays that mean the same program (padding cleared, -0.0 made 0.0)."""
        # A plain `x + 0.0` is simplified away by the compiler, sign and all.
        positive = lambda x: jnp.where(x == 0, jnp.zeros_like(x), x) if jnp.issubdtype(x.dtype, jnp.floating) else x
        return jax.tree.map(positive, task)

    def fingerprint(self, task: Task) -> UInt32[Array, "2"]:
        """64 bits that agree exactly if two tasks are the same program (up to a chance of 2⁻⁶⁴), under `jit`."""
        words = [_words(x) for x in jax.tree.leaves(self.canonical(task))]
        return _mix(jnp.concatenate(words))

    def studio(self) -> "Environment | None":
        """Designing a task as an environment of its own, whose product is the task; None if there is none."""
        return None

    # What follows runs on the host, one task at a time.

    def encode(self, task: Task) -> Any:
        """`task` as a JSON value that people can read."""
        raise NotImplementedError

    def decode(self, value: Any) -> Task:
        """The task that `encode` wrote.

        **Raises:** `TaskError` if `value` is not a task of this space.
        """
        raise NotImplementedError

    @property
    def fields(self) -> tuple[Field, ...]:
        """The entries of a task as `encode` writes it, for an editor; none if there is no telling."""
        return ()

    def describe(self, task: Task) -> str:
        """One line about `task`, for people."""
        return json.dumps(self.encode(task))

    def draw(self, task: Task, size: int = 160) -> np.ndarray:
        """A picture of `task`.

        **Arguments:**

        - `task`: one task.
        - `size`: the longer side of the picture [pixels].

        **Returns:** an array `(height, width, 3)` of `uint8`.
        """
        raise CombinationError(f"{type(self).__name__} has no `draw`")

    def address(self, task: Task) -> str:
        """The content address of a task: 16 hexadecimal digits, the same for the same program everywhere."""
        text = json.dumps(self.encode(self.canonical(task)), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def samples(self, count: int, *, key: PRNGKeyArray) -> Task:
        """`count` random tasks, stacked."""
        return jax.vmap(lambda k: self.sample(key=k))(row_keys(key, count))

    def mutants(self, tasks: Task, *, key: PRNGKeyArray) -> Task:
        """One random neighbour of each of the stacked `tasks`."""
        count = jax.tree.leaves(tasks)[0].shape[0]
        return jax.vmap(lambda task, k: self.mutate(task, key=k))(tasks, row_keys(key, count))


class Inspirations(Space[Float[Array, " noise"]]):
    """What a designer starts from: a vector of chance, without which every design would be the same.

    **Arguments:**

    - `noise`: how many numbers, each in [0, 1).
    """

    noise: int = eqx.field(static=True, default=50)

    def sample(self, *, key: PRNGKeyArray) -> Float[Array, " noise"]:
        return jr.uniform(key, (self.noise,))

    def valid(self, task: Float[Array, " noise"]) -> Bool[Array, ""]:
        return jnp.all((task >= 0) & (task < 1)) & (task.shape == (self.noise,))

    def encode(self, task: Float[Array, " noise"]) -> list[float]:
        return np.asarray(task).tolist()

    def decode(self, value: Any) -> Float[Array, " noise"]:
        numbers = isinstance(value, list) and all(isinstance(x, int | float) and 0 <= x < 1 for x in value)
        if not numbers or len(value) != self.noise:
            raise TaskError(f"what a designer starts from is a list of {self.noise} numbers in [0, 1)")
        return jnp.array(value, jnp.float32)


def _words(x: Array) -> UInt32[Array, " words"]:
    if x.dtype == jnp.bool_ or x.dtype.itemsize == 1:
        x = x.astype(jnp.uint8).reshape(-1)
        x = jnp.pad(x, (0, -x.size % 4)).reshape(-1, 4)
        return jax.lax.bitcast_convert_type(x, jnp.uint32)
    if x.dtype.itemsize == 2:
        return jax.lax.bitcast_convert_type(x, jnp.uint16).reshape(-1).astype(jnp.uint32)
    return jax.lax.bitcast_convert_type(x, jnp.uint32).reshape(-1)


def _mix(words: UInt32[Array, " words"]) -> UInt32[Array, "2"]:
    """Multilinear hashing with fixed random multipliers, then an avalanche; two independent lanes of 32 bits."""
    bits = jr.bits(jr.key(0x5EED), (2, words.size + 1), jnp.uint32) | jnp.uint32(1)
    x = words ^ (words >> 15)
    x = x * jnp.uint32(0x2C1B3C6D)
    x = x ^ (x >> 12)
    h = jnp.sum(x[None] * bits[:, 1:], axis=1, dtype=jnp.uint32) + bits[:, 0]
    h = (h ^ (h >> 16)) * jnp.uint32(0x85EBCA6B)
    h = (h ^ (h >> 13)) * jnp.uint32(0xC2B2AE35)
    return h ^ (h >> 16)
