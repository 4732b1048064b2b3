"""The command line, in one process where it can be."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explora.cli import main

SMALL = (
    "--domain.space.height 5 --domain.space.width 5 --domain.space.walls 6 --domain.steps 32 "
    "--explorer.rows 8 --learner.net.core.width 8 --learner.net.encoder.width 8 --learner.minibatches 1"
).split()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "small"
    words = [
        "run",
        "maze",
        "--recipe",
        "robust-plr",
        "--steps",
        "1500",
        "--out",
        str(path),
        "--record",
        "512",
        "--json",
    ]
    words += ["--explorer.capacity", "16", "--watch", "graded", *SMALL]
    assert main(words) == 0
    return path


def test_help_and_lists_are_quick_and_need_no_jax():
    check = (
        "import sys, time; t = time.perf_counter(); from explora.cli import main; "
        "code = main(sys.argv[1:]); sys.stderr.write(f'{time.perf_counter() - t} {code} {\"jax\" in sys.modules}')"
    )
    for words in (["--help"], ["recipes"], ["domains"], ["list"]):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", check, *words], capture_output=True, text=True, check=True)
        seconds, code, has_jax = done.stderr.split()
        assert code == "0"
        assert has_jax == "False", f"explora {words[0]} imported JAX"
        assert float(seconds) < 0.7
        assert time.perf_counter() - started < 10
        assert done.stdout.strip()


def test_a_run_prints_one_object_and_leaves_a_folder(made: Path, capsys: pytest.CaptureFixture):
    assert (made / "config.json").is_file()
    assert (made / "README.txt").read_text().startswith("This folder is one run")
    assert main(["list", str(made.parent)]) == 0
    assert "small" in capsys.readouterr().out


def test_the_options_reach_the_parts(made: Path):
    from explora.runs import read
    from explora.store import RunFolder

    with RunFolder.open(made) as folder:
        parts, plan = read(folder)
    assert parts.explorer.rows == 8
    assert parts.explorer.capacity == 16
    assert parts.learner.net.core.width == 8
    assert parts.domain.space.height == 5
    assert plan.steps == 1500


def test_eval_of_a_file_prints_the_agreed_object(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    file = tmp_path / "mine.txt"
    file.write_text("# near\n>G\n..\n\n.....\n.###.\n.#G#.\n.#.#.\n>....\n")
    capsys.readouterr()
    assert main(["eval", str(made), "--tasks", str(file), "--episodes", "2", "--json"]) == 0
    out = capsys.readouterr().out
    found = json.loads(out)
    assert found.keys() == {"run", "suite", "episodes", "mean_solve_rate", "tasks"}
    assert [task["name"] for task in found["tasks"]] == ["near", "maze 2"]
    assert found["tasks"][0].keys() == {"name", "solve_rate", "mean_return", "optimal_steps"}
    assert found["tasks"][0]["optimal_steps"] == 1
    assert found["episodes"] == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rnu"], "did you mean 'run'"),
        (["run"], "which domain"),
        (["run", "mze"], "did you mean 'maze'"),
        (["run", "maze", "--recipe", "acel"], "did you mean 'accel'"),
        (["run", "maze", "--recipe"], "needs a value"),
        (["eval", "nowhere"], "there is no run"),
        (["resume", "nowhere"], "there is no run"),
        (["run", "maze", "--minutes", "-1"], "`minutes` must be positive"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(words: list[str], message: str, capsys: pytest.CaptureFixture):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ["run", "maze", "--learner.rat", "1"],
        ["run", "maze", "--explorer.rows", "many"],
        ["eval", "x", "--episode", "2"],
    ],
)
def test_misspelt_options_exit_with_2(words: list[str], capsys: pytest.CaptureFixture):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


def test_malformed_mazes_name_file_line_and_cure(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    cases = {
        "no goal": b">..\n...\n",
        "two agents": b">.G\n<..\n",
        "ragged": b">.G\n..\n",
        "unreachable": b">#G\n.##\n",
        "noise": bytes(range(256)) * 40_000,
        "utf16": ">.G\n...".encode("utf-16"),
        "empty": b"",
    }
    for name, data in cases.items():
        file = tmp_path / f"{name}.txt"
        file.write_bytes(data)
        started = time.perf_counter()
        assert main(["eval", str(made), "--tasks", str(file), "--json"]) == 2, name
        assert time.perf_counter() - started < 5
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1, name
        assert str(file) in captured.err
        assert len(captured.err) < 400


def test_help_of_run_explains_every_field(capsys: pytest.CaptureFixture):
    assert main(["run", "maze", "--recipe", "accel", "--help"]) == 0
    out = capsys.readouterr().out
    for expected in ("--explorer.capacity", "--learner.rate", "--domain.space.walls", "--minutes", "Ctrl-C"):
        assert expected in out


def test_damaged_checkpoints_are_named_and_an_untrained_net_is_never_used(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    path = Path(shutil.copytree(made, tmp_path / "damaged"))
    newer = path / "checkpoints" / "000000999999.json"
    newer.write_text("{}")
    file = tmp_path / "mine.txt"
    file.write_text(">G\n..\n")
    verbs = (
        ["eval", str(path), "--tasks", str(file), "--episodes", "1", "--json"],
        ["export", str(path), "--out", str(tmp_path / "out")],
    )
    for words in verbs:
        capsys.readouterr()
        assert main(words) == 0
        assert f"{newer} is damaged" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "out")
    for whole in (path / "checkpoints").glob("*.safetensors"):
        whole.write_bytes(b"")
    for words in verbs:
        assert main(words) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert "has no checkpoint that is whole" in said.err
    assert not (tmp_path / "out").exists()


def test_eval_and_export_do_without_a_lost_database(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    path = Path(shutil.copytree(made, tmp_path / "lost"))
    (path / "run.db").unlink()
    file = tmp_path / "mine.txt"
    file.write_text(">G\n..\n")
    capsys.readouterr()
    assert main(["eval", str(path), "--tasks", str(file), "--episodes", "1", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["episodes"] == 1
    assert said.err.count("there is no such file") == 1
    assert main(["export", str(path)]) == 0
    assert "until then what it recorded is missing" in capsys.readouterr().err
    assert (path / "export" / "tasks.jsonl").read_bytes() == b""
    assert (path / "export" / "weights.safetensors").stat().st_size > 0
    assert main(["compare", str(path)]) == 2
    assert "let `explora resume` go on without it" in capsys.readouterr().err
