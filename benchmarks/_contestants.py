"""Who takes part: explora's own training, processes of peers, and the matrix product that bounds them all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from _protocol import Peer
from _timing import Contestant, NotRun, Sample, Stopwatch

from explora.core import Parts, judge_suite, sharing
from explora.engines import Local
from explora.loop import init

HERE = Path(__file__).resolve().parent
ATTEMPTS = 10


@dataclass
class Training(Contestant):
    """Rounds of explora, in one dispatch, and then an evaluation on the eight held-out mazes, ten attempts each.

    **Arguments:**

    - `name`, `peer`: see `Contestant`.
    - `parts`: what the run is made of.
    - `rounds`: how many rounds make a sample.
    - `warm`: how many samples are thrown away, the first of which is compiled.
    - `evaluate`: whether to evaluate at all.
    """

    name: str
    parts: Parts
    rounds: int
    peer: str | None = None
    warm: int = 1
    evaluate: bool = True
    unit: str = "steps/s"
    _state: Any = field(default=None, repr=False)

    def prepare(self) -> None:
        self._suite = self.parts.domain.suite("holdout")
        self._engine = Local()
        self._state = init(self.parts, key=jr.key(0), budget=2.5e8)
        for _ in range(self.warm):
            self.work()

    def work(self) -> Sample:
        before, updates = int(self._state.spent.steps), int(self._state.spent.updates)
        watch = Stopwatch()
        rounds = {"turns": self.rounds, "capacity": self.rounds}
        self._state, log = self._engine.advance(self.parts, self._state, root=jr.key(1), **rounds)
        with sharing():
            outcome = _judge(self.parts, self._state.learner, self._suite) if self.evaluate else None
        jax.block_until_ready((eqx.filter(self._state, eqx.is_array), log, outcome))
        done = watch.sample(0)
        facts: dict[str, Any] = {"learned": (int(self._state.spent.updates) - updates) / self.rounds}
        archive = self.parts.explorer.archive(self._state.explorer)
        if archive is not None:
            facts["kept"] = int(archive.filled.sum())
        return Sample(int(self._state.spent.steps) - before, done.seconds, done.cpu, facts)

    def close(self) -> None:
        self._state = None


@eqx.filter_jit
def _judge(parts: Parts, learner: Any, suite: Any) -> Any:
    policy = parts.learner.policy(parts.learner.publish(learner))
    return judge_suite(parts.domain, policy, suite, episodes=ATTEMPTS, key=jr.key(2))


@dataclass
class Process(Contestant):
    """A peer in a process of its own.

    **Arguments:**

    - `name`, `peer`, `unit`: see `Contestant`.
    - `interpreter`: which Python runs it; None: there is none, for the reason in `absent`.
    - `script`: which of the scripts beside this file.
    - `arguments`: what the script is told.
    - `absent`: why it is not run without an interpreter.
    - `warm`: how many samples are thrown away, the first of which is compiled.
    """

    name: str
    interpreter: str | None
    script: str
    arguments: Sequence[str]
    absent: str = ""
    peer: str | None = None
    warm: int = 1
    unit: str = "steps/s"
    _process: Peer | None = field(default=None, repr=False)

    def prepare(self) -> None:
        if self.interpreter is None:
            raise NotRun(self.absent)
        self._process = Peer([self.interpreter, str(HERE / self.script), *self.arguments])
        for _ in range(self.warm):
            self.work()

    def work(self) -> Sample:
        assert self._process is not None
        try:
            said = self._process.work()
        except RuntimeError as error:
            raise NotRun(str(error)) from error
        return Sample(said["amount"], said["seconds"], said["cpu"], said["facts"])

    def close(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None


@dataclass
class Product(Contestant):
    """`repeats` products of an (m, k) and a (k, n) matrix of 32-bit floats.

    **Arguments:**

    - `m`, `k`, `n`: the shape.
    - `repeats`: how many make a sample.
    - `inside`: in one dispatch, each needing the one before, as in a recurrent core.
    """

    m: int
    k: int
    n: int
    repeats: int
    inside: bool = False
    peer: str | None = None
    unit: str = "FLOP/s"

    @property
    def name(self) -> str:  # type: ignore[override]
        """The shape."""
        return f"{self.m} × {self.k} × {self.n}{' in a loop' if self.inside else ''}"

    def prepare(self) -> None:
        left, right = jr.split(jr.key(0))
        self._left = jr.normal(left, (self.m, self.k))
        self._right = jr.normal(right, (self.k, self.n)) / self.k**0.5
        self._run = jax.jit(self._loop) if self.inside else jax.jit(jnp.matmul)
        self.work()

    def work(self) -> Sample:
        watch = Stopwatch()
        if self.inside:
            jax.block_until_ready(self._run(self._left, self._right))
        else:
            for _ in range(self.repeats):
                jax.block_until_ready(self._run(self._left, self._right))
        return watch.sample(2.0 * self.m * self.k * self.n * self.repeats)

    def _loop(self, left: Any, right: Any) -> Any:
        def once(_: Any, x: Any) -> Any:
            # The next factor depends on all of the result, so that no part of the product can be left out.
            return x.at[0, 0].set(jnp.sum(x @ right) * 1e-6)

        return jax.lax.fori_loop(0, self.repeats, once, left)

    def close(self) -> None:
        self._left = self._right = None
