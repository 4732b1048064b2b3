"""Encoders: what an observation becomes, and the convolution that is laid out as one product."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, Box, Codes, CombinationError, Discrete
from explora.nets import GRU, LSTM, ActorCritic, Convolution, Dense, Memoryless, features, flatten

SPEC = {"image": Codes((5, 4), 3), "direction": Discrete(4)}


def observation(key: int = 0, batch: tuple[int, ...] = (2, 3)) -> dict[str, Any]:
    image, direction = jr.split(jr.key(key))
    return {
        "image": jr.randint(image, (*batch, 5, 4), 0, 3).astype(jnp.uint8),
        "direction": jr.randint(direction, batch, 0, 4),
    }


def test_observations_become_one_vector() -> None:
    spec = {"a": Discrete(3), "b": Box((2,)), "c": Codes((2,), 2)}
    seen = {
        "a": jnp.array([2, 0], jnp.int32),
        "b": jnp.array([[0.5, -1.0], [2.0, 3.0]]),
        "c": jnp.array([[1, 0], [0, 1]], jnp.uint8),
    }
    assert flatten(spec, seen).tolist() == [[0, 0, 1, 0.5, -1.0, 0, 1, 1, 0], [1, 0, 0, 2.0, 3.0, 1, 0, 0, 1]]
    assert features(spec) == 9


@pytest.mark.parametrize("table", [None, ((0.0, 0.5), (1.0, -1.0), (0.25, 2.0))], ids=["one-hot", "table"])
@pytest.mark.parametrize("kernel", [2, 3])
def test_the_dense_convolution_is_a_convolution(table: Any, kernel: int) -> None:
    encoder = Convolution(channels=6, kernel=kernel, scalar=5, table=table)
    weights = encoder.init(SPEC, key=jr.key(1))
    weights = weights | {"filter_bias": jr.normal(jr.key(2), (6,)), "bias": jr.normal(jr.key(3), (5,))}
    seen = observation()

    values = jnp.eye(3) if table is None else jnp.array(table)
    image = values[seen["image"].astype(jnp.int32)].reshape(6, 5, 4, -1)
    convolved = jax.lax.conv_general_dilated(
        image, weights["filters"], (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    image = jax.nn.relu(convolved + weights["filter_bias"][None, None, None]).reshape(6, -1)
    rest = jax.nn.one_hot(seen["direction"], 4).reshape(6, 4) @ weights["weights"] + weights["bias"][None]

    found = jax.jit(lambda w, x: encoder(w, SPEC, x))(weights, seen)
    assert found.shape == (2, 3, (5 - kernel + 1) * (4 - kernel + 1) * 6 + 5)
    assert np.allclose(found.reshape(6, -1), jnp.concatenate([image, rest], axis=-1), atol=1e-5)


def test_the_dense_encoder_is_a_layer_and_a_relu() -> None:
    encoder = Dense(7)
    weights = encoder.init(SPEC, key=jr.key(0))
    seen = observation()
    found = encoder(weights, SPEC, seen)
    expected = np.maximum(np.asarray(flatten(SPEC, seen)) @ np.asarray(weights["weights"]), 0)
    assert found.shape == (2, 3, 7)
    assert np.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    "net",
    [
        ActorCritic(Dense(6), GRU(5)),
        ActorCritic(Convolution(channels=2), LSTM(5), hidden=4, critics=3),
    ],
)
def test_an_actor_critic_gives_preferences_and_values(net: ActorCritic) -> None:
    weights = net.init(SPEC, Discrete(3), key=jr.key(0))
    fresh = jnp.ones((2, 3), bool)
    logits, values, memory = net(weights, SPEC, observation(), net.core.memory(3), fresh)
    assert logits.shape == (2, 3, 3)
    assert values.shape == (2, 3, net.critics)
    assert jax.tree.map(jnp.shape, memory) == jax.tree.map(jnp.shape, net.core.memory(3))
    assert np.abs(np.asarray(logits)).max() < 0.1  # near-even preferences at the start


def test_actions_that_are_neither_choices_nor_numbers_are_refused() -> None:
    with pytest.raises(CombinationError, match="ActorCritic decides on choices or on numbers, but the environment"):
        ActorCritic().init(SPEC, Codes((2,), 3), key=jr.key(0))


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (Dense, "width"),
        (GRU, "width"),
        (LSTM, "width"),
        (Convolution, "channels"),
        (Convolution, "kernel"),
        (Convolution, "scalar"),
        (Memoryless, "width"),
        (ActorCritic, "hidden"),
        (ActorCritic, "critics"),
    ],
)
@pytest.mark.parametrize("value", [0, -3])
def test_sizes_must_be_positive(make: Any, field: str, value: int) -> None:
    with pytest.raises(ArgumentError, match=f"`{field}` must be at least 1, got {value}"):
        make(**{field: value})
    assert getattr(make(**{field: 1}), field) == 1
