"""Texts, by the words and the parts of words that occur in them."""

import dataclasses
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int32, Int64

from .._table import Column
from ._categories import as_text
from ._embeddings import scale_block, scaling
from ._encoder import Block, Encoder

Sparse = Any
"""A `scipy.sparse.csr_matrix`; SciPy is imported when it is used."""

DIMS = 128
"""A column of texts becomes at most so many numbers."""

LONGEST = 20_000
"""Longer texts are cut here [characters]."""

_HALF = 2**17  # buckets for words and their pairs; as many again for parts of words
_KEPT = 2**14  # of the buckets, those in most texts
_SAMPLE = 5000  # texts from which the axes are computed
_CHUNK = 2**20  # characters that are hashed at once
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it has an inverse modulo 2**64
_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 2**64))


@dataclasses.dataclass(frozen=True, eq=False)
class Texts(Encoder):
    """A column of texts.

    Words, pairs of neighbouring words, and sequences of three and four characters within a word (with its two ends)
    are hashed into buckets. Of those in two texts or more the 16,384 most frequent are kept, weighted as
    (1 + ln count) · (ln((1 + texts) / (1 + texts with it)) + 1), words and parts of words each scaled to length 1, and
    projected on the main axes of 5,000 texts that lie evenly among all (truncated singular value decomposition by a
    randomised range finder). Letter case and the way in which accents are written make no difference.

    **Arguments:**

    - `name`: of the column.
    - `buckets`, `weights`: which buckets are kept, in rising order, and their weights.
    - `axes`: onto what they are projected.
    - `mean`, `scale`: what is subtracted from the projections, and then divided by.

    **Reference:** Halko, Martinsson, Tropp 2011 (arXiv:0909.4061), algorithms 4.4 and 5.1.
    """

    kind: ClassVar[str] = "texts"
    buckets: Int32[np.ndarray, " buckets"]
    weights: Float[np.ndarray, " buckets"]
    axes: Float[np.ndarray, "buckets dims"]
    mean: Float[np.ndarray, " dims"]
    scale: float

    @staticmethod
    def prepare(column: Column, base: Path | None) -> Sparse:
        return counts([as_text(value) or "" for value in (column if isinstance(column, list) else column.tolist())])

    @classmethod
    def fit(cls, name: str, prepared: Sparse) -> "Texts | None":
        rows = prepared.shape[0]
        texts = np.bincount(prepared.indices, minlength=2 * _HALF)
        # What is in one text only says nothing of another, unless there are hardly any texts.
        enough = np.flatnonzero(texts >= (2 if rows > 20 else 1))
        kept = np.sort(enough[np.argsort(-texts[enough], kind="stable")[:_KEPT]])
        if len(kept) == 0:
            return None
        weights = np.log((1 + rows) / (1 + texts[kept])) + 1
        none = np.zeros((len(kept), 0), np.float32)  # the axes are found with the weights
        bare = cls(name, kept.astype(np.int32), weights.astype(np.float32), none, none[0], 1.0)
        sample = np.unique(np.linspace(0, rows - 1, min(rows, _SAMPLE)).round().astype(np.int64))
        weighted = bare._weighted(prepared[sample])
        axes = main_axes(weighted, DIMS)
        scaled = scaling(np.asarray(weighted @ axes))
        return None if scaled is None else dataclasses.replace(bare, axes=axes, mean=scaled[0], scale=scaled[1])

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.name}: axis {i}" for i in range(self.axes.shape[1]))

    def encode(self, prepared: Sparse) -> Block:
        return scale_block(np.asarray(self._weighted(prepared) @ self.axes), self.mean, self.scale)

    def _weighted(self, counted: Sparse) -> Sparse:
        """The kept buckets of each text, weighted and scaled."""
        from scipy.sparse import csr_matrix

        place = np.full(2 * _HALF, -1, np.int32)
        place[self.buckets] = np.arange(len(self.buckets), dtype=np.int32)
        column = place[counted.indices]
        own = column >= 0
        rows = np.repeat(np.arange(counted.shape[0]), np.diff(counted.indptr))[own]
        column = column[own]
        value = (1 + np.log(counted.data[own])) * self.weights[column]
        side = 2 * rows + (self.buckets[column] >= _HALF)
        square = np.bincount(side, value.astype(np.float64) ** 2, 2 * counted.shape[0])
        value = (value / np.sqrt(square[side])).astype(np.float32)
        ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=counted.shape[0]))])
        return csr_matrix((value, column, ends), (counted.shape[0], len(self.buckets)))


def main_axes(matrix: Sparse, dims: int) -> Float[np.ndarray, "columns dims"]:
    """The right singular vectors of the largest singular values of a matrix; fewer where its rank is less."""
    width = min(dims + 16, *matrix.shape)
    guess = np.random.default_rng(0).standard_normal((matrix.shape[1], width)).astype(np.float32)
    basis = np.linalg.qr(np.asarray(matrix @ guess))[0]
    turned = matrix.T.tocsr()
    for _ in range(2):
        basis = np.linalg.qr(np.asarray(matrix @ np.linalg.qr(np.asarray(turned @ basis))[0]))[0]
    _, size, axes = np.linalg.svd(np.asarray(turned @ basis).T, full_matrices=False)
    rank = max(1, int(np.sum(size > size[0] * 1e-5)))
    axes = axes[: min(dims, rank)]
    # A singular vector has no direction of its own: the largest entry shall be positive.
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    return np.ascontiguousarray((axes * np.where(signs == 0, 1, signs)[:, None]).T, dtype=np.float32)


def counts(texts: list[str]) -> Sparse:
    """How often each bucket occurs in each text: words and their pairs first, then parts of words."""
    from scipy.sparse import csr_matrix

    found = [_count(chunk) for chunk in _chunks(texts)]
    lengths = np.concatenate([length for length, _, _ in found]) if found else np.zeros(0, np.int64)
    join = lambda part, dtype: np.concatenate([x[part] for x in found]) if found else np.zeros(0, dtype)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    return csr_matrix((join(2, np.float32), join(1, np.int32), ends), (len(texts), 2 * _HALF))


def _chunks(texts: list[str]) -> Iterator[list[str]]:
    chunk, size = [], 0
    for text in texts:
        chunk.append(_normal(text))
        size += len(chunk[-1])
        if size > _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _normal(text: str) -> str:
    text = text[:LONGEST]
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()


def _count(texts: list[str]) -> tuple[Int64[np.ndarray, " texts"], Int32[np.ndarray, " found"], Any]:
    """Buckets per text, the buckets text by text, and how often each occurs."""
    joined = " " + " ".join(texts) + " "
    code = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    row = np.zeros(len(code), np.int64)
    row[1:] = np.repeat(np.arange(len(texts)), lengths + 1)  # the blank behind a text belongs to it
    letter = _letters(code)
    code = np.where(letter, code, np.uint64(32))
    keys = np.concatenate([*_words(code, letter, row), *_parts(code, letter, row)])
    unique, often = np.unique(keys, return_counts=True)
    per_text = np.bincount(unique // (2 * _HALF), minlength=len(texts))
    return per_text.astype(np.int64), (unique % (2 * _HALF)).astype(np.int32), often.astype(np.float32)


def _letters(code: np.ndarray) -> np.ndarray:
    """Which characters belong to a word: letters, digits and marks of any script."""
    place = code.astype(np.int64)
    kinds = np.flatnonzero(np.bincount(place))
    inside = np.zeros(kinds[-1] + 1, bool)
    inside[kinds] = [unicodedata.category(chr(kind))[0] in "LNM" for kind in kinds.tolist()]
    return inside[place]


def _words(code: np.ndarray, letter: np.ndarray, row: np.ndarray) -> Iterator[np.ndarray]:
    """The keys of all words, and of all pairs of words that follow each other in a text."""
    first = np.flatnonzero(letter & ~np.concatenate([[False], letter[:-1]]))
    last = np.flatnonzero(letter & ~np.concatenate([letter[1:], [False]])) + 1
    # A prefix sum of code · base**place gives the hash of any stretch, once divided by the power of its first place.
    up, down = _powers(_BASE, len(code)), _powers(_INVERSE, len(code))
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(code * up, dtype=np.uint64)])
    word = (total[last] - total[first]) * down[first]
    yield _key(row[first], word, 0)
    together = row[first[1:]] == row[first[:-1]]
    pair = word[:-1] * np.uint64(0xBF58476D1CE4E5B9) + word[1:] + np.uint64(1)
    yield _key(row[first[1:]][together], pair[together], 0)


def _parts(code: np.ndarray, letter: np.ndarray, row: np.ndarray) -> Iterator[np.ndarray]:
    """The keys of all sequences of three and four characters of a word; a blank stands for either end of it."""
    for length in (3, 4):
        count = max(len(code) - length + 1, 0)
        inside = np.ones(count, bool)
        for k in range(1, length - 1):
            inside &= letter[k : k + count]
        start = np.flatnonzero(inside)
        window = np.full(len(start), length, np.uint64)
        for k in range(length):
            window = window * _BASE + code[start + k]
        # The middle lies within one word, and so within one text.
        yield _key(row[start + 1], window, _HALF)


def _powers(base: np.uint64, count: int) -> np.ndarray:
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.cumprod(powers, dtype=np.uint64)


def _key(row: np.ndarray, value: np.ndarray, offset: int) -> np.ndarray:
    """Text and bucket in one number; the hash is mixed well first (the finaliser of SplitMix64)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bucket = ((value ^ (value >> np.uint64(31))) % np.uint64(_HALF)).astype(np.int64)
    return row * (2 * _HALF) + offset + bucket
