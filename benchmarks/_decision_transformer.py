"""What explora's Decision Transformer and that of the `transformers` package have in common: data, batches, weights."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from explora.core import Box, Codes, Discrete, Episodes, Spec
from explora.learners.sequence import Batch, Hindsight, Sampler, TripleNet

SEEN, SCALE = 11, 10.0
REAL, CHOICE = Box((3,), -1.0, 1.0), Discrete(4)


def episodes(action: Spec, lengths: np.ndarray, *, rng: np.random.Generator) -> Episodes:
    """Of noise: what is compared is arithmetic."""
    steps = int(lengths.sum())
    done = rng.integers(0, action.count, steps) if isinstance(action, Discrete) else rng.uniform(-1, 1, (steps, 3))
    kind = np.int32 if isinstance(action, Discrete) else np.float32
    return Episodes(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        rng.normal(size=(steps, SEEN)).astype(np.float32),
        rng.normal(size=(len(lengths), SEEN)).astype(np.float32),
        done.astype(kind),
        rng.normal(size=steps).astype(np.float32),
        np.ones(len(lengths), bool),
    ).checked()


def spec(action: Spec) -> dict[str, Any]:
    """What one step shows, as `explora.domains.views.Asking` would."""
    number = Box(())
    last = Discrete(action.count + 1) if isinstance(action, Discrete) else action
    told = dict.fromkeys(("reward", "return", "horizon", "time", "skill"), number)
    return {"seen": Box((SEEN,)), "action": last, **told, "told": Codes((4,), 2)}


def sampler(data: Episodes, action: Spec, window: int) -> Sampler:
    """Windows as `Sequence` draws them to be told the return that was left."""
    return Sampler(data, window, action, Hindsight("final"))


def theirs(batch: Batch, action: Spec, *, left: bool) -> dict[str, np.ndarray]:
    """A batch as the package takes it: padded with zeros before the window, or after it.

    The entries of `actions` beyond the window stay as they are, so that they can be compared with; the model must be
    given -10 there, as published.
    """
    there = batch.weight > 0
    done = np.eye(action.count, dtype=np.float32)[batch.action] if isinstance(action, Discrete) else batch.action
    made = {
        "states": batch.moments["seen"],
        "actions": done,
        "returns_to_go": batch.moments["return"][..., None] / np.float32(SCALE),
        "timesteps": batch.moments["time"].astype(np.int64),
    }
    made = {name: np.where(_wide(there, x), x, np.zeros((), x.dtype)) for name, x in made.items()}
    made["attention_mask"] = there.astype(np.int64)
    if not left:
        return made
    shift = there.shape[1] - there.sum(1)
    place = (np.arange(there.shape[1]) - shift[:, None]) % there.shape[1]
    return {name: np.take_along_axis(x, _wide(place, x), axis=1) for name, x in made.items()}


def shifted(batch: Batch, action: Spec) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """The same batch padded before the window, for explora's network: moments, actions, and which steps count."""
    there = batch.weight > 0
    place = (np.arange(there.shape[1]) - (there.shape[1] - there.sum(1))[:, None]) % there.shape[1]
    move = lambda x: np.take_along_axis(x, _wide(place, x), axis=1)
    return {name: move(np.asarray(x)) for name, x in batch.moments.items()}, move(batch.action), move(there)


def settings(net: TripleNet, action: Spec, seed: int) -> str:
    """The package's configuration of the same network."""
    real = not isinstance(action, Discrete)
    return json.dumps({
        "seed": seed,
        "state_dim": SEEN,
        "act_dim": 3 if real else action.count,
        "action_tanh": real,
        "hidden_size": net.width,
        "n_layer": net.layers,
        "n_head": net.heads,
        "max_ep_len": net.longest,
        "activation_function": "relu",
    })  # fmt: skip


def carried(found: Mapping[str, np.ndarray], net: TripleNet, action: Spec, *, gradients: bool = False) -> dict:
    """The package's weights, or gradients by them, as ours.

    The package adds the embedding of place 0 to every token after the normalisation: that is part of the shift there.
    A choice has one more number where it is shown as the last action, for none; that one is never looked at.
    """
    linear = lambda name: (_array(found[f"{name}.weight"]).T, _array(found[f"{name}.bias"]))
    pair = lambda name: (_array(found[f"{name}.weight"]), _array(found[f"{name}.bias"]))
    layers = [
        {
            ours: pair(f"encoder.h.{number}.{name}")
            for ours, name in (
                ("norm", "ln_1"),
                ("look", "attn.c_attn"),
                ("say", "attn.c_proj"),
                ("norm_feed", "ln_2"),
                ("widen", "mlp.c_fc"),
                ("narrow", "mlp.c_proj"),
            )
        }
        for number in range(net.layers)
    ]
    gain, shift = pair("embed_ln")
    places = 0.0 if gradients else _array(found["encoder.wpe.weight"])[0]
    done, bias = linear("embed_action")
    if isinstance(action, Discrete):
        done = jnp.concatenate([done, jnp.zeros((1, net.width))])
    return {
        "body": {"layers": layers, "norm": pair("encoder.ln_f")},
        "time": _array(found["embed_timestep.weight"]),
        "return": linear("embed_return"),
        "no return": jnp.zeros((net.width,)),
        "seen": linear("embed_state"),
        "action": (done, bias),
        "norm": (gain, shift + places),
        "head": linear("predict_action.0"),
    }


def write(path: Path, named: Mapping[str, Mapping[str, np.ndarray]], said: str) -> None:
    """Batches by name, each entry with a leading axis of batches, and the settings."""
    flat: dict[str, Any] = {f"{name}/{entry}": x for name, entries in named.items() for entry, x in entries.items()}
    flat["settings"] = np.array(said)
    np.savez(path, **flat)  # pyright: ignore[reportArgumentType]


def _array(x: np.ndarray) -> Any:
    return jnp.asarray(x)


def _wide(x: np.ndarray, like: np.ndarray) -> np.ndarray:
    return x.reshape(x.shape + (1,) * (like.ndim - x.ndim))
