"""The laws of a learner."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from explora.core import Domain, Experience, Learner, Lesson, Outcome, Status, Trajectories, fresh_lesson

from ._suite import Conformance, difference, examine, pick, plain, shapes
from ._toys import Walk

MEASURED = {
    "advantages": ("positive_advantages", "absolute_advantages"),
    "committee": ("predictions",),
    **{
        name: (name,)
        for name in (
            "episodes",
            "returns",
            "max_returns",
            "solved",
            "lengths",
            "values",
            "disagreement",
            "losses",
            "irreducible",
            "predictions",
            "embeddings",
            "gradient",
        )
    },
}
"""Which columns of an outcome a learner measures that names this in `provides`."""


class LearnerSuite(Conformance):
    """The laws of a `Learner`.

    ```python
    class TestLinear(LearnerSuite):
        def part(self):
            return Linear()
    ```
    """

    ROWS: int = 4
    """How many tasks a lesson has."""

    def part(self) -> Learner:
        """The learner to examine."""
        return super().part()

    def domain(self) -> Domain:
        """What it plays."""
        return Walk()

    @property
    def world(self) -> Domain:
        """The domain, made once."""
        return self.once("domain", self.domain)

    @property
    def first(self) -> Any:
        """The state of a learner that has learned nothing yet."""
        return self.once("first", lambda: eqx.filter_jit(lambda k: self.subject.init(self.world, key=k))(self.key(0)))

    @property
    def lesson(self) -> Lesson:
        """A lesson to learn from, every row of it."""

        def make() -> Lesson:
            tasks = jax.jit(lambda k: self.world.space.samples(self.ROWS, key=k))(self.key(1))
            return fresh_lesson(tasks, jnp.ones((self.ROWS,), bool), id=jnp.arange(self.ROWS, dtype=jnp.int32))

        return self.once("lesson", make)

    def play(self, lesson: Lesson, key: int) -> tuple[Any, Experience, Outcome]:
        """`play` from the first state, under `jit`; every row of the experience is said to be ANSWERED."""

        def run(state: Any, lesson: Lesson, key: Any) -> Any:
            state, experience, outcome = self.subject.play(state, self.world, lesson, key=key)
            answered = jnp.full((lesson.rows,), Status.ANSWERED, jnp.int8)
            return state, eqx.tree_at(lambda e: e.status, experience, answered), outcome

        return self.once("play", lambda: eqx.filter_jit(run))(self.first, lesson, self.key(key))

    def update(self, lesson: Lesson, experience: Experience, key: int = 3) -> Any:
        """`update` of the first state, under `jit`."""
        run = lambda state, lesson, lived, key: self.subject.update(state, lesson, lived, key=key)
        return self.once("update", lambda: eqx.filter_jit(run))(self.first, lesson, experience, self.key(key))

    @property
    def lived(self) -> Experience:
        """What became of the lesson."""
        return self.once("lived", lambda: self.play(self.lesson, 2))[1]

    @property
    def learned(self) -> Any:
        """The state after learning from the whole lesson."""
        return self.once("learned", lambda: self.update(self.lesson, self.lived))

    def policy(self, state: Any) -> Any:
        """`policy`, under `jit`."""
        return self.once("policy", lambda: eqx.filter_jit(lambda state: self.subject.policy(state)))(state)

    def test_play_leaves_the_policy_as_it_was(self) -> None:
        after, _, _ = self.play(self.lesson, 2)
        self.require_same(self.policy(self.first), self.policy(after), "`play` changed the policy")
        self.require(shapes(self.first) == shapes(after), "`play` changed shapes or types of the state")

    def test_play_is_a_function_of_its_key(self) -> None:
        once, again = self.play(self.lesson, 2), self.play(self.lesson, 2)
        self.require_same(once, again, "`play` gave two experiences for one key")

    def test_a_row_does_not_depend_on_its_batch(self) -> None:
        half = self.ROWS // 2
        few = self.play(self.lesson.take(0, half), 2)[2]
        cut = jax.tree.map(lambda x: x[:half], self.play(self.lesson, 2)[2])
        self.require_close(cut, few, "rows were measured otherwise when others were played beside them", 1e-4)

    def test_a_piece_is_played_as_in_the_whole_lesson(self) -> None:
        size = self.subject.piece(self.lesson)
        if size is not None:
            self.require(self.ROWS % size == 0, f"`piece` is {size}, which does not divide {self.ROWS} rows")
            last = self.ROWS - size
            cut = jax.tree.map(lambda x: x[last:], self.play(self.lesson, 2)[2])
            after, _, found = self.play(self.lesson.piece(last, self.ROWS), 2)
            self.require_close(cut, found, "a piece was measured otherwise than in the whole lesson", 1e-4)
            self.require_same(
                self.first, after, "`piece` says that rows are played apart, but `play` changed the state"
            )

    def test_measure_has_a_row_for_each_task(self) -> None:
        outcome = self.play(self.lesson, 2)[2]
        for path, column in jax.tree_util.tree_flatten_with_path(outcome)[0]:
            name = jax.tree_util.keystr(path)
            self.require(
                column.shape[:1] == (self.ROWS,), f"outcome{name} has shape {column.shape}, not a row for each task"
            )

    def test_measure_gives_what_is_provided(self) -> None:
        outcome = self.play(self.lesson, 2)[2]
        answered = plain(outcome.answered)
        for promise, columns in MEASURED.items():
            for name in columns:
                column = getattr(outcome, name)
                if promise in self.subject.provides:
                    self.require(column is not None, f"`provides` names {promise!r}, but outcome.{name} is None")
                    for leaf in map(plain, jax.tree.leaves(column)):
                        self.require(np.all(np.isfinite(leaf[answered])), f"outcome.{name} is not finite: {leaf}")

    def test_update_learns_something(self) -> None:
        same = difference(self.policy(self.first), self.policy(self.learned))
        self.require(same is not None, "`update` from a lesson of which every row is to be learned changed nothing")

    def test_update_keeps_the_shapes_of_the_state(self) -> None:
        self.require(
            shapes(self.first) == shapes(self.learned),
            f"`update` changed shapes or types of the state, so turns cannot be compiled: from "
            f"{shapes(self.first)[1]} to {shapes(self.learned)[1]}",
        )

    def test_update_is_a_function_of_its_key(self) -> None:
        again = self.update(self.lesson, self.lived)
        self.require_same(self.learned, again, "`update` led to two states with one key")

    def test_update_learns_finite_numbers(self) -> None:
        leaves = [plain(x) for x in jax.tree.leaves(self.learned) if eqx.is_inexact_array(x)]
        self.require(all(np.all(np.isfinite(x)) for x in leaves), "`update` led to weights that are not finite")

    def test_rows_that_are_not_to_be_learned_change_nothing(self) -> None:
        learns = jnp.arange(self.ROWS) % 2 == 0
        lesson = eqx.tree_at(lambda l: l.learn, self.lesson, learns)
        once, other = (self.update(lesson, x) for x in (self.lived, self.spoil(self.lived, learns)))
        self.require_close(once, other, "`update` learned from rows of which `learn` is not set", 1e-6)

    def test_rows_that_are_not_answered_change_nothing(self) -> None:
        answered = jnp.arange(self.ROWS) % 2 == 0
        status = jnp.where(answered, Status.ANSWERED, Status.VOID).astype(jnp.int8)
        lived = eqx.tree_at(lambda e: e.status, self.lived, status)
        once, other = (self.update(self.lesson, x) for x in (lived, self.spoil(lived, answered)))
        self.require_close(once, other, "`update` learned from rows that are VOID", 1e-6)

    def test_publish_changes_no_shapes_and_plays(self) -> None:
        published = eqx.filter_jit(lambda state: self.subject.publish(state))(self.learned)
        self.require(shapes(published) == shapes(self.learned), "`publish` changed shapes or types of the state")
        self.require(
            shapes(self.policy(published)) == shapes(self.policy(self.learned)),
            "the policy of the published state is another kind of policy",
        )

    def test_thaw_undoes_freeze(self) -> None:
        frozen = self.subject.freeze(self.learned)
        self.require_same(self.learned, self.subject.thaw(frozen, self.first), "`thaw` does not undo `freeze`")

    def test_metrics_have_the_same_names_always(self) -> None:
        first, later = (self.subject.metrics(state) for state in (self.first, self.learned))
        self.require(set(first) == set(later), f"`metrics` changed its names from {sorted(first)} to {sorted(later)}")
        for name, value in later.items():
            self.require(jnp.shape(value) == (), f"metric {name!r} must be a scalar, got shape {jnp.shape(value)}")

    def test_different_keys_give_different_learners(self) -> None:
        other = eqx.filter_jit(lambda k: self.subject.init(self.world, key=k))(self.key(9))
        self.require(shapes(other) == shapes(self.first), "`init` gave states of different shapes for different keys")

    def spoil(self, experience: Experience, keep: Any) -> Experience:
        """The same experience with other data in the rows where `keep` does not hold."""
        data = experience.data
        if isinstance(data, Trajectories):
            other = self.play(self.lesson, 4)[1].data
            mix = lambda a, b: jnp.where(keep.reshape((1, -1) + (1,) * (a.ndim - 2)), a, b)
            rewards = mix(data.rewards, other.rewards + 3.0)
            last = jax.tree.map(lambda a, b: mix(a[None], b[None])[0], data.last, other.last)
            mixed = jax.tree.map(
                mix, eqx.tree_at(lambda t: t.last, data, None), eqx.tree_at(lambda t: t.last, other, None)
            )
            mixed = eqx.tree_at(lambda t: (t.rewards, t.last), mixed, (rewards, last), is_leaf=lambda x: x is None)
            return eqx.tree_at(lambda e: e.data, experience, mixed)
        other = jax.tree.map(lambda x: x + jnp.ones((), x.dtype) if eqx.is_inexact_array(x) else x, data)
        return eqx.tree_at(lambda e: e.data, experience, pick(keep, data, other))


def check_learner(learner: Learner, **settings: Any) -> None:
    """Runs every law of `LearnerSuite` on a learner, without pytest.

    **Arguments:**

    - `learner`: what is examined.
    - `settings`: fields and hooks of the suite to be replaced, such as `domain=lambda self: MyDomain()`.

    **Raises:** `BrokenLaw` at the first law that does not hold.
    """
    examine(LearnerSuite, learner, settings)
