"""Which items are learned from, and which a model is judged by."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int64

from explora.core import ArgumentError, between

Places = Int64[np.ndarray, " _"]

_BINS = 10  # numbers are split as if each tenth of them were a class


def split(
    labels: np.ndarray, groups: Sequence[Any] | None, share: float, *, rng: np.random.Generator
) -> tuple[Places, Places]:
    """Splits items into a pool and a held-out part in which each class has its share.

    No group is in both, and no class is held out altogether: one whose members are all in one group (a single item,
    without groups) stays in the pool. So do all items without a label, since no model can be judged by them; only those
    whose group is held out are in neither part.

    **Arguments:**

    - `labels`: as `Target.encode` gives them: codes (-1 where missing), numbers (NaN), or rows of zeros and ones (NaN).
    - `groups`: what belongs together; None if all are apart.
    - `share`: of the items with a label that is held out, of each class as nearly as groups allow.
    - `rng`: what chance there is.

    **Returns:** the places of the pool and of the held-out part, each in rising order.

    **Raises:** `ArgumentError` if `share` is not between 0 and 1, or lengths differ.
    """
    between("share", share, 0.0, 1.0)
    strata, group = _strata(labels), _groups(groups, len(labels))
    known = np.flatnonzero(strata >= 0)
    fold = _deal(strata[known], group[known], np.array([1 - share, share]), rng, keep=True)
    held = known[fold == 1]
    away = np.isin(group, group[held])
    return np.flatnonzero(~away), held


def folds(
    labels: np.ndarray, groups: Sequence[Any] | None, count: int, repeats: int = 1, *, rng: np.random.Generator
) -> list[tuple[Places, Places]]:
    """Repeated cross-validation: each item with a label is held out once a repeat, no group is on both sides.

    **Arguments:**

    - `labels`, `groups`, `rng`: as for `split`.
    - `count`: how many parts there are; each is held out once.
    - `repeats`: how often all is split anew.

    **Returns:** `count * repeats` pairs of the places that are left and of those held out.

    **Raises:** `ArgumentError` for fewer than two parts, or more parts than groups with a label.
    """
    between("count", count, 2)
    between("repeats", repeats, 1)
    strata, group = _strata(labels), _groups(groups, len(labels))
    known = np.flatnonzero(strata >= 0)
    apart = len(np.unique(group[known]))
    if apart < count:
        what = "items" if groups is None else "groups"
        raise ArgumentError(f"`count` must be at most the number of labelled {what}, {apart}, got {count}")
    found = []
    for _ in range(repeats):
        fold = _deal(strata[known], group[known], np.full(count, 1 / count), rng, keep=False)
        for number in range(count):
            held = known[fold == number]
            found.append((np.flatnonzero(~np.isin(group, group[held])), held))
    return found


def _strata(labels: np.ndarray) -> Places:
    """What is kept in proportion: classes, tenths of numbers, or the rarest of several labels; -1 without a label."""
    labels = np.asarray(labels)
    if labels.ndim == 2:
        counts = np.nansum(labels, axis=0)
        rarest = np.where(np.nan_to_num(labels) > 0, counts, np.inf)
        none = ~np.isfinite(rarest).any(axis=1) if labels.shape[1] else np.ones(len(labels), bool)
        place = np.where(none, labels.shape[1], rarest.argmin(axis=1) if labels.shape[1] else 0)
        return np.where(np.isnan(labels).any(axis=1), -1, place).astype(np.int64)
    if labels.dtype.kind == "f":
        known = np.flatnonzero(~np.isnan(labels))
        strata = np.full(len(labels), -1, np.int64)
        order = known[np.argsort(labels[known], kind="stable")]
        strata[order] = np.arange(len(order)) * _BINS // max(len(order), 1)
        return strata
    return labels.astype(np.int64)


def _groups(groups: Sequence[Any] | None, rows: int) -> Places:
    if groups is None:
        return np.arange(rows)
    if len(groups) != rows:
        raise ArgumentError(f"`groups` must have one entry for each of {rows} items, got {len(groups)}")
    first: dict[Any, int] = {}
    return np.fromiter((first.setdefault(name, len(first)) for name in groups), np.int64, rows)


def _deal(strata: Places, group: Places, shares: np.ndarray, rng: np.random.Generator, *, keep: bool) -> Places:
    """The part of each item. With `keep`, no class leaves the first part altogether."""
    if len(strata) == 0:
        return np.zeros(0, np.int64)
    _, strata = np.unique(strata, return_inverse=True)
    _, group = np.unique(group, return_inverse=True)
    if group.max() + 1 == len(group):
        return _deal_items(strata, shares, rng, keep)
    return _deal_groups(strata, group, shares, rng, keep)


def _deal_items(strata: Places, shares: np.ndarray, rng: np.random.Generator, keep: bool) -> Places:
    """Class by class, at random within a class; what rounding leaves over is owed to the next class."""
    part = np.zeros(len(strata), np.int64)
    order = rng.permutation(len(strata))
    classes = np.split(order[np.argsort(strata[order], kind="stable")], np.cumsum(np.bincount(strata))[:-1])
    owed = np.zeros(len(shares))
    for number in rng.permutation(len(classes)):
        members = classes[number]
        wish = shares * len(members) + owed
        sizes = np.maximum(np.floor(wish), 0).astype(np.int64)
        while sizes.sum() < len(members):
            sizes[np.argmax(wish - sizes)] += 1
        while sizes.sum() > len(members):
            sizes[np.argmax(np.where(sizes > 0, sizes - wish, -np.inf))] -= 1
        if keep and sizes[0] == 0:
            sizes[np.argmax(sizes)] -= 1
            sizes[0] = 1
        owed = wish - sizes
        part[members] = np.repeat(np.arange(len(shares)), sizes)
    return part


def _deal_groups(strata: Places, group: Places, shares: np.ndarray, rng: np.random.Generator, keep: bool) -> Places:
    """Large groups first, each to the part that lacks its classes most."""
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(group.max() + 2))
    sizes = np.diff(ends)
    counts = np.bincount(strata)
    lacks = shares[:, None] * counts  # (parts, classes)
    first = counts.copy()  # of each class, what is not yet given to another part than the first
    part = np.zeros(len(sizes), np.int64)
    turns = rng.permutation(len(sizes))
    for number in turns[np.argsort(-sizes[turns], kind="stable")]:
        classes, own = np.unique(strata[order[ends[number] : ends[number + 1]]], return_counts=True)
        # By how much the squared distance from what each part should have shrinks, classes counted relatively.
        gain = (own * (2 * lacks[:, classes] - own) / counts[classes]).sum(axis=1)
        choice = int(rng.choice(np.flatnonzero(gain >= gain.max() - 1e-9)))
        if keep and choice and (first[classes] <= own).any():
            choice = 0
        part[number] = choice
        lacks[choice, classes] -= own
        if choice:
            first[classes] -= own
    return part[group]
