"""Packages that are not installed: the error says which extra brings them."""

import sys

import pytest

from explora.adapters import Estimator, TorchModel
from explora.core import MissingExtra


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"'scikit-learn': pip install 'explora\[sklearn\]'"):
        Estimator("sklearn.linear_model.LogisticRegression")
    with pytest.raises(MissingExtra, match=r"'torch': pip install 'explora\[torch\]'"):
        TorchModel(lambda features, outputs: (features, outputs))
