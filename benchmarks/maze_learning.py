"""How well each recipe learns mazes: every recipe, several seeds, the same budget, uniform sampling first.

    python benchmarks/maze_learning.py --recipes dr,plr,accel --seeds 5 --steps 4000000
    python benchmarks/maze_learning.py --recipes dr --seeds 5 --minutes 10

Protocol: `explora run maze --recipe R --seed S` with the committed defaults and a budget of total environment steps
(scoring rollouts counted) or of wall-clock minutes (compilation included), nothing else running. The published learner
is then judged with sampled actions, memory cleared at each episode's start: `holdout` 20 episodes a maze,
`random-solvable` and the perfect mazes 10. Learners are never chosen by these numbers: it is the last one.

Each (recipe, seed) is written to a file of its own as soon as it is done, and one that is there is not run again; a
run that was stopped is resumed. `summary.json` and `summary.md` are made from the files that are there.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

SUITES = {"holdout": 20, "graded": 10, "perfect-13": 10, "perfect-19": 10, "random-solvable": 10}
HERE = Path(__file__).parent


def main() -> None:
    """Runs what is missing and writes the summary."""
    options = _options()
    budget = f"{options.minutes:g}min" if options.minutes else f"{options.steps / 1e6:g}M"
    results = Path(options.out) / f"maze_learning-{budget}"
    results.mkdir(parents=True, exist_ok=True)
    for seed in range(options.seeds):
        for recipe in options.recipes.split(","):
            file = results / f"{recipe}-s{seed}.json"
            if not file.exists():
                found = one(recipe, seed, options, Path(options.runs) / budget / f"{recipe}-s{seed}")
                file.write_text(json.dumps(found, indent=1) + "\n")
                sys.stderr.write(f"{recipe} seed {seed}: {found['solved']['holdout']['mean']:.3f} on holdout\n")
    summary = summarise(results)
    (results / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    (results / "summary.md").write_text(table(summary))
    sys.stdout.write(table(summary))


def one(recipe: str, seed: int, options: argparse.Namespace, place: Path) -> dict[str, Any]:
    """Runs one (recipe, seed), or goes on with it, in a process of its own, and judges what it learned."""
    from explora.runs import load
    from explora.store import RunFolder

    if (place / "config.json").exists():
        words = ["resume", str(place), "--quiet"]
    else:
        end = ["--minutes", str(options.minutes)] if options.minutes else ["--steps", str(options.steps)]
        words = ["run", "maze", "--recipe", recipe, "--seed", str(seed), "--out", str(place), "--quiet", *end]
    subprocess.run([sys.executable, "-m", "explora", *words], check=True, stdout=subprocess.DEVNULL)
    player = load(place)
    solved = {}
    for suite, episodes in SUITES.items():
        verdict = player.evaluate(suite, episodes=episodes, seed=1)
        again = player.evaluate(suite, episodes=episodes, seed=2) if suite == "random-solvable" else None
        solved[suite] = {"mean": verdict.mean, "episodes": episodes}
        if again is None:
            solved[suite]["tasks"] = dict(zip(verdict.names, verdict.solved.tolist(), strict=True))
        else:
            solved[suite]["cvar"] = _tail(verdict.solved, again.solved)
    with RunFolder.open(place) as folder:
        last, facts = folder.database.last(), folder.facts
    if last is None:
        raise RuntimeError(f"{place} has no record")
    return {
        "recipe": recipe,
        "seed": seed,
        "solved": solved,
        "steps": last.steps,
        "updates": last.updates,
        "minutes": last.seconds / 60,
        "commit": _commit(),
        "machine": facts["machine"],
        "versions": facts["versions"],
    }


def summarise(results: Path) -> dict[str, Any]:
    """Means, interquartile means and bootstrap intervals over the seeds that are there."""
    from explora.maths import bootstrap, interquartile_mean
    from explora.recipes import RECIPES

    runs = [json.loads(file.read_text()) for file in sorted(results.glob("*-s*.json"))]
    summary: dict[str, Any] = {}
    for recipe in [entry.name for entry in RECIPES]:
        mine = [run for run in runs if run["recipe"] == recipe]
        if not mine:
            continue
        summary[recipe] = {"seeds": len(mine), "minutes": float(np.median([run["minutes"] for run in mine]))}
        for suite in SUITES:
            values = np.array([run["solved"][suite]["mean"] for run in mine])
            summary[recipe][suite] = {
                "values": [round(float(value), 4) for value in values],
                "median": float(np.median(values)),
                "iqm": interquartile_mean(values),
                "interval": list(bootstrap(values)) if len(values) >= 3 else None,
            }
        tails = [run["solved"]["random-solvable"]["cvar"] for run in mine]
        summary[recipe]["cvar"] = {share: float(np.mean([tail[share] for tail in tails])) for share in tails[0]}
    return summary


def table(summary: dict[str, Any]) -> str:
    """The summary as a Markdown table."""
    shares = ("0.1", "0.01")
    lines = ["| recipe | seeds | minutes | " + " | ".join(SUITES) + " | worst 10 % | worst 1 % |"]
    lines.append("|" + "---|" * (5 + len(SUITES)))
    for recipe, found in summary.items():
        cells = [recipe, str(found["seeds"]), f"{found['minutes']:.1f}"]
        for suite in SUITES:
            column = found[suite]
            interval = column["interval"]
            tail = f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else ""
            cells.append(f"{column['iqm']:.3f}{tail}")
        cells += [f"{found['cvar'][share]:.3f}" for share in shares]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _tail(ranking: np.ndarray, independent: np.ndarray) -> dict[str, float]:
    """The unbiased mean over the worst shares: ranked by one evaluation, reported by another."""
    from explora.maths import cvar

    return {str(share): float(cvar(ranking, independent, share)) for share in (0.01, 0.1, 0.5)}


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", default="dr,plr,robust-plr,accel,sfl,learning-progress")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=4_000_000)
    parser.add_argument("--minutes", type=float, default=None, help="a budget of wall-clock time instead of steps")
    parser.add_argument("--runs", default="runs/learning", help="where the runs' folders go (not committed)")
    parser.add_argument("--out", default=str(HERE / "results"), help="where the results go (committed)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
