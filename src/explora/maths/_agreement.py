"""How far two or more opinions agree beyond what chance alone would bring about."""

import numpy as np
from jaxtyping import Int

from explora.core import ArgumentError


def confusion(
    first: Int[np.ndarray, " items"], second: Int[np.ndarray, " others"], classes: int | None = None
) -> Int[np.ndarray, "classes classes"]:
    """How often the first said one class where the second said another.

    **Arguments:**

    - `first`, `second`: class numbers from 0 on.
    - `classes`: how many classes there are; by default as many as the numbers need.

    **Returns:** counts; rows are what `first` said, columns what `second` said.

    **Raises:** `ArgumentError` for lists of different lengths and for numbers that are no class.
    """
    if first.shape != second.shape:
        raise ArgumentError(
            f"`first` and `second` must have one label an item each, got {first.size} and {second.size}"
        )
    both = np.concatenate([first, second])
    highest = int(both.max(initial=-1)) + 1
    classes = highest if classes is None else classes
    if both.min(initial=0) < 0 or highest > classes:
        raise ArgumentError(
            f"labels must be class numbers from 0 to {classes - 1}, got {both.min()} to {both.max()}; "
            "leave out the items that one of the two did not label"
        )
    cells = first.astype(np.int64) * classes + second.astype(np.int64)
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def cohen_kappa(first: Int[np.ndarray, " items"], second: Int[np.ndarray, " others"]) -> float:
    """Cohen's κ: agreement of two labellings beyond chance, 1 for complete agreement, 0 for that of chance.

    Two labellings that both give one and the same class to every item leave nothing for chance: the ratio is 0/0. As
    they agree on all items, κ is defined to be 1 there.

    **Arguments:**

    - `first`, `second`: class numbers from 0 on, at least one.

    **Returns:** κ ≤ 1.

    **Raises:** `ArgumentError` for no items, or as `confusion`.

    **Reference:** Cohen 1960, Educational and Psychological Measurement 20.
    """
    if first.size == 0:
        raise ArgumentError("`first` must have at least one item: without items nothing agrees or disagrees")
    table = confusion(first, second).astype(np.float64) / first.size
    chance = float(np.sum(table.sum(axis=0) * table.sum(axis=1)))
    agreed = float(np.trace(table))
    # With counts, chance is exactly 1 only if both gave one class throughout; shares may miss it by a rounding.
    if np.count_nonzero(table) == 1 and agreed > 0:
        return 1.0
    return (agreed - chance) / (1.0 - chance)


def krippendorff_alpha(votes: Int[np.ndarray, "items annotators"]) -> float:
    """Krippendorff's α for nominal labels: agreement beyond chance of any number of annotators, not all of whom
    labelled every item.

    Items with fewer than two labels say nothing about agreement and do not count. As with `cohen_kappa`, labels that
    are all of one class agree completely: α is defined to be 1.

    **Arguments:**

    - `votes`: class numbers from 0 on; negative where an annotator did not label the item.

    **Returns:** α ≤ 1; NaN if no item has two labels.

    **Reference:** Krippendorff 2011, Computing Krippendorff's Alpha-Reliability.
    """
    counts = vote_counts(votes)
    many = counts.sum(axis=1)
    counts, many = counts[many > 1].astype(np.float64), many[many > 1]
    if many.size == 0:
        return float("nan")
    total = counts.sum()
    # Pairs within an item, each item weighing as many values as it has; then pairs of values from anywhere.
    unlike = np.sum((many**2 - np.sum(counts**2, axis=1)) / (many - 1))
    margin = counts.sum(axis=0)
    expected = (total**2 - np.sum(margin**2)) / (total - 1)
    return 1.0 if expected == 0 else float(1.0 - unlike / expected)


def vote_counts(
    votes: Int[np.ndarray, "items annotators"], classes: int | None = None
) -> Int[np.ndarray, "items classes"]:
    """How many annotators gave each class to each item.

    **Arguments:**

    - `votes`: class numbers from 0 on; negative where an annotator did not label the item.
    - `classes`: how many classes there are; by default as many as the numbers need.

    **Returns:** counts.

    **Raises:** `ArgumentError` for a number that is no class.
    """
    highest = int(votes.max(initial=-1)) + 1
    classes = highest if classes is None else classes
    if highest > classes:
        raise ArgumentError(f"`votes` must be class numbers below `classes`={classes}, got {highest - 1}")
    item, who = np.nonzero(votes >= 0)
    cells = item * classes + votes[item, who]
    return np.bincount(cells, minlength=len(votes) * classes).reshape(len(votes), classes)
