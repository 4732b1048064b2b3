"""A simulated person who likes symmetric mazes, comparing pairs through the HTTP API of a run that goes on.

    python benchmarks/people_preference.py --seeds 12 --out benchmarks/results/people_preference.json

Each seed is run twice with the same parts, `Replay(edit=True)` with the score `Preferred(PositiveValueLoss())` on
small mazes: once nobody says anything, once the person answers some pairs after every record, chosen by the server. The
person follows a Bradley-Terry model on the maze's symmetry, takes nearly equal ones for ties, and guesses one time in
ten. Measured is the mean symmetry of the mazes in the final archive, paired by seed (Wilcoxon, one-sided). A run that
is in the file already is not run again.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import jax
import numpy as np
from _machine import machine
from starlette.testclient import TestClient

from explora.core import Parts
from explora.domains.maze import Maze, MazeSpace
from explora.explorers import Replay
from explora.learners import PPO
from explora.ledger.labels import wilcoxon
from explora.nets import GRU, ActorCritic, Dense
from explora.people import People, Rules, application
from explora.runs import Plan, Watcher, restore, run
from explora.scores import PositiveValueLoss, Preferred
from explora.store import RunFolder

SHARPNESS = 12.0  # logits for each unit of symmetry
ALIKE = 0.03  # symmetries that differ by less are a tie
CARELESS = 0.1  # how often the person guesses
ANSWERS = 6  # after each record


def parts(weight: float) -> Parts:
    """What runs, with and without answers."""
    space = MazeSpace(height=7, width=7, walls=20, edits=4)
    learner = PPO(net=ActorCritic(encoder=Dense(32), core=GRU(32)), epochs=2, minibatches=2)
    score = Preferred(PositiveValueLoss(), weight=weight)
    explorer = Replay(rows=16, capacity=64, score=score, edit=True, minimum_fill=0.5)
    return Parts(Maze(space=space, steps=32, max_steps=32), learner, explorer)


def plan(seed: int, steps: int) -> Plan:
    """Twelve turns a record."""
    return Plan(steps=steps, seed=seed, record=12 * 16 * 32, checkpoint=1e9, watch=())


class Person(Watcher):
    """Compares pairs after every record, over HTTP.

    **Arguments:**

    - `seed`: of what is left to chance.
    """

    def __init__(self, seed: int):
        self.rng, self.answers, self.folder = np.random.default_rng([seed, 17]), 0, None

    def started(self, path: str, facts: dict[str, Any]) -> None:
        self.folder = RunFolder.open(Path(path))
        self.people = People.around(self.folder)
        headers = {"X-Explora": "1"}
        app = application(self.people, Rules(rate=0.0))
        self.client = TestClient(app, base_url="http://127.0.0.1:8321", headers=headers)
        self.post("/api/session", {"token": self.people.access.owner_link()})
        if not self.people.panel.wait(300.0):
            raise SystemExit("the server cannot measure the tasks of the run")
        self.space = parts(1.0).space

    def recorded(self, progress: Any) -> None:
        self.people.follower.look()
        for pair in self.post("/api/compare/next", {"count": ANSWERS})["pairs"]:
            left, right = (self.symmetry(pair[side]["task"]) for side in ("left", "right"))
            body = {"uuid": uuid.uuid4().hex, "pair": pair["pair"], "said": self.said(left - right)}
            self.post("/api/compare/answer", body)
            self.answers += 1

    def stopped(self, path: str, reason: str, verdicts: dict[str, Any]) -> None:
        self.people.close()
        if self.folder is not None:
            self.folder.close()

    def said(self, gap: float) -> str:
        """What the person says of a difference in symmetry."""
        if self.rng.random() < CARELESS:
            return str(self.rng.choice(["left", "right"]))
        if abs(gap) < ALIKE:
            return "tie"
        return "left" if self.rng.random() < 1.0 / (1.0 + np.exp(-SHARPNESS * gap)) else "right"

    def symmetry(self, task: int) -> float:
        """How symmetric the person finds a maze: it looks at the walls, as the API gives them."""
        answer = self.client.get(f"/api/watch/tasks/{task}")
        answer.raise_for_status()
        walls = np.array([[cell == "#" for cell in row] for row in answer.json()["spec"].split("\n")])
        return max(likeness(walls, walls[:, ::-1]), likeness(walls, walls[::-1]))

    def post(self, path: str, body: Any) -> Any:
        """One request that must go well."""
        answer = self.client.post(path, json=body)
        if answer.status_code not in (200, 204):
            raise SystemExit(f"{path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None


def likeness(walls: np.ndarray, mirrored: np.ndarray) -> float:
    """Of the cells that are walls in either, the share that are in both."""
    either = (walls | mirrored).sum()
    return float((walls & mirrored).sum() / either) if either else 1.0


def one(seed: int, answered: bool, weight: float, steps: int, place: Path) -> dict[str, Any]:
    """One run, and what its archive looks like in the end."""
    made, path, person = parts(weight), place / f"{seed}-{answered}", Person(seed)
    began = time.process_time()
    finished = run(made, plan(seed, steps), out=path, recipe="preference", watchers=(person,) if answered else ())
    if finished.reason != "finished":  # an interrupted run ends in good order, and counts for nothing
        raise SystemExit("interrupted")
    with RunFolder.open(path) as folder:
        state, _, _ = restore(folder, made, plan(seed, steps))
        events = [event.data for event in folder.database.events() if event.kind == "taste"]
    archive: Any = made.explorer.archive(state.explorer)
    kept = np.asarray(archive.filled)
    features = np.asarray(jax.vmap(made.space.features)(archive.tasks))[kept]
    column = lambda name: float(features[:, made.space.feature_names.index(name)].mean())
    return {
        "seed": seed,
        "answered": answered,
        "answers": person.answers,
        "tasks": int(kept.sum()),
        "symmetry": column("symmetry"),
        "walls": column("walls"),
        "actions": column("fewest actions"),
        "taste": events[-1]["weights"] if events else None,
        "cpu": round(time.process_time() - began, 1),
    }


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The paired comparison."""
    by = {(row["seed"], row["answered"]): row for row in runs}
    seeds = sorted(seed for seed, answered in by if answered and (seed, False) in by)
    if not seeds:
        return {}
    pairs = np.array([[by[seed, True]["symmetry"], by[seed, False]["symmetry"]] for seed in seeds])
    apart = pairs[:, 0] - pairs[:, 1]
    walls = [[by[seed, answered]["walls"] for seed in seeds] for answered in (True, False)]
    return {
        "seeds": len(seeds),
        "with_answers": round(float(pairs[:, 0].mean()), 4),
        "without": round(float(pairs[:, 1].mean()), 4),
        "closer": int((apart > 0).sum()),
        "p": wilcoxon(apart, "greater"),
        "walls_with": round(float(np.mean(walls[0])), 2),
        "walls_without": round(float(np.mean(walls[1])), 2),
    }


def main() -> None:
    """Runs what is not in the file yet."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seeds", type=int, default=12)
    words.add_argument("--steps", type=int, default=92_160)
    words.add_argument("--weight", type=float, default=1.0)
    words.add_argument("--out", type=Path, default=Path("benchmarks/results/people_preference.json"))
    given = words.parse_args()
    setting = {"steps": given.steps, "weight": given.weight, "answers_a_record": ANSWERS}
    found = json.loads(given.out.read_text("utf-8")) if given.out.is_file() else {"setting": setting, "runs": []}
    if found["setting"] != setting:
        raise SystemExit(f"{given.out} was made with {found['setting']}; name another file")
    done = {(row["seed"], row["answered"]) for row in found["runs"]}
    with tempfile.TemporaryDirectory() as place:
        for seed in range(given.seeds):
            for answered in (False, True):
                if (seed, answered) in done:
                    continue
                row = one(seed, answered, given.weight, given.steps, Path(place))
                found["runs"].append(row)
                found |= {"machine": machine(), "summary": summary(found["runs"])}
                given.out.parent.mkdir(parents=True, exist_ok=True)
                spare = given.out.with_suffix(".tmp")
                spare.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
                os.replace(spare, given.out)
                sys.stderr.write(f"{row}\n")
    sys.stdout.write(json.dumps(found["summary"], indent=1) + "\n")


if __name__ == "__main__":
    main()
