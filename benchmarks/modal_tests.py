"""How many of modAL's own tests pass when explora's façade stands in for modAL? And how many does modAL itself pass?

    python benchmarks/modal_tests.py --modal DIR [--itself] [--only TestActiveLearner]

`DIR` is a checkout of modAL; its `tests/core_tests.py` and what lies beside it are read from there and run in a
temporary folder in which a package called `modAL` does nothing but hand out names of `explora.adapters.modal` (or, with
`--itself`, is modAL). Tests of learners for PyTorch are left out, and statements that mention `torch` are dropped: the
façade has no such learners. Without `DIR` nothing is run and nothing is claimed.
"""

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
WITHOUT = ("Torch_Model", "TestDropout", "TestDeepActiveLearner")
OPTIONAL = ("torch", "skorch", "modAL.dropout")

MODULES = {
    "acquisition": "EI PI UCB max_EI max_PI max_UCB optimizer_EI optimizer_PI optimizer_UCB",
    "batch": "ranked_batch uncertainty_batch_sampling",
    "density": "cosine_similarity euclidean_similarity information_density similarize_distance",
    "disagreement": "KL_max_disagreement consensus_entropy consensus_entropy_sampling max_disagreement_sampling "
    "max_std_sampling vote_entropy vote_entropy_sampling",
    "expected_error": "expected_error_reduction",
    "models": "ActiveLearner BayesianOptimizer Committee CommitteeRegressor",
    "models.base": "",
    "models.learners": "ActiveLearner BayesianOptimizer Committee CommitteeRegressor",
    "multilabel": "SVM_binary_minimum avg_confidence avg_score max_loss max_score mean_max_loss min_confidence",
    "uncertainty": "classifier_entropy classifier_margin classifier_uncertainty entropy_sampling margin_sampling "
    "uncertainty_sampling",
    "utils": "make_linear_combination make_product make_query_strategy data_vstack multi_argmax weighted_random "
    "check_class_labels check_class_proba",
    "utils.combination": "make_linear_combination make_product make_query_strategy",
    "utils.data": "add_row data_hstack data_shape data_vstack drop_rows enumerate_data retrieve_rows",
    "utils.selection": "multi_argmax multi_argmin shuffled_argmax shuffled_argmin weighted_random",
    "utils.validation": "check_class_labels check_class_proba",
}

# What modAL's tests call by private names.
PRIVATE = {
    "multilabel": "from explora.adapters.modal import svm_loss as _SVM_loss",
    "uncertainty": "from explora.scores import entropy as _proba_entropy, least_confident as _proba_uncertainty\n"
    "from types import SimpleNamespace\n"
    "def _proba_margin(p):\n"
    "    return classifier_margin(SimpleNamespace(predict_proba=lambda X: X), p)",
}

RUNNER = """
import json, sys, unittest, warnings
warnings.simplefilter("ignore")
import numpy, random
random.seed(0); numpy.random.seed(0)
import core_tests
only = sys.argv[1]
cases = unittest.defaultTestLoader.loadTestsFromModule(core_tests)
tests = [test for case in cases for test in case if only in test.id()]
rows = []
for test in tests:
    result = unittest.TestResult()
    test.run(result)
    wrong = [text for _, text in (*result.failures, *result.errors)]
    why = wrong[0].splitlines()[-1] if wrong else ""
    rows.append({"name": test.id(), "passed": result.wasSuccessful(), "why": why})
    print(rows[-1], file=sys.stderr, flush=True)
print(json.dumps(rows))
"""


def main() -> None:
    """Runs the tests, and says what came out."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--modal", type=Path, metavar="DIR", help="a checkout of modAL")
    say.add_argument("--itself", action="store_true", help="test modAL itself")
    say.add_argument("--only", default="", metavar="TEXT", help="only tests that have TEXT in their names")
    chosen = say.parse_args()
    if chosen.modal is None:
        print("not run: give --modal DIR, a checkout of modAL")
        return
    rows = results(chosen.modal, itself=chosen.itself, only=chosen.only)
    for row in rows:
        if not row["passed"]:
            print(f"failed  {row['name']}: {row['why']}")
    print(f"{sum(row['passed'] for row in rows)} of {len(rows)} tests pass")


def results(checkout: Path, *, itself: bool = False, only: str = "") -> list[dict]:
    """What came of each test: its name, whether it passed, and why not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(checkout / "tests", folder, dirs_exist_ok=True)
        core = folder / "core_tests.py"
        core.write_text(without_torch(core.read_text("utf-8")), "utf-8")
        if itself:
            shutil.copytree(checkout / "modAL", folder / "modAL")
        else:
            write_stub(folder / "modAL")
        paths = os.pathsep.join([str(folder), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, "-c", RUNNER, only],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": paths, "JAX_PLATFORMS": "cpu"},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise SystemExit("the tests could not be run; what Python says stands above")
    return json.loads(lines[-1])


def write_stub(folder: Path) -> None:
    """A package that hands out the façade's names where modAL has them."""
    folder.mkdir()
    (folder / "__init__.py").write_text("", "utf-8")
    for module, names in MODULES.items():
        path = folder.joinpath(*module.split("."))
        packaged = any(other.startswith(f"{module}.") for other in MODULES)
        path = path / "__init__.py" if packaged else path.with_suffix(".py")
        path.parent.mkdir(exist_ok=True)
        lines = [f"from explora.adapters.modal import {', '.join(names.split())}"] if names else []
        if module == "utils":
            lines += ["from . import combination, data, selection, validation"]
        path.write_text("\n".join([*lines, PRIVATE.get(module, "")]), "utf-8")


def without_torch(text: str) -> str:
    """A module of tests without what needs PyTorch."""
    tree = ast.parse(text)
    tree.body = [node for node in tree.body if getattr(node, "name", "") not in WITHOUT]
    return ast.unparse(ast.fix_missing_locations(_Dropped().visit(tree)))


class _Dropped(ast.NodeTransformer):
    """Drops imports of optional packages, and simple statements that mention `torch`."""

    def visit_Import(self, node: ast.Import) -> ast.Import | None:
        node.names = [x for x in node.names if x.name not in OPTIONAL]
        return node if node.names else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        return None if node.module in OPTIONAL else node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign | None:
        return None if _mentions(node) else node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if _mentions(node) else node


def _mentions(node: ast.AST) -> bool:
    return any(isinstance(x, ast.Name) and x.id == "torch" for x in ast.walk(node))


if __name__ == "__main__":
    main()
