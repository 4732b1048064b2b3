"""Every example runs, soon, and does what it says (with the slow tests: they are compiled one by one)."""

import ast
import re
import runpy
import time
from pathlib import Path
from typing import Any

import pytest

from explora.testing import check_environment, check_explorer, check_learner, check_space

EXAMPLES = Path(__file__).parent.parent / "examples"
SECONDS = 90
"""Of processor time; each takes less than 20 on two idle cores, compilation included."""


class Run:
    """An example that was run: its globals, what it printed, and the percentages in that."""

    def __init__(self, name: str, capsys: pytest.CaptureFixture):
        (path,) = EXAMPLES.glob(f"{name}_*.py")
        start = time.process_time()
        self.names: dict[str, Any] = runpy.run_path(str(path), run_name=path.stem)
        self.seconds = time.process_time() - start
        self.text = capsys.readouterr().out
        self.percent = [int(number) for number in re.findall(r"(\d+)%", self.text)]
        assert self.seconds < SECONDS


def test_the_numbers_of_examples_are_their_order():
    names = sorted(path.name for path in EXAMPLES.glob("*.py"))
    assert [name[:2] for name in names] == [f"{number:02}" for number in range(1, 1 + len(names))]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_examples_say_how_to_use_them_and_are_short(path):
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    assert f"Usage:\n    {'pip' if '06' in path.name else 'python'}" in (ast.get_docstring(tree) or "")
    assert f"python examples/{path.name}" in text
    end = tree.body[0].end_lineno
    code = [line for line in text.splitlines()[end:] if line.strip()]
    assert len(code) < 60


@pytest.mark.slow
def test_first_loop(capsys):
    run = Run("01", capsys)
    assert run.percent[-1] > run.percent[0] + 20
    maze = run.text.split("\n\n")[1].splitlines()
    assert [len(row) for row in maze[:5]] == [5] * 5
    assert "5 × 5 maze" in maze[5]


@pytest.mark.slow
def test_ask_tell(capsys):
    run = Run("02", capsys)
    assert run.percent[0] < 10
    assert run.percent[-2] > 60
    assert run.names["teacher"].waiting.size == 0
    assert run.names["archive"].filled.all()


@pytest.mark.slow
def test_new_domain(capsys):
    run = Run("03", capsys)
    assert run.percent[-1] > 95
    assert run.names["Bridges"]().encode(run.names["Bridges"]().decode("=.=.====")) == "=.=.===="


@pytest.mark.slow
def test_new_explorer(capsys):
    run = Run("04", capsys)
    heights = run.percent[1::2]
    assert heights[0] < heights[1] < heights[2]
    assert heights[-1] > 60


@pytest.mark.slow
def test_new_learner(capsys):
    run = Run("05", capsys)
    assert run.percent[-1] > 90


@pytest.mark.slow
def test_gymnasium(capsys):
    run = Run("06", capsys)
    lengths = [int(number) for number in re.findall(r"(\d+) steps\n", run.text)[:4]]
    assert lengths[-1] > 1.2 * lengths[0]
    assert "solved True after 4 steps, reward 0.986, picture (320, 320, 3)" in run.text


@pytest.mark.slow
def test_ask_an_oracle(capsys):
    run = Run("07", capsys)
    found = run.names["found"]
    assert found.better < 0.05  # Wilcoxon, one-sided, paired over seeds
    assert found.low > 0  # the bootstrap interval of the mean difference
    margin, random = (run.names["curves"][name][:, -1].mean() for name in ("margin", "random"))
    assert margin > random + 0.05
    assert "is better" in run.text


@pytest.mark.slow
def test_the_parts_that_examples_make_keep_the_laws(capsys):
    domain = Run("03", capsys).names
    check_space(domain["Bridges"]())
    check_environment(domain["Crossing"]())
    check_explorer(Run("04", capsys).names["Staircase"]())
    check_learner(Run("05", capsys).names["Reinforce"]())
