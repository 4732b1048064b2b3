"""Unbiased estimates from labels that were not drawn evenly: every item counts by how unlikely it was to be asked."""

import numpy as np
from jaxtyping import Float

from explora.core import ArgumentError

from ._quality import Estimate, normal_quantile


def lure_weights(probabilities: Float[np.ndarray, " drawn"], pool: int) -> Float[np.ndarray, " drawn"]:
    """The weights that take out the bias of labels which were actively chosen, one after the other.

    At step m one of the N − m + 1 items that are left was drawn with a probability that may depend on everything seen
    before. With v_m = 1 + (N − M)/(N − m) · (1/((N − m + 1) q_m) − 1) the mean of v_m · loss_m has the mean loss of the
    whole pool as its expectation. Drawing evenly gives weights of 1, and drawing the whole pool does too.

    **Arguments:**

    - `probabilities`: q_m, with which the item that was drawn at each step was drawn; greater than 0.
    - `pool`: N, how many items there were before the first step.

    **Returns:** a weight a step.

    **Raises:** `ArgumentError` for more steps than items, or a probability outside (0, 1]. A choice that is no draw
    (the best item by its score, always) has no such probability: draw from the scores (`softmax`, power) instead.

    **Reference:** Farquhar, Gal and Rainforth 2021, On Statistical Bias in Active Learning (arXiv:2101.11665).
    """
    count = len(probabilities)
    if count > pool:
        raise ArgumentError(f"`pool` must be at least the number of steps, got {pool} for {count} steps")
    if not np.all((probabilities > 0) & (probabilities <= 1)):
        raise ArgumentError("`probabilities` must be greater than 0 and at most 1, one a step")
    left = pool - np.arange(count)
    # At the very last item of the pool the factor is 0/0, but then the item was certain and the bracket is 0.
    factor = (pool - count) / np.maximum(left - 1, 1)
    return 1.0 + factor * (1.0 / (left * probabilities) - 1.0)


def lure(
    losses: Float[np.ndarray, " losses"],
    probabilities: Float[np.ndarray, " drawn"],
    pool: int,
    *,
    level: float = 0.95,
) -> Estimate:
    """The mean loss over the pool from actively chosen labels, without bias.

    **Arguments:**

    - `losses`: of each item that was drawn, in the order of the draws, of one and the same model.
    - `probabilities`, `pool`: as for `lure_weights`.
    - `level`: how often the interval shall hold the truth.

    **Returns:** an unbiased estimate. The interval is the normal one of the weighted losses as if they were
    independent: roughly right for many draws, too narrow while a few rare and heavy items are still to come.

    **Reference:** Farquhar, Gal and Rainforth 2021 (arXiv:2101.11665).
    """
    if losses.shape != probabilities.shape:
        raise ArgumentError(f"`losses` must have one entry a step, got {losses.size} for {probabilities.size} steps")
    weighted = lure_weights(probabilities, pool) * losses
    spread = float(weighted.std(ddof=1)) / np.sqrt(weighted.size) if weighted.size > 1 else float("inf")
    value = float(weighted.mean()) if weighted.size else float("nan")
    return _normal(value, spread, level, weighted.size, "weighted, as if independent")


def horvitz_thompson(
    losses: Float[np.ndarray, " losses"],
    inclusion: Float[np.ndarray, " drawn"],
    pool: int,
    *,
    level: float = 0.95,
) -> Estimate:
    """The mean loss over the pool from items that each had their own chance to be labelled, independently.

    **Arguments:**

    - `losses`: of each item that was labelled.
    - `inclusion`: the probability with which it was.
    - `pool`: how many items could have been.
    - `level`: how often the interval shall hold the truth.

    **Returns:** an unbiased estimate, with the normal interval of the unbiased variance under independent labelling.

    **Reference:** Horvitz and Thompson 1952, J. Am. Stat. Assoc. 47.
    """
    if losses.shape != inclusion.shape:
        raise ArgumentError(f"`losses` must have one entry for each of {inclusion.size} items, got {losses.size}")
    if not np.all((inclusion > 0) & (inclusion <= 1)):
        raise ArgumentError("`inclusion` must be greater than 0 and at most 1, one an item")
    if len(losses) > pool:
        raise ArgumentError(f"`pool` must be at least the number of labelled items, got {pool} for {len(losses)}")
    value = float(np.sum(losses / inclusion)) / pool
    spread = float(np.sqrt(np.sum((1 - inclusion) * (losses / inclusion) ** 2))) / pool
    spread = spread if losses.size else float("inf")  # nothing labelled is no evidence that the loss is zero
    return _normal(value, spread, level, losses.size, "Horvitz–Thompson")


def _normal(value: float, spread: float, level: float, count: int, method: str) -> Estimate:
    """An estimate with a normal interval."""
    half = normal_quantile(level) * spread
    return Estimate(value, value - half, value + half, level, count, method)
