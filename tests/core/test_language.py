"""Reading requests: all words count, and what cannot be asked is answered with what can."""

import numpy as np
import pytest

from explora.core import ArgumentError, Clause, Language
from explora.domains.maze import Maze

KITCHEN = Language(
    (
        Clause("boil the egg", "it is boiled", ("cook the egg",), ("fry the egg",)),
        Clause("fry the egg", "it is fried", (), ("boil the egg",)),
        Clause("stir at most 3 times", "it is stirred so often", implies=("stir at most 9 times",)),
        Clause("stir at most 9 times", "it is stirred so often"),
    )
)


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("boil the egg", (0,)),
        ("Please boil an EGG!", (0,)),
        ("cooking the egg", (0,)),
        ("stirring at most three times, fry the egg", (1, 2)),
        ("fried egg", None),
        ("fry the egg and the egg", None),
        ("do not boil the egg", None),
        ("stir at most 4 times", None),
        ("", None),
        ("and then", None),
        ("boil the egg and fry the egg", None),
    ],
)
def test_a_request_is_its_clauses_or_is_refused(text: str, clauses: tuple[int, ...] | None):
    if clauses is not None:
        assert KITCHEN.parse(text) == clauses
        return
    with pytest.raises(ArgumentError):
        KITCHEN.parse(text)


def test_what_is_not_understood_is_answered_with_what_can_be_asked():
    with pytest.raises(ArgumentError) as error:
        KITCHEN.parse("stir at most 4 times, softly")
    said = str(error.value)
    assert "not understood from 'stir', 'at', 'most', '4', 'times', 'softly' on" in said
    assert "did you mean 'stir at most 9 times'?" in said
    for clause in KITCHEN.clauses:
        assert f"  {clause.says} " in said
        assert clause.meaning in said
    with pytest.raises(ArgumentError, match="nothing can boil the egg and fry the egg at once"):
        KITCHEN.parse("boil the egg, fry the egg")


def test_sentences_leave_out_what_is_implied_and_are_read_again():
    assert KITCHEN.sentence(np.array([True, False, True, True])) == "boil the egg, stir at most 3 times"
    assert KITCHEN.parse(KITCHEN.sentence(KITCHEN.asked((1, 3)))) == (1, 3)
    assert KITCHEN.sentence(np.zeros(4, bool)) == "nothing that has a name"


def test_every_way_to_say_something_about_a_maze_means_one_thing():
    language = Maze().language
    for number, clause in enumerate(language.clauses):
        for way in (clause.says, *clause.also):
            assert language.parse(way) == (number,)
        known = {other.says for other in language.clauses}
        assert {*clause.against, *clause.implies} <= known
    assert language.parse("reach the goal hugging the left wall") == (0, language.parse("hug the left wall")[0])
