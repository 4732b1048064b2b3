"""The laws of a space."""

import json
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from explora.core import CombinationError, Field, Space, TaskError, Uniformly, fresh_lesson

from ._suite import Conformance, difference, examine, plain, row, rows, shapes, where_false


class SpaceSuite(Conformance):
    """The laws of a `Space`.

    ```python
    class TestTrails(SpaceSuite):
        def part(self):
            return Trails()
    ```
    """

    COUNT: int = 16
    """How many tasks are drawn."""
    DEPTH: int = 8
    """How many mutations are done one after the other."""
    VARIED: bool = True
    """Whether different keys can give different tasks."""
    RUBBISH: tuple = (None, "", "rubbish", 3.5, [], [1, "2"], {}, {"rubbish": 1})
    """JSON values that are no tasks."""

    def part(self) -> Space:
        """The space to examine."""
        return super().part()

    def disguises(self, task: Any) -> list[Any]:
        """Other arrays that mean the same program as `task` (rubbish in its padding, say)."""
        return []

    @property
    def tasks(self) -> Any:
        """Random tasks, stacked."""
        return self.once("tasks", lambda: jax.jit(lambda k: self.subject.samples(self.COUNT, key=k))(self.key(0)))

    @property
    def mutants(self) -> Any:
        """Tasks after `DEPTH` mutations, stacked; the random ones where there is no `mutate`."""

        def change(tasks: Any, key: Any) -> Any:
            step = lambda number, x: self.subject.mutants(x, key=jr.fold_in(key, number))
            return jax.lax.fori_loop(0, self.DEPTH, step, tasks)

        if "mutate" not in self.subject.provides:
            return self.tasks
        return self.once("mutants", lambda: jax.jit(change)(self.tasks, self.key(1)))

    def every(self) -> list[Any]:
        """A few random tasks and mutants, one by one."""
        some = min(self.COUNT, 6)
        return [row(self.tasks, i) for i in range(some)] + [row(self.mutants, i) for i in range(some)]

    def prints(self, tasks: Any) -> Any:
        """The fingerprints of stacked tasks, under `jit`."""
        run = self.once("prints", lambda: jax.jit(jax.vmap(self.subject.fingerprint)))
        return plain(run(tasks))

    def valid(self, tasks: Any) -> Any:
        """Which of the stacked tasks are valid, under `jit`."""
        return self.once("valid", lambda: jax.jit(jax.vmap(self.subject.valid)))(tasks)

    def test_samples_are_valid(self) -> None:
        bad = where_false(self.valid(self.tasks))
        self.require(not bad, f"`sample` gave tasks that are not `valid`, such as {self._show(self.tasks, bad)}")

    def test_samples_vary(self) -> None:
        if self.VARIED:
            prints = {tuple(x) for x in self.prints(self.tasks).tolist()}
            self.require(len(prints) > 1, "`sample` gave the same task for different keys: does it use its key?")

    def test_sample_is_a_function_of_its_key(self) -> None:
        once, again = (self.subject.sample(key=self.key(2)) for _ in range(2))
        self.require_same(once, again, "`sample` gave two tasks for one key")
        compiled = jax.jit(lambda k: self.subject.sample(key=k))(self.key(2))
        self.require_close(once, compiled, "`sample` gives another task under `jit`")

    def test_a_row_does_not_depend_on_its_batch(self) -> None:
        few = jax.jit(lambda k: self.subject.samples(2, key=k))(self.key(0))
        same = jax.tree.map(lambda x: x[:2], self.tasks)
        self.require_close(few, same, "`samples` gives other tasks when fewer are asked for")

    def test_mutants_are_valid(self) -> None:
        bad = where_false(self.valid(self.mutants))
        self.require(not bad, f"`mutate` gave tasks that are not `valid`, such as {self._show(self.mutants, bad)}")

    def test_mutants_differ_from_their_parents(self) -> None:
        if "mutate" in self.subject.provides and self.VARIED:
            changed = np.any(self.prints(self.tasks) != self.prints(self.mutants), axis=1)
            self.require(np.any(changed), f"{self.DEPTH} calls of `mutate` left all {self.COUNT} tasks as they were")

    def test_mutate_keeps_shapes(self) -> None:
        if "mutate" in self.subject.provides:
            one = row(self.tasks, 0)
            mutant = jax.eval_shape(lambda t, k: self.subject.mutate(t, key=k), one, self.key(3))
            self.require(
                shapes(jax.eval_shape(lambda t: t, one)) == shapes(mutant),
                f"`mutate` changed shapes or types: from {shapes(one)[1]} to {shapes(mutant)[1]}",
            )

    def test_valid_is_one_truth_value(self) -> None:
        found = jax.eval_shape(self.subject.valid, row(self.tasks, 0))
        self.require(found.shape == () and found.dtype == jnp.bool_, f"`valid` must be one bool, got {found}")

    def test_decode_undoes_encode(self) -> None:
        for task in map(self.subject.canonical, self.every()):
            text = json.dumps(self.subject.encode(task), allow_nan=False)
            back = self.subject.decode(json.loads(text))
            where = difference(task, back)
            self.require(where is None, f"`decode` does not undo `encode`: {where}, of {text}")
            self.require(text == json.dumps(self.subject.encode(back)), f"`encode` of a decoded task is not {text}")

    def test_decode_refuses_rubbish(self) -> None:
        for value in self.RUBBISH:
            try:
                task = self.subject.decode(value)
            except TaskError:
                continue
            except Exception as error:
                self.require(False, f"`decode({value!r})` raised {type(error).__name__}, not TaskError: {error}")
            else:
                self.require(False, f"`decode({value!r})` gave {task} instead of raising TaskError")

    def test_fields_describe_what_is_encoded(self) -> None:
        fields = self.subject.fields
        if not fields:
            return
        names = [field.name for field in fields]
        self.require(
            names == [""] or ("" not in names and len(set(names)) == len(names)),
            f"`fields` must have one entry without a name, or entries of different names; got {names}",
        )
        for task in self.every():
            value = self.subject.encode(task)
            entries = {"": value} if names == [""] else value
            same = isinstance(entries, dict) and entries.keys() == set(names)
            self.require(same, f"`encode` gave {value!r}, which has not the entries of `fields`, {names}")
            for field in fields:
                problem = field.problem(entries[field.name])
                self.require(problem is None, f"{entries[field.name]!r} {problem}, says the field {field.name!r}")

    def test_what_fields_forbid_is_refused(self) -> None:
        fields = self.subject.fields
        for task in self.every()[:2] if fields else ():
            value = self.subject.encode(task)
            for field, bad in [(each, bad) for each in fields for bad in _forbidden(each)]:
                wrong = bad if field.name == "" else value | {field.name: bad}
                try:
                    self.subject.decode(wrong)
                except TaskError:
                    continue
                self.require(False, f"`decode` takes {wrong!r}, though {field.name!r} {field.problem(bad)}")

    def test_canonical_is_idempotent_and_valid(self) -> None:
        canonical = jax.jit(jax.vmap(self.subject.canonical))
        for tasks in (self.tasks, self.mutants):
            once = canonical(tasks)
            self.require_same(once, canonical(once), "`canonical` of a canonical task is another task")
            bad = where_false(self.valid(once))
            self.require(not bad, f"`canonical` gave tasks that are not `valid`, such as {self._show(once, bad)}")

    def test_addresses_and_fingerprints_tell_programs_apart(self) -> None:
        tasks = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), self.tasks, self.mutants)
        prints = [tuple(x) for x in self.prints(tasks).tolist()]
        addresses = [self.subject.address(row(tasks, i)) for i in range(rows(tasks))]
        for i in range(len(prints)):
            for j in range(i):
                same = addresses[i] == addresses[j]
                self.require(
                    same == (prints[i] == prints[j]),
                    f"`address` and `fingerprint` disagree whether these are the same: "
                    f"{self._show(tasks, [i])} and {self._show(tasks, [j])}",
                )

    def test_a_disguise_changes_no_address(self) -> None:
        for task in self.every()[:4]:
            for other in [_negative_zeros(task), *self.disguises(task)]:
                self.require(
                    self.subject.address(task) == self.subject.address(other),
                    f"`address` changes with what means nothing (padding, -0.0): {task} and {other}",
                )
                both = jax.tree.map(lambda a, b: jnp.stack([a, b]), task, other)
                prints = self.prints(both)
                self.require(
                    np.array_equal(prints[0], prints[1]),
                    f"`fingerprint` changes with what means nothing (padding, -0.0): {task} and {other}",
                )

    def test_zeros_have_one_sign(self) -> None:
        zeros = jax.tree.map(jnp.zeros_like, self.tasks)
        canonical = jax.jit(jax.vmap(self.subject.canonical))
        same = difference(canonical(zeros), canonical(_negative_zeros(zeros)))
        self.require(same is None, f"`canonical` tells -0.0 from 0.0 ({same})")

    def test_features_are_named_finite_and_bounded(self) -> None:
        if "features" in self.subject.provides:
            found = self.once("features", lambda: jax.jit(jax.vmap(self.subject.features)))(self.mutants)
            names, (low, high) = self.subject.feature_names, self.subject.feature_bounds()
            self.require(
                found.shape == (rows(self.mutants), len(names)) and len(set(names)) == len(names),
                f"`features` gave {found.shape[1:]} numbers for the names {names}",
            )
            self.require(
                low.shape == high.shape == (len(names),) and bool(jnp.all(low <= high)),
                f"`feature_bounds` must be two arrays of {len(names)} numbers, low ≤ high; got {low} and {high}",
            )
            for name, column, least, greatest in zip(names, plain(found).T, plain(low), plain(high)):
                self.require(
                    np.all(np.isfinite(column)) and np.all((column >= least) & (column <= greatest)),
                    f"feature {name!r} left its bounds [{least}, {greatest}]: {column.min()} … {column.max()}",
                )

    def test_features_are_of_the_program(self) -> None:
        if "features" in self.subject.provides:
            features = jax.jit(jax.vmap(self.subject.features))
            canonical = jax.vmap(self.subject.canonical)(self.mutants)
            self.require_close(
                features(self.mutants), features(canonical), "`features` of a task and its canonical form differ"
            )

    def test_parameters_make_valid_tasks(self) -> None:
        if "parameters" in self.subject.provides:
            size = len(self.subject.parameter_names)
            corners = jnp.concatenate([jnp.zeros((1, size)), jnp.ones((1, size)), jr.uniform(self.key(4), (14, size))])
            make = lambda p, k: self.subject.from_parameters(p, key=k)
            tasks = jax.jit(jax.vmap(make))(corners, jr.split(self.key(5), 16))
            bad = where_false(self.valid(tasks))
            self.require(not bad, f"`from_parameters` gave tasks that are not `valid`: {self._show(tasks, bad)}")
            found = jax.vmap(self.subject.parameters)(tasks)
            self.require(
                found.shape == (16, size) and bool(jnp.all((found >= 0) & (found <= 1))),
                f"`parameters` must be {size} numbers in [0, 1], one for each of its names",
            )

    def test_people_can_read_and_see_it(self) -> None:
        task = self.every()[-1]
        line = self.subject.describe(task)
        self.require(
            isinstance(line, str) and bool(line) and "\n" not in line, f"`describe` must be one line, got {line!r}"
        )
        try:
            picture = self.subject.draw(task, 64)
        except CombinationError:
            return  # a space need not be drawn
        self.require(
            isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.ndim == 3,
            "`draw` must be an array (height, width, 3) of uint8",
        )
        self.require(picture.shape[2] == 3 and picture.size > 0, f"`draw` gave a picture of shape {picture.shape}")

    def test_the_studio_makes_valid_tasks(self) -> None:
        studio = self.subject.studio()
        self.require(
            (studio is not None) == ("studio" in self.subject.provides),
            "`provides` must name 'studio' exactly if `studio()` is an environment",
        )
        if studio is not None:
            lesson = fresh_lesson(studio.space.samples(4, key=self.key(6)), False)
            play = jax.jit(lambda k: studio.play(Uniformly(studio.action.count), lesson, key=k).made)
            made = play(self.key(7))
            self.require(made is not None, "the studio's `product` is nothing")
            bad = where_false(self.valid(made))
            self.require(not bad, f"the studio made tasks that are not `valid`: {self._show(made, bad)}")

    def _show(self, tasks: Any, indices: list[int]) -> str:
        return "; ".join(str(self.subject.encode(row(tasks, i))) for i in indices[:3])


def check_space(space: Space, **settings: Any) -> None:
    """Runs every law of `SpaceSuite` on a space, without pytest.

    **Arguments:**

    - `space`: what is examined.
    - `settings`: fields and hooks of the suite to be replaced, such as `COUNT=64`.

    **Raises:** `BrokenLaw` at the first law that does not hold.
    """
    examine(SpaceSuite, space, settings)


def _negative_zeros(tree: Any) -> Any:
    """The same pytree, every zero float written as -0.0."""

    def flip(x: Any) -> Any:
        if not jnp.issubdtype(x.dtype, jnp.floating):
            return x
        values = np.asarray(x).copy()
        values[values == 0] = -0.0
        return jnp.asarray(values)

    return jax.tree.map(flip, tree)


def _forbidden(field: Field) -> list[Any]:
    """Values that a field does not allow."""
    if field.kind in ("real", "whole"):
        ends = [None if field.low is None else field.low - 1, None if field.high is None else field.high + 1]
        return [end for end in ends if end is not None]
    if field.kind == "grid":
        letter, (rows, columns) = field.brushes[0].letters[0], (field.height[1], field.width[1])
        too_wide = "\n".join([letter * (columns + 1)] * rows)
        return [too_wide, "\n".join([letter * columns] * (rows + 1)), "\n".join(["\u2603" * columns] * rows)]
    return ["rubbish that is no choice"] if field.kind == "choice" else []
