"""Items that are the same input, or nearly."""

import numpy as np
from jaxtyping import Float, Int

from explora.core import ArgumentError, between

_EDGES = 1 << 20  # how many pairs are held at once


def near_duplicates(embeddings: Float[np.ndarray, "items dims"], epsilon: float = 0.0) -> Int[np.ndarray, " items"]:
    """Which items are the same input: those whose embeddings lie within a distance of each other.

    Pairs are joined into groups, and a group may be a chain whose ends are further apart than `epsilon`: choose it well
    below the distance of inputs that differ.

    All pairs are found, without a table of all pairs: what is within `epsilon` in space is within `epsilon` along any
    direction too, so that only items which are close along a few long ones are compared. Exact copies are joined
    first. Memory is linear in the items; time too, as long as `epsilon` is small against the spread.

    **Arguments:**

    - `embeddings`: one row an item, finite; of length one where the cosine is meant.
    - `epsilon`: the greatest Euclidean distance that still is the same input; 0 for equal rows only.

    **Returns:** the number of each item's group, counted by first appearance.

    **Raises:** `ArgumentError` for embeddings that are not finite.
    """
    between("epsilon", epsilon, 0.0)
    if not np.all(np.isfinite(embeddings)):
        raise ArgumentError("`embeddings` must be finite; fill in or leave out the items that have none")
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
    shadow = centred @ _long_directions(centred)
    order = np.argsort(shadow[:, 0], kind="stable")
    centred, shadow = centred[order], np.ascontiguousarray(shadow[order].T)
    reach = epsilon * (1 + 1e-9) + 1e-12 * max(1.0, float(np.abs(shadow).max()))
    # How many items after each lie within reach along the longest direction.
    ahead_of = np.searchsorted(shadow[0], shadow[0] + reach, side="right") - np.arange(len(points)) - 1
    left = np.arange(len(points))
    groups = left.copy()
    edges: list[np.ndarray] = []
    held = 0
    for ahead in range(1, int(ahead_of.max()) + 1):
        left = left[ahead_of[left] >= ahead]
        pairs = left
        for side in shadow[1:]:  # most pairs that are close along one direction are not along another
            pairs = pairs[np.abs(side[pairs + ahead] - side[pairs]) <= reach]
        close = np.sum((centred[pairs] - centred[pairs + ahead]) ** 2, axis=1) <= epsilon**2
        edges.append(np.stack([pairs[close], pairs[close] + ahead]))
        held += int(close.sum())
        if held > _EDGES:
            groups, edges, held = _merged(groups, edges), [], 0
    found = np.empty(len(points), np.int64)
    found[order] = _merged(groups, edges)
    return found


def _long_directions(
    centred: Float[np.ndarray, "points dims"], count: int = 3, rounds: int = 6
) -> Float[np.ndarray, "dims directions"]:
    """A few orthogonal directions along which the points are spread, the widest first, roughly.

    Any directions of length one are right; wide ones leave fewer pairs to compare. Some rounds of the power method do,
    where all eigenvectors of many dimensions would take longer than the rest.
    """
    dims = centred.shape[1]
    widest = np.argsort(-np.var(centred, axis=0), kind="stable")[: min(count, dims)]
    found = np.eye(dims)[:, widest]
    for _ in range(rounds):
        found = np.linalg.qr(centred.T @ (centred @ found))[0]
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
