"""Every recipe: a choice of public parts, short, cited, and it runs."""

import importlib
import inspect
import re
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from explora.core import CombinationError, Parts, UnknownName, build, override, spec
from explora.domains.maze import Maze, MazeSpace
from explora.domains.pool import Annotators, Pool
from explora.explorers.niches import Niches
from explora.loop import chunk, host_chunk, init
from explora.recipes import DEFAULT, RECIPES, Recipe, recipe
from explora.runs import Plan, resume, run
from explora.testing import Quiz

QUICK = ("dr", "random", "uncertainty-herding")

SMALL = {
    "learner.net.core.width": 8,
    "learner.net.encoder.width": 8,
    "learner.epochs": 1,
    "learner.minibatches": 1,
    "learner.learner.net.core.width": 8,
    "learner.learner.net.encoder.width": 8,
    "learner.learner.epochs": 1,
    "learner.learner.minibatches": 1,
    "learner.net.body.width": 8,
    "learner.net.body.layers": 1,
    "learner.updates": 1,
    "learner.batch": 4,
    "explorer.rows": 4,
    "explorer.queue": 1,
    "explorer.capacity": 16,
    "explorer.initial": 4,
    "explorer.candidates": 8,
    "explorer.kept": 4,
    "explorer.train": 1,
    "explorer.window": 8,
    "explorer.bootstrap": 8,
    "explorer.most": 3,
    "explorer.memory": 16,
    "explorer.arms": 8,
    "explorer.designer.net.core.width": 8,
    "explorer.designer.net.encoder.width": 8,
    "explorer.designer.epochs": 1,
    "explorer.designer.minibatches": 1,
}

NICHES = {
    "learner.members": 6,
    "learner.pairs": 2,
    "learner.hidden": (4,),
    "explorer.capacity": 2,
    "explorer.children": 2,
    "explorer.every": 1,
    "explorer.transfers": 1,
}


def small(found: Recipe) -> Parts:
    from explora.core import flat

    if found.plays == "questions":
        domain = Pool(oracle=Annotators()) if found.name == "crowd" else Quiz(each=1)
        return override(found.build(domain), {"explorer.batch": 4})
    parts = found.build(Maze(space=MazeSpace(height=5, width=5, walls=6), steps=32, max_steps=16))
    if isinstance(parts.explorer, Niches):
        return override(parts, NICHES)
    known = flat(parts)
    return override(parts, {path: value for path, value in SMALL.items() if path in known})


# Each compiles a program of its own: two in every test run, the others with the slow tests.
@pytest.mark.parametrize(
    "found",
    [pytest.param(found, id=found.name, marks=[] if found.name in QUICK else [pytest.mark.slow]) for found in RECIPES],
)
def test_a_recipe_runs_two_rounds_and_is_its_own_configuration(found: Recipe):
    parts = small(found).check()
    again = build(spec(parts))
    assert eqx.tree_equal(again, parts)
    state = init(parts, key=jr.key(0))
    turns = sum(times for _, times in parts.explorer.rhythm) if len(parts.explorer.rhythm) > 1 else 2
    state, log = (host_chunk if parts.hosted else chunk)(parts, state, root=jr.key(1), turns=turns)
    assert int(state.turn) == turns
    assert int(state.spent.calls if found.plays == "questions" else state.spent.steps) > 0
    for leaf in jax.tree.leaves(eqx.filter(state.learner, eqx.is_inexact_array)):
        assert bool(jnp.all(jnp.isfinite(leaf)))
    answered = np.asarray(log.metrics["play/answered"])
    assert np.all((answered >= 0) & (answered <= 1))


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(found, id=found.name, marks=[] if found.name == DEFAULT else [pytest.mark.slow])
        for found in RECIPES
    ],
)
def test_a_recipe_runs_as_people_run_it(found: Recipe, tmp_path: Path):
    """A run looks at parts in ways that the loop does not."""
    plan = Plan(minutes=1e-6) if found.plays == "questions" else Plan(steps=1, watch=())
    done = run(small(found), plan, out=tmp_path / "run", recipe=found.name)
    assert done.reason == "finished"
    assert resume(done.path).reason == "finished"


@pytest.mark.parametrize("found", RECIPES, ids=lambda found: found.name)
def test_a_recipe_is_short_and_cites_its_paper(found: Recipe):
    module, name = found.place.split(":")
    function = getattr(importlib.import_module(f"explora.recipes.{module}"), name)
    assert len(inspect.getsource(function).splitlines()) <= 60
    assert "**Reference:**" in (function.__doc__ or "")
    author, _, number = found.paper.partition(", arXiv:")
    assert author.split()[0] in (function.__doc__ or "") or number
    assert number in (function.__doc__ or "")
    assert number or re.search(r"\b(19|20)\d\d\b", found.paper), "neither a number of arXiv nor a year"


@pytest.mark.parametrize("found", RECIPES, ids=lambda found: found.name)
def test_the_catalogue_names_the_explorer(found: Recipe):
    parts = found.build(Maze() if found.plays == "environments" else Quiz())
    assert found.parts.startswith(type(parts.explorer).__name__)


def test_uniform_sampling_comes_first_and_the_default_exists():
    assert RECIPES[0].name == "dr"
    assert recipe(DEFAULT).name == DEFAULT


def test_an_unknown_recipe_suggests_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'accel'"):
        recipe("acel")


def test_parts_that_do_not_fit_say_why():
    parts = recipe("sfl").build(Maze())
    with pytest.raises(CombinationError):
        override(parts, {"learner.segment": 100}).check()
