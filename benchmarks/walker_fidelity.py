"""What an agent that learned in one body of physics is worth in the other, without further training.

    python benchmarks/walker_fidelity.py fast RUN [--who N]       an agent of a finished run of `poet`, in Box2D
    python benchmarks/walker_fidelity.py box2d --minutes 20       PPO learns in Box2D alone; then it walks in `fast`

Both ways play 100 seeds of the ground of BipedalWalker-v3, whole episodes of 1,600 steps, likeliest actions, in both
bodies (the grounds of one seed differ between them: each draws its own). `box2d` keeps its run in `--out`, and goes on
with it where it stopped. Wants Box2D: `pip install 'gymnasium[box2d]'`.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from _machine import machine

from explora.adapters import GymnasiumDomain
from explora.core import Domain, Parts, fresh_lesson
from explora.domains.walker import Walker
from explora.explorers import Uniform
from explora.recipes._player import player
from explora.runs import Plan, load, resume, run
from explora.store import RunFolder

SEEDS = 100
RESULTS = Path(__file__).parent / "results" / "walker_fidelity.json"


def arguments() -> argparse.Namespace:
    """What the command line says."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    way = say.add_subparsers(dest="way", required=True)
    fast = way.add_parser("fast", help="an agent that learned in `fast`")
    fast.add_argument("run", type=Path)
    fast.add_argument("--who", type=int, default=0, help="which member; 0 lives on the flat ground")
    box2d = way.add_parser("box2d", help="an agent that learns in Box2D")
    box2d.add_argument("--minutes", type=float, default=20.0)
    box2d.add_argument("--seed", type=int, default=0)
    box2d.add_argument("--out", type=Path, default=Path("runs/walker-box2d"))
    return say.parse_args()


def learn(out: Path, minutes: float, seed: int) -> None:
    """PPO with the settings of the recipes, in Box2D."""
    if out.exists():
        resume(out, minutes=minutes)
        return
    domain = GymnasiumDomain("BipedalWalker-v3", steps=128)
    run(Parts(domain, player(domain), Uniform(rows=32, queue=1)), Plan(minutes=minutes, seed=seed), out=out)


def returns(domain: Domain, policy: Any, tasks: Any, who: int | None) -> np.ndarray:
    """What the policy gets in each task."""
    count = len(jax.tree.leaves(tasks)[0])
    named = {} if who is None else {"who": jnp.full((count,), who, jnp.int32)}
    outcome: Any = domain.judge(policy.greedy(), fresh_lesson(tasks, False, **named), key=jr.key(0))
    return np.asarray(outcome.returns)


def both(policy: Any, who: int | None) -> dict[str, np.ndarray]:
    """The returns in each body."""
    walker = Walker(max_steps=1600)
    grounds = [walker.space.decode({"ground_roughness": 1, "seed": seed}) for seed in range(SEEDS)]
    tasks = jax.tree.map(lambda *x: jnp.stack(x), *grounds)
    judge = jax.jit(lambda tasks: walker.judge(policy.greedy(), _named(tasks, who), key=jr.key(0)).returns)
    box2d = GymnasiumDomain("BipedalWalker-v3")
    return {"fast": np.asarray(judge(tasks)), "box2d": returns(box2d, policy, np.arange(SEEDS, dtype=np.int32), who)}


def _named(tasks: Any, who: int | None) -> Any:
    named = {} if who is None else {"who": jnp.full((SEEDS,), who, jnp.int32)}
    return fresh_lesson(tasks, False, **named)


def told(found: np.ndarray) -> dict[str, float]:
    """A few numbers of all."""
    return {
        "mean": round(float(found.mean()), 1),
        "median": round(float(np.median(found)), 1),
        "least": round(float(found.min()), 1),
        "at least 230": int((found >= 230).sum()),
    }


def main() -> None:
    say = arguments()
    if say.way == "box2d":
        learn(say.out, say.minutes, say.seed)
        path, who = say.out, None
    else:
        path, who = say.run, say.who
    agent = load(path, who=who)
    with RunFolder.open(path) as folder:
        facts = folder.facts
    found = {body: told(each) for body, each in both(agent.policy, who).items()}
    own, other = (found[body]["mean"] for body in ((say.way, "box2d") if say.way == "fast" else ("box2d", "fast")))
    row = {
        "learned in": say.way,
        "steps": int(agent.state.spent.steps),
        "seed": facts["plan"]["seed"],
        "seeds played": SEEDS,
        **found,
        "kept": round(other / own, 3),
        "machine": machine(),
    }
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    same = lambda old: (old["learned in"], old["seed"], old["steps"]) == (say.way, row["seed"], row["steps"])
    RESULTS.write_text(json.dumps([*(old for old in rows if not same(old)), row], indent=1) + "\n")
    print(json.dumps(row, indent=1))


if __name__ == "__main__":
    main()
