"""What people prefer, as a run takes it: letters, undone ones, parts with another taste."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from explora.core import Parts
from explora.explorers import Replay
from explora.learners import Judgement
from explora.maths import LinearTaste
from explora.runs import Plan, Tastes, follows, indifferent, judgements, resume, run, tasting
from explora.runs import _session as session
from explora.scores import MaxMC, Preferred, Sum
from explora.store import Letter, RunFolder
from explora.testing import Linear, Walk

from .test_letters import Postman, assert_equal


def letter(number: int, person: str = "a", kind: str = "preference", **data) -> Letter:
    return Letter(number, f"uuid-{number}", kind, data, person, number, 0.0)


def test_what_was_taken_back_does_not_stand_and_nobody_takes_back_for_others() -> None:
    first = letter(1, left="x", right="y", said="left")
    second = letter(2, "b", left="x", right="z", said="tie")
    found = judgements(
        [
            first,
            second,
            letter(3, "b", undo="uuid-1"),
            letter(4, "b", undo="uuid-2"),
            letter(5, left="x"),
            letter(8, left="x", right="y", said=["left"]),
            letter(6, kind="task", left="x", right="y", said="left"),
            letter(7, undo="uuid-99"),
        ]
    )
    assert found == [Judgement("x", "y", "left", "a")]


def parts(score) -> Parts:
    return Parts(Walk(), Linear(), Replay(rows=4, capacity=8, score=score))


def _score(found: Parts) -> Any:
    explorer: Any = found.explorer
    return explorer.score


def test_a_taste_is_put_wherever_it_is_followed_and_leaves_all_else_alone() -> None:
    plain = parts(MaxMC())
    assert not follows(plain)
    assert indifferent(plain) is plain
    nested = parts(Sum({"liked": Preferred(MaxMC()), "seen": MaxMC()}))
    assert follows(nested)
    blank = indifferent(nested)
    names = len(Walk().space.feature_names)
    taste = lambda found: _score(found).terms["liked"].taste
    assert taste(blank).weights.tolist() == [0.0] * names
    ones = jnp.ones((names,))
    other = tasting(blank, LinearTaste(ones, ones, ones, jnp.eye(names)))
    assert taste(other).weights.tolist() == [1.0] * names
    assert taste(indifferent(other)).weights.tolist() == [1.0] * names  # what a part was made with stays
    shapes = lambda part: [x.shape for x in jax.tree.leaves(part) if hasattr(x, "shape")]
    assert shapes(other.explorer) == shapes(blank.explorer)


def comparisons(count: int) -> list[dict[str, Any]]:
    """All pairs of some tasks, compared by somebody who likes long trails."""
    space = Walk().space
    specs = [space.encode(space.sample(key=jax.random.key(n))) for n in range(count)]
    liked = np.stack([space.features(space.decode(spec)) for spec in specs])[:, 0]
    pairs = [(i, j) for i in range(count) for j in range(count) if liked[i] != liked[j]]
    said = lambda i, j: "left" if liked[i] > liked[j] else "right"
    return [{"left": specs[i], "right": specs[j], "said": said(i, j)} for i, j in pairs]


def test_the_taste_of_a_run_follows_from_its_letters_alone() -> None:
    space = Walk().space
    letters = [letter(number, **data) for number, data in enumerate(comparisons(8))]
    blank = indifferent(parts(Preferred(MaxMC())))
    fitted, told = Tastes(blank).fitted(blank, letters)
    assert told is not None
    assert told["answers"] == len(letters)
    assert max(told["weights"], key=lambda name: told["weights"][name]) == space.feature_names[0]
    again, _ = Tastes(blank).fitted(fitted, letters)
    assert np.array_equal(_score(again).taste.weights, _score(fitted).taste.weights)
    assert Tastes(blank).fitted(blank, []) == (blank, None)


@pytest.mark.slow
def test_a_run_follows_what_was_said_and_lives_it_again_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_SOON", 1e-9)
    made = parts(Preferred(MaxMC()))
    plan = Plan(steps=1600, seed=3, record=256, checkpoint=0.0, watch=())
    said = comparisons(8)
    letters = {1: [("preference", data) for data in said[:5]], 3: [("preference", data) for data in said[5:]]}
    letters[3].append(("preference", {"undo": "letter-1-0"}))
    whole, died, alone = (tmp_path / name for name in ("whole", "died", "alone"))
    run(made, plan, out=whole, recipe="toy", engine=Postman(whole, letters))
    with pytest.raises(SystemExit):
        run(made, plan, out=died, recipe="toy", engine=Postman(died, letters, 5))
    resume(died, engine=Postman(died, {}))
    assert_equal(died, whole)
    with RunFolder.open(whole) as folder:
        told = [event.data for event in folder.database.events() if event.kind == "taste"]
        turns = [one.turn for one in folder.inbox.letters()]
        liking = folder.database.records().metrics["explorer/score/liking"]
    assert [one["answers"] for one in told] == [5, len(said) - 1]
    assert max(told[-1]["weights"], key=lambda name: told[-1]["weights"][name]) == "length"
    assert None not in turns
    run(made, plan, out=alone, recipe="toy")
    with RunFolder.open(alone) as folder:
        assert not folder.database.records().metrics["explorer/score/liking"].any()
    assert liking[-1] > 0


@pytest.mark.slow
def test_a_run_lives_again_bit_for_bit_after_somebody_was_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people who contradict each other now and then; the name of the first changes so that it sorts last."""
    monkeypatch.setattr(session, "_SOON", 1e-9)
    made, plan = parts(Preferred(MaxMC())), Plan(steps=1600, seed=3, record=256, checkpoint=0.0, watch=())
    said = comparisons(8)
    crossed = [data | {"said": "tie" if n % 3 else data["said"]} for n, data in enumerate(said)]
    mixed = [
        ("preference", data, who)
        for pair in zip(said, crossed, strict=True)
        for data, who in zip(pair, "ab", strict=True)
    ]
    whole, again = tmp_path / "whole", tmp_path / "again"
    run(made, plan, out=whole, recipe="toy", engine=Postman(whole, {1: mixed[:20], 3: mixed[20:]}))
    shutil.copytree(whole, again)
    shutil.rmtree(again / "checkpoints")
    with RunFolder.open(again) as folder:
        assert folder.inbox.rename("a", "forgotten-1") == len(said)
        assert folder.inbox.rename("a", "forgotten-2") == 0
        assert {letter.person for letter in folder.inbox.letters()} == {"forgotten-1", "b"}
    resume(again)
    for path in (whole, again):  # then the names are all that differs
        with sqlite3.connect(path / "run.db") as connection:
            connection.execute("UPDATE letter SET person = 'c' WHERE person != 'b'")
    assert_equal(again, whole)
