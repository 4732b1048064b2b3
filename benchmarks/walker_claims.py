"""What is claimed of POET, tested again at a small scale: transfer, direct paths, rules of transfer, novelty.

    python benchmarks/walker_claims.py [STAGE ...] [--seeds N] [--targets N] [--budget STEPS] [--work FOLDER]
                                       [--out FILE] [--smoke]

Stages, in this order if none is named; each takes up what the ones before have left in `--work`:

- `walker`: for each seed an agent learns to walk on flat ground from nothing. With its weights, and new moments of the
  optimiser, every other run of that seed begins. It is trained once, and its cost is told apart.
- `transfer`: POET, and POET without any transfer (nobody takes over; a child begins with its parent's agent, which
  alone has to meet the minimal criterion). Both end with the same number of environment steps, everything counted:
  learning, proposals, auditions. How many terrains were admitted, and then solved (ANNECS), and the hardest solved.
- `rules`: at every moment of the runs with transfer just before agents may move, on the same pairs of incumbent and
  stranger: whom do the rules of POET and of Enhanced POET accept, how many of them are not better than the incumbent in
  fresh episodes, and what do the proposals cost? And on the same children: novelty by encoding, and PATA-EC.
- `direct`: the hardest challenging terrain that each run with transfer solved, attacked alone from the first step on,
  and by the direct path: from flat ground a step of mutation nearer whenever the return reaches POET's mark for having
  children; same layout all the way. An attack ends when it succeeds or has spent what all of POET's run had, so it can
  be compared with less: with the steps on the line of that agent, and with all steps until POET had solved it.
- `scratch`: likewise with random weights, and the steps of the flat walker on top.
- `report`: all numbers as JSON and as tables; done after every run anyway.

A terrain is *solved* if the mean return of its agent in fresh episodes, which nobody learned from, reaches the mark.
Runs of POET and attacks are looked at so after every iteration whose own return reaches the mark. Such looks cost
nobody anything. What is called *challenging*, and every other setting, stands in `_claims/_preset.py`.

Each run is a file of its own in `--work`, written when it is done; a run that is there is not run again.
"""

import argparse
import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from _machine import ROOT, load, machine

STAGES = ("walker", "transfer", "rules", "direct", "scratch", "report")


def arguments() -> argparse.Namespace:
    """What the command line says."""
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("stages", nargs="*", metavar="STAGE", help=", ".join(STAGES))
    say.add_argument("--seeds", type=int, default=5)
    say.add_argument("--targets", type=int, default=5, help="how many terrains are attacked directly")
    say.add_argument("--budget", type=int, help="environment steps of a run of POET, if others than the preset's")
    say.add_argument("--work", type=Path, default=None, help="where the runs go (not committed)")
    say.add_argument("--out", type=Path, default=None, help="the report (committed)")
    say.add_argument("--page", type=Path, default=None, help="a page between whose marks the tables are put")
    say.add_argument("--smoke", action="store_true", help="every stage in a minute; what comes out means nothing")
    chosen = say.parse_args()
    wrong = [name for name in chosen.stages if name not in STAGES]
    if wrong:
        say.error(f"there is no stage {wrong[0]!r}; there are {', '.join(STAGES)}")
    chosen.stages = chosen.stages or list(STAGES)
    chosen.work = chosen.work or ROOT / "runs" / ("walker_claims-smoke" if chosen.smoke else "walker_claims")
    name = "walker_claims.json" if chosen.budget is None else f"walker_claims_{chosen.budget / 1e6:g}M.json"
    chosen.out = chosen.out or (chosen.work / "report.json" if chosen.smoke else ROOT / "benchmarks" / "results" / name)
    return chosen


class Ledger:
    """The runs that are there, and those that are missing.

    **Arguments:**

    - `chosen`: the command line.
    - `preset`: the settings, which must be those of the runs that are there.
    """

    def __init__(self, chosen: argparse.Namespace, preset: Any):
        from _claims._files import read_json, write_json

        self.chosen, self.work = chosen, chosen.work
        self.preset = preset
        protocol = self.work / "protocol.json"
        there = read_json(protocol)
        if there is not None and there != preset.told():
            raise SystemExit(f"{self.work} holds runs with other settings; name another folder with --work")
        write_json(protocol, preset.told())

    def get(self, name: str) -> Any:
        """A run that is there, or None."""
        from _claims._files import read_json

        return read_json(self.work / "runs" / f"{name}.json")

    def run(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """A run, made if it is not there."""
        from _claims._files import write_json

        found = self.get(name)
        if found is not None:
            return found
        before, clock, processor = load(), time.perf_counter(), time.process_time()
        made = make()
        seconds, cpu = time.perf_counter() - clock, time.process_time() - processor
        made |= {"seconds": seconds, "cpu": cpu, "load": [before, load()], "machine": machine()}
        write_json(self.work / "runs" / f"{name}.json", made)
        said = ", ".join(f"{key} {value:g}" for key, value in made.items() if isinstance(value, (int, float)))
        print(f"{name}: {said}", flush=True)
        self.report()
        return made

    def report(self) -> None:
        """Writes what the runs that are there say."""
        from _claims._files import write_json
        from _claims._report import gathered, put_into, tables

        report = gathered(self.work / "runs", self.preset)
        write_json(self.chosen.out, report)
        if self.chosen.page is not None:
            put_into(self.chosen.page, tables(report))

    def walkers(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The seeds whose flat walker is there."""
        for seed in range(self.chosen.seeds):
            facts = self.get(f"walker-s{seed}")
            if facts is not None:
                yield seed, facts


def walkers(ledger: Ledger, bench: Any) -> None:
    """The flat walkers that are missing."""
    from _claims._files import write_arrays
    from _claims._poet import walker

    def make(seed: int) -> dict[str, Any]:
        weights, facts = walker(bench, seed)
        write_arrays(ledger.work / f"walker-s{seed}.npz", {"weights": weights})
        return {"seed": seed} | facts

    for seed in range(ledger.chosen.seeds):
        ledger.run(f"walker-s{seed}", lambda seed=seed: make(seed))


def transfers(ledger: Ledger, bench: Any) -> None:
    """POET with and without transfer."""
    from _claims._files import read_arrays, write_moments
    from _claims._poet import poet

    def make(seed: int, transfer: bool) -> dict[str, Any]:
        weights = read_arrays(ledger.work / f"walker-s{seed}.npz")["weights"]
        found, diary = poet(bench, weights, seed, transfer)
        if transfer:
            write_moments(ledger.work / f"moments-s{seed}.npz", diary.moments)
        return {"seed": seed, "transfer": transfer} | found

    for name, transfer in (("poet", True), ("without", False)):
        for seed, facts in ledger.walkers():
            if facts["walks"]:
                ledger.run(f"{name}-s{seed}", lambda seed=seed, transfer=transfer: make(seed, transfer))
            else:
                print(f"seed {seed} has not learned to walk: left out", flush=True)


def rule_runs(ledger: Ledger, bench: Any) -> None:
    """Both rules and both novelties at the moments of each run with transfer."""
    from _claims._files import read_moments
    from _claims._rules import rules

    for seed, _ in ledger.walkers():
        path = ledger.work / f"moments-s{seed}.npz"
        if ledger.get(f"poet-s{seed}") is not None:
            make = lambda seed=seed, path=path: {"seed": seed} | rules(bench, read_moments(path), seed)
            ledger.run(f"rules-s{seed}", make)


def attacks(ledger: Ledger, bench: Any, ways: tuple[str, ...]) -> None:
    """The direct attacks on what the runs with transfer have solved."""
    from _claims._direct import attack, choose, verdicts
    from _claims._files import read_arrays

    seeds = dict(ledger.walkers())
    runs = [run for run in (ledger.get(f"poet-s{seed}") for seed in seeds) if run is not None]

    def make(target: dict[str, Any], way: Any) -> dict[str, Any]:
        weights = read_arrays(ledger.work / f"walker-s{target['seed']}.npz")["weights"]
        more = target["walking"] if way == "scratch" else 0
        found = attack(bench, None if way == "scratch" else weights, target, way, target["run"] + more)
        return {"target": target} | found | {"within": verdicts(target, found)}

    for target in choose(runs, ledger.chosen.targets):
        seed = target["seed"]
        run = next(run for run in runs if run["seed"] == seed)
        target |= {"walking": seeds[seed]["steps"], "run": run["steps"]}
        for way in ways:
            name = f"{way}-s{seed}-{target['genes']['seed']}"
            ledger.run(name, lambda target=target, way=way: make(target, way))


def main() -> None:
    """Runs what is missing."""
    chosen = arguments()
    from explora.cli._main import _prepare_jax  # pyright: ignore[reportPrivateUsage]

    _prepare_jax()  # before JAX: one device a core, compiled programs kept
    from _claims._preset import SMOKE, Preset

    preset = SMOKE if chosen.smoke else Preset()
    ledger = Ledger(chosen, dataclasses.replace(preset, budget=chosen.budget or preset.budget))
    if set(chosen.stages) != {"report"}:
        from _claims._engine import Bench

        from explora.core import sharing

        with sharing() as everywhere:
            bench = Bench(ledger.preset, everywhere)
            stages = {
                "walker": lambda: walkers(ledger, bench),
                "transfer": lambda: transfers(ledger, bench),
                "rules": lambda: rule_runs(ledger, bench),
                "direct": lambda: attacks(ledger, bench, ("alone", "path")),
                "scratch": lambda: attacks(ledger, bench, ("scratch",)),
            }
            for name in STAGES[:-1]:
                if name in chosen.stages:
                    stages[name]()
    ledger.report()
    from _claims._files import read_json
    from _claims._report import tables

    print(tables(read_json(chosen.out)))
    print(f"written to {chosen.out}")


if __name__ == "__main__":
    main()
