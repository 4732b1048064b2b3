"""What an agent that learned in one body of physics is worth in the other, without further training.

    python benchmarks/walker_fidelity.py fast RUN [--who N]       an agent of a finished run of `poet`, in Box2D
    python benchmarks/walker_fidelity.py box2d --minutes 20       PPO learns in Box2D alone; then it walks in `fast`
    python benchmarks/walker_fidelity.py steps                    single steps that Box2D was recorded to do, in `fast`

The first two play 100 seeds of the ground of BipedalWalker-v3, whole episodes of 1,600 steps, likeliest actions, in
both bodies (the grounds of one seed differ between them: each draws its own). `box2d` keeps its run in `--out`, and
goes on with it where it stopped. Both want Box2D: `pip install 'gymnasium[box2d]'`.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from _machine import ROOT, machine

from explora.adapters import GymnasiumDomain
from explora.core import Domain, Parts, fresh_lesson, jitted
from explora.domains.walker import Walker, WalkerSpace, lay, outline
from explora.domains.walker._fast import Physics, advance, motion_of
from explora.explorers import Uniform
from explora.recipes._player import player
from explora.runs import Plan, load, resume, run
from explora.store import RunFolder

SEEDS, OTHERS = 100, range(1000, 1040)
RESULTS = Path(__file__).parent / "results" / "walker_fidelity.json"


def arguments() -> argparse.Namespace:
    """What the command line says."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    way = say.add_subparsers(dest="way", required=True)
    fast = way.add_parser("fast", help="an agent that learned in `fast`")
    fast.add_argument("run", type=Path)
    fast.add_argument(
        "--who", type=int, help="which member; default: the best in `fast`, on other seeds than those played"
    )
    box2d = way.add_parser("box2d", help="an agent that learns in Box2D")
    box2d.add_argument("--minutes", type=float, default=20.0)
    box2d.add_argument("--seed", type=int, default=0)
    box2d.add_argument("--out", type=Path, default=Path("runs/walker-box2d"))
    way.add_parser("steps", help="single steps that were recorded, without any agent")
    return say.parse_args()


def steps() -> list[dict[str, Any]]:
    """The error of the change of speed in one step, as a share of that change, by what the feet do meanwhile."""
    sys.path.append(str(ROOT / "tests"))
    from domains.walker.record_traces import GROUNDS, PLACE

    traces = np.load(PLACE)
    tasks = jax.tree.map(lambda *x: jnp.stack(x), *[WalkerSpace().decode(genes) for genes in GROUNDS])
    laid = jax.jit(jax.vmap(lambda task: outline(lay(task))))(tasks)
    ground = jax.tree.map(lambda x: x[traces["ground"].astype(int)], laid)
    now = motion_of(*(jnp.asarray(traces[f"before_{name}"]) for name in ("pose", "speed", "legs", "touch")))
    go = jax.jit(jax.vmap(lambda ground, now, action: advance(ground, now, action, Physics())))
    found, _ = go(ground, now, jnp.asarray(traces["after_action"]))
    size = np.linalg.norm(traces["after_speed"] - traces["before_speed"], axis=1)
    error = np.linalg.norm(np.asarray(found.speed) - traces["after_speed"], axis=1)
    before, after = traces["before_touch"].astype(bool), traces["after_touch"].astype(bool)
    down = (~before & after).any(1)
    up = (before & ~after).any(1) & ~down
    air = ~before.any(1) & ~after.any(1)
    rows = []
    for name, which in (("air", air), ("stay", ~(air | down | up)), ("down", down), ("up", up)):
        mine = which & ~traces["after_ended"].astype(bool)
        share = error[mine] / size[mine]
        told = {"median": float(np.median(share)), "nine in ten below": float(np.quantile(share, 0.9))}
        rows.append({"feet": name, "moments": int(mine.sum()), **told, "change": float(np.median(size[mine]))})
    return rows


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
    box2d = GymnasiumDomain("BipedalWalker-v3")
    seeds = np.arange(SEEDS, dtype=np.int32)
    return {"fast": in_fast(policy, who, range(SEEDS)), "box2d": returns(box2d, policy, seeds, who)}


def in_fast(policy: Any, who: int | None, seeds: range) -> np.ndarray:
    """The returns in `fast`, on the ground of each of some seeds."""
    walker = Walker(max_steps=1600)
    grounds = [walker.space.decode({"ground_roughness": 1, "seed": seed}) for seed in seeds]
    tasks = jax.tree.map(lambda *x: jnp.stack(x), *grounds)
    named = {} if who is None else {"who": jnp.full((len(seeds),), who, jnp.int32)}
    lesson = fresh_lesson(tasks, False, **named)
    return np.asarray(jitted(_judged, walker)(walker, policy, lesson))


def _judged(walker: Walker, policy: Any, lesson: Any) -> jax.Array:
    return walker.judge(policy.greedy(), lesson, key=jr.key(0)).returns


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
    if say.way == "steps":
        for row in steps():
            print(json.dumps(row))
        return
    if say.way == "box2d":
        learn(say.out, say.minutes, say.seed)
        path, who = say.out, None
    else:
        path, who = say.run, say.who
    agent = load(path, who=who)
    if say.way == "fast" and who is None:
        members = range(agent.parts.learner.members)
        who = max(members, key=lambda member: in_fast(agent.policy, member, OTHERS).mean())
    with RunFolder.open(path) as folder:
        facts = folder.facts
    found = {body: told(each) for body, each in both(agent.policy, who).items()}
    own, other = (found[body]["mean"] for body in ((say.way, "box2d") if say.way == "fast" else ("box2d", "fast")))
    row = {
        "learned in": say.way,
        "steps": int(agent.state.spent.steps),
        "seed": facts["config"]["plan"]["seed"],
        "seeds played": SEEDS,
        **({} if who is None else {"member": who}),
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
