"""Does explora pass the tests that scikit-activeml has for its own strategies and budget managers?

    python benchmarks/pool_peer_tests.py --peer-tests DIR

DIR is a checkout of scikit-activeml: its test templates (`skactiveml/tests/template_*.py`) are in no package. They are
run against the installed scikit-activeml 1.0.1, once for every entrant of `pool_curves.py` and every budget manager of
`explora.explorers.stream`, through the adapters of `_peer_adapters.py`. Without DIR nothing is run, and that is said.
Ends with status 1 if a test failed.
"""

import argparse
import importlib
import os
import sys
import unittest
import warnings
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("OMP_NUM_THREADS", "1")


def main() -> None:
    """Runs the templates for every part, or says that they were not run."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--peer-tests", type=Path, metavar="DIR", help="a checkout of scikit-activeml")
    say.add_argument("--only", default="", metavar="TEXT", help="only what has TEXT in its name")
    options = say.parse_args()
    if options.peer_tests is None:
        print("not run: give a checkout of scikit-activeml with --peer-tests DIR")
        return
    templates = _templates(options.peer_tests)
    failed = 0
    for name, case in [*pool_cases(templates), *manager_cases(templates), *stream_cases(templates)]:
        if options.only in name:
            failed += not _run(name, case)
    sys.exit(1 if failed else 0)


def _templates(checkout: Path) -> Any:
    """Its test templates, beside the installed package: everything else is the installed one's."""
    import skactiveml

    if not (checkout / "skactiveml" / "tests" / "template_query_strategy.py").is_file():
        raise SystemExit(f"{checkout} is no checkout of scikit-activeml: it has no skactiveml/tests with the templates")
    skactiveml.__path__.append(str(checkout / "skactiveml"))
    strategy = importlib.import_module("skactiveml.tests.template_query_strategy")
    manager = importlib.import_module("skactiveml.tests.template_budget_manager")
    return argparse.Namespace(
        pool=strategy.TemplateSingleAnnotatorPoolQueryStrategy,
        stream=strategy.TemplateSingleAnnotatorStreamQueryStrategy,
        manager=manager.TemplateBudgetManager,
    )


def _run(name: str, case: type) -> bool:
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(case)
    result = unittest.TestResult()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        suite.run(result)
    wrong = [*result.failures, *result.errors]
    print(f"{name:<60} {result.testsRun:3d} tests, {len(wrong)} failed", flush=True)
    for test, text in wrong:
        print(f"    {test}: {text.strip().splitlines()[-1][:160]}")
    return not wrong


def pool_cases(templates: Any) -> list[tuple[str, type]]:
    """A test case for every entrant of explora: templates, and that utilities say what was chosen."""
    from _curves._ours import ours
    from _peer_adapters import Counselled, Guided, Plain, adapted

    found = []
    for name, entrant in ours().items():
        needs = entrant.select.needs | (frozenset() if entrant.score is None else entrant.score.needs)
        base = Counselled if entrant.committee else Guided if "predictions" in needs else Plain
        strategy = adapted(name, base, entrant=entrant)
        bases = {Plain: _Plain, Guided: _Guided, Counselled: _Counselled}[base]
        case = type(f"Test-{name}", (bases, templates.pool, unittest.TestCase), {"strategy": strategy})
        found.append((f"pool: {name}", case))
    return found


class _Plain:
    """What the test cases of all entrants share."""

    strategy: Any = None

    def setUp(self: Any) -> None:
        rows = np.random.RandomState(0).normal(size=(12, 2))
        labels = np.array([0.0, 1.0, *[np.nan] * 10])
        super().setUp(  # pyright: ignore[reportAttributeAccessIssue]
            qs_class=type(self).strategy,
            init_default_params={},
            query_default_params_clf={"X": rows, "y": labels, **self.models()},
        )

    def models(self) -> dict[str, Any]:
        """What `query` needs beyond the data."""
        return {}

    def test_query(self: Any) -> None:
        strategy = self.qs_class(random_state=1)
        chosen, table = strategy.query(**self.query_default_params_clf, batch_size=4, return_utilities=True)
        assert len(set(chosen.tolist())) == 4
        assert (chosen >= 2).all()
        for turn, row in enumerate(chosen):
            assert table[turn, row] == np.nanmax(table[turn])


class _Guided(_Plain):
    def models(self) -> dict[str, Any]:
        from skactiveml.classifier import SklearnClassifier
        from sklearn.linear_model import LogisticRegression

        return {"clf": SklearnClassifier(LogisticRegression(), classes=[0, 1], random_state=0)}

    def test_query_param_clf(self: Any) -> None:
        super().test_query_param_clf(test_cases=[])  # pyright: ignore[reportAttributeAccessIssue]


class _Counselled(_Plain):
    def models(self) -> dict[str, Any]:
        from skactiveml.classifier import SklearnClassifier
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(n_estimators=5, random_state=0)
        return {"ensemble": SklearnClassifier(forest, classes=[0, 1], random_state=0)}

    def test_query_param_ensemble(self: Any) -> None:
        self._test_param("query", "ensemble", [(np.nan, TypeError), ("state", TypeError), (None, TypeError)])

    def test_query_param_fit_ensemble(self: Any) -> None:
        self._test_param("query", "fit_ensemble", [(np.nan, TypeError), ("state", TypeError), (True, None)])


def manager_cases(templates: Any) -> list[tuple[str, type]]:
    """A test case for every budget manager that needs no embeddings; expected is what it decides on a whole stream, and
    for those without chance what scikit-activeml's manager of the same name decides."""
    from _peer_adapters import Managed, adapted

    from explora.explorers import stream

    kinds = ("RandomBudget", "Periodic", "FixedUncertainty", "VariableUncertainty", "RandomVariableUncertainty")
    found = []
    for name in (*kinds, "Split", "BalancedQuantile"):
        manager = adapted(name, Managed, kind=getattr(stream, name))
        case = type(f"Test-{name}", (_Manager, templates.manager, unittest.TestCase), {"manager": manager})
        found.append((f"budget manager: {name}", case))
    return found


def _twin(name: str) -> Any:
    from skactiveml.stream import budgetmanager as theirs

    makers = {
        "FixedUncertainty": lambda: theirs.FixedUncertaintyBudgetManager(classes=[0, 1], budget=0.1),
        "VariableUncertainty": lambda: theirs.VariableUncertaintyBudgetManager(budget=0.1),
        "BalancedQuantile": lambda: theirs.BalancedIncrementalQuantileFilter(budget=0.1),
    }
    return makers[name]() if name in makers else None


class _Manager:
    """What the test cases of all managers share."""

    manager: Any = None

    def setUp(self: Any) -> None:
        super().setUp(  # pyright: ignore[reportAttributeAccessIssue]
            bm_class=type(self).manager,
            init_default_params={},
            query_by_utility_params={"utilities": np.array([0.5])},
        )

    def test_query_by_utility(self: Any) -> None:
        stream = np.append(np.random.RandomState(0).rand(50), np.full(50, np.nan))
        twin = _twin(self.bm_class.__name__)
        one = self.bm_class(budget=0.1, random_state=np.random.RandomState(0)) if twin is None else twin
        expected = list(one.query_by_utility(stream))
        super().test_query_by_utility(expected)  # pyright: ignore[reportAttributeAccessIssue]


def stream_cases(templates: Any) -> list[tuple[str, type]]:
    """A test case for every budget manager as a strategy; expected is what the manager itself decides, without the
    adapter, on the stream that the template makes."""
    from _peer_adapters import Streamed, StreamedGuided, adapted

    from explora.explorers import stream

    plain = ("RandomBudget", "Periodic")
    guided = ("FixedUncertainty", "VariableUncertainty", "RandomVariableUncertainty", "Split", "BalancedQuantile")
    found = []
    for name in (*plain, *guided, "StreamDensity"):
        base, bases = (Streamed, _Stream) if name in plain else (StreamedGuided, _GuidedStream)
        strategy = adapted(name, base, kind=getattr(stream, name))
        case = type(f"Test-{name}", (bases, templates.stream, unittest.TestCase), {"strategy": strategy})
        found.append((f"stream: {name}", case))
    return found


class _Stream:
    """What the test cases of all strategies for streams share."""

    strategy: Any = None

    def setUp(self: Any) -> None:
        super().setUp(  # pyright: ignore[reportAttributeAccessIssue]
            qs_class=type(self).strategy,
            init_default_params={},
            query_default_params_clf={"candidates": np.array([[1.0, 2.0]]), **self.models()},
        )

    def models(self) -> dict[str, Any]:
        """What `query` needs beyond the items."""
        return {}

    def utilities(self, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Those of the last 16 of the template's 20 items."""
        return np.ones(16)

    def test_query(self: Any) -> None:
        from sklearn.datasets import make_blobs

        drawn: Any = make_blobs(n_samples=20, centers=3, random_state=np.random.RandomState(0), shuffle=True)
        rows, labels = drawn[0], drawn[1] % 2
        values = self.utilities(rows, labels)
        manager = self.qs_class.kind(budget=0.1)
        rng = np.random.default_rng(np.random.RandomState(0).randint(2**31))
        manager.query(manager.init(2), np.zeros(4), rng=rng, embeddings=rows[:4])  # takes its chance
        # All of the first four were asked about, which no manager would have done by itself.
        state = manager.record(manager.init(2), np.zeros(4), np.ones(4, bool))
        asked, _ = manager.query(state, values, rng=rng, embeddings=rows[4:])
        super().test_query(np.flatnonzero(asked), values)  # pyright: ignore[reportAttributeAccessIssue]


class _GuidedStream(_Stream):
    def models(self) -> dict[str, Any]:
        rows, labels = np.array([[1.0, 2.0], [5.0, 8.0], [8.0, 4.0], [5.0, 4.0]]), np.array([0.0, 0.0, 1.0, 1.0])
        return {"clf": self.classifier(), "X": rows, "y": labels, "fit_clf": True}

    def classifier(self) -> Any:
        from skactiveml.classifier import SklearnClassifier
        from sklearn.linear_model import LogisticRegression

        return SklearnClassifier(LogisticRegression(), classes=[0, 1], random_state=0)

    def utilities(self, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return 1 - self.classifier().fit(rows[:4], labels[:4]).predict_proba(rows[4:]).max(axis=1)

    def test_query_param_clf(self: Any) -> None:
        super().test_query_param_clf(test_cases=[])  # pyright: ignore[reportAttributeAccessIssue]


if __name__ == "__main__":
    main()
