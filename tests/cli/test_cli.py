"""The command line, in one process where it can be."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explora.cli import main
from explora.cli._main import _prepare_jax
from explora.runs import Player

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
    for words in (["--help"], ["recipes"], ["domains"], ["list"], ["list", "--help"]):
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


def test_list_looks_one_level_deeper_and_shows_damaged_runs(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    shutil.copytree(made, tmp_path / "seeds" / "seed-0")
    for name, content in (("bad-text", b"\xff{"), ("bad-json", b"{"), ("bad-kind", b"[]"), ("no-table", b"{}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_bytes(content)
    (tmp_path / "bad-db").mkdir()
    (tmp_path / "bad-db" / "config.json").write_text("{}")
    (tmp_path / "bad-db" / "run.db").write_bytes(b"no database" * 100)
    (tmp_path / "no-config").mkdir()
    (tmp_path / "no-config" / "run.db").touch()
    assert main(["list", str(tmp_path)]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()[1:]}
    assert sorted(rows) == ["bad-db", "bad-json", "bad-kind", "bad-text", "no-config", "no-table", "seeds/seed-0"]
    for name in ("bad-json", "bad-kind", "bad-text", "no-config"):
        assert "damaged: config.json: " in rows[name]
    for name in ("bad-db", "no-table"):
        assert "damaged: run.db: " in rows[name]
    assert "robust-plr" in rows["seeds/seed-0"]
    assert "graded 0." in rows["seeds/seed-0"]


@pytest.mark.parametrize("verb", ["list", "recipes", "domains"])
def test_verbs_that_list_have_help_and_refuse_what_they_do_not_know(verb: str, capsys: pytest.CaptureFixture):
    for word in ("-h", "--help"):
        assert main([verb, word]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"usage: explora {verb} ")
        assert "no runs" not in out
    assert main([verb, "--seed", "2"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "unrecognized arguments: --seed" in captured.err


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


@pytest.mark.slow
def test_perfect_is_three_sizes_in_one(made: Path, capsys: pytest.CaptureFixture):
    capsys.readouterr()
    assert main(["eval", str(made), "--suite", "perfect", "--episodes", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["suite"] == "perfect"
    names = [task["name"] for task in found["tasks"]]
    sizes = [(13, 20), (19, 20), (51, 10)]
    assert names == [f"perfect-{size}-{i}" for size, count in sizes for i in range(1, count + 1)]


@pytest.mark.slow
def test_random_solvable_reports_its_worst_mazes(made: Path, capsys: pytest.CaptureFixture):
    capsys.readouterr()
    assert main(["eval", str(made), "--suite", "random-solvable", "--episodes", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["tasks"]) == 1000
    assert list(found["worst"]) == ["0.1", "0.01"]
    assert all(0 <= rate <= 1 for rate in found["worst"].values())


def test_the_greedy_pass_is_not_played_for_json(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    played: list[bool] = []
    evaluate = Player.evaluate
    spy = lambda *args, greedy, **kwargs: played.append(greedy) or evaluate(*args, greedy=greedy, **kwargs)
    monkeypatch.setattr(Player, "evaluate", spy)
    file = tmp_path / "mine.txt"
    file.write_text(">G\n..\n")
    for words, expected in ((["--json"], [False]), ([], [False, True])):
        played.clear()
        assert main(["eval", str(made), "--tasks", str(file), "--episodes", "2", *words]) == 0
        assert played == expected
    out = capsys.readouterr().out
    assert "greedy" in out.splitlines()[1]


def test_an_unknown_suite_suggests_the_nearest(made: Path, capsys: pytest.CaptureFixture):
    capsys.readouterr()
    assert main(["eval", str(made), "--suite", "perfct"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "explora: there is no suite 'perfct'; did you mean 'perfect'?\n"
    assert captured.out == ""


@pytest.mark.parametrize(
    ("given", "devices"),
    [
        ({}, {"1", "2", "4"}),
        ({"JAX_NUM_CPU_DEVICES": "3"}, {"3"}),
        ({"XLA_FLAGS": "--xla_force_host_platform_device_count=8"}, {None}),
        ({"XLA_FLAGS": "--xla_cpu_use_fusion_emitters=false"}, {"1", "2", "4"}),
    ],
)
def test_how_many_devices_is_only_said_where_nobody_else_does(
    given: dict[str, str], devices: set[str | None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(os, "environ", given | {"HOME": str(tmp_path)})
    _prepare_jax()
    assert os.environ.get("JAX_NUM_CPU_DEVICES") in devices
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / ".cache" / "explora" / "jax")


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
        (["tune", "maze", "--suite", "holdout"], "to tune on there is 'graded'"),
        (["tune", "maze", "--suite", "grded"], "did you mean 'graded'"),
        (["run", "maze", "--learner.minibatches", "0"], "`minibatches` must be at least 1, got 0"),
        (["run", "maze", "--learner.segment", "0"], "`segment` must be at least 1, got 0"),
        (["run", "maze", "--learner.net.core.width", "0"], "`width` must be at least 1, got 0"),
        (["run", "maze", "--recipe", "paired", "--learner.members", "4"], "set the learner's `members` to 2"),
        (["run", "maze", "--steps", "1", "--engine", "cloud:2"], "must be 'local', 'processes:N'"),
        (["run", "maze", "--steps", "1", "--engine", "processes:2"], "use the engine 'local', or ES as learner"),
        (["run", "maze", "--seeds", "0", "--steps", "1"], "`seeds` must be at least 1, got 0"),
        (["run", "maze", "--seeds", "-2", "--steps", "1"], "`seeds` must be at least 1, got -2"),
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
