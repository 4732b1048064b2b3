"""The contestants of `just_ask_speed.py`."""

import os
from pathlib import Path
from typing import Any

import jax
import jax.random as jr
import numpy as np
from _contestants import Product
from _decision_transformer import REAL, SCALE, episodes, sampler, settings, spec, theirs, write
from _protocol import Peer
from _timing import Contestant, NotRun, Sample, Stopwatch

from explora.core import Episodes, Policy, record
from explora.domains.views import Asking
from explora.domains.yardsticks import DarkRoom
from explora.learners.sequence import Hindsight, Sequence, SequenceNet, SequenceState, ToldNet, TripleNet
from explora.nets.sequence import Transformer

CHILD = Path(__file__).resolve().parent / "_decision_child.py"
WINDOW, LONG, BATCH, LANES, SIZE = 20, 60, 64, 64, 1536
PEER, ONE, THREE = "transformers", "explora, one token a step", "explora, three tokens a step"
CORES = min(2, os.cpu_count() or 1)


def nets() -> dict[str, ToldNet]:
    """Both layouts in the published size."""
    return {
        ONE: SequenceNet(Transformer(width=128, layers=3, heads=1, window=WINDOW, activation="relu")),
        THREE: TripleNet(128, 3, 1, WINDOW, longest=1000, scale=SCALE),
    }


def data() -> Episodes:
    """100 episodes of 200 steps: arms that move as they like."""
    return episodes(REAL, np.full(100, 200), rng=np.random.default_rng(0))


def learning(peer: str | None, folder: Path, *, quick: bool) -> list[Contestant]:
    """Who learns, and who multiplies; without a peer ours alone."""
    updates = 2 if quick else 20
    repeats = 4 if quick else 40
    products: list[Contestant] = [Product(SIZE, SIZE, SIZE, repeats)]
    if peer is None:
        return [*products, *(Learning(name, net, updates, None) for name, net in nets().items())]
    source = folder / "batches.npz"
    drawn = sampler(data(), REAL, WINDOW)
    rng = np.random.default_rng(1)
    batches = [theirs(drawn.draw(BATCH, rng=rng), REAL, left=True) for _ in range(updates)]
    net = nets()[THREE]
    assert isinstance(net, TripleNet)
    write(source, {"left": {name: np.stack([x[name] for x in batches]) for name in batches[0]}}, settings(net, REAL, 0))
    products.append(Theirs("product in torch", [peer, "product", str(SIZE), str(repeats), str(CORES)]))
    return [
        *products,
        Theirs(PEER, [peer, "train", str(source), str(CORES)], unit="steps/s"),
        *(Learning(name, net, updates, PEER) for name, net in nets().items()),
    ]


def acting(*, quick: bool) -> list[Contestant]:
    """Who plays, with a cache and without."""
    trials = 1 if quick else 5
    found: list[Contestant] = []
    long = SequenceNet(Transformer(width=128, layers=3, heads=1, window=LONG, activation="relu"))
    for name, net in (nets() | {f"{ONE}, {LONG} steps back": long}).items():
        again = f"{name}, recomputed"
        found += [
            Acting(again, net, "window", trials, None),
            Acting(f"{name}, cached", net, "ring", trials, again),
        ]
    return found


def operations(tokens: int) -> float:
    """Floating-point operations of one update in products of matrices, with so many tokens in a window.

    Forward, and twice as many backward: 12 width² multiplications a token and layer, and the two products of attention.
    """
    width, layers = 128, 3
    return 3 * 2.0 * BATCH * tokens * layers * (12 * width**2 + 2 * tokens * width)


def shares(rows: list[dict]) -> list[dict]:
    """The rows, with the share of the best rate of products that each learner reaches."""
    best = max((row["median"] for row in rows if row["unit"] == "FLOP/s" and "median" in row), default=float("nan"))
    tokens = {PEER: 3 * WINDOW, THREE: 3 * WINDOW - 1, ONE: WINDOW}
    for row in rows:
        if row["name"] in tokens and "median" in row:
            row["share"] = row["median"] / _steps(1) * operations(tokens[row["name"]]) / best
    return rows


def _steps(updates: int) -> float:
    """How many steps of episodes count in so many updates: windows that are cut at an end have fewer."""
    lengths = data().lengths
    return updates * BATCH * WINDOW * float(lengths.sum() / (lengths + WINDOW - 1).sum())


class Learning(Contestant):
    """`Sequence.learn` from stored episodes, for so many updates a sample."""

    unit = "steps/s"

    def __init__(self, name: str, net: ToldNet, updates: int, peer: str | None):
        self.name, self.peer, self.updates = name, peer, updates
        self.learner = Sequence(net, Hindsight("final"), told=("return",), batch=BATCH, drop=0.0, rate=1e-4)

    def prepare(self) -> None:
        self.data, self.rng = data(), np.random.default_rng(2)
        shown, key = spec(REAL), jr.key(0)
        weights = self.learner.net.init(shown, REAL, key=key)
        unit = jax.numpy.array([0.0, 1.0])
        self.state = SequenceState(
            weights,
            self.learner._optimiser.init(weights),
            jax.numpy.zeros((), jax.numpy.int32),
            dict.fromkeys(("return", "horizon", "skill"), unit),
            {"loss": jax.numpy.zeros(())},
            spec=shown,
            action=REAL,
        )
        self.work()

    def work(self) -> Sample:
        watch = Stopwatch()
        self.state = self.learner.learn(self.state, self.data, self.updates, rng=self.rng)
        jax.block_until_ready(self.state.weights)
        return watch.sample(_steps(self.updates))

    def facts(self) -> dict[str, Any]:
        return {"loss": float(self.state.losses["loss"])}


class Acting(Contestant):
    """Episodes of Dark Room, side by side in one program, with weights that know nothing."""

    unit = "steps/s"

    def __init__(self, name: str, net: ToldNet, remember: str, trials: int, peer: str | None):
        self.name, self.peer = name, peer
        self.net, self.remember, self.env = net, remember, Asking(DarkRoom(trials=trials), ())

    def prepare(self) -> None:
        self.tasks = self.env.space.samples(LANES, key=jr.key(1))
        self.policy = _player(self.net, self.remember, self.env)
        self.work()

    def work(self) -> Sample:
        watch = Stopwatch()
        done = record(self.env, self.policy, self.tasks, key=jr.key(2))
        return watch.sample(float(done.steps))


def _player(net: ToldNet, remember: Any, env: Asking) -> Policy:
    hand = Sequence(net, Hindsight("final"), told=("return",), remember=remember)
    return hand.policy(hand.init(env, key=jr.key(0)))


class Theirs(Contestant):
    """A process of the peer's interpreter."""

    def __init__(self, name: str, command: list[str], unit: str = "FLOP/s"):
        self.name, self.peer, self.unit = name, None, unit
        self.command, self.process = [command[0], str(CHILD), *command[1:]], None

    def prepare(self) -> None:
        self.process = Peer(self.command, {"OMP_NUM_THREADS": str(CORES)})
        self.work()

    def work(self) -> Sample:
        assert self.process is not None
        try:
            said = self.process.work()
        except RuntimeError as reason:
            raise NotRun(str(reason)) from reason
        return Sample(said["amount"], said["seconds"], said["cpu"], said["facts"])

    def close(self) -> None:
        if self.process is not None:
            self.process.close()
