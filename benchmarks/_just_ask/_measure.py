"""What all yardsticks do: clocks, shares with intervals, one judgement."""

import time
from typing import Any

import jax.random as jr
import numpy as np
from scipy.stats import t as student

from explora.core import Environment, Outcome, Policy, fresh_lesson
from explora.maths import wilson


class Clock:
    """Processor time and wall time since it was made [s]."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> dict[str, float]:
        """Both, so far."""
        return {
            "cpu_seconds": round(time.process_time() - self._cpu, 1),
            "wall_seconds": round(time.perf_counter() - self._wall, 1),
        }


def judged(env: Environment, policy: Policy, tasks: Any, seed: int) -> Outcome:
    """One episode of each task."""
    return env.judge(policy, fresh_lesson(tasks, False), key=jr.fold_in(jr.key(0x1D6E), seed))


def share(hits: Any) -> dict[str, Any]:
    """A share, and the interval of Wilson in which it lies with 95 %."""
    hits = np.asarray(hits, bool)
    low, high = wilson(float(hits.sum()), len(hits))
    return {"share": float(hits.mean()), "of": len(hits), "low": round(low, 4), "high": round(high, 4)}


def over_seeds(values: list[float]) -> dict[str, Any]:
    """Mean, the worst and the best, and the 95 % interval of the mean over seeds (Student's t)."""
    x = np.asarray(values, np.float64)
    low, high = interval(x)
    return {
        "mean": float(x.mean()),
        "low": low,
        "high": high,
        "least": float(x.min()),
        "greatest": float(x.max()),
        "seeds": len(x),
    }


def interval(x: np.ndarray) -> tuple[float | None, float | None]:
    """The 95 % interval of a mean (Student's t); a single value has none."""
    if len(x) < 2:
        return None, None
    half = float(student.ppf(0.975, len(x) - 1) * x.std(ddof=1) / len(x) ** 0.5)
    return float(x.mean()) - half, float(x.mean()) + half
