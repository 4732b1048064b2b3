"""Watching: facts of a run that goes on, that is over, that goes back; from memory and without writing."""

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explora.core import UnknownName, spec
from explora.domains.maze import Maze
from explora.people import Follower
from explora.people._watch import Shelf, decimated
from explora.people._watch._stream import stream
from explora.people._watch._tasks import Filter
from explora.plots import Curve
from explora.plots._facts_curves import Axes
from explora.recipes import recipe
from explora.runs import Plan
from explora.store import Record, RunFolder, TaskColumns, TaskRow

from ._around import NASTY, Server, append, served, write_run


def curve(values: np.ndarray) -> Curve:
    x = np.arange(len(values), dtype=float)
    return Curve("c", Axes(x, x / 60, x, x), values)


def test_a_short_curve_is_drawn_as_it_is():
    line = decimated(curve(np.array([1.0, 2.0, 4.0])), "steps", 10)
    assert line.json() == {"name": "c", "x": [0.0, 1.0, 2.0], "y": [1.0, 2.0, 4.0], "low": [], "high": []}


def test_a_long_curve_keeps_its_extremes():
    values = np.zeros(1000)
    values[501] = 7.0
    line = decimated(curve(values), "steps", 10)
    assert len(line.y) == 10
    assert line.x == [49.5 + 100 * n for n in range(10)]
    assert line.high == [0.0] * 5 + [7.0] + [0.0] * 4
    assert line.y[5] == pytest.approx(0.07)
    assert line.low == [0.0] * 10


@pytest.fixture
def shelf() -> Shelf:
    #                      id               parent            turn          score                   generation
    columns = [[0, 3, 5, 8, 9], [-1, 0, 0, 3, 3], [1, 1, 2, 2, 2], [0.5, np.nan, 0.9, 0.1, 0.5], [0, 1, 1, 2, 2]]
    kinds = (np.int64, np.int64, np.int64, np.float64, np.int64)
    return Shelf(TaskColumns(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True))))


def page(shelf: Shelf, sort: str, descending: bool = True, **which: Any) -> list[int]:
    places, count = shelf.page(Filter(**which), sort, descending, 0, 10)
    assert len(places) == count
    return [int(shelf.tasks.id[place]) for place in places]


def test_the_archive_can_be_sorted(shelf: Shelf):
    assert page(shelf, "score") == [5, 0, 9, 8, 3], "without a score last"
    assert page(shelf, "score", descending=False) == [8, 0, 9, 5, 3]
    assert page(shelf, "id") == [9, 8, 5, 3, 0]
    assert page(shelf, "generation") == [8, 9, 3, 5, 0]
    assert page(shelf, "children") == [0, 3, 5, 8, 9]
    assert shelf.page(Filter(), "id", False, 1, 2) == ([1, 2], 5)
    with pytest.raises(UnknownName, match="did you mean 'score'"):
        shelf.page(Filter(), "scores", False, 0, 1)


def test_the_archive_can_be_filtered(shelf: Shelf):
    assert page(shelf, "id", generation=1) == [5, 3]
    assert page(shelf, "id", parent=3) == [9, 8]
    assert page(shelf, "id", low=0.5) == [9, 5, 0]
    assert page(shelf, "id", high=0.5, since=2) == [9, 8]
    assert page(shelf, "id", until=1) == [3, 0]


def test_families(shelf: Shelf):
    assert shelf.line(9) == [0, 3, 9]
    assert shelf.line(4) == []
    assert shelf.made_from(3, 10) == [8, 9]
    assert shelf.made_from(0, 1) == [3]
    assert shelf.children(np.array([0, 3, 9])).tolist() == [2, 2, 0]


def test_the_run_in_words(still: Server):
    run = still.owner.ok("GET", "/api/watch/run")
    assert (run["name"], run["recipe"], run["state"]) == ("run", "plr", "finished")
    assert (run["records"], run["tasks"], run["versions"], run["suites"]) == (3, 6, 2, ["easy"])
    assert run["spent"]["steps"] == 300
    assert run["title"].startswith("Solves 100% of easy")
    assert run["command"] == f"explora {NASTY}"
    assert (run["whole"], run["asks"], run["problem"]) == (True, False, None)


def test_curves(still: Server):
    found = still.owner.ok("GET", "/api/watch/curves?axis=minutes&points=10")
    assert [line["name"] for line in found["metrics"]] == ["loss", "play/return"]
    loss, returned = found["metrics"]
    assert (loss["x"], loss["y"]) == ([2.0, 3.0], [1.0, 0.5])
    assert returned["y"] == [0.0, 0.1, 0.2]
    assert found["held_out"][0]["y"] == [0.5, 1.0]
    assert found["held_out"][0]["low"][0] < 0.5 < found["held_out"][0]["high"][0]
    assert found["speed"]["y"] == pytest.approx([100 / 60] * 3, abs=1e-5)


def test_versions(still: Server):
    found = still.owner.ok("GET", "/api/watch/versions?suite=easy")
    assert sorted(found["tasks"]) == sorted([NASTY, "a"])
    at = found["tasks"].index("a")
    assert [row[at] for row in found["solved"]] == [0.0, 1.0]
    assert found["gained"] == ["a"]
    assert found["steps"] == [100.0, 300.0]
    assert "more general" in found["sentence"]
    assert still.owner.ask("GET", "/api/watch/versions?suite=none").status_code == 404


def test_a_page_of_the_archive_and_a_family(still: Server):
    found = still.owner.ok("GET", "/api/watch/tasks?count=2&offset=1")
    assert found["count"] == 6
    assert [(task["id"], task["score"], task["children"]) for task in found["tasks"]] == [(4, 0.4, 0), (3, 0.3, 0)]
    made = still.owner.ok("GET", "/api/watch/tasks/2")
    assert made["spec"] == {"number": 2}
    assert [task["id"] for task in made["ancestors"]] == [0, 1]
    assert [task["id"] for task in made["children"]] == [4, 5]
    assert still.owner.ask("GET", "/api/watch/tasks/99").status_code == 404
    assert still.owner.ask("GET", "/api/watch/tasks/2/picture").status_code == 204, "its parts cannot be built"
    for words in ("count=0", "count=1000", "offset=-1", "sort=spec", "low=nan", "low=inf", f"parent={2**70}"):
        assert still.owner.ask("GET", f"/api/watch/tasks?{words}").status_code == 422, words


def test_a_follower_reads_what_is_new(tmp_path: Path):
    write_run(tmp_path / "run", state="running")
    with RunFolder.open(tmp_path / "run") as folder:
        follower = Follower(folder)
        assert follower.look()
        assert not follower.look()
        version, before = follower.version, follower.known
        with RunFolder.open(tmp_path / "run", write=True) as writer:
            append(writer, 3, range(6, 9), judged=True)
        assert follower.look()
        assert follower.version > version
        known = follower.known
        assert known.records.turn.tolist() == [10, 20, 30, 40]
        assert known.records.metrics["loss"].tolist()[1:] == [1.0, 0.5, 1 / 3]
        assert known.tasks.id.tolist() == list(range(9))
        assert known.matrices[0].turns.tolist() == [10, 30, 40]
        assert len(before.records.turn) == 3, "what a request holds does not change under it"


def test_a_follower_notices_that_a_run_went_back(tmp_path: Path):
    write_run(tmp_path / "run", state="interrupted")
    with RunFolder.open(tmp_path / "run") as folder:
        follower = Follower(folder)
        follower.look()
        with RunFolder.open(tmp_path / "run", write=True) as writer:
            writer.rewind(20)
            writer.database.set(state="running")
        assert follower.look()
        known = follower.known
        assert known.live
        assert known.records.turn.tolist() == [10, 20]
        assert known.tasks.id.tolist() == [0, 1, 2, 3]
        assert known.matrices[0].turns.tolist() == [10]


def test_a_follower_equals_reading_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("explora.people._watch._follower._BLOCK", 3)
    write_run(tmp_path / "run", records=10, tasks=40)
    with RunFolder.open(tmp_path / "run") as folder:
        follower = Follower(folder)
        seen, put = [], follower._put
        monkeypatch.setattr(follower, "_put", lambda **new: (put(**new), seen.append(follower.known.tasks.id.tolist())))
        follower.look()
        shown = sorted({len(ids) for ids in seen})
        assert shown == list(range(0, 41, 4)), "what is there is shown while the rest is read, but no half of a turn"
        assert all(ids == list(range(len(ids))) for ids in seen)
        records = folder.database.records()
        for name in records.metrics:
            np.testing.assert_array_equal(follower.known.records.metrics[name], records.metrics[name])
        assert follower.known.records.steps.tolist() == records.steps.tolist()
        ids = [task.id for task in folder.database.tasks()]
        assert follower.known.tasks.id.tolist() == ids
        assert [task.id for task in folder.database.tasks_of([7, 99, 3])] == [7, 3]


def said(lines: list[str]) -> list[tuple[str, Any]]:
    """Server-sent events as pairs."""
    found = []
    for block in "".join(lines).split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.split("\n") if line)
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_the_stream_of_a_run_that_is_over_ends(still: Server):
    found = still.owner.ask("GET", "/api/watch/stream")
    assert found.headers["content-type"].startswith("text/event-stream")
    events = said([found.text])
    assert [kind for kind, _ in events] == ["news", "end"]
    news = events[0][1]
    assert (news["steps"], news["tasks"], news["versions"], news["state"]) == (300, 6, 2, "finished")
    assert news["metrics"] == {"loss": 0.5, "play/return": 0.2}


def test_the_stream_follows_a_run_that_goes_on(tmp_path: Path):
    write_run(tmp_path / "run", state="running")

    async def watch() -> list[tuple[str, Any]]:
        with RunFolder.open(tmp_path / "run") as folder:
            follower = Follower(folder)
            follower.look()
            lines, news = [], stream(follower, pause=0.001)
            lines.append(await anext(news))
            with RunFolder.open(tmp_path / "run", write=True) as writer:
                append(writer, 3, range(6, 9))
                follower.look()
                lines.append(await anext(news))
                writer.database.set(state="finished")
            follower.look()
            lines += [line async for line in news]
            return said(lines)

    found = asyncio.run(watch())
    assert [kind for kind, _ in found] == ["news", "news", "news", "end"]
    assert [news["steps"] for _, news in found[:3]] == [300, 400, 400]
    assert [news["state"] for _, news in found[:3]] == ["running", "running", "finished"]


@pytest.mark.slow  # builds the parts of a recipe
def test_mazes_are_drawn(tmp_path: Path):
    parts = recipe("plr").build(Maze())
    config = {"recipe": "plr", "parts": spec(parts), "plan": spec(Plan())}
    rows = ["." * parts.space.width] * parts.space.height
    rows[0], rows[-1] = f">{rows[0][1:]}", f"{rows[-1][1:]}G"
    with RunFolder.create(tmp_path / "run", config=config, facts={"state": "finished"}) as folder:
        task = TaskRow(0, -1, 10, "0" * 16, "\n".join(rows), 0.5)
        folder.database.append(Record(10, 100, 4, 0, 5, 60.0, 300.0, {}), tasks=[task])
    with served(tmp_path / "run") as server:
        assert server.people.scene.wait(60.0)
        assert server.people.scene.problem is None
        found = server.owner.ask("GET", "/api/watch/tasks/0/picture?size=64")
        assert found.status_code == 200
        assert found.content.startswith(b"\x89PNG")
        assert found.headers["content-type"] == "image/png"


def test_watching_writes_nothing(tmp_path: Path):
    write_run(tmp_path / "run")
    before = (tmp_path / "run" / "run.db").read_bytes()
    with served(tmp_path / "run") as server:
        for path in ("run", "curves", "versions", "tasks", "tasks/2", "stream"):
            assert server.owner.ask("GET", f"/api/watch/{path}").status_code == 200
    assert (tmp_path / "run" / "run.db").read_bytes() == before
