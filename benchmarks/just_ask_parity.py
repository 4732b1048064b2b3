"""Is explora's Decision Transformer that of the `transformers` package, number for number?

    python benchmarks/just_ask_parity.py --peer PYTHON

PYTHON is an interpreter that has torch and transformers, of an environment of its own. The package's model is given
random weights, and ours the same; then both are shown the same windows of the same episodes, which are partly shorter
than the context: loss, actions and gradients of all weights are compared, and the actions while acting step by step.
Once for real actions (tanh, mean square) and once for choices (softmax, cross-entropy). Without PYTHON nothing is run,
and that is said. Ends with status 1 if a loss or an action differs by more than 1e-5, or a gradient by more than 1e-3:
among millions of ReLUs there is now and then one whose input is 0 but for rounding, on in the one and off in the other,
and what this one changes is no rounding any more (the output is the same, its derivative is not).
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

HERE = Path(__file__).resolve().parent
WINDOWS, SEEDS = 64, 3
TOLERANCE = {"loss": 1e-5, "actions": 1e-5, "gradients": 1e-3}


def main() -> int:
    """Compares both kinds of actions, for each seed, and writes down the greatest differences."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--peer", metavar="PYTHON", help="an interpreter that has torch and transformers")
    say.add_argument("--out", type=Path, default=HERE / "results" / "just_ask" / "parity.json")
    options = say.parse_args()
    reason = refused(options.peer)
    if reason is not None:
        print(f"not run: {reason}")
        return 0
    from _decision_transformer import CHOICE, REAL
    from _machine import machine

    kinds = {"real": REAL, "choice": CHOICE}
    cases = [Case(name, action, seed) for name, action in kinds.items() for seed in range(SEEDS)]
    worst: dict[str, dict[str, float]] = {name: {} for name in kinds}
    with tempfile.TemporaryDirectory() as folder:
        for case, found in zip(cases, answered(options.peer, cases, Path(folder))):
            for what, far in case.compared(found).items():
                worst[case.name][what] = max(worst[case.name].get(what, 0.0), far)
    known = {"tolerance": TOLERANCE, "seeds": SEEDS, "largest differences": worst}
    known |= {"peer": versions(options.peer), "machine": machine()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(known, indent=1) + "\n")
    print(json.dumps(worst, indent=1))
    within = (far <= TOLERANCE[re.split("[ ,]", what)[0]] for kind in worst.values() for what, far in kind.items())
    return 0 if all(within) else 1


def refused(peer: str | None) -> str | None:
    """Why the peer cannot take part; None if it can."""
    if peer is None:
        return "give with --peer an interpreter that has torch and transformers: pip install torch transformers"
    try:
        versions(peer)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return f"{peer} has no torch and transformers: pip install torch transformers"
    return None


def versions(peer: str) -> dict[str, str]:
    """What the peer is."""
    ask = (
        "import json; from importlib.metadata import version; "
        "print(json.dumps({name: version(name) for name in ('torch', 'transformers')}))"
    )
    done = subprocess.run([peer, "-c", ask], capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


class Case:
    """One kind of actions and one seed: windows of short and long episodes, and one long episode to act in."""

    def __init__(self, name: str, action: Any, seed: int):
        import _decision_transformer as common

        from explora.learners.sequence import TripleNet

        self.name, self.action, self.seed, rng = name, action, seed, np.random.default_rng(seed)
        self.net = TripleNet(scale=common.SCALE)
        data = common.episodes(action, rng.integers(1, 60, 40), rng=rng)
        self.batch = common.sampler(data, action, self.net.window).draw(WINDOWS, rng=rng)
        self.long = common.episodes(action, np.array([45]), rng=rng)

    def write(self, path: Path) -> None:
        """What the package is to work out."""
        import _decision_transformer as common

        action = self.action
        given = {
            side: {name: x[None] for name, x in common.theirs(self.batch, action, left=side == "left").items()}
            for side in ("left", "right")
        }
        given["acted"] = seen_while_acting(self.long, action, self.net.window)
        common.write(path, given, common.settings(self.net, action, self.seed))

    def compared(self, found: dict[str, np.ndarray]) -> dict[str, float]:
        """The greatest difference of each thing that both make of the same batch with the same weights."""
        import _decision_transformer as common

        weights = common.carried(_below(found, "weight/"), self.net, self.action)
        acting = _far(acted(self.net, weights, self.action, self.long), found["acted"][:, 0])
        return differences(self.net, weights, self.action, self.batch, found) | {"actions while acting": acting}


def answered(peer: str, cases: list[Case], folder: Path) -> Iterator[dict[str, np.ndarray]]:
    """What the package makes of each case, all in one process."""
    files = [(folder / f"in{number}.npz", folder / f"out{number}.npz") for number in range(len(cases))]
    for case, (source, _) in zip(cases, files):
        case.write(source)
    command = [peer, str(HERE / "_decision_child.py"), "compare", *(str(path) for pair in files for path in pair)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for _, target in files:
        yield dict(np.load(target))


def differences(net: Any, weights: Any, action: Any, batch: Any, found: dict[str, np.ndarray]) -> dict[str, float]:
    """Of what is made of whole windows, padded after them and before them."""
    import _decision_transformer as common

    spec = common.spec(action)

    def loss(weights: Any, moments: Any, done: Any, there: Any, mask: Any) -> tuple[Any, Any]:
        outputs = net(weights, spec, {}, moments, segment=mask)
        far = net.losses(action, outputs, done, {})
        return jnp.sum(far * there) / jnp.sum(there), net.real(action, outputs)

    value = jax.jit(jax.value_and_grad(loss, has_aux=True))
    both = {
        "right": (batch.moments, batch.action, batch.weight, None),
        "left": _with_mask(common.shifted(batch, action)),
    }
    worst: dict[str, float] = {}
    for side, (moments, done, there, mask) in both.items():
        (made, actions), gradient = value(weights, moments, jnp.asarray(done), jnp.asarray(there), mask)
        theirs = common.carried(_below(found, f"{side}/gradient/", weights=found), net, action, gradients=True)
        gradient["no return"] = theirs["no return"]
        if "count" in vars(action):  # the row of no action at all
            gradient["action"] = (gradient["action"][0].at[-1].set(0.0), gradient["action"][1])
        worst |= {
            f"loss, padded {side}": _far(made, found[f"{side}/loss"]),
            f"actions, padded {side}": _far(np.asarray(actions)[there > 0], found[f"{side}/actions"][there > 0]),
            f"gradients, padded {side}": max(jax.tree.leaves(jax.tree.map(_far, gradient, theirs))),
        }
    return worst


def seen_while_acting(data: Any, action: Any, window: int) -> dict[str, np.ndarray]:
    """What the package is shown before each step of an episode: the last `window` steps, without the action to come."""
    import _decision_transformer as common

    count = data.steps
    rows = [common.theirs(_last(data, action, time, window), action, left=True) for time in range(count)]
    made = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    made["actions"][:, :, -1] = 0.0
    return made


def acted(net: Any, weights: Any, action: Any, data: Any) -> np.ndarray:
    """What ours would do at each step of an episode, remembering as it goes."""
    import _decision_transformer as common

    from explora.nets.sequence import Window

    whole = common.sampler(data, action, data.steps)
    batch = _whole(whole)
    spec, memory = common.spec(action), Window.empty(net.transformer, weights["body"], 1)
    step = jax.jit(lambda moment, memory, fresh: net.step(weights, spec, {}, moment, memory, fresh))
    found = []
    for time in range(data.steps):
        moment = {name: jnp.asarray(x[:, time]) for name, x in batch.moments.items()}
        memory, outputs = step(moment, memory, jnp.array([time == 0]))
        found.append(np.asarray(net.real(action, outputs))[0])
    return np.stack(found)


def _whole(whole: Any) -> Any:
    """The one window that is the whole episode."""
    batch = whole.draw(4096, rng=np.random.default_rng(0))
    row = int(np.flatnonzero(batch.weight.all(1))[0])
    return jax.tree.map(lambda x: x[row : row + 1], batch)


def _last(data: Any, action: Any, time: int, window: int) -> Any:
    """The window that ends with a step."""
    import _decision_transformer as common

    batch = _whole(common.sampler(data, action, data.steps))
    first = max(0, time - window + 1)
    have = time + 1 - first
    cut = jax.tree.map(lambda x: x[:, first : time + 1], batch)
    pad = lambda x: np.concatenate([x, np.zeros((1, window - have, *x.shape[2:]), x.dtype)], axis=1)
    return jax.tree.map(pad, cut)


def _with_mask(moved: tuple[dict[str, Any], np.ndarray, np.ndarray]) -> tuple[Any, Any, Any, Any]:
    moments, done, there = moved
    return moments, done, there.astype(np.float32), jnp.asarray(there)


def _below(found: dict[str, np.ndarray], start: str, weights: dict | None = None) -> dict[str, np.ndarray]:
    """The entries that begin so; where there is no gradient, zeros in the shape of the weight."""
    made = {name.removeprefix(start): x for name, x in found.items() if name.startswith(start)}
    none = {name.removeprefix("weight/"): x for name, x in (weights or {}).items() if name.startswith("weight/")}
    return {name: np.zeros_like(x) for name, x in none.items()} | made


def _far(ours: Any, theirs: Any) -> float:
    return float(np.max(np.abs(np.asarray(ours) - np.asarray(theirs))))


if __name__ == "__main__":
    sys.exit(main())
