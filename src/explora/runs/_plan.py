"""How long a run goes on, and how often the host looks in."""

import equinox as eqx

from explora.core import ArgumentError, UnknownName
from explora.store import SINKS


class Plan(eqx.Module):
    """Everything about a run that is not one of its parts.

    **Arguments:**

    - `minutes`: stop after this much wall-clock time, compilation included [min], but not before the first record.
    - `steps`: stop once this many environment steps are spent, scoring rollouts included.
    - `seed`: determines everything; two runs of the same plan and parts are equal to the last bit.
    - `record`: about how many environment steps lie between two records.
    - `checkpoint`: seconds between two checkpoints; a crash loses no more [s].
    - `watch`: the suites on which versions are judged during the run; None: the first two of the domain.
    - `episodes`: how often each task of a watched suite is played, during the run.
    - `final_episodes`: how often at the end.
    - `keep`: how many checkpoints are kept.
    - `experience`: keep the episodes of one turn in so many, in the run's folder; None: of none.
    - `track`: where else the metrics go: `csv`, `tensorboard`, `wandb`, `mlflow` (see `explora.store.open_sink`).
    """

    minutes: float | None = None
    steps: int | None = None
    seed: int = 0
    record: int = 131_072
    checkpoint: float = 30.0
    watch: tuple[str, ...] | None = None
    episodes: int = 5
    final_episodes: int = 20
    keep: int = 3
    experience: int | None = None
    track: tuple[str, ...] = ()

    def __check_init__(self):
        for name in ("minutes", "steps", "record", "episodes", "final_episodes", "keep", "experience"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ArgumentError(f"`{name}` must be positive, got {value}")
        for name in self.track:
            if name not in SINKS:
                raise UnknownName("sink", name, SINKS)

    def evaluation_due(self, before: int, after: int) -> bool:
        """Whether a version is judged when the steps spent grow from `before` to `after`.

        Versions come every quarter of a million steps at first and then every time the steps have grown by a quarter,
        so that early progress shows and long runs do not drown in evaluations. It depends on steps alone, never on
        the clock.
        """
        return _evaluations(after) > _evaluations(before)


_FIRST = 250_000
_GROWTH = 1.25


def _evaluations(steps: int) -> int:
    """How many evaluations are due once `steps` steps are spent."""
    count, due = 0, float(_FIRST)
    while due <= steps:
        count += 1
        due = max(due + _FIRST, due * _GROWTH)
    return count
