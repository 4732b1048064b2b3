"""`explora experience`, `explora learn`, `explora ask`."""

import json
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.adapters.stored import SUBJECTS, Studied, asking_parts, open_source, places, tell
from explora.adapters.stored._studied import _news
from explora.cli import main
from explora.cli._ask._ask import _Wanted
from explora.core import ArgumentError, CombinationError, Episodes, NotThere, Policy, UnknownName, record
from explora.domains.maze import Maze, MazeSpace
from explora.domains.views import Spoken
from explora.store.experience import EpisodeStore, read_episodes, write_episodes

SIZE, LANGUAGE = 5, Maze().language
AHEAD = ">...G\n.....\n.....\n.....\n....."


def stored(count: int = 12, size: int = SIZE) -> Episodes:
    """Episodes in an empty maze: some walk along the upper border into the goal, some turn on the spot."""
    lengths = np.array([4 if number % 2 else 6 for number in range(count)])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    steps = int(offsets[-1])
    action = np.concatenate([np.full(n, 2 if n == 4 else 0) for n in lengths]).astype(np.int32)
    reached = np.concatenate([[[0, i + 1] for i in range(4)] if n == 4 else [[0, 0]] * n for n in lengths])
    reward = np.zeros(steps, np.float32)
    reward[offsets[1:] - 1] = lengths == 4
    see = lambda n: {"image": np.zeros((n, 5, 5), np.uint8), "direction": np.zeros(n, np.uint8)}
    return Episodes(
        offsets,
        see(steps),
        see(count),
        action,
        reward,
        lengths == 4,
        reached.astype(np.uint8),
        {
            "task.walls": np.zeros((count, size, size), bool),
            "task.start": np.zeros((count, 2), np.uint8),
            "task.goal": np.repeat(np.array([[0, 4]], np.uint8), count, axis=0),
            "task.heading": np.zeros(count, np.uint8),
            "turn": np.arange(count),
            "return": (lengths == 4).astype(np.float32),
            "solved": lengths == 4,
        },
    )


class TwoWays(Policy):
    """Every other lane walks ahead, the others turn left on the spot."""

    def __call__(self, observations, memory, fresh, *, keys, who=None):
        return jnp.where(jnp.arange(fresh.shape[0]) % 2 == 0, 2, 0).astype(jnp.int32), memory, {}


def lived(count: int = 32) -> Episodes:
    """The same as `stored`, but really seen."""
    maze = Maze(MazeSpace(height=SIZE, width=SIZE, walls=0), max_steps=12)
    task = maze.space.decode(AHEAD)
    tasks = jax.tree.map(lambda x: jnp.broadcast_to(x, (count, *jnp.shape(x))), task)
    found = record(maze, TwoWays(), tasks, key=jax.random.key(0))
    columns = {
        f"task.{jax.tree_util.keystr(path, simple=True, separator='.')}": np.asarray(x)
        for path, x in jax.tree_util.tree_leaves_with_path(tasks)
    }
    return replace(found, columns=columns | {"turn": np.arange(count), "solved": found.columns["solved"]})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_episodes(tmp_path / "some.npz", stored())
    return tmp_path / "some.npz"


def test_episodes_are_counted_and_converted(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "store"
    assert main(["experience", str(file), "--out", str(folder), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["episodes"], facts["steps"], facts["solved"]) == (12, 60, 0.5)
    assert facts["return"] == {"least": 0.0, "mean": 0.5, "median": 0.5, "greatest": 1.0}
    back = tmp_path / "back.npz"
    assert main(["experience", str(folder), "--check", "--out", str(back)]) == 0
    assert "episodes    12" in capsys.readouterr().out
    assert np.array_equal(read_episodes(back).reward, stored().reward)
    assert main(["experience", str(folder), "--out", str(back)]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert main(["experience", str(folder), "--out", str(tmp_path / "a.csv")]) == 2
    assert "must end in .npz" in capsys.readouterr().err


def test_what_is_no_source_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownName, match="run, store or file of episodes 'nothing'"):
        open_source("nothing")
    EpisodeStore.create(tmp_path / "store").close()
    found = open_source("store")
    assert isinstance(found, EpisodeStore)
    assert len(found) == 0


def test_some_of_what_is_true_is_told_and_nothing_else():
    rng = np.random.default_rng(0)
    true = rng.random((4000, 6)) < 0.5
    told = tell(true, 3, rng=rng)
    assert not np.any(told[~true])
    counts, there = told.sum(1), true.sum(1)
    assert counts.max() == 3
    assert np.all(counts[there > 0] >= 1)
    many = counts[there >= 3]
    assert np.allclose([np.mean(many == n) for n in (1, 2, 3)], 1 / 3, atol=0.05)
    # each clause that is true is as likely to be told
    assert np.ptp([told[true[:, at], at].mean() for at in range(6)]) < 0.06


def test_clauses_are_told_in_proportion_to_what_they_say():
    rng, news = np.random.default_rng(0), np.array([1.0, 2.0, 5.0])
    told = tell(np.ones((20_000, 3), bool), 1, news=news, rng=rng)
    assert np.allclose(told.mean(0), news / 8, atol=0.015)
    told = tell(np.ones((20_000, 3), bool), 2, news=news, rng=rng)
    both = told[told.sum(1) == 2]
    first = news / 8  # then one of the other two, in proportion again
    left_out = [
        sum(first[i] * first[j] / (1 - first[i]) for i, j in ((a, b), (b, a))) for a, b in ((1, 2), (0, 2), (0, 1))
    ]
    assert np.allclose(1 - both.mean(0), left_out, atol=0.02)
    few = tell(rng.random((4000, 3)) < [0.999, 0.5, 0.0], 3, news=_news(np.array([[True, True, False]])), rng=rng)
    assert np.all(few[:, 2] == 0)
    assert few[:, 0].mean() > 0.5, "what is always true is told too, if there is room"


def test_what_is_held_out_is_never_told_together():
    true = np.random.default_rng(0).random((4000, 6)) < 0.7
    told = tell(true, 4, apart=((0, 1), (2, 3, 4)), rng=np.random.default_rng(1)).astype(bool)
    assert not told[:, [0, 1]].all(1).any()
    assert not told[:, [2, 3, 4]].all(1).any()
    assert told[:, [0, 2]].all(1).any()
    assert told[:, [2, 3]].all(1).any()
    assert not np.any(told[~true])
    assert told[:, 0].mean() == pytest.approx(told[:, 1].mean(), abs=0.03)
    assert places(LANGUAGE, [("never bump", "reach the goal")])[0][1] == 0
    with pytest.raises(UnknownName, match="did you mean 'never bump'"):
        places(LANGUAGE, [("never bumps",)])


def test_parts_say_what_they_cannot_do(file: Path):
    maze = Maze(space=MazeSpace(SIZE, SIZE, walls=0))
    parts = asking_parts(maze, str(file))
    assert isinstance(parts.learner, Studied)
    assert parts.learner.learner.told == SUBJECTS["words"].told
    assert parts.domain.goal.shape == (len(LANGUAGE.clauses),)
    assert asking_parts(maze, str(file), "dt").domain.goal.shape == (2,)
    with pytest.raises(UnknownName, match="did you mean 'goals'"):
        asking_parts(maze, str(file), "goal")
    from jax.random import key

    apart = asking_parts(maze, str(file), "dt", apart=(("never bump", "reach the goal"),))
    with pytest.raises(CombinationError, match="no words are learned here"):
        apart.learner.init(apart.domain, key=key(0))
    assert asking_parts(maze, str(file), "expected").learner.learner.returns == "expected"
    wide = asking_parts(Maze(space=MazeSpace(SIZE, SIZE, walls=0), view=7), str(file))
    with pytest.raises(CombinationError, match=r"image has the shape \(5, 5\) in the episodes and \(7, 7\)"):
        wide.learner.init(wide.domain, key=key(0))


def test_a_request_that_makes_no_sense_is_answered_with_what_can_be_asked(capsys: pytest.CaptureFixture[str]):
    ranges = {"return": jnp.array([0.0, 1.0]), "horizon": jnp.array([1.0, 12.0]), "skill": jnp.array([0.0, 31.0])}

    def asked(text: str = "", told: tuple[str, ...] = ("return", "horizon", "goal", "skill"), words=True, **numbers):
        maze = Maze(MazeSpace(height=SIZE, width=SIZE, walls=0), max_steps=12)
        given = {"return": None, "horizon": None, "skill": None} | numbers
        return _Wanted.of(Spoken(maze) if words else maze, told, ranges, text, given)

    for wrong, said in (
        ({"skill": 99.0}, "`skill` must be from 0 to 31"),
        ({"horizon": 0.0}, "`within` must be from 1 to 12"),
        ({"return": float("nan")}, "`return` must be a finite number"),
        ({"text": "reach the goal, miss the goal"}, "at once: ask for one of the two"),
        ({"text": "fly to the goal"}, "hug the left wall"),
        ({}, "asks for nothing; what can be asked"),
        ({"told": ("return",), "skill": 3.0}, "it heeds return"),
        ({"text": "reach the goal", "words": False}, "learned no words"),
    ):
        with pytest.raises(ArgumentError, match=said):
            asked(**wrong)
    assert asked("turn left first", skill=3.0).numbers["skill"] == 3
    assert asked(words=False).goal
    assert asked(**{"return": 0.5}).clauses == ()
    assert not capsys.readouterr().err
    asked(**{"return": 5.0})
    assert "a return of 5 is beyond all that it has seen, 0 to 1" in capsys.readouterr().err


@pytest.mark.slow
def test_a_model_learns_what_is_stored_and_does_what_it_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Half of the episodes walk ahead and half turn on the spot: which of the two is what it is asked."""
    monkeypatch.chdir(tmp_path)
    words = f"run maze --recipe dr --steps 512 --quiet --out like --watch graded --domain.space.height {SIZE} "
    words += f"--domain.space.width {SIZE} --domain.space.walls 0 --domain.space.carved 0 --domain.steps 32 "
    words += "--domain.max-steps 12 --explorer.rows 8 --explorer.queue 1 --learner.net.core.width 16"
    assert main(words.split()) == 0
    assert main(["ask", "like", "reach the goal"]) == 2
    assert "kept no episodes to train one from" in capsys.readouterr().err
    write_episodes(tmp_path / "some.npz", lived())
    model = ["--updates", "400", "--out", "model", "--quiet", "--window", "4", "--domain", "like"]
    assert main(["learn", "some.npz", "--updates", "0", *model[2:]]) == 2
    assert "`updates` must be at least 1" in capsys.readouterr().err
    assert main(["learn", "some.npz", *model]) == 0
    (tmp_path / "maze.txt").write_text(f"{AHEAD}\n")
    capsys.readouterr()

    def asked(request: str, *more: str) -> dict:
        assert main(["ask", "model", request, "--task", "maze.txt", "--json", "--episodes", "40", *more]) == 0
        return json.loads(capsys.readouterr().out)

    goal, turned = asked("reach the goal"), asked("turn left first")
    assert goal["did"] > 0.9
    assert turned["did"] > 0.9
    assert 0.1 < goal["unasked"] < 0.9
    unheeded, insisted = asked("reach the goal", "--insist", "0"), asked("reach the goal", "--insist", "2")
    assert unheeded["did"] == goal["unasked"]
    assert insisted["did"] >= goal["did"]
    assert main(["ask", "model", "fly to the goal"]) == 2
    assert "hug the left wall" in capsys.readouterr().err
    for wrong, said in (
        (["--skill", "99"], "`skill` must be from 0 to 31"),
        (["--within", "0"], "`within` must be from 1 to"),
        (["--return", "nan"], "`return` must be a finite number"),
        (["reach the goal, miss the goal"], "at once: ask for one of the two"),
        ([], "asks for nothing"),
        (["reach the goal", "--episodes", "0"], "`episodes` must be at least 1"),
        (["reach the goal", "--insist", "-1"], "`insist` must be"),
        (["reach the goal", "--task", "nowhere.txt"], "nowhere.txt"),
    ):
        assert main(["ask", "model", *wrong]) == 2
        assert said.lower() in capsys.readouterr().err.lower()
    assert main(["ask", "model", "--return", "5", "--task", "maze.txt", "--episodes", "4"]) == 0
    assert "a return of 5 is beyond all that it has seen" in capsys.readouterr().err
    assert main(["resume", "model", "--steps", str(9 * 16 * 32), "--quiet"]) == 0  # one turn more
    with pytest.raises(NotThere):
        open_source("model")
