"""What an episode was good for, seen afterwards: which of the things that it achieved is taken for its goal."""

from typing import Literal, NamedTuple

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Int64

from explora.core import ArgumentError, Episodes, between

Strategy = Literal["none", "final", "future", "geometric", "episode", "random"]


class Aims(NamedTuple):
    """What some steps are taken to have aimed at.

    **Arguments:**

    - `end`: how many steps of the episode lead there; the horizon of step `t` is `end - t`, its return the sum of the
      rewards of the steps `t … end - 1`.
    - `step`: after which of all stored steps the goal was achieved; -1 where it is the goal of the episode itself.
    - `relabelled`: where hindsight has been used.
    """

    end: Int64[np.ndarray, " some"]
    step: Int64[np.ndarray, " some"]
    relabelled: Bool[np.ndarray, " some"]


class Hindsight(eqx.Module):
    """How goals are chosen in hindsight. All that is drawn lies *after* the step, so that its action led there.

    | strategy | goal of step t in an episode of T steps | end |
    |---|---|---|
    | `none` | that of the episode, as its column `goal` says | T |
    | `final` | what was achieved after the last step | T |
    | `future` | after step e - 1, with e uniform in t + 1 … T | e |
    | `geometric` | the same with e - t geometric, at most T - t | e |
    | `episode` | after any step of the episode, also an earlier one | T |
    | `random` | after any step of any episode | T |

    The last two do not say what the action was good for: they are baselines, and what HER calls by these names for
    learners that recompute the reward.

    **Arguments:**

    - `strategy`: see above.
    - `share`: of the windows that are seen in hindsight; the others keep the goal of their episode.
    - `discount`: of `geometric`: e - t is 1 / (1 - discount) steps in the mean, if the episode goes on long enough.

    **Reference:** Andrychowicz et al. 2017, section 4.5 (arXiv:1707.01495); Ghosh et al. 2019 (arXiv:1912.06088);
    Park et al. 2024 (OGBench, arXiv:2410.20092) for `geometric`.
    """

    strategy: Strategy = "future"
    share: float = 1.0
    discount: float = 0.9

    def __check_init__(self):
        between("share", self.share, 0, 1)
        between("discount", self.discount, 0)
        if not self.discount < 1:
            raise ArgumentError(f"`discount` must be less than 1, got {self.discount}; for the last step use `final`")

    def aims(
        self,
        episodes: Episodes,
        episode: Int64[np.ndarray, " some"],
        time: Int64[np.ndarray, " some"],
        *,
        rng: np.random.Generator,
    ) -> Aims:
        """What the step `time` of each `episode` aimed at."""
        length = episodes.offsets[episode + 1] - episodes.offsets[episode]
        left = length - time
        if self.strategy == "future":
            ahead = 1 + rng.integers(0, left)
        elif self.strategy == "geometric":
            ahead = np.minimum(rng.geometric(1.0 - self.discount, len(left)), left)
        else:
            ahead = left
        step = episodes.offsets[episode] + time + ahead - 1
        if self.strategy == "episode":
            step = episodes.offsets[episode] + rng.integers(0, length)
        elif self.strategy == "random":
            step = rng.integers(0, episodes.steps, len(left))
        seen = np.full(len(left), self.strategy != "none")
        if self.share < 1:
            seen &= rng.random(len(left)) < self.share
        return Aims(time + np.where(seen, ahead, left), np.where(seen, step, -1), seen)
