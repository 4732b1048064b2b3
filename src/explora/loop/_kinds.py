"""Rounds that differ in nothing but what the explorer makes of them are one program, compiled once."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Int32, PRNGKeyArray

from explora.core import Explorer, Lesson, Outcome, Space

from ._rhythm import phases


class Kind(eqx.Module):
    """One of several phases whose lessons have the same form: what lies between asking and telling is the same.

    **Arguments:**

    - `names`: of these phases.
    - `which`: of them it is; may be traced.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    which: Int32[Array, ""]

    def ask(self, explorer: Explorer, state: Any, space: Space, *, key: PRNGKeyArray) -> tuple[Any, Lesson]:
        """As `Explorer.ask` in that phase, but that the lesson does not say which."""

        def asked(state: Any, name: str) -> tuple[Any, Lesson]:
            state, lesson = explorer.ask(state, space, name, key=key)
            return state, _unsaid(lesson)

        return self._chosen(asked, state)

    def tell(
        self, explorer: Explorer, state: Any, space: Space, lesson: Lesson, outcome: Outcome, *, key: PRNGKeyArray
    ) -> Any:
        """As `Explorer.tell` in that phase."""

        def told(state: Any, name: str) -> Any:
            return explorer.tell(state, space, dataclasses.replace(lesson, phase=name), outcome, key=key)

        return self._chosen(told, state)

    def _chosen(self, do: Any, state: Any) -> Any:
        """`do(state, name)` with the name that it is. What is no array is the same for all of them."""
        arrays, static = eqx.partition(state, eqx.is_array)
        shape = eqx.filter_eval_shape(do, state, self.names[0])
        branch = lambda name: lambda arrays: eqx.filter(do(eqx.combine(arrays, static), name), eqx.is_array)
        found = jax.lax.switch(self.which, [branch(name) for name in self.names], arrays)
        return eqx.combine(found, eqx.filter(shape, _has_shape, inverse=True))


def kinds(explorer: Explorer, state: Any, space: Space) -> tuple[tuple[str, ...], ...]:
    """The explorer's phases, those with lessons of one form together, in order of first appearance."""
    found: dict[Any, list[str]] = {}
    for name in phases(explorer):
        lesson = eqx.filter_eval_shape(
            lambda s, key, name=name: _unsaid(explorer.ask(s, space, name, key=key)[1]), state, jax.random.key(0)
        )
        leaves, form = jax.tree.flatten(lesson)
        shapes = tuple((x.shape, x.dtype) if _has_shape(x) else x for x in leaves)
        found.setdefault((form, shapes), []).append(name)
    return tuple(tuple(names) for names in found.values())


def _unsaid(lesson: Lesson) -> Lesson:
    return dataclasses.replace(lesson, phase="")


def _has_shape(leaf: Any) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct)
