"""The laws of a run: what must hold whatever its parts are."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from explora.core import ArgumentError, Parts, Suite, judge_suite
from explora.loop import State, chunk, host_chunk, init

from ._suite import BrokenLaw, difference


def check_run(
    parts: Parts, *, seed: int = 0, split: tuple[int, int] = (5, 7), hosted: int = 3, tolerance: float = 1e-4
) -> None:
    """Runs parts together and checks that

    - `a + b` turns are the same as `a` turns and `b` turns, to the last bit, with an evaluation in between;
    - one compilation serves chunks of every length;
    - the compiled and the hosted way agree to floating-point rounding.

    **Arguments:**

    - `parts`: what the run is made of. If any is hosted, only the first law is checked, in plain Python.
    - `seed`: of the run.
    - `split`: `a` and `b` [turns].
    - `hosted`: how many turns the two ways are compared for. Rounding may turn a draw, so keep this small.
    - `tolerance`: what counts as rounding, relative to the larger of 1 and the number.

    **Raises:** `BrokenLaw` with the law that does not hold.
    """
    if min(*split, hosted) < 1:
        raise ArgumentError(f"`split` and `hosted` must be at least 1, got {split} and {hosted}")
    first = init(parts.check(), key=jr.key(seed), budget=1e6)
    whole = _run(parts, first, seed, sum(split), sum(split))
    half = _run(parts, first, seed, split[0], sum(split))
    judged = _judge(parts, half, seed)
    with _compilations() as found:
        parted = _run(parts, half, seed, split[1], sum(split))
    _law(difference(whole, parted), f"{sum(split)} turns are not {split[0]} turns, an evaluation and {split[1]} turns")
    _law(difference(judged, _judge(parts, half, seed)), "two evaluations of one state differ: they must not change it")
    if not parts.hosted:
        _law(", ".join(found) or None, "a chunk of another length was compiled anew")
        compiled = _run(parts, first, seed, hosted, sum(split))
        plainly = host_chunk(parts, first, root=jr.key(seed), turns=hosted)[0]
        _law(difference(compiled, plainly, tolerance), f"after {hosted} turns the compiled and the hosted way disagree")


def _run(parts: Parts, state: State, seed: int, turns: int, capacity: int) -> State:
    """The state after some turns; the state that is given stays whole."""
    if parts.hosted:
        return host_chunk(parts, state, root=jr.key(seed), turns=turns)[0]
    own = jax.tree.map(lambda x: jnp.copy(x) if eqx.is_array(x) else x, state)
    return chunk(parts, own, root=jr.key(seed), turns=turns, capacity=capacity)[0]


def _judge(parts: Parts, state: State, seed: int) -> Any:
    """What an evaluation finds; on random tasks where the domain has no suite."""
    domain, learner = parts.domain, parts.learner
    names = domain.suite_names
    suite = domain.suite(names[0]) if names else Suite(parts.space.samples(2, key=jr.key(seed)), ("first", "second"))
    policy = learner.policy(learner.publish(state.learner))
    judge = lambda policy, suite: judge_suite(domain, policy, suite, episodes=1, key=jr.key(seed + 1))
    return judge(policy, suite) if parts.hosted else eqx.filter_jit(judge)(policy, suite)


def _law(broken: str | None, sentence: str) -> None:
    if broken is not None:
        raise BrokenLaw(f"{sentence} ({broken})")


@contextmanager
def _compilations() -> Iterator[list[str]]:
    """The names of the programs that are compiled meanwhile."""
    found: list[str] = []

    def note(event: str, duration_secs: float, **facts: Any) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            found.append(str(facts.get("fun_name", "a program")))

    jax.monitoring.register_event_duration_secs_listener(note)
    try:
        yield found
    finally:
        jax.monitoring.unregister_event_duration_listener(note)
