"""The laws of an explorer."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from explora.core import NEW, Explorer, Lesson, Outcome, Space, Status, fresh_lesson
from explora.loop import phase_at

from ._suite import BrokenLaw, Conformance, examine, pick, plain, row, rows, shapes, where_false
from ._toys import Trails


class _Turn(NamedTuple):
    """What one turn of the suite's own loop left behind."""

    phase: str
    asked: Lesson  # as the explorer gave it
    lesson: Lesson  # numbered
    asked_state: Any  # after `ask`
    state: Any  # after `tell`


class ExplorerSuite(Conformance):
    """The laws of an `Explorer`, in a loop without a learner: outcomes are drawn at random.

    ```python
    class TestCarousel(ExplorerSuite):
        def part(self):
            return Carousel()
    ```
    """

    TURNS: int = 12
    """How many turns are taken; at least two times round the rhythm is wise."""

    def part(self) -> Explorer:
        """The explorer to examine."""
        return super().part()

    def space(self) -> Space:
        """Where it searches."""
        return Trails()

    def outcome(self, lesson: Lesson, *, key: PRNGKeyArray) -> Outcome:
        """What the suite says became of a lesson: every row ANSWERED, every column a plausible random number."""
        keys = jr.split(key, 11)
        real = lambda number: jr.uniform(keys[number], (lesson.rows,))
        signed = lambda number: 2.0 * real(number) - 1.0
        whole = jr.randint(keys[8], (lesson.rows,), 1, 5)
        returns = real(0)
        return Outcome(
            jnp.full((lesson.rows,), Status.ANSWERED, jnp.int8),
            steps=10 * whole,
            calls=jnp.zeros((lesson.rows,), jnp.int32),
            episodes=whole,
            returns=returns,
            max_returns=returns + (1.0 - returns) * real(1),
            solved=jr.randint(keys[2], (lesson.rows,), 0, 5).astype(jnp.float32) / 4.0,
            lengths=1.0 + 9.0 * real(3),
            values=signed(4),
            positive_advantages=real(5),
            absolute_advantages=real(5) + real(6),
            disagreement=real(7),
            optimal_returns=jnp.ones((lesson.rows,)),
            losses=real(6),
            predictions=jax.nn.softmax(jr.normal(keys[9], (lesson.rows, 2, 3))),
            embeddings=jr.normal(keys[10], (lesson.rows, 4)),
        )

    @property
    def field(self) -> Space:
        """The space, made once."""
        return self.once("space", self.space)

    @property
    def first(self) -> Any:
        """The state before the first turn."""
        return self.once("first", lambda: self.quick(lambda k: self.subject.init(self.field, key=k))(self.key(0)))

    def quick(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function compiled, unless the explorer needs plain Python."""
        return function if self.subject.hosted or self.field.hosted else eqx.filter_jit(function)

    def ask(self, state: Any, phase: str, key: PRNGKeyArray, tasks: int) -> tuple[Any, Lesson, Lesson]:
        """Asks, and numbers the new tasks as the loop does."""

        def run(state: Any, key: Any, tasks: Array, phase: str) -> Any:
            state, lesson = self.subject.ask(state, self.field, phase, key=key)
            new = lesson.id == NEW
            ids = jnp.where(new, tasks + jnp.cumsum(new.astype(jnp.int32)) - 1, lesson.id)
            return state, lesson, eqx.tree_at(lambda l: l.id, lesson, ids)

        return self.once("ask", lambda: self.quick(run))(state, key, jnp.asarray(tasks, jnp.int32), phase)

    def tell(self, state: Any, lesson: Lesson, outcome: Outcome, key: PRNGKeyArray) -> Any:
        """Tells, under `jit`."""
        run = lambda state, lesson, outcome, key: self.subject.tell(state, self.field, lesson, outcome, key=key)
        return self.once("tell", lambda: self.quick(run))(state, lesson, outcome, key)

    def draw(self, lesson: Lesson, key: PRNGKeyArray) -> Outcome:
        """`outcome`, under `jit`."""
        run = lambda lesson, key: self.outcome(lesson, key=key)
        return self.once("outcome", lambda: eqx.filter_jit(run))(lesson, key)

    def walk(self, seed: int) -> list[_Turn]:
        """`TURNS` turns from the first state."""
        state, count, turns = self.first, 0, []
        for turn in range(self.TURNS):
            phase, key = phase_at(self.subject, turn), jr.fold_in(self.key(seed), turn)
            asked_state, asked, lesson = self.ask(state, phase, jr.fold_in(key, 0), count)
            outcome = self.draw(lesson, jr.fold_in(key, 1))
            state = self.tell(asked_state, lesson, outcome, jr.fold_in(key, 2))
            count += int(np.sum(plain(asked.id) == NEW))
            turns.append(_Turn(phase, asked, lesson, asked_state, state))
        return turns

    @property
    def turns(self) -> list[_Turn]:
        """The turns that the laws look at."""
        return self.once("turns", lambda: self.walk(1))

    @property
    def numbered(self) -> int:
        """How many tasks the turns have numbered."""
        return 1 + max(int(plain(turn.lesson.id).max()) for turn in self.turns)

    def foreign(self, count: int, key: int) -> Lesson:
        """A lesson that the explorer did not ask for: tasks that a person sent, or another judge."""
        tasks = jax.jit(lambda k: self.field.samples(count, key=k))(self.key(key))
        return fresh_lesson(tasks, True, id=self.numbered + 100 * key + jnp.arange(count, dtype=jnp.int32))

    def kept(self, state: Any) -> set[int]:
        """The numbers of the tasks in the archive."""
        archive = self.subject.archive(state)
        return set() if archive is None else set(plain(archive.id)[plain(archive.filled)].tolist())

    def last_of_each_phase(self) -> list[_Turn]:
        """One turn of each phase."""
        return list({turn.phase: turn for turn in self.turns}.values())

    def test_rhythm_is_a_list_of_phases(self) -> None:
        rhythm = self.subject.rhythm
        good = isinstance(rhythm, tuple) and len(rhythm) > 0
        good = good and all(isinstance(name, str) and isinstance(times, int) and times > 0 for name, times in rhythm)
        self.require(good, f"`rhythm` must be pairs of a name and a positive whole number, got {rhythm!r}")

    def test_states_keep_their_shapes(self) -> None:
        for turn in self.turns:
            for verb, state in (("ask", turn.asked_state), ("tell", turn.state)):
                self.require(
                    shapes(state) == shapes(self.first),
                    f"`{verb}` in the phase {turn.phase!r} changed shapes or types of the state, so turns cannot be "
                    f"compiled: from {shapes(self.first)[1]} to {shapes(state)[1]}",
                )

    def test_lessons_are_well_formed(self) -> None:
        for turn in self.turns:
            lesson, count = turn.asked, turn.asked.rows
            self.require(rows(lesson.tasks) == count, f"a lesson has {rows(lesson.tasks)} tasks and {count} numbers")
            for name in ("id", "parent"):
                column = getattr(lesson, name)
                self.require(
                    column.shape == (count,) and column.dtype == jnp.int32, f"`{name}` must be int32[{count}]: {column}"
                )
            self.require(
                isinstance(lesson.learn, bool) or (lesson.learn.shape == (count,) and lesson.learn.dtype == bool),
                f"`learn` must be a bool or one a row, got {lesson.learn}",
            )
            self.require(count % lesson.queue == 0, f"`queue`={lesson.queue} does not divide the {count} rows")
            least = 0 if "items" in self.field.provides else 1  # only what can be asked for can be looked at first
            self.require(lesson.plays >= least, f"`plays` must be at least {least}, got {lesson.plays}")
            if lesson.span is not None:
                first, stop = lesson.span
                outside = np.delete(plain(lesson.learn_mask), np.arange(first, stop))
                self.require(0 <= first < stop <= count, f"`span`={lesson.span} does not lie in the {count} rows")
                self.require(not outside.any(), f"rows outside `span`={lesson.span} have `learn` set")
            if lesson.who is not None:
                who = plain(lesson.who)
                blocks = 1 + int(np.sum(who[1:] != who[:-1]))
                self.require(blocks == len(set(who.tolist())), f"the rows of one member must be one block, got {who}")

    def test_lessons_hold_valid_tasks(self) -> None:
        valid = self.once("valid", lambda: jax.jit(jax.vmap(self.field.valid)))
        for turn in self.turns:
            if turn.asked.where == "main":
                bad = where_false(valid(turn.asked.tasks))
                tasks = [self.field.encode(row(turn.asked.tasks, i)) for i in bad[:2]]
                self.require(not bad, f"`ask` in the phase {turn.phase!r} gave tasks that are not `valid`: {tasks}")

    def test_numbers_are_of_tasks_that_were_asked_for(self) -> None:
        seen: set[int] = set()
        if "items" in self.field.provides:  # there are finitely many tasks, and each has its number already
            seen = set(range(getattr(self.field, "rows", 0)))
        for turn in self.turns:
            for name in ("id", "parent"):
                strange = set(plain(getattr(turn.asked, name)).tolist()) - seen - {NEW}
                self.require(not strange, f"`{name}` names tasks that nobody has numbered: {sorted(strange)[:5]}")
            seen |= set(plain(turn.lesson.id).tolist())

    def test_the_same_key_gives_the_same_turns(self) -> None:
        again = self.walk(1)
        self.require_same(self.turns[-1].state, again[-1].state, "the same keys led to two states")

    def test_waiting_rows_change_nothing(self) -> None:
        for turn in self.last_of_each_phase():
            outcome = self.draw(turn.lesson, self.key(2))
            waiting = _with_status(outcome, jnp.full((turn.lesson.rows,), Status.WAITING, jnp.int8))
            after = self.tell(turn.asked_state, turn.lesson, waiting, self.key(3))
            self.require_same(
                turn.asked_state, after, f"`tell` changed the state where all rows wait (phase {turn.phase!r})"
            )

    def test_what_a_waiting_row_says_is_ignored(self) -> None:
        for turn in self.last_of_each_phase():
            outcome, other = self.draw(turn.lesson, self.key(2)), self.draw(turn.lesson, self.key(4))
            waits = jnp.arange(turn.lesson.rows) % 2 == 0
            status = jnp.where(waits, Status.WAITING, Status.ANSWERED).astype(jnp.int8)
            first, second = (_with_status(x, status) for x in (outcome, pick(waits, other, outcome)))
            self.require_same(
                self.tell(turn.asked_state, turn.lesson, first, self.key(3)),
                self.tell(turn.asked_state, turn.lesson, second, self.key(3)),
                f"`tell` read the outcome of rows that wait (phase {turn.phase!r})",
            )

    def test_a_task_is_kept_once(self) -> None:
        state, lesson = self.turns[-1].state, self.foreign(4, 1)
        outcome = self.draw(lesson, self.key(5))
        early = jnp.arange(4) < 2
        for answered in (early, ~early):
            status = jnp.where(answered, Status.ANSWERED, Status.WAITING).astype(jnp.int8)
            state = self.tell(state, lesson, _with_status(outcome, status), self.key(6))
        for at in (state, *(turn.state for turn in self.turns)):
            archive = self.subject.archive(at)
            if archive is not None:
                ids = plain(archive.id)[plain(archive.filled)].tolist()
                self.require(len(set(ids)) == len(ids), f"the archive holds a task more than once: numbers {ids}")

    def test_foreign_lessons_are_taken(self) -> None:
        for count in {self.turns[-1].lesson.rows, 3}:
            lesson = self.foreign(count, 2)
            try:
                after = self.tell(self.turns[-1].state, lesson, self.draw(lesson, self.key(7)), self.key(8))
            except Exception as error:
                raise BrokenLaw(
                    f"{self.title}: `tell` failed on a lesson that the explorer did not ask for, whose `memo` is None: "
                    f"{type(error).__name__}: {error}"
                ) from error
            self.require(shapes(after) == shapes(self.first), "`tell` of a foreign lesson changed shapes of the state")
            again = self.ask(after, self.turns[0].phase, self.key(9), self.numbered)[1]
            self.require(again.rows == self.turns[0].asked.rows, "after a foreign lesson `ask` gave another shape")

    def test_void_tasks_are_not_kept(self) -> None:
        lesson = self.foreign(4, 3)
        void = jnp.full((4,), Status.VOID, jnp.int8)
        after = self.tell(self.turns[-1].state, lesson, _with_status(self.draw(lesson, self.key(2)), void), self.key(3))
        strange = self.kept(after) & set(plain(lesson.id).tolist())
        self.require(not strange, "the archive holds tasks that were VOID")
        for turn in self.last_of_each_phase():
            void = jnp.full((turn.lesson.rows,), Status.VOID, jnp.int8)
            outcome = _with_status(self.draw(turn.lesson, self.key(2)), void)
            after = self.tell(turn.asked_state, turn.lesson, outcome, self.key(3))
            fresh = set(plain(turn.lesson.id)[plain(turn.asked.id) == NEW].tolist())
            strange = (self.kept(after) - self.kept(turn.asked_state)) & fresh
            self.require(not strange, f"the archive holds tasks that were VOID (phase {turn.phase!r})")

    def test_scores_that_are_no_numbers_are_not_kept(self) -> None:
        for value in (float("nan"), -float("inf")):
            lesson = self.foreign(4, 4)
            spoil = lambda x: jnp.full_like(x, value) if jnp.issubdtype(x.dtype, jnp.floating) else x  # noqa: B023
            outcome = jax.tree.map(spoil, self.draw(lesson, self.key(2)))
            after = self.tell(self.turns[-1].state, lesson, outcome, self.key(3))
            strange = self.kept(after) & set(plain(lesson.id).tolist())
            self.require(not strange, f"the archive holds tasks of which everything measured is {value}")
            self._archive_is_sound(after)

    def test_archives_are_sound(self) -> None:
        for turn in self.turns:
            self._archive_is_sound(turn.state)

    def test_it_says_how_far_it_has_come(self) -> None:
        for turn in self.last_of_each_phase():
            try:
                done, ended = self.subject.done(turn.state), self.subject.finished(turn.state)
                waits, unsettled = self.subject.waiting(turn.state), self.subject.open(turn.state)
            except TypeError as error:
                raise BrokenLaw(
                    f"{self.title}: a field hides `done`, `finished`, `waiting` or `open` ({error})"
                ) from error
            self.require(done is None or 0.0 <= done <= 1.0, f"`done` must be None or in [0, 1], got {done!r}")
            self.require(ended is None or isinstance(ended, str), f"`finished` must be None or a text, got {ended!r}")
            self.require(isinstance(waits, bool), f"`waiting` must be True or False, got {waits!r}")
            self.require(unsettled is None or isinstance(unsettled, Lesson), "`open` must be None or a Lesson")

    def test_metrics_have_the_same_names_always(self) -> None:
        names = set(self.subject.metrics(self.first))
        for turn in self.last_of_each_phase():
            found = self.subject.metrics(turn.state)
            self.require(set(found) == names, f"`metrics` changed its names from {sorted(names)} to {sorted(found)}")
            for name, value in found.items():
                self.require(jnp.shape(value) == (), f"metric {name!r} must be a scalar, got shape {jnp.shape(value)}")
                self.require(not np.isinf(float(value)), f"metric {name!r} is infinite")

    def test_thaw_undoes_freeze(self) -> None:
        frozen = self.subject.freeze(self.turns[-1].state)
        self.require_same(self.turns[-1].state, self.subject.thaw(frozen, self.first), "`thaw` does not undo `freeze`")

    def _archive_is_sound(self, state: Any) -> None:
        archive = self.subject.archive(state)
        if archive is None:
            return
        slots = {rows(archive.tasks), *(len(x) for x in (archive.filled, archive.id, archive.parent, archive.score))}
        self.require(len(slots) == 1, f"the columns of the archive have different lengths: {sorted(slots)}")
        filled, ids = plain(archive.filled), plain(archive.id)
        self.require(np.all(ids[filled] >= 0), "the archive holds a task without a number")
        self.require(np.all(np.isfinite(plain(archive.score)[filled])), "the archive holds a score that is not finite")
        valid = self.once("valid", lambda: jax.jit(jax.vmap(self.field.valid)))(archive.tasks)
        self.require(np.all(plain(valid)[filled]), "the archive holds a task that is not `valid`")


def check_explorer(explorer: Explorer, **settings: Any) -> None:
    """Runs every law of `ExplorerSuite` on an explorer, without pytest.

    **Arguments:**

    - `explorer`: what is examined.
    - `settings`: fields and hooks of the suite to be replaced, such as `TURNS=60` or `space=lambda self: MySpace()`.

    **Raises:** `BrokenLaw` at the first law that does not hold.
    """
    examine(ExplorerSuite, explorer, settings)


def _with_status(outcome: Outcome, status: Array) -> Outcome:
    return eqx.tree_at(lambda o: o.status, outcome, status)
