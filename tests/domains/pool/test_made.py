"""The generated sets are what they say, and stay it."""

import numpy as np
import pytest

from explora.core import UnknownName
from explora.domains.pool import MADE, Source, made_set

# Of the first item two features, of all the mean and the deviation, of the first hundred labels the sum; or two texts.
KNOWN: dict = {
    "imbalance": [-0.939379, 0.26821, -0.396636, 1.660757, 27.0],
    "noise": [-0.716693, 0.645747, 0.004795, 1.012479, 98.0],
    "duplicates": [1.306927, 0.015991, -0.066072, 1.517475, 222.0],
    "many": [0.551173, 1.514422, 0.022307, 1.524399, 2321.0],
    "wide": [2.662586, -1.145856, -0.002518, 1.008374, 58.0],
    "drift": [0.447304, -1.91434, 0.016261, 1.359537, 104.0],
    "islands": [5.959228, -5.981703, 2.18788, 9.003205, 95.0],
    "bumps": [0.171426, 0.874821, 0.50156, 0.290457, 1411.253592],
    "uneven": [-1.056488, -0.904483, -0.017924, 1.006061, -83.177121],
    "requests": [
        "dear all i paid on monday and a screw of the flute is missing have a nice day",
        "to whom it may concern the flute of last year was fine but "
        "the courier left the compass at the wrong door have a nice day",
    ],
}


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.name)
def test_a_set_is_as_large_and_as_difficult_as_it_says(made):
    drawn = made.make()
    label = np.array(drawn.columns["label"])
    assert len(label) == made.items
    features = set(drawn.columns) - {"label", made.group}
    assert len(features) == made.features
    if made.classes:
        assert len(np.unique(label)) == made.classes
        assert np.mean(drawn.best == label) == pytest.approx(made.best, abs=6e-4)
    else:
        assert 1 - np.mean((label - drawn.best) ** 2) / label.var() == pytest.approx(made.best, abs=6e-4)


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.name)
def test_a_set_is_the_same_for_ever(made):
    drawn = made.make()
    label = np.array(drawn.columns["label"])
    if made.name == "requests":
        assert list(drawn.columns["text"][:2]) == KNOWN["requests"]
        return
    x = np.stack([column for name, column in drawn.columns.items() if name.startswith("x")], axis=1)
    found = [*x[0, :2], x.mean(), x.std(), label[:100].sum()]
    assert np.allclose(found, KNOWN[made.name], atol=2e-5)
    assert not np.array_equal(made.make(1).columns["x0"], drawn.columns["x0"])
    assert np.array_equal(made.make(0).columns["x0"], drawn.columns["x0"])


def test_difficulties_are_there():
    imbalance = np.bincount(made_set("imbalance").make().columns["label"])
    assert imbalance.tolist() == [1600, 240, 100, 40, 20]
    copies = np.sort(np.bincount(made_set("duplicates").make().columns["original"]))[::-1]
    assert len(copies) == 200
    assert copies[:12].sum() == pytest.approx(1000, abs=40)
    text = made_set("requests").make().columns["text"]
    assert len(set(text)) == 3000
    drift = made_set("drift").make().columns
    label, x = np.array(drift["label"]), np.stack([drift["x0"], drift["x1"]], axis=1)
    first, last = (x[part][label[part] == 0].mean(axis=0) for part in (slice(0, 150), slice(-150, None)))
    assert first @ last < 0  # class 0 has gone to the other side


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.name)
def test_a_set_is_read_as_a_pool(made):
    items = Source(f"made:{made.name}").read()
    assert len(items) == len(items.labelled) == made.items
    assert (items.groups is None) == (made.group is None)
    if made.name != "requests":
        assert items.inputs.shape[1] == made.features


@pytest.mark.slow
def test_the_rule_of_the_requests_can_be_learned():
    from sklearn.linear_model import LogisticRegression

    items = Source("made:requests").read()
    order = np.random.default_rng(0).permutation(3000)
    label = np.array(items.labels)[order]
    x = items.inputs[order]
    score = [LogisticRegression(max_iter=100).fit(x[:n], label[:n]).score(x[1500:], label[1500:]) for n in (50, 600)]
    assert 0.6 < score[0] < 0.9
    assert score[1] > 0.98


def test_a_name_is_looked_up():
    with pytest.raises(UnknownName, match="no generated data set 'imbalanced'; did you mean 'imbalance'"):
        made_set("imbalanced")
