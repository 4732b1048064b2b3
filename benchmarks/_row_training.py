"""Training under parity settings against JaxUED's public scripts, evaluation included on both sides."""

from dataclasses import dataclass
from pathlib import Path

import jax.random as jr
from _contestants import Process, Product, Training
from _parity import PARAMETERS, learner, maze, parameters, parts, replay, step_flops, uniform
from _settings import Settings
from _timing import Contestant, contest

from explora.core import Explorer


@dataclass(frozen=True)
class Kind:
    """One method on both sides.

    **Arguments:**

    - `name`: of the row.
    - `script`, `flags`: of the peer.
    - `explorer`: ours.
    - `rounds`: between two evaluations, on both sides; enough that the mix of rounds evens out.
    """

    name: str
    script: str
    flags: tuple[str, ...]
    explorer: Explorer
    rounds: int


# A buffer of the published size that may replay from 1 % on shows the steady mix of rounds after two of them; one that
# may not replay before it is full shows the filling for 125 rounds. What a round costs depends on its kind alone.
STEADY, FILLING = ("--minimum_fill_ratio", "0.01"), ("--minimum_fill_ratio", "1.0")


def kinds() -> list[Kind]:
    """The methods that are compared."""
    return [
        Kind("uniform", "maze_dr.py", (), uniform(), 10),
        Kind("robust PLR p=0.8", "maze_plr.py", STEADY, replay(minimum_fill=0.01), 20),
        Kind(
            "robust PLR p=0.5",
            "maze_plr.py",
            (*STEADY, "--replay_prob", "0.5"),
            replay(probability=0.5, minimum_fill=0.01),
            20,
        ),
        Kind("ACCEL", "maze_plr.py", (*STEADY, "--use_accel"), replay(edit=True, minimum_fill=0.01), 20),
        Kind(
            "ACCEL, buffer filling", "maze_plr.py", (*FILLING, "--use_accel"), replay(edit=True, minimum_fill=1.0), 20
        ),
    ]


def training(settings: Settings, kind: Kind) -> list[dict]:
    """The rows of one method: explora, the peer, and the matrix product that bounds both, in turn."""
    found = parameters(learner().init(maze(), key=jr.key(0)).weights)
    if found != PARAMETERS:
        raise RuntimeError(f"the parity network must have {PARAMETERS:,} parameters, it has {found:,}")
    rounds = 3 if settings.quick else kind.rounds
    ours, theirs = f"explora {kind.name}", f"JaxUED {kind.name}"
    bound = Product(2048, 2048, 2048, 10 if settings.quick else 60)
    contestants: list[Contestant] = [
        Training(ours, parts(kind.explorer), rounds, peer=theirs),
        _peer(settings, theirs, kind, rounds),
        bound,
    ]
    rows = contest(contestants, settings.repeats)
    rate = next(row for row in rows if row["name"] == bound.name).get("median")
    for row in rows[:2]:
        if "median" in row and rate:
            learned = sum(sample["learned"] for sample in row["samples"]) / len(row["samples"])
            row["facts"] |= {"learned": learned, "roofline": row["median"] * step_flops(learned) / rate}
    rows[-1]["name"] = f"matrix product beside {kind.name}, {bound.name}"
    return rows


def _peer(settings: Settings, name: str, kind: Kind, rounds: int) -> Process:
    folder = settings.jaxued
    absent = "no JaxUED checkout was given (--jaxued DIR)"
    if folder is not None and not (Path(folder) / "examples" / kind.script).is_file():
        folder, absent = None, f"{settings.jaxued} has no examples/{kind.script}"
    flags = ["--eval_freq", str(rounds), "--checkpoint_save_interval", "0", *kind.flags]
    return Process(
        name,
        settings.jaxued_python if folder is not None else None,
        "_jaxued_child.py",
        [str(Path(folder or ".").resolve()), kind.script, *flags],
        absent=absent,
    )
