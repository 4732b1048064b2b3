"""From trajectories to one row of outcome for each task."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from explora.core import Experience, Lesson, Outcome, Status, Trajectories
from explora.maths import by_row, episode_means


def measure(lesson: Lesson, experience: Experience, advantage: Float[Array, "steps lanes"] | None = None) -> Outcome:
    """What trajectories say about each task: means over the episodes that were finished.

    **Arguments:**

    - `lesson`: what was played.
    - `experience`: what happened; its data are `Trajectories`.
    - `advantage`: of each step, for the scores that are made of it.

    **Returns:** an `Outcome`, VOID where no episode was finished; a field that nobody uses costs nothing under `jit`.
    """
    lived: Trajectories = experience.data
    live = ~lived.gap
    values = lived.policy.get("values")
    zero = jnp.zeros_like(lived.rewards)
    advantage = zero if advantage is None else advantage
    columns = jnp.stack(
        [
            lived.rewards,
            zero if values is None else values.mean(-1),
            jnp.maximum(advantage, 0.0),
            jnp.abs(advantage),
            zero if values is None else values.std(-1),
        ]
    )
    means, lengths = episode_means(columns, live, lived.ended)
    ended = lived.ended.astype(jnp.float32)
    returns = means[0] * lengths
    extra = jnp.stack([ended, returns, lengths * ended, lived.solved.astype(jnp.float32), live.astype(jnp.float32)])
    totals = by_row(jnp.concatenate([means[1:], extra]), lived.row, lesson.rows)
    value, positive, absolute, spread, episodes, total, length, solved, steps = totals
    count = jnp.maximum(episodes, 1.0)
    best = (
        jnp.full((lesson.rows,), -jnp.inf)
        .at[lived.row.reshape(-1)]
        .max(jnp.where(lived.ended, returns, -jnp.inf).reshape(-1))
    )
    measured = (experience.status != Status.ANSWERED) | (episodes > 0)
    return Outcome(
        jnp.where(measured, experience.status, Status.VOID).astype(jnp.int8),
        steps=steps.astype(jnp.int32),
        episodes=episodes.astype(jnp.int32),
        returns=total / count,
        max_returns=best,
        solved=solved / count,
        lengths=length / count,
        values=None if values is None else value / count,
        positive_advantages=positive / count,
        absolute_advantages=absolute / count,
        disagreement=None if values is None or values.shape[-1] == 1 else spread / count,
        optimal_returns=None,
        made=experience.made,
    )
