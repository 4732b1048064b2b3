"""Teams, messages and names, without a single process."""

import sys
import threading

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import ArgumentError, CombinationError, MissingExtra, Parts, RunError, fresh_lesson
from explora.engines import Engine, Local, Processes, engine
from explora.engines._messages import filled, flat, pack, understood, unpack
from explora.engines._team import Lost, Team
from explora.learners import ES
from explora.testing import Carousel, Linear, Walk


def test_a_message_holds_numbers_of_every_kind():
    arrays = [
        np.array([[1.5, np.nan], [np.inf, -0.0]], np.float32),
        np.asarray(True),
        np.zeros((0, 3), np.int8),
        np.arange(6, dtype=np.uint32)[::2],
        np.asarray(jnp.ones((2,), jnp.bfloat16)),
    ]
    said, found = unpack(pack({"kind": "play", "who": None}, arrays))
    assert said == {"kind": "play", "who": None}
    assert [(x.dtype, x.shape, x.tobytes()) for x in found] == [(x.dtype, x.shape, x.tobytes()) for x in arrays]


def test_a_tree_is_filled_in_the_order_of_its_leaves():
    tree = {"b": jr.key(7), "a": jnp.arange(3), "plain": "text", "none": None}
    like = {
        "b": jax.eval_shape(lambda: jr.key(0)),
        "a": jax.ShapeDtypeStruct((), "int32"),
        "plain": "text",
        "none": None,
    }
    found = filled(like, flat(tree))
    assert found["a"].tolist() == [0, 1, 2]
    assert jr.key_data(found["b"]).tolist() == [0, 7]
    assert (found["plain"], found["none"]) == ("text", None)


class Clerk:
    """Answers with the number that it is asked, and notes what it was told. It leaves before it answers `fatal`."""

    def __init__(self, diary: list, fatal: list):
        self.diary, self.fatal, self.home = diary, fatal, False
        self.heard: list[str] = []
        diary.append(self)

    def ask(self, message: bytes) -> bytes:
        said, _ = unpack(message)
        self.heard.append(said)
        if said in self.fatal:
            self.fatal.remove(said)
            raise Lost("it is gone")
        return pack({"failed": "no such work"} if said == "impossible" else {}, [np.asarray(len(said))])

    def close(self) -> None:
        self.home = True


def team(size: int, *fatal: str) -> tuple[Team, list[Clerk], list[str]]:
    diary, noted, deaths = [], [], list(fatal)
    found = Team(lambda: Clerk(diary, deaths), size)
    found.noted = noted.append
    return found, diary, noted


def orders(*said: str) -> list[bytes]:
    return [pack(each) for each in said]


def test_answers_come_in_the_order_of_the_messages():
    crew, diary, noted = team(3)
    answers = crew.all(tuple(orders("hello")), orders(*("x" * n for n in range(20))))
    assert [int(x) for (x,) in answers] == list(range(20))
    assert 1 <= len(diary) <= 3
    assert all(clerk.heard[0] == "hello" and clerk.heard.count("hello") == 1 for clerk in diary)
    crew.close()
    assert all(clerk.home for clerk in diary)
    assert noted == []


def test_everybody_hears_news_once_and_after_what_came_before():
    crew, diary, _ = team(1)
    hello, first, second = orders("hello", "one", "two")
    for state in (first, first, second):
        crew.all((hello, state), orders("play"))
    assert diary[0].heard == ["hello", "one", "play", "play", "two", "play"]
    crew.all((pack("hello again"), second), orders("play"))
    assert diary[0].heard[-3:] == ["hello again", "two", "play"]
    crew.close()


def test_what_a_lost_worker_did_is_done_again_by_a_new_one_that_hears_everything():
    crew, diary, noted = team(1, "bb")
    answers = crew.all(tuple(orders("hello", "state")), orders("a", "bb", "ccc"))
    assert [int(x) for (x,) in answers] == [1, 2, 3]
    assert [clerk.heard for clerk in diary] == [
        ["hello", "state", "a", "bb"],
        ["hello", "state", "bb", "ccc"],
    ]
    assert noted == ["a worker was lost (it is gone); another one does its work again"]
    crew.close()


def test_work_that_costs_every_worker_is_given_up():
    crew, diary, noted = team(2, "deadly", "deadly", "deadly")
    with pytest.raises(RunError, match="3 workers in a row"):
        crew.all((), orders("deadly"))
    assert len(diary) == len(noted) == 3
    assert int(crew.all((), orders("fine"))[0][0]) == 4  # the team is as large as before
    crew.close()


def test_a_worker_that_cannot_do_its_work_says_why():
    crew, diary, noted = team(1)
    with pytest.raises(RunError, match="no such work"):
        crew.all((), orders("impossible"))
    assert (len(diary), noted) == (1, [])
    crew.close()
    with pytest.raises(RunError):
        understood(pack({"failed": "x"}))


def test_whoever_is_sent_home_in_the_middle_is_not_replaced():
    diary, asked = [], threading.Event()

    class Slow(Clerk):
        def ask(self, message: bytes) -> bytes:
            asked.set()
            assert self.sent.wait(30)
            raise Lost("its process was ended")

        def close(self) -> None:
            self.sent.set()

        sent = threading.Event()

    crew = Team(lambda: Slow(diary, []), 1)
    failed = []

    def wait() -> None:
        with pytest.raises(RunError, match="sent home") as error:
            crew.all((), orders("work"))
        failed.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert asked.wait(30)
    crew.close()
    waiting.join(30)
    assert len(failed) == len(diary) == 1


def test_engines_have_names():
    for made, name, workers in ((engine("local"), "local", 1), (engine("processes:3"), "processes:3", 3)):
        assert isinstance(made, Engine)
        assert (made.name, made.workers) == (name, workers)
        made.close()
    assert isinstance(engine("local"), Local)
    for name in ("", "processes", "processes:0", "processes:-1", "ray:", "ray:0", "ray:0@auto", "cloud:2"):
        with pytest.raises(ArgumentError, match="'processes:N'"):
            engine(name)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install 'explora\[ray\]'"):
        engine("ray:2")


def test_parts_that_workers_cannot_play_are_refused():
    place = Processes(2)
    with pytest.raises(CombinationError, match="Linear plays as a whole; use the engine 'local'"):
        place.check(Parts(Walk(), Linear(), Carousel()))
    place.close()


def test_pieces_do_not_depend_on_who_plays_them():
    learner, numbers = ES(pairs=1), jnp.arange(64)
    judged = fresh_lesson(numbers, False)
    assert learner.piece(fresh_lesson(numbers, True)) == 1
    assert learner.piece(judged) == 8
    assert [learner.piece(judged.take(0, rows)) for rows in (1, 7, 9, 11, 12, 25)] == [1, 7, 3, 1, 6, 5]
    piece = judged.piece(8, 16)
    assert piece.rows == 8
    assert piece.first is not None
    assert int(piece.first) == 8
