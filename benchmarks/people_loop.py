"""Does answering help while a run goes on? A person who labels over HTTP, against the same run without answers.

    python benchmarks/people_loop.py --seeds 10

For each seed a table of handwritten digits of which 30 rows are labelled and 400 are set aside for judging. Two runs of
`explora run pool --domain.oracle queue` are started on it: in the one nobody answers, and it is stopped; beside the
other `explora people` serves its questions, and a simulated person fetches items, answers each with one request, and
goes on until the budget of questions is spent. Everything is a process of its own and what users type. The result is
the share of right answers on the rows that were set aside, paired by seed, with Wilcoxon's test (one-sided).
"""

import argparse
import csv
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import wilcoxon
from sklearn.datasets import load_digits

from explora.store import RunFolder

KNOWN, JUDGED = 30, 400
EXPLORA = [sys.executable, "-m", "explora"]


def write(path: Path, seed: int) -> dict[str, str]:
    """A table in which few rows are labelled, and the labels of all."""
    pixels, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(digits))
    truth = {f"digit-{row}": str(digits[row]) for row in order.tolist()}
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", *(f"pixel_{i // 8}_{i % 8}" for i in range(64)), "digit"])
        for place, row in enumerate(order.tolist()):
            label = str(digits[row]) if place < KNOWN + JUDGED else ""
            table.writerow([f"digit-{row}", *pixels[row].astype(int).tolist(), label])
    return truth


def begin(data: Path, out: Path, options: argparse.Namespace, seed: int) -> subprocess.Popen:
    """A run that asks people."""
    share = JUDGED / (KNOWN + JUDGED)
    words = f"run pool --data {data} --target digit --held-out {share:.3f} --budget {options.budget}"
    words += f" --batch {options.batch} --domain.oracle queue --domain.oracle.path {out}.queue"
    words += f" --seed {seed} --out {out} --quiet"
    return subprocess.Popen([*EXPLORA, *words.split()], stdout=subprocess.DEVNULL)


def scores(out: Path) -> list[float]:
    """The share of right answers of each version, oldest first."""
    if not (out / "run.db").exists():
        return []
    with RunFolder.open(out) as folder:
        rows = [row for row in folder.database.evaluations() if row.suite == "held-out"]
    turns = sorted({row.turn for row in rows})
    return [float(np.mean([row.solve_rate for row in rows if row.turn == turn])) for turn in turns]


def unanswered(data: Path, out: Path, options: argparse.Namespace, seed: int) -> float:
    """What a run comes to whose questions nobody answers."""
    run = begin(data, out, options, seed)
    _judged(run, out)
    time.sleep(options.patience)
    run.send_signal(signal.SIGINT)
    run.wait()
    return scores(out)[-1]


def answered(data: Path, out: Path, options: argparse.Namespace, seed: int, truth: dict[str, str]) -> dict[str, Any]:
    """What the same run comes to beside a person who answers, and how many answers were used."""
    run = begin(data, out, options, seed)
    _judged(run, out)
    words = [*EXPLORA, "people", str(out), "--port", "0", "--queue", f"{out}.queue"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    assert server.stdout is not None
    link = next(line for line in server.stdout if "#token=" in line).split()[-1]
    address, _, token = link.partition("/#token=")
    person = Person(address.removeprefix("http://"), token)
    while run.poll() is None:
        items = person.post("/api/label/next", {"count": options.batch})["items"]
        for item in items:
            name = item["item"]
            person.post("/api/label/answer", {"uuid": uuid.uuid4().hex, "item": name, "value": truth[name]})
        time.sleep(0.0 if items else 0.1)
    server.send_signal(signal.SIGINT)
    server.wait()
    found = scores(out)
    return {"first": found[0], "last": found[-1], "versions": len(found), "answers": person.answers}


def _judged(run: subprocess.Popen, out: Path) -> None:
    """Waits until the run has judged its first version."""
    while not scores(out):
        if run.poll() is not None:
            raise SystemExit(f"the run ended with code {run.returncode} before it had judged anything")
        time.sleep(0.2)


class Person:
    """Somebody who is signed in."""

    def __init__(self, host: str, token: str):
        self.connection, self.cookie, self.answers = http.client.HTTPConnection(host, timeout=60), "", 0
        self.post("/api/session", {"token": token})

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer to a request."""
        headers = {"X-Explora": "1", "Content-Type": "application/json", "Cookie": self.cookie}
        self.connection.request("POST", path, json.dumps(body), headers)
        said = self.connection.getresponse()
        self.cookie = (said.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        content = json.loads(said.read() or b"null")
        if said.status != 200:
            raise SystemExit(f"{path}: {said.status} {content}")
        self.answers += path.endswith("answer")
        return content


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--budget", type=int, default=60)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--patience", type=float, default=2.0, help="how long nobody answers [s]")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "people_loop.json")
    options = parser.parse_args()
    known = json.loads(options.out.read_text()) if options.out.exists() else {"seeds": {}}
    for seed in range(options.seeds):
        if str(seed) in known["seeds"]:
            continue
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "digits.csv"
            truth = write(data, seed)
            without = unanswered(data, Path(folder) / "without", options, seed)
            found = answered(data, Path(folder) / "with", options, seed, truth)
        known["seeds"][str(seed)] = {"without": without, **found}
        sys.stderr.write(f"seed {seed}: {known['seeds'][str(seed)]}\n")
        _keep(options, known)


def _keep(options: argparse.Namespace, known: dict[str, Any]) -> None:
    from _machine import machine

    pairs = np.array([[each["without"], each["last"]] for each in known["seeds"].values()])
    gains = pairs[:, 1] - pairs[:, 0]
    known |= {
        "protocol": " ".join((__doc__ or "").split()),
        "budget": options.budget,
        "batch": options.batch,
        "machine": machine(),
        "mean_without": pairs[:, 0].mean(),
        "mean_with": pairs[:, 1].mean(),
        "least_gain": gains.min(),
        "p": float(wilcoxon(gains, alternative="greater").pvalue),
    }
    options.out.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    main()
