"""A worker: it is told which parts there are, then plays one piece of a lesson after the other."""

import os
import signal
import sys
import traceback
from typing import Any

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
from jaxtyping import PRNGKeyArray

from explora.core import Domain, Experience, Learner, Lesson, Outcome, Parts, build, jitted, spec

from ._messages import filled, flat, pack, receive, send, unpack

_SETTINGS = (
    "jax_enable_x64",
    "jax_default_matmul_precision",
    "jax_default_prng_impl",
    "jax_threefry_partitionable",
    "jax_numpy_dtype_promotion",
    "jax_numpy_rank_promotion",
    "jax_disable_most_optimizations",
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_min_entry_size_bytes",
)
"""What workers have in common with whoever sends them work, so that all of them compile the same programs."""


def introduction(parts: Parts) -> bytes:
    """The first message to a worker: which parts there are, and how programs are compiled.

    **Raises:** `ArgumentError` for parts that a configuration cannot name.
    """
    return pack(
        {
            "kind": "parts",
            "learner": spec(parts.learner),
            "domains": {"main": spec(parts.domain)} | {name: spec(x) for name, x in parts.others.items()},
            "settings": {name: _plain(jax.config.values[name]) for name in _SETTINGS},
            "flags": os.environ.get("XLA_FLAGS", ""),
        }
    )


def news(state: Any) -> bytes:
    """The message that says how the learner stands."""
    return pack({"kind": "state"}, flat(state))


def order(piece: Lesson, key: PRNGKeyArray) -> bytes:
    """The message that has a worker play a piece of a lesson; to be answered with what `played` returns."""
    return pack({"kind": "play"} | manner(piece), [*flat(key), *flat(piece)])


def manner(piece: Lesson) -> dict[str, Any]:
    """What there is to say of a piece of a lesson besides its numbers."""
    learn = piece.learn if isinstance(piece.learn, bool) else None
    named = piece.who is not None
    return {"where": piece.where, "plays": piece.plays, "queue": piece.queue, "learn": learn, "who": named}


def played(
    learner: Learner, state: Any, domain: Domain, piece: Lesson, key: PRNGKeyArray
) -> tuple[Experience, Outcome]:
    """What the learner makes of a piece of a lesson. Its state stays as it is, see `Learner.piece`."""
    return learner.play(state, domain, piece, key=key)[1:]


class Work:
    """What a worker knows and does. It answers every message with another one, and never raises.

    It computes on one core, whatever the machine has, so that results do not depend on where it lives.
    """

    def __init__(self):
        self._learner: Any = None
        self._domains: dict[str, Any] = {}
        self._state: Any = None

    def answer(self, message: bytes) -> bytes:
        """The answer to a message from `introduction`, `news` or `order`."""
        said, arrays = unpack(message)
        try:
            if said["kind"] == "parts":
                return self._meet(said)
            if said["kind"] == "state":
                return self._hear(arrays)
            return self._play(said, arrays)
        except Exception as error:
            traceback.print_exc()
            return pack({"failed": f"{type(error).__name__}: {error}"})

    def _meet(self, said: Any) -> bytes:
        _one_core(said["flags"])
        for name, value in said["settings"].items():
            jax.config.update(name, value)
        self._learner = build(said["learner"])
        self._domains = {name: build(domain) for name, domain in said["domains"].items()}
        main = self._domains["main"]
        self._state = eqx.filter_eval_shape(lambda: self._learner.init(main, key=jr.key(0)))
        return pack({})

    def _hear(self, arrays: list[Any]) -> bytes:
        self._state = filled(self._state, arrays)
        return pack({})

    def _play(self, said: Any, arrays: list[Any]) -> bytes:
        domain, one = self._domains[said["where"]], np.zeros((1,), np.int32)
        blank = Lesson(  # its structure is that of the piece, its shapes do not matter
            eqx.filter_eval_shape(lambda: domain.space.sample(key=jr.key(0))),
            one > 0 if said["learn"] is None else said["learn"],
            one,
            one,
            who=one if said["who"] else None,
            first=one[0],
            plays=said["plays"],
            queue=said["queue"],
            where=said["where"],
        )
        key, piece = filled((jax.eval_shape(lambda: jr.key(0)), blank), arrays)
        return pack({}, flat(jitted(played, domain)(self._learner, self._state, domain, piece, key)))


def main() -> None:
    """The life of a process that works: messages come by the standard input, answers go to the standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the driver, who lets the work in hand end
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed must not come between the answers
    work = Work()
    while True:
        try:
            message = receive(sys.stdin.buffer)
        except EOFError:
            return  # nobody needs it any more
        send(answers, work.answer(message))


def _plain(value: Any) -> Any:
    """The value of an enumeration's member, anything else as it is."""
    return getattr(value, "value", value)


def _one_core(flags: str) -> None:
    """One thread, one device: read by JAX when it computes for the first time."""
    kept = [flag for flag in flags.split() if "xla_force_host_platform_device_count" not in flag]
    os.environ["XLA_FLAGS"] = " ".join([*kept, "--xla_cpu_multi_thread_eigen=false"])
    os.environ["NPROC"] = "1"
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_num_cpu_devices", 1)
