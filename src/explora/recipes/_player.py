"""Who plays, where a recipe does not care: the settings that its domain's kind of action needs."""

from explora.core import Box, Domain, Environment
from explora.learners import PPO
from explora.nets import ActorCritic, Dense, Memoryless


def player(domain: Domain) -> PPO:
    """PPO with a memory for choices; without one, and with the settings of continuous control, for rows of numbers."""
    if not isinstance(domain, Environment) or not isinstance(domain.action, Box):
        return PPO()
    return PPO(
        ActorCritic(Dense(64), Memoryless(64), deviation=1.0),
        rate=7e-4,
        discount=0.99,
        trace=0.95,
        clip_value=False,
        epochs=6,
        minibatches=16,
        entropy=0.005,
        segment=1,
        unit=20.0,
        normalise=True,
    )
