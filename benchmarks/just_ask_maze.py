"""Asking in mazes: a model learns from the archive of a finished run and is asked for returns, clauses and skill.

    python benchmarks/just_ask_maze.py --work runs/just_ask_maze

It makes the archive (`explora run maze --recipe dr --keep-experience 1`, ten minutes), trains on nine tenths of its
mazes for half an hour, and asks in the others. Each step is kept in the folder of `--work`: an interrupted benchmark
goes on where it was; what is to be measured anew is deleted first. What it measures is said in `PROTOCOL`.
"""

import argparse
import dataclasses
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from explora.adapters.stored import asking_parts
from explora.core import Environment, Episodes, override
from explora.runs import Plan, load, read, resume
from explora.runs import run as begin
from explora.store import RunFolder
from explora.store.experience import EpisodeStore

INSIST = (1.0, 2.0, 4.0, 8.0, 16.0)
PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "asked-maze.png"
PROTOCOL = """
The archive of `explora run maze --recipe dr --keep-experience 1` is split by mazes: nine tenths are learned from
(recipe `words` of `explora learn`), the others are asked in. `returns`: six returns from 0 to the best that each maze
has, 3 times each, told with the number of steps in which they are usually got; the correlation of single episodes, of
the means of each three, and of the points of the calibration curve, one for each of the six. `words`:
pairs of clauses that were never told together, drawn at random among those of what a player can know while it acts (its
own actions and the cells ahead, not the map) that are true of 1 to 40 % of all episodes; asked in mazes in which
somebody has done both. `asked for nothing`: the same model with no condition told. `asked for another`: told the
clauses of another request (the shuffled control), judged by its own. `insist`: how much the request is exaggerated,
the best of those tried in mazes that were learned from: for clauses by the share of requests for other pairs that came
true, which were told together; for returns by the correlation of single episodes. `skills`: asked, with the emphasis of
returns, to play as eight versions of the learner did whose returns in the archive are evenly spaced; Spearman
correlation of these with the mean returns shown.
"""


def archive(work: Path, minutes: float, more: list[str]) -> Path:
    """The run whose experience is learned from, begun or gone on with if need be."""
    folder = work / "archive"
    if (folder / "run.db").exists():
        with RunFolder.open(folder, mend=True) as run:
            if run.facts.get("state") == "finished":
                return folder
        verb = ["resume", str(folder)]
    else:
        verb = [
            "run",
            "maze",
            "--recipe",
            "dr",
            "--minutes",
            str(minutes),
            "--keep-experience",
            "1",
            "--watch",
            "graded",
        ]
        verb += ["--out", str(folder), *more]
    subprocess.run([sys.executable, "-m", "explora", *verb, "--quiet"], check=True)
    return folder


def split(folder: Path, work: Path, seed: int) -> tuple[Episodes, Episodes, Environment]:
    """Episodes to learn from (also as a store) and others, in other mazes, in an order drawn at random; the domain."""
    with RunFolder.open(folder, mend=True) as run:
        domain, store = read(run)[0].domain, run.episodes()
        task = store.column("task")
        rng = np.random.default_rng(seed)
        names = np.unique(task)
        apart = np.isin(task, rng.permutation(names)[: len(names) // 10])
        learned, others = store.read(~apart), store.read(rng.permutation(np.flatnonzero(apart)))
    place = work / "learned"
    if not (work / "learned.json").exists():
        shutil.rmtree(place, ignore_errors=True)
        with EpisodeStore.create(place) as made:
            made.append(learned)
        (work / "learned.json").write_text(json.dumps({"episodes": len(learned), "apart": len(others)}))
    if not isinstance(domain, Environment):
        raise TypeError("the archive is of no environment")
    return learned, others, domain


def model(
    work: Path, domain: Environment, apart: list[tuple[str, str]], minutes: float, seed: int, fields: dict[str, Any]
) -> Path:
    """The run that learns from it, begun or gone on with if need be."""
    folder = work / "model"
    if (folder / "run.db").exists():
        with RunFolder.open(folder, mend=True) as run:
            finished = run.facts.get("state") == "finished"
        if not finished:
            resume(folder)
        return folder
    parts = asking_parts(domain, str((work / "learned").absolute()), "words", apart=tuple(apart))
    parts = override(parts, {f"learner.learner.{name}": value for name, value in fields.items()})
    plan = Plan(minutes=minutes, seed=seed, watch=("graded",), record=16 * domain.steps, final_episodes=1, episodes=1)
    begin(parts, plan, out=folder, recipe="learn")
    return folder


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything, from the archive on."""
    from _just_ask import _maze

    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    learned, others, domain = split(archive(work, options.archive_minutes, options.more), work, options.seed)
    language = domain.language
    if language is None:
        raise TypeError("mazes have a language")
    pairs = _maze.combinations(domain.retell(learned), language, options.pairs, seed=options.seed)
    chosen = {name: getattr(options, name) for name in ("balance", "batch", "rate")}
    fields = {name: value for name, value in chosen.items() if value is not None}
    trained = model(work, domain, pairs, options.minutes, options.seed, fields)
    player = load(trained)
    asking: Any = player.parts.domain
    clock, cpu = time.perf_counter(), time.process_time()
    tried = _maze.insisting(asking, player.policy, learned, pairs, INSIST, options.seed)
    heeded = _maze.heeding(asking, player.policy, learned, INSIST, options.seed)
    taken = {"words": max(tried, key=tried.__getitem__), "returns": max(heeded, key=heeded.__getitem__)}
    speaking, earning = (dataclasses.replace(player.policy, insist=value) for value in taken.values())
    asked = _maze.returns(asking, earning, learned, others, options.mazes // 2, options.seed)
    said = _maze.words(asking, speaking, others, pairs, options.each, options.seed)
    skill = _maze.skills(asking, earning, learned, others, options.mazes, options.seed)
    learner = player.state.learner
    found = {
        "archive": {"episodes": len(learned) + len(others), "steps": learned.steps + others.steps}
        | {"mean return": float(np.concatenate([learned.returns, others.returns]).mean())},
        "insist": {"words": tried, "returns": heeded, "taken": taken},
        "model": fields
        | {"minutes": options.minutes, "updates": int(learner.updates), "loss": float(learner.losses["loss"])},
        "returns": {
            "correlation": asked.correlation,
            "correlation of means": asked.of_means,
            "correlation of levels": asked.of_levels,
            "levels": [level._asdict() for level in asked.levels],
            "luck": asked.luck,
            "verdict": asked.verdict,
            "mazes": int(asked.task.max()) + 1,
        },
        "words": said,
        "skills": skill,
        "asking": {"wall_seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - cpu},
    }
    pictures(asked, found, options.picture)
    return found


def pictures(asked: Any, found: dict[str, Any], path: Path) -> None:
    """Asked against achieved: returns, versions, clauses."""
    from _just_ask._picture import Bars, Dots, draw

    rng = np.random.default_rng(0)
    some = rng.permutation(len(asked.asked))[:600]
    means = [(level.asked, level.achieved, level.low, level.high) for level in asked.levels]
    shown = found["skills"]["versions"]
    known = np.array([each["earned in the archive"] for each in shown])
    did = np.array([each["shown"] for each in shown])
    table = found["words"]["pairs"]
    names = [", ".join(row["clauses"]) for row in table]
    shares = {name: [row[name] for row in table] for name in ("asked", "asked for nothing", "asked for another")}
    panels = (
        Dots("Returns", "return asked for", "return achieved", asked.asked[some], asked.achieved[some], means),
        Dots("Versions of the learner", "its mean return in the archive", "mean return when asked for it", known, did,
             [(x, y, y, y) for x, y in zip(known, did)]),
        Bars("Pairs of clauses never told together: both came true", names, shares),
    )  # fmt: skip
    draw(panels, path)


def main() -> None:
    """Measures what is missing and writes the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="where archive and model are kept")
    parser.add_argument("--archive-minutes", type=float, default=10.0)
    parser.add_argument("--minutes", type=float, default=30.0, help="of training")
    parser.add_argument("--seed", type=int, default=0)
    for name, kind in (("balance", float), ("batch", int), ("rate", float)):
        parser.add_argument(f"--{name}", type=kind, help="of the learner, if another than that of `explora learn`")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--each", type=int, default=60, help="requests for each pair")
    parser.add_argument("--mazes", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "just_ask" / "maze.json")
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("more", nargs="*", help="further options of the run that makes the archive, after --")
    options = parser.parse_args()
    from _machine import load as load_of
    from _machine import machine

    before = load_of()
    found = measure(options)
    found |= {"protocol": " ".join(PROTOCOL.split()), "machine": machine(), "load": [before, load_of()]}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    sys.stderr.write(
        json.dumps({name: found[name] for name in ("model", "insist", "returns", "words", "skills")}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
