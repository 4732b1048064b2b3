"""The verb and the real server."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from explora.cli import main

from ._around import write_run


def test_a_port_that_is_in_use_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture):
    path = write_run(tmp_path / "run")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["people", str(path), "--port", str(port)]) == 2
    said = capsys.readouterr()
    assert said.err == f"explora: port {port} is in use: choose another one, `--port 0` takes any that is free\n"
    assert said.out == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "there is no run 'nowhere'"),
        (["run", "--port", "70000"], "`port` must be from 0 to 65535"),
        (["run", "--queue", "nowhere.db"], "there is no nowhere.db"),
        (["run", "--public", "labels.example.org"], "`public` must be an address"),
        (["run", "--rate", "-1"], "`rate` must be at least 0"),
        (["run", "--store", "mysql://here/there"], "no URL of a database that explora knows"),
    ],
)
def test_mistakes_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
):
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "run")
    assert main(["people", *words]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_a_missing_package_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    path = write_run(tmp_path / "run")
    for name in [name for name in sys.modules if name.startswith("explora.people")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert main(["people", str(path)]) == 2
    assert capsys.readouterr().err == "explora: this needs the package 'fastapi': pip install 'explora[people]'\n"


@pytest.mark.slow
def test_a_real_server_serves_and_stops(tmp_path: Path):
    path = write_run(tmp_path / "run", state="running")  # its stream never ends by itself
    command = [sys.executable, "-m", "explora", "people", str(path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/#token=(\S+)\n", server.stdout.readline())
        assert found is not None
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        headers = {"X-Explora": "1", "Content-Type": "application/json"}
        body = json.dumps({"token": found[2]}).encode()
        with browser.open(urllib.request.Request(f"{found[1]}/api/session", body, headers), timeout=20) as answer:
            assert json.load(answer)["role"] == "owner"
        with browser.open(f"{found[1]}/", timeout=20) as answer:
            assert b"app.js" in answer.read()
            assert "server" not in answer.headers
        with browser.open(f"{found[1]}/api/watch/stream", timeout=20) as stream:
            assert stream.readline().startswith(b"id: ")
            os.kill(server.pid, signal.SIGINT)
            assert server.wait(20) == 0
    assert (path / "people.db").stat().st_mode & 0o077 == 0, "nobody else may read it"
