"""Parts exchanged by name on the command line."""

import pytest

from explora.cli._exchange import alternatives, exchanged
from explora.core import UnknownName
from explora.domains.maze import Maze
from explora.nets import GRU, LSTM, Memoryless
from explora.recipes import recipe
from explora.scores import Learnability, MaxMC, PositiveValueLoss, Preferred


def parts():
    return recipe("accel").build(Maze())


def test_a_score_is_exchanged():
    assert isinstance(parts().explorer.score, MaxMC)
    for words in (["--explorer.score", "positive-value-loss"], ["--explorer.score=PositiveValueLoss"]):
        found, rest = exchanged(parts(), words)
        assert isinstance(found.explorer.score, PositiveValueLoss)
        assert rest == []


def test_what_both_have_stays():
    wide = exchanged(parts(), ["--learner.net.core", "lstm"])[0]
    assert wide.learner.net.core == LSTM(parts().learner.net.core.width)
    assert wide.domain == parts().domain
    assert wide.explorer == parts().explorer


def test_other_options_are_left_alone():
    words = [
        "--minutes",
        "3",
        "--explorer.capacity",
        "8",
        "--learner.net.core.width",
        "9",
        "--domain.space.no-solvable",
    ]
    assert exchanged(parts(), words) == (parts(), words)
    assert exchanged(parts(), ["--explorer.score"])[1] == ["--explorer.score"]


def test_an_unknown_part_suggests_the_nearest():
    with pytest.raises(UnknownName, match=r"learnabilty.*learnability"):
        exchanged(parts(), ["--explorer.score", "learnabilty"])


def test_alternatives_are_parts_that_work():
    scores = alternatives(parts().explorer, "score")
    assert scores["learnability"] is Learnability
    assert "score" not in scores
    assert alternatives(parts().learner.net, "core") == {"gru": GRU, "lstm": LSTM, "memoryless": Memoryless}


def test_a_part_with_room_for_the_old_one_takes_it_in():
    found, rest = exchanged(parts(), ["--explorer.score", "preferred", "--explorer.score.weight", "2"])
    assert found.explorer.score == Preferred(parts().explorer.score)
    assert rest == ["--explorer.score.weight", "2"]
    again = exchanged(found, ["--explorer.score", "preferred"])[0]
    assert again.explorer.score == found.explorer.score
    inner = exchanged(found, ["--explorer.score.score", "learnability"])[0]
    assert inner.explorer.score == Preferred(Learnability())


def test_a_space_is_exchanged_by_its_name():
    from explora.domains.walker import CppnSpace, Walker
    from explora.recipes import recipe

    poet = recipe("enhanced-poet").build(Walker())
    changed, rest = exchanged(poet, ["--domain.space", "cppn-space", "--minutes", "3"])
    assert changed.domain.space == CppnSpace()
    assert rest == ["--minutes", "3"]
