import jax
import numpy as np

from explora.core import Episodes
from explora.learners._kept import newest, packed, unpacked


def some(count: int) -> Episodes:
    lengths = np.arange(1, count + 1)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    steps = int(offsets[-1])
    rng = np.random.default_rng(0)
    return Episodes(
        offsets,
        {"bits": rng.integers(0, 2, (steps, 3)).astype(np.uint8), "deep": {"er": rng.random(steps)}},
        {"bits": np.zeros((count, 3), np.uint8), "deep": {"er": np.zeros(count)}},
        np.arange(steps, dtype=np.int32),
        rng.random(steps).astype(np.float32),
        np.ones(count, bool),
        rng.integers(0, 2, (steps, 3)).astype(np.uint8),
        {"solved": np.ones(count, bool), "goal": np.zeros((count, 3), np.uint8)},
    )


def test_what_is_packed_has_a_fixed_size_and_comes_back():
    whole = some(40)
    for kept in (whole, whole.take(np.arange(3))):
        data = packed(kept, 1 << 17)
        assert data.shape == packed(None, 1 << 17).shape
        back = unpacked(data)
        assert back is not None
        same = jax.tree.map(
            lambda x, y: x.dtype == y.dtype and np.array_equal(x, y), dict(vars(kept)), dict(vars(back))
        )
        assert jax.tree.all(same)
    assert unpacked(packed(None, 100)) is None


def test_the_oldest_are_forgotten():
    whole = some(200)
    assert newest(whole, 1 << 21) is whole
    less = newest(whole, 1 << 17)
    assert less is not None
    assert 0 < len(less) < 200
    assert less.action[-1] == whole.action[-1]
    assert unpacked(packed(less, 1 << 17)) is not None
    assert newest(whole, 0) is None
