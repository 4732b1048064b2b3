"""Generated data sets for benchmarks: each has one difficulty that real pools have, and a known best answer.

The generators and their seeds were fixed before any query strategy was run on them, and are not changed afterwards: a
set that is found wanting gets a successor of another name.
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from jaxtyping import Float, Int64

from explora.core import UnknownName

from ._made_text import requests

_Rng = np.random.Generator


class Drawn(NamedTuple):
    """One draw of a generated set.

    **Arguments:**

    - `columns`: the features, `label`, and the groups if there are any.
    - `best`: what the best possible model, which knows the generator, answers for each item.
    """

    columns: dict[str, Any]
    best: np.ndarray


class MadeSet(NamedTuple):
    """A generated data set.

    **Arguments:**

    - `name`: what follows `made:`.
    - `summary`: what is difficult about it.
    - `items`, `features`: its size; a text is one feature.
    - `classes`: how many there are; 0 for numbers.
    - `best`: accuracy of the best possible model on seed 0, R² for numbers.
    - `group`: the column of its groups.
    - `draw`: makes it.
    """

    name: str
    summary: str
    items: int
    features: int
    classes: int
    best: float
    group: str | None
    draw: Callable[[_Rng], Drawn]

    def make(self, seed: int = 0) -> Drawn:
        """The set of that seed; other seeds are other sets of the same kind."""
        return self.draw(np.random.default_rng([crc32(self.name.encode()), seed]))


def made_set(name: str) -> MadeSet:
    """The generated data set of that name.

    **Raises:** `UnknownName` with the nearest name if there is none.
    """
    found = {made.name: made for made in MADE}
    if name not in found:
        raise UnknownName("generated data set", name, found)
    return found[name]


def _gaussians(rng: _Rng, label: Int64[np.ndarray, " items"], means: Float[np.ndarray, "classes dims"]) -> np.ndarray:
    return means[label] + rng.standard_normal((len(label), means.shape[1]))


def _likeliest(
    x: Float[np.ndarray, "items dims"], means: Float[np.ndarray, "classes dims"], shares: Float[np.ndarray, " classes"]
) -> Int64[np.ndarray, " items"]:
    """The class of largest posterior probability, for Gaussians of variance 1."""
    return np.argmax(x @ means.T - 0.5 * (means**2).sum(axis=1) + np.log(shares), axis=1)


def _drawn(x: Float[np.ndarray, "items dims"], label: np.ndarray, best: np.ndarray, **more: Any) -> Drawn:
    """Rounded, so that another processor's last digit makes no other set."""
    return Drawn({f"x{i}": column for i, column in enumerate(np.round(x, 6).T)} | more | {"label": label}, best)


def _imbalance(rng: _Rng) -> Drawn:
    shares = np.array([0.80, 0.12, 0.05, 0.02, 0.01])
    label = rng.permutation(np.repeat(np.arange(5), np.round(2000 * shares).astype(int)))
    means = 1.2 * rng.standard_normal((5, 10))
    x = _gaussians(rng, label, means)
    return _drawn(x, label, _likeliest(x, means, shares))


def _noise(rng: _Rng) -> Drawn:
    x = rng.standard_normal((1500, 6))
    clean = np.argmax(x @ rng.standard_normal((6, 3)), axis=1)
    wrong = rng.random(1500) < 0.25
    return _drawn(x, np.where(wrong, (clean + rng.integers(1, 3, 1500)) % 3, clean), clean)


def _duplicates(rng: _Rng) -> Drawn:
    shares = np.full(5, 0.2)
    own = rng.integers(0, 5, 200)
    means = 1.3 * rng.standard_normal((5, 8))
    originals = _gaussians(rng, own, means)
    weight = 1 / np.arange(1, 201)
    copies = rng.permutation(np.concatenate([np.arange(200), rng.choice(200, 1800, p=weight / weight.sum())]))
    x = originals[copies] + 0.02 * rng.standard_normal((2000, 8))
    return _drawn(x, own[copies], _likeliest(x, means, shares), original=copies)


def _many(rng: _Rng) -> Drawn:
    label = rng.permutation(np.repeat(np.arange(50), 40))
    means = 1.1 * rng.standard_normal((50, 24))
    x = _gaussians(rng, label, means)
    return _drawn(x, label, _likeliest(x, means, np.full(50, 0.02)))


def _wide(rng: _Rng) -> Drawn:
    label = rng.permutation(np.repeat(np.arange(2), 400))
    means = np.zeros((2, 400))
    means[1, rng.choice(400, 10, replace=False)] = 1.2 * rng.choice([-1.0, 1.0], 10)
    x = _gaussians(rng, label, means)
    return _drawn(x, label, _likeliest(x, means, np.full(2, 0.5)))


def _drift(rng: _Rng) -> Drawn:
    time = np.arange(1500) / 1500
    label = rng.integers(0, 3, 1500)
    angle = np.pi * time[:, None] + 2 * np.pi * np.arange(3) / 3  # half a turn from the first item to the last
    centres = 2.2 * np.stack([np.cos(angle), np.sin(angle)], axis=2)
    x = rng.standard_normal((1500, 6))
    x[:, :2] += centres[np.arange(1500), label]
    best = np.argmax(np.einsum("id,icd->ic", x[:, :2], centres), axis=1)
    return _drawn(x, label, best, time=time, block=np.arange(1500) // 50)


def _islands(rng: _Rng) -> Drawn:
    own = np.repeat(np.arange(3), 10)
    means = 8 * rng.standard_normal((30, 2))
    island = rng.integers(0, 30, 1200)
    x = _gaussians(rng, island, means)
    return _drawn(x, own[island], own[_likeliest(x, means, np.full(30, 1 / 30))])


def _bumps(rng: _Rng) -> Drawn:
    x = rng.random((1500, 8))
    best = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return _drawn(x, np.round(best + rng.standard_normal(1500), 6), best)


def _uneven(rng: _Rng) -> Drawn:
    x = rng.standard_normal((1500, 5))
    best = 2 * x[:, 0] - x[:, 1] + np.sin(2 * x[:, 2])
    spread = np.where(x[:, 3] > 0, 2.0, 0.1)
    return _drawn(x, np.round(best + spread * rng.standard_normal(1500), 6), best)


def _requests(rng: _Rng) -> Drawn:
    texts, label = requests(rng, 3000)
    return Drawn({"text": texts, "label": label}, np.array(label))


MADE: tuple[MadeSet, ...] = (
    MadeSet("imbalance", "five classes of 80, 12, 5, 2 and 1 per cent", 2000, 10, 5, 0.991, None, _imbalance),
    MadeSet("noise", "a quarter of the labels is wrong", 1500, 6, 3, 0.743, None, _noise),
    MadeSet(
        "duplicates",
        "200 originals in 2,000 copies, half of them of the first 12",
        2000,
        8,
        5,
        0.965,
        "original",
        _duplicates,
    ),
    MadeSet("many", "50 classes of 40 items each", 2000, 24, 50, 0.991, None, _many),
    MadeSet("wide", "ten features of 400 matter", 800, 400, 2, 0.974, None, _wide),
    MadeSet("drift", "the classes move around each other as time passes", 1500, 7, 3, 0.943, "block", _drift),
    MadeSet(
        "islands", "30 islands of three classes: what is near is not always alike", 1200, 2, 3, 0.953, None, _islands
    ),
    MadeSet("bumps", "a number, by Friedman's curved function (1991)", 1500, 8, 0, 0.962, None, _bumps),
    MadeSet("uneven", "a number, twenty times as noisy in one half of the space", 1500, 5, 0, 0.739, None, _uneven),
    MadeSet("requests", "requests to a shop: six desks, rare wordings", 3000, 1, 6, 1.0, None, _requests),
)
"""Every generated data set."""
