"""Episodes as films and as one picture."""

import importlib.util
import io

import numpy as np
import pytest
from PIL import Image

from explora.cli import main
from explora.core import ArgumentError, MissingExtra
from explora.plots import Episode, Film, check_kind, film_of, write_film
from explora.testing import Walk

FRAMES = tuple(np.full((9, 13, 3), shade, np.uint8) for shade in (0, 120, 250))


class Numbered(Walk):
    """Its moments are numbers, and its frames as bright as they say."""

    @property
    def pace(self) -> float:
        return 50.0

    def frame(self, task, state, size=160):
        return np.full((4, size, 3), state, np.uint8)


def test_a_film_shows_equal_distances_in_time_and_the_end():
    episode = Episode(None, tuple(range(102)), True, 1.0, None)
    film = film_of(Numbered(), episode, ".gif", size=8)
    assert film.rate == 25
    assert [int(frame[0, 0, 0]) for frame in film.frames] == [*range(0, 101, 2), 101]
    faster = film_of(Numbered(), episode, ".gif", size=8, speed=4.0)
    assert [int(frame[0, 0, 0]) for frame in faster.frames] == [*range(0, 97, 8), 101]
    slower = film_of(Numbered(), episode, ".mp4", size=8, speed=0.2)
    assert slower.rate == 10
    assert len(slower.frames) == 102


def test_the_picture_of_an_episode_is_moments_side_by_side():
    picture = Numbered().strip(None, list(range(30)), 80)
    assert picture.shape == (4, 80, 3)
    assert picture[0, ::10, 0].tolist() == [0, 4, 8, 12, 17, 21, 25, 29]
    assert Numbered().strip(None, [3], 80).shape == (4, 10, 3)


def test_gif(tmp_path):
    path = tmp_path / "a.gif"
    write_film(path, Film(FRAMES, 25.0))
    image = Image.open(io.BytesIO(path.read_bytes()))
    assert image.n_frames == 3  # type: ignore[attr-defined]
    assert image.size == (13, 9)
    assert image.info["duration"] == 40


@pytest.mark.skipif(importlib.util.find_spec("av") is not None, reason="PyAV is installed")
def test_without_an_encoder_mp4_says_what_to_install(tmp_path):
    with pytest.raises(MissingExtra, match=r"explora\[film\]"):
        write_film(tmp_path / "a.mp4", Film(FRAMES, 25.0))


@pytest.mark.skipif(importlib.util.find_spec("av") is None, reason="PyAV is not installed")
def test_mp4(tmp_path):
    import av

    path = tmp_path / "a.mp4"
    write_film(path, Film(FRAMES, 10.0))
    with av.open(str(path)) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(shown) == 13  # the last one stays for a second
    assert shown[0].shape == (8, 12, 3)
    assert np.abs(shown[-1].astype(int) - 250).max() < 8


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"\.gif, \.mp4, \.png"):
        check_kind(tmp_path / "film.avi")


def test_what_cannot_be_filmed_is_said_before_anything_is_played(toy_run, capsys):
    for words, said in (
        (["--task", "3", "--suite", "corners"], "give one of"),
        (["--name", "x"], "`--name` chooses from"),
        (["--task", "99999"], "there is no recorded task 99999"),
        (["--suite", "corners", "--name", "nowhere"], "nowhere"),
        (["--agent", "7"], "`--agent` must lie between 0 and 0"),
        (["--version", "5555"], "no version of turn 5555"),
        (["--out", "film.txt"], "must end in"),
        (["--speed", "0"], "`speed`"),
    ):
        assert main(["film", str(toy_run), *words]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.slow
def test_the_verb_films_suites_and_recorded_tasks(toy_run, tmp_path, capsys):
    for words, name in (([], "a.gif"), (["--suite", "corners", "--greedy"], "b.png")):
        out = tmp_path / name
        assert main(["film", str(toy_run), *words, "--out", str(out), "--size", "96"]) == 0
        said = capsys.readouterr()
        assert said.out == f"{out}\n"
        assert "return" in said.err
        with Image.open(out) as image:
            assert image.width <= 96
