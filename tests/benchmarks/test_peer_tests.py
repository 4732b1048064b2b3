"""The adapters through which the peers' test templates see parts of explora."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("pool_peer_tests")


@pytest.fixture
def adapters(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("_peer_adapters")


def test_without_a_checkout_nothing_is_run_and_that_is_said(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["pool_peer_tests.py"])
    script.main()
    assert capsys.readouterr().out.startswith("not run")


def test_a_folder_that_is_no_checkout_is_refused(script, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["pool_peer_tests.py", "--peer-tests", str(tmp_path)])
    with pytest.raises(SystemExit, match="no checkout"):
        script.main()


def data():
    rows = np.random.default_rng(0).normal(size=(30, 3))
    labels = np.full(30, np.nan)
    labels[:6] = [0, 1, 2, 0, 1, 2]
    return rows, labels


def test_an_adapted_score_has_the_utilities_of_the_peers_strategy(adapters):
    from _curves._ours import ours
    from _curves._peers import unfitted
    from skactiveml.pool import UncertaintySampling

    strategy = adapters.adapted("Margin", adapters.Guided, entrant=ours()["margin"])(random_state=1)
    rows, labels = data()
    asked = {"X": rows, "y": labels, "clf": unfitted(3), "batch_size": 4, "return_utilities": True}
    chosen, table = strategy.query(**asked)
    theirs, expected = UncertaintySampling(method="margin_sampling", random_state=1).query(**asked)
    assert chosen.tolist() == theirs.tolist()
    np.testing.assert_allclose(table, expected)
    assert np.isnan(table[0]).sum() == 6


def test_an_adapted_selector_refuses_rows_that_are_not_in_the_pool_if_it_needs_their_places(adapters):
    from _curves._ours import ours
    from skactiveml.exceptions import MappingError

    strategy = adapters.adapted("Centre", adapters.Plain, entrant=ours()["k-centre"])(random_state=1)
    rows, labels = data()
    with pytest.raises(MappingError):
        strategy.query(rows, labels, candidates=rows[10:])
    assert strategy.query(rows, labels, candidates=[7, 9]).tolist()[0] in (7, 9)


def test_an_adapted_manager_remembers_only_what_it_is_told(adapters):
    from explora.explorers.stream import VariableUncertainty

    manager = adapters.adapted("Variable", adapters.Managed, kind=VariableUncertainty)(budget=0.3)
    values = np.random.default_rng(0).random(40)
    once, again = manager.query_by_utility(values), manager.query_by_utility(values)
    assert once == again
    assert 0 < len(once) < 40
    manager.update(np.zeros((40, 1)), list(range(40)), utilities=values)
    assert manager.query_by_utility(values) != once
