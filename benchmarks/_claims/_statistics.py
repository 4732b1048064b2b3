"""Exact tests and intervals for few pairs, and rank correlation."""

import itertools
import math
from collections.abc import Sequence
from typing import Any


def sign_test(differences: Sequence[float]) -> dict[str, Any]:
    """How often the first of each pair was ahead, and how likely that is if either is as likely to be.

    **Arguments:**

    - `differences`: first less second, one a pair; ties are left out of the test.

    **Returns:** `ahead`, `behind`, `tied`, and the exact two-sided `p`, 1 where all are tied.
    """
    ahead, behind = sum(x > 0 for x in differences), sum(x < 0 for x in differences)
    count = ahead + behind
    tail = sum(math.comb(count, k) for k in range(min(ahead, behind) + 1)) / 2**count
    tied = len(differences) - count
    return {"ahead": ahead, "behind": behind, "tied": tied, "p": min(1.0, 2 * tail)}


def sign_flip(differences: Sequence[float]) -> float:
    """The exact two-sided p of the mean difference: of all ways to swap within pairs, how many are as extreme."""
    if not differences:
        return 1.0
    size = abs(math.fsum(differences))
    sums = [
        abs(math.fsum(sign * x for sign, x in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    close = 1e-9 * max(1.0, size)
    return sum(x >= size - close for x in sums) / len(sums)


def median_interval(differences: Sequence[float], level: float = 0.95) -> dict[str, Any] | None:
    """The interval of the median difference that the sign test yields, without any assumption on how values spread.

    **Arguments:**

    - `differences`: one a pair.
    - `level`: how much it should hold.

    **Returns:** its ends, and its true `coverage`: of five pairs the whole range holds 93.75 %, and no interval more.
    None without pairs.
    """
    ordered, count = sorted(differences), len(differences)
    if not count:
        return None
    held = lambda k: 1 - 2 * sum(math.comb(count, i) for i in range(k)) / 2**count
    cut = max((k for k in range(1, (count + 1) // 2 + 1) if held(k) >= level), default=1)
    return {"low": ordered[cut - 1], "high": ordered[count - cut], "coverage": held(cut)}


def compared(first: Sequence[float], second: Sequence[float]) -> dict[str, Any]:
    """All that is said of two columns of pairs."""
    apart = [a - b for a, b in zip(first, second, strict=True)]
    return {
        "first": list(first),
        "second": list(second),
        "differences": apart,
        "mean": math.fsum(apart) / len(apart) if apart else None,
        "median_interval": median_interval(apart),
        "sign_test": sign_test(apart),
        "permutation_p": sign_flip(apart),
    }


def ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share their average rank."""
    return [sum(y < x for y in values) + (sum(y == x for y in values) + 1) / 2 for x in values]


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """The rank correlation; None where either side has one value only, so that there is nothing to rank."""
    one, other = ranks(first), ranks(second)
    middle = (len(one) + 1) / 2
    spread = math.sqrt(sum((a - middle) ** 2 for a in one) * sum((b - middle) ** 2 for b in other))
    if spread == 0:
        return None
    return sum((a - middle) * (b - middle) for a, b in zip(one, other, strict=True)) / spread
