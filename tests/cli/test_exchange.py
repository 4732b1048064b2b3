"""Parts exchanged by name on the command line."""

import pytest

from explora.cli._exchange import alternatives, exchanged
from explora.core import UnknownName
from explora.domains.maze import Maze
from explora.nets import GRU, LSTM
from explora.recipes import recipe
from explora.scores import Learnability, MaxMC, PositiveValueLoss


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
    assert alternatives(parts().learner.net, "core") == {"gru": GRU, "lstm": LSTM}
