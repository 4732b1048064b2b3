"""Items that are the same input, or nearly."""

import numpy as np
from jaxtyping import Float, Int

from explora.core import between

_EDGES = 1 << 20  # how many pairs are held at once


def near_duplicates(embeddings: Float[np.ndarray, "items dims"], epsilon: float = 0.0) -> Int[np.ndarray, " items"]:
    """Which items are the same input: those whose embeddings lie within a distance of each other.

    Pairs are joined into groups, and a group may be a chain whose ends are further apart than `epsilon`: choose it well
    below the distance of inputs that differ.

    All pairs are found, without a table of all pairs: what is within `epsilon` in space is within `epsilon` along any
    direction too, so that only items which are close along the longest one are compared. Exact copies are joined
    first. Memory is linear in the items; time too, as long as `epsilon` is small against the spread.

    **Arguments:**

    - `embeddings`: one row an item, finite; of length one where the cosine is meant.
    - `epsilon`: the greatest Euclidean distance that still is the same input; 0 for equal rows only.

    **Returns:** the number of each item's group, counted by first appearance.
    """
    between("epsilon", epsilon, 0.0)
    if len(embeddings) == 0:
        return np.zeros(0, np.int64)
    # −0.0 and 0.0 are one input; adding 0.0 makes their bytes equal.
    points, kind = np.unique(embeddings + 0.0, axis=0, return_inverse=True)
    groups = np.arange(len(points)) if epsilon == 0 else _joined(points.astype(np.float64), epsilon)
    _, first, number = np.unique(groups[kind.reshape(-1)], return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[number]


def _joined(points: Float[np.ndarray, "points dims"], epsilon: float) -> Int[np.ndarray, " points"]:
    """The group of each of the points, which all differ."""
    centred = points - points.mean(axis=0)
    along = centred @ np.linalg.eigh(centred.T @ centred)[1][:, -1]
    order = np.argsort(along, kind="stable")
    centred, along = centred[order], along[order]
    reach = epsilon * (1 + 1e-9) + 1e-12 * max(1.0, float(np.abs(along).max()))
    ends = np.searchsorted(along, along + reach, side="right")
    groups = np.arange(len(points))
    edges: list[np.ndarray] = []
    held = 0
    for ahead in range(1, int(np.max(ends - np.arange(len(points)))) + 1):
        left = np.flatnonzero(ends - np.arange(len(points)) > ahead)
        close = np.sum((centred[left] - centred[left + ahead]) ** 2, axis=1) <= epsilon**2
        edges.append(np.stack([left[close], left[close] + ahead]))
        held += int(close.sum())
        if held > _EDGES:
            groups, edges, held = _merged(groups, edges), [], 0
    found = np.empty(len(points), np.int64)
    found[order] = _merged(groups, edges)
    return found


def _merged(groups: Int[np.ndarray, " points"], edges: list[np.ndarray]) -> Int[np.ndarray, " points"]:
    """The groups after some more pairs were joined."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not edges:
        return groups
    left, right = groups[np.concatenate(edges, axis=1)]
    count = len(groups)
    graph = coo_array((np.ones(len(left), bool), (left, right)), shape=(count, count))
    return connected_components(graph, directed=False)[1][groups].astype(np.int64)
