"""Self-improvement without a gradient of reward: ask, play, see what it was good for, learn that."""

import dataclasses
from typing import Any

from explora.core import CombinationError, Domain, Environment, Parts
from explora.domains.views import Asking
from explora.explorers import Beyond, Uniform
from explora.learners import DQN
from explora.learners.sequence import Hindsight, Sequence, SequenceNet
from explora.nets.sequence import Transformer


def asking(domain: Domain) -> Parts:
    """Asks for goals that were never reached, plays, and learns what was reached instead.

    Where nobody sets goals it asks for returns: a little more than the best that was got in a task. `again=0` of the
    explorer asks for new goals or returns only: the uniform baseline.

    **Reference:** Ghosh et al. 2019, Learning to Reach Goals via Iterated Supervised Learning (arXiv:1912.06088);
    Srivastava et al. 2019 (arXiv:1912.02877) for returns. Which requests are made is ours.
    """
    played: Any = _untold(domain)
    told = ("return", "horizon") if played.goal is None else ("horizon", "goal")
    net = SequenceNet(Transformer(width=64, layers=1, heads=4, window=8))
    learner = Sequence(
        net, Hindsight("final" if played.goal is None else "future"), told=told, drop=0.0, norm=1.0, rate=2e-3
    )
    return Parts(Asking(played, told), learner, Beyond())


def her(domain: Domain) -> Parts:
    """Uniform requests, and Q-learning that sees in hindsight what it achieved instead: the usual baseline.

    Where nobody sets goals this is double Q-learning, nothing more.

    **Reference:** Andrychowicz et al. 2017, Hindsight Experience Replay (arXiv:1707.01495).
    """
    played = _untold(domain)
    told, hindsight = (
        (("goal",), Hindsight("future", share=0.8)) if played.goal is not None else ((), Hindsight("none"))
    )
    return Parts(Asking(played, told), DQN(hindsight=hindsight), Uniform(rows=32, queue=1))


def _untold(domain: Domain) -> Environment:
    """The environment, without its goal in what is seen: in hindsight it is another one."""
    if not isinstance(domain, Environment):
        raise CombinationError(f"{type(domain).__name__} is not played in time: there is nothing to achieve on request")
    played: Any = domain
    return dataclasses.replace(played, shown=False) if getattr(played, "shown", False) else played
