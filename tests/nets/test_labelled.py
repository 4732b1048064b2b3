"""Labelled rows: which count, and what is said before there is anything to learn."""

import numpy as np
import pytest

from explora.core import ArgumentError
from explora.nets import Labelled

INPUTS = np.arange(8.0).reshape(4, 2)


def test_rows_without_weight_do_not_count_whatever_stands_there() -> None:
    rows = Labelled.of(INPUTS, [0, 9, -1, 1], [1.0, 0.0, 0.0, 2.0], 2)
    assert rows.inputs.tolist() == [[0, 1], [6, 7]]
    assert rows.targets.tolist() == [0, 1]
    assert rows.weights.tolist() == [1, 2]
    assert not rows.valued
    assert Labelled.of(INPUTS, [0, 1, 1, 0], None, 2).weights.tolist() == [1, 1, 1, 1]


def test_the_prior() -> None:
    prior = lambda targets, classes: Labelled.of(INPUTS[: len(targets)], targets, None, classes).prior(classes).tolist()
    assert prior(np.zeros(0, int), 4) == [0.25, 0.25, 0.25, 0.25]
    assert prior([2], 4) == [0, 0, 1, 0]
    assert prior([2, 2, 2, 0], 4) == [0.5, 0, 0.5, 0]  # seen is seen: how often says what was asked, not what there is
    assert prior([[1.0, 2.0], [3.0, 6.0]], None) == [2, 4]
    assert prior(np.zeros((0, 2)), None) == [0, 0]


def test_samples_are_places() -> None:
    rows = Labelled.of(INPUTS, [0, 1, 1, 0], None, 2)
    assert rows.sample("none", rng=np.random.default_rng(0)).tolist() == [0, 1, 2, 3]
    for seed in range(20):
        places = rows.sample("multinomial", rng=np.random.default_rng(seed))
        assert set(places.tolist()) <= {0, 1, 2, 3}
        assert set(rows.targets[places].tolist()) == {0, 1}


def test_what_cannot_be_is_refused() -> None:
    for arguments, message in (
        (([0, 1, 2], None, 3), "got 4, 3 and 4 rows"),
        (([0, 1, 2, 0], [1.0, 1.0], 3), "got 4, 4 and 2 rows"),
        (([0, 1, 2, 0], None, 2), "`targets` must be classes from 0 to 1, got 0 to 2"),
        (([0, 1, 1, 0], [1.0, np.nan, 1.0, 1.0], 2), "`weights` must be finite"),
        (([0, 1, 1, 0], None, None), "`classes` must be at least 1"),
        (([[0.0]] * 4, None, 2), "`classes` counts classes"),
    ):
        with pytest.raises(ArgumentError, match=message):
            Labelled.of(INPUTS, *arguments)
