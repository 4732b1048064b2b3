"""What editors ask for, by hand."""

import pytest

from explora.core import Brush, Field
from explora.domains.maze import MazeSpace

GRID = Field(
    "", "grid", brushes=(Brush(".", "floor"), Brush("G", "goal", once=True), Brush("<>", "player", once=True)),
    height=(1, 2), width=(2, 3),
)  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        (Field("a", "real", 0.0, 1.0), 0.5, None),
        (Field("a", "real", 0.0, 1.0), 1.5, "must lie between 0.0 and 1.0"),
        (Field("a", "real"), float("inf"), "must be a number"),
        (Field("a", "real"), True, "must be a number"),
        (Field("a", "whole", 0, 9), 3, None),
        (Field("a", "whole", 0, 9), 3.5, "must be a whole number"),
        (Field("a", "choice", choices=("x", "y")), "y", None),
        (Field("a", "choice", choices=("x", "y")), "z", "must be one of x, y"),
        (Field("a", "text", 1, 3), "abcd", "must lie between 1 and 3 characters"),
        (Field("a", "text", 1, 3), 7, "must be a text"),
        (GRID, ".G\n.<", None),
        (GRID, "G>", None),
        (GRID, "..G>", "must have 2 to 3 columns"),
        (GRID, "..\n..\nG>", "must have 1 to 2 rows"),
        (GRID, "..\nG>.", "must have rows of one length"),
        (GRID, "G#\n.>", "must not have the letter '#'"),
        (GRID, "G.\n..", "must have exactly one player, and has 0"),
        (GRID, "G<\n.>", "must have exactly one player, and has 2"),
    ],
)
def test_what_may_stand_in_a_field(field, value, problem):
    assert field.problem(value) == problem


def test_a_maze_is_one_grid():
    (field,) = MazeSpace(3, 4, walls=0).fields
    assert (field.name, field.kind, field.height, field.width) == ("", "grid", (3, 3), (4, 4))
    assert field.problem(">...\n.##.\n...G") is None
    assert field.problem(">...\n.##.\n....") == "must have exactly one goal, and has 0"
