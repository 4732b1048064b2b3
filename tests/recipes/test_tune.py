"""`tune`: every trial the same budget, judged on nothing that is held out."""

import json
from pathlib import Path

import pytest

from explora.core import ArgumentError, Domain, Parts, RunError, UnknownName, override, spec
from explora.domains.maze import Maze, MazeSpace
from explora.recipes import Recipe, Trial, recipe, tune
from explora.recipes._tune import drawn
from explora.runs import Plan
from explora.store import RunFolder

STEPS = 300
CURE = "choose another --out, or the same numbers"


class Small(Recipe):
    """A recipe with as little of everything as will do."""

    def build(self, domain: Domain) -> Parts:
        fields = {"learner.net.core.width": 8, "learner.net.encoder.width": 8, "learner.epochs": 1}
        fields |= {"learner.minibatches": 1, "explorer.rows": 8, "explorer.queue": 1}
        return override(super().build(domain), fields)


DR = Small(*recipe("dr"))


def make(walls: int = 6) -> Maze:
    return Maze(space=MazeSpace(height=5, width=5, walls=walls), steps=32, max_steps=16)


@pytest.fixture
def played(tmp_path: Path) -> Path:
    """The folders of two trials, as if they had been run: the first got 0.25, the second 0.5."""
    for number, rate in enumerate((0.25, 0.5)):
        parts = DR.build(make())
        plan = Plan(steps=STEPS, watch=("graded",), episodes=2, final_episodes=10)
        config = {"recipe": "dr", "parts": spec(override(parts, drawn(parts, number))), "plan": spec(plan)}
        facts = {"state": "finished", "final": {"graded": {"mean_solve_rate": rate}}}
        RunFolder.create(tmp_path / f"dr-{number:03d}-s0", config=config, facts=facts).close()
    return tmp_path


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been begun or gone on with: nothing is really run."""
    found: list[str] = []
    monkeypatch.setattr("explora.recipes._tune.begin", lambda parts, plan, *, out, recipe: found.append(out.name))
    monkeypatch.setattr("explora.recipes._tune.resume", lambda place: found.append(place.name))
    return found


@pytest.mark.slow
def test_the_first_trial_is_the_recipe_and_the_others_are_drawn(tmp_path: Path):
    out, told = tmp_path / "a new folder", []
    ranked = tune(DR, make, out=out, trials=2, steps=STEPS, told=told.append)
    assert sorted(told) == sorted(ranked)
    assert [trial.mean for trial in ranked] == sorted((trial.mean for trial in ranked), reverse=True)
    first, second = sorted(ranked)
    assert (first.number, first.fields) == (0, {})
    assert second.fields.keys() == {"learner.rate", "learner.entropy", "learner.discount", "learner.trace"}
    for trial in ranked:
        with RunFolder.open(out / f"dr-{trial.number:03d}-s0") as folder:
            facts = folder.facts
        assert facts["config"]["plan"]["steps"] == STEPS
        assert facts["config"]["plan"]["watch"] == ["graded"]
        assert trial.scores == [facts["final"]["graded"]["mean_solve_rate"]]
        learner = facts["config"]["parts"]["learner"]
        assert all(learner[path.removeprefix("learner.")] == value for path, value in trial.fields.items())
    assert tune(DR, make, out=out, trials=2, steps=STEPS) == ranked


def test_trials_that_are_over_are_not_run_again(played: Path, runs: list[str]):
    ranked = tune(DR, make, out=played, trials=2, steps=STEPS)
    assert runs == []
    assert [(trial.number, trial.scores) for trial in ranked] == [(1, [0.5]), (0, [0.25])]
    summary = json.loads((played / "tune-dr.json").read_text())
    assert (summary["recipe"], summary["suite"], summary["steps"], summary["seeds"]) == ("dr", "graded", STEPS, 1)
    assert [Trial(row["number"], row["fields"], row["scores"]) for row in summary["trials"]] == ranked


def test_a_trial_that_was_stopped_is_gone_on_with(played: Path, runs: list[str]):
    with RunFolder.open(played / "dr-001-s0", write=True) as folder:
        folder.database.set(state="interrupted")
    with pytest.raises(KeyboardInterrupt):  # it was stopped once more: `resume` does nothing here
        tune(DR, make, out=played, trials=2, steps=STEPS)
    assert runs == ["dr-001-s0"]


def test_trials_of_another_budget_are_refused_before_anything_runs(
    played: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch
):
    before = sorted(path.name for path in played.iterdir())
    with pytest.raises(RunError, match=f"dr-000-s0 holds a trial with `steps`=300 instead of 400: {CURE}"):
        tune(DR, make, out=played, trials=3, steps=400)
    with pytest.raises(RunError, match=f"dr-000-s0 holds a trial with other parts: {CURE}"):
        tune(DR, lambda: make(walls=7), out=played, trials=2, steps=STEPS)
    with RunFolder.open(played / "dr-001-s0", write=True) as folder:  # resumed by hand, with more steps
        folder.database.set(plan=folder.config["plan"] | {"steps": 500})
    with pytest.raises(RunError, match=f"dr-001-s0 holds a trial with `steps`=500 instead of 300: {CURE}"):
        tune(DR, make, out=played, trials=2, steps=STEPS)
    monkeypatch.setattr(Maze, "tuning_suites", ("graded", "perfect-13"))
    with pytest.raises(RunError, match=r"holds a trial with `watch`=.'graded'. instead of .'perfect-13'.: "):
        tune(DR, make, out=played, trials=1, steps=STEPS, suite="perfect-13")
    assert runs == []
    assert sorted(path.name for path in played.iterdir()) == before


def test_held_out_suites_are_never_tuned_on(tmp_path: Path):
    for suite in ("holdout", "perfect", "perfect-13", "random-solvable"):
        with pytest.raises(ArgumentError, match=f"not held out, got '{suite}'; to tune on there is 'graded'"):
            tune(DR, make, out=tmp_path / "new", suite=suite)
    with pytest.raises(UnknownName, match="there is no suite to tune on 'grded'; did you mean 'graded'"):
        tune(DR, make, out=tmp_path / "new", suite="grded")
    for wrong in ({"steps": 0}, {"trials": 0}, {"seeds": 0}):
        with pytest.raises(ArgumentError, match="must be"):
            tune(DR, make, out=tmp_path / "new", **wrong)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(RunError, match=r"cannot create .*taken"):
        tune(DR, make, out=tmp_path / "taken", trials=1, steps=STEPS)
