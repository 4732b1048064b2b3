"""The story of tasks and agents that evolve together: written by hand, and of a small real run."""

import numpy as np
import pytest

from explora.cli import main
from explora.core import Parts
from explora.explorers.niches import Criterion, Niches
from explora.learners import ES
from explora.plots import bloodline, hardest, saga, tale
from explora.plots._story import story_section
from explora.runs import Plan, load, run
from explora.store import ENTERED, MOVED, SOLVED, STANDINGS, EventRow, RunFolder, TaskRow
from explora.testing import Walk

from .test_report import check


def event(kind: str, turn: int, task: int, place: int, **more: object) -> EventRow:
    return EventRow(100, kind, {"turn": turn, "place": place, "task": task, "score": 100.0 + turn} | more, 0.0)


# Task 0 begins; 3 comes from it, 5 from 3; the agent of 5 takes 0 over; 8 comes from 0 and takes the place of 3.
EVENTS = [
    event(ENTERED, 1, 0, 0, source=None),
    event(SOLVED, 10, 0, 0),
    event(ENTERED, 12, 3, 1, source=0),
    event(ENTERED, 20, 5, 2, source=3),
    event(MOVED, 22, 3, 1, source=0),
    event(MOVED, 30, 0, 0, source=5),
    event(ENTERED, 40, 8, 1, source=0),
    event(MOVED, 44, 5, 2, source=8),
    event(SOLVED, 50, 8, 1),
    event(SOLVED, 60, 5, 2),
    EventRow(100, STANDINGS, {"turn": 60, "tasks": [0, 8, 5], "scores": [[250.0, None, 9.0]] * 3}, 0.0),
]
TASKS = [TaskRow(i, parent, 20, f"{i:016x}", {}, 1.0) for i, parent in ((0, -1), (3, 0), (5, 3), (8, 0))]


def test_lives_moves_and_boards():
    found = saga(EVENTS, TASKS, 80)
    assert found is not None
    assert [home.task for home in found.homes] == [0, 3, 5, 8]
    assert [home.left for home in found.homes] == [None, 40, None, None]
    assert [home.solved for home in found.homes] == [10, None, 60, 50]
    assert [home.parent for home in found.homes] == [-1, 0, 3, 0]
    assert [home.teacher for home in found.homes] == [None, 0, 3, 0]
    assert [(move.turn, move.source, move.target) for move in found.moves] == [(22, 0, 3), (30, 5, 0), (44, 8, 5)]
    assert np.isnan(found.standings[0].scores[0, 1])
    assert saga([], TASKS, 80) is None


def test_an_agent_is_followed_back_to_where_it_began():
    found = saga(EVENTS, TASKS, 80)
    assert found is not None
    way = [(link.task, link.since, link.until, link.moved) for link in bloodline(found, 5, 60)]
    # From 0 with the child to 3, with its child to 5, over to 0, with the child to 8, over to 5 again.
    assert way == [
        (0, 1, 12, False),
        (3, 12, 20, False),
        (5, 20, 30, False),
        (0, 30, 40, True),
        (8, 40, 44, False),
        (5, 44, 60, True),
    ]
    early = bloodline(found, 3, 21)
    assert [link.task for link in early] == [0, 3]
    assert [link.moved for link in bloodline(found, 3, 30)] == [False, True]


def test_agents_that_change_places_in_one_turn_are_told_apart():
    events = [*EVENTS[:4], event(MOVED, 30, 0, 0, source=5), event(MOVED, 30, 5, 2, source=0)]
    found = saga(events, TASKS, 80)
    assert found is not None
    assert [link.task for link in bloodline(found, 0, 30)] == [0, 3, 5, 0]
    assert [link.task for link in bloodline(found, 5, 30)] == [0, 5]


def test_the_hardest_is_the_hardest_that_was_solved():
    found = saga(EVENTS, TASKS, 80)
    assert found is not None
    hero = hardest(found, {0: 0.0, 3: 0.9, 5: 0.4, 8: 0.5})
    assert hero is not None
    assert hero.task == 8
    assert hardest(found, {}).task == 5  # type: ignore[union-attr]
    nobody = saga(EVENTS[:1], TASKS, 80)
    assert nobody is not None
    assert hardest(nobody, {}) is None


def test_the_section_tells_it():
    found = saga(EVENTS, TASKS, 80)
    assert found is not None
    told = tale(found, TASKS)
    assert [task.id for task in told.ancestors] == [0, 3, 5]
    assert [(move.turn, move.target) for move in told.mattered] == [(30, 0), (44, 5)]
    page = story_section(told)
    check(page)
    assert "3 tasks of 4 that had a place of their own were solved" in page
    assert "2 transfers mattered" in page
    assert page.count('class="arc told"') == 2
    assert page.count('class="arc"') == 1
    assert page.count('class="void') == 3
    assert story_section(None) == ""
    nobody = saga(EVENTS[:1], TASKS, 80)
    assert nobody is not None
    assert "none has been solved yet" in story_section(tale(nobody, TASKS))


@pytest.fixture(scope="module")
def society(tmp_path_factory):
    """Trails and their walkers: whoever does anything may have children, and 0.2 is solved."""
    path = tmp_path_factory.mktemp("society") / "trails"
    niches = Niches(capacity=3, children=4, every=2, transfers=1, criterion=Criterion(-1.0, 2.0, 0.0, 0.5))
    parts = Parts(Walk(), ES(hidden=(4,), pairs=4, members=niches.members), niches)
    run(parts, Plan(steps=24_000, record=4_000, watch=("corners",), final_episodes=2), out=path, recipe="poet")
    return path


@pytest.mark.slow
def test_a_small_run_has_a_story_that_its_report_tells(society, tmp_path, capsys):
    with RunFolder.open(society) as folder:
        events, tasks = folder.database.events(), folder.database.tasks()
    found = saga(events, tasks, 10_000)
    assert found is not None
    counts = load(society).state.explorer.counts
    assert len(found.homes) == 1 + int(counts.admitted)
    assert len(found.moves) == int(counts.moved)
    assert sum(home.solved is not None for home in found.homes[1:]) == int(counts.solved)
    assert {home.task for home in found.homes} <= {task.id for task in tasks}
    for home in found.homes[1:]:
        assert home.teacher is not None
        assert bloodline(found, home.task, home.entered)[0].task == found.homes[0].task
    assert main(["report", str(society), "--out", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text()
    check(page)
    assert '<section id="story">' in page
    assert '<a href="#story">' in page
    last = found.homes[-1]
    out = tmp_path / "last.gif"
    assert main(["film", str(society), "--task", str(last.task), "--out", str(out)]) == 0
    assert f"agent {last.place}" in capsys.readouterr().err
    assert out.read_bytes().startswith(b"GIF89a")
