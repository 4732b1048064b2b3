"""Runs a training script of a JaxUED checkout, unmodified, under the eyes of a benchmark. Not for calling by hand.

    python _jaxued_child.py DIR SCRIPT [FLAGS OF THE SCRIPT …]

The script believes that it talks to Weights & Biases. Each time that it logs (it has then trained for `--eval_freq`
updates, evaluated, drawn and fetched the pictures to the host) the time since its last log is reported and the script
waits for the word to go on. What it would have sent is dropped, so building videos costs it nothing. distrax and orbax
are the installed ones, or the few lines below if there are none.
"""

import runpy
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
from _protocol import Worker


class Config(dict):
    """What `wandb.config` is to the scripts: a dictionary."""

    def as_dict(self) -> dict:
        return dict(self)


class Ignored:
    """Takes anything and does nothing."""

    def __init__(self, *arguments: Any, **named: Any):
        pass


def stub_wandb(worker: Worker, facts: dict) -> types.ModuleType:
    """A module `wandb` that reports to the benchmark instead."""
    wandb: Any = types.ModuleType("wandb")
    before: dict[str, float] = {}

    def init(config: dict, **named: Any) -> Any:
        wandb.config = Config(config)
        return wandb

    def log(record: dict) -> None:
        steps = float(np.asarray(record["num_env_steps"]))
        # The script counts how many of its rounds learned, but logs it nowhere: it is read off the caller's frame.
        counts = sys._getframe(1).f_locals.get("train_state_info", {}).get("info", {})
        counts = {name: int(np.asarray(number)) for name, number in counts.items()}
        since = {name: number - before.get(name, 0) for name, number in counts.items()}
        learned = since["num_replay_updates"] / max(sum(since.values()), 1) if since else 1.0
        held = record.get("level_sampler/size")
        kept = None if held is None else int(np.asarray(held))
        amount = steps - before.get("steps", 0.0)
        before.update(counts, steps=steps)
        worker.done(amount, learned=learned, kept=kept, **facts)

    wandb.init, wandb.log, wandb.define_metric = init, log, Ignored
    wandb.Video = wandb.Image = Ignored
    return wandb


def stub_distrax() -> types.ModuleType:
    """A module `distrax` with the one distribution that the scripts use."""
    import jax
    import jax.numpy as jnp

    class Categorical:
        def __init__(self, logits: jax.Array):
            self.logits = jax.nn.log_softmax(logits)

        def sample(self, seed: jax.Array) -> jax.Array:
            return jax.random.categorical(seed, self.logits)

        def log_prob(self, value: jax.Array) -> jax.Array:
            return jnp.take_along_axis(self.logits, value[..., None], axis=-1)[..., 0]

        def entropy(self) -> jax.Array:
            return -jnp.sum(jnp.exp(self.logits) * self.logits, axis=-1)

    distrax: Any = types.ModuleType("distrax")
    distrax.Categorical = Categorical
    return distrax


def stub_orbax() -> None:
    """Modules `orbax` and `orbax.checkpoint`; nothing of theirs is called while no checkpoints are saved."""
    orbax, checkpoint = (types.ModuleType(name) for name in ("orbax", "orbax.checkpoint"))
    holder: Any = orbax
    holder.checkpoint = checkpoint
    named: Any = checkpoint
    named.CheckpointManager = Ignored
    sys.modules |= {"orbax": orbax, "orbax.checkpoint": checkpoint}


def missing(name: str) -> bool:
    """Whether a package cannot be imported."""
    try:
        __import__(name)
    except ImportError:
        return True
    return False


def main() -> None:
    folder, script, *flags = sys.argv[1:]
    sys.path.insert(0, str(Path(folder) / "src"))
    worker = Worker()
    stubbed = missing("distrax")
    if stubbed:
        sys.modules["distrax"] = stub_distrax()
    if missing("orbax.checkpoint"):
        stub_orbax()
    sys.modules["wandb"] = stub_wandb(worker, {"distrax": "stub" if stubbed else "installed"})
    path = Path(folder) / "examples" / script
    sys.argv = [str(path), *flags]
    try:
        runpy.run_path(str(path), run_name="__main__")
    except ImportError as error:
        worker.refuse(f"the script needs a package that is not installed: {error.name}")


if __name__ == "__main__":
    main()
