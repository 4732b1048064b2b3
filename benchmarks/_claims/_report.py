"""All runs as one report, and as tables for people."""

import statistics
from pathlib import Path
from typing import Any

from explora.maths import wilson

from ._files import read_json
from ._preset import Preset
from ._statistics import compared, sign_test

MARKS = ("<!-- claims: written by benchmarks/walker_claims.py -->", "<!-- end of claims -->")

COLUMNS = {
    "annecs": "ANNECS as the run counts it",
    "verified": "terrains solved in fresh episodes",
    "challenging": "challenging ones of these",
    "hardest": "hardest of these (distance from flat ground)",
    "stump": "highest stump of these [steps]",
    "rough": "greatest roughness of these",
    "admitted": "terrains admitted",
}
WAYS = {"alone": "ES on the target alone", "path": "direct path", "scratch": "ES from random weights"}
WITHIN = {"line": "steps on the line of POET's agent", "until": "steps until POET had solved it", "run": "whole run"}
_DROPPED = ("machine", "load", "pairs")


def gathered(folder: Path, preset: Preset) -> dict[str, Any]:
    """Every number: the protocol, each run, and what they say together."""
    runs = {path.stem: read_json(path) for path in sorted(folder.glob("*.json"))}
    kind = lambda name: [run for stem, run in runs.items() if stem.startswith(f"{name}-s")]
    machines: list[Any] = []
    for run in runs.values():
        machines += [run["machine"]] if run["machine"] not in machines else []
    return {
        "protocol": preset.told(),
        "machines": machines,
        "load": [min((min(run["load"]) for run in runs.values()), default=None), _most(runs)],
        "minutes": {name: [run["seconds"] / 60, run["cpu"] / 60] for name, run in runs.items()},
        "walkers": [_short(run) for run in kind("walker")],
        "transfer": transfer(kind("poet"), kind("without")),
        "direct": direct([run for way in WAYS for run in kind(way)]),
        "rules": rules(kind("rules"), kind("poet")),
        "runs": {name: _short(run) for name, run in runs.items() if not name.startswith("walker")},
    }


def transfer(withs: list[dict[str, Any]], withouts: list[dict[str, Any]]) -> dict[str, Any]:
    """With less without, by seed."""
    other = {run["seed"]: run for run in withouts}
    both = [(run, other[run["seed"]]) for run in sorted(withs, key=lambda x: x["seed"]) if run["seed"] in other]
    found = {name: compared([a[name] for a, _ in both], [b[name] for _, b in both]) for name in COLUMNS}
    return {"seeds": [a["seed"] for a, _ in both], "steps": [[a["steps"], b["steps"]] for a, b in both]} | found


def direct(attacks: list[dict[str, Any]]) -> dict[str, Any]:
    """How many targets each way solved within each budget; POET solved all of them, or they would be none."""
    found: dict[str, Any] = {}
    for way in WAYS:
        mine = [run for run in attacks if run["way"] == way]
        if not mine:
            continue
        found[way] = {
            "targets": len(mine),
            "late": [run["late"] for run in mine],
            "best": [run["best"] for run in mine],
        }
        found[way]["distance"] = [run["distance"] for run in mine] if way == "path" else None
        for name in WITHIN:
            solved = [run["within"][name] for run in mine]
            test = sign_test([0.0 if own else 1.0 for own in solved])
            found[way][name] = {"solved": sum(solved), "interval": wilson(sum(solved), len(solved)), "test": test}
    return found


def rules(found: list[dict[str, Any]], runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Both rules over all pairs and by seed; both novelties over all broods and by seed."""
    if not found:
        return {}
    spent = {run["seed"]: run["steps"] for run in runs}
    both: dict[str, Any] = {}
    for rule in ("poet", "enhanced"):
        total = {name: sum(run[rule][name] for run in found) for name in _COUNTS}
        both[rule] = total | {
            "wrong_share": _share(total["wrong"], total["accepted"]),
            "wrong_interval": wilson(total["wrong"], total["accepted"]),
            "taken_wrongly_share": _share(total["taken_wrongly"], total["taken"]),
            "taken_wrongly_interval": wilson(total["taken_wrongly"], total["taken"]),
            "steps": total["proposal_steps"] + sum(run["direct_steps"] for run in found),
        }
    shares = [[_share(run[rule]["wrong"], run[rule]["accepted"]) for rule in ("poet", "enhanced")] for run in found]
    sound = [(a, b) for a, b in shares if a is not None and b is not None]
    costs = [[run["direct_steps"] + run[rule]["proposal_steps"] for rule in ("poet", "enhanced")] for run in found]
    broods = [brood for run in found for brood in run["broods"]]
    rho = [[b["rho"] for b in run["broods"] if b["rho"] is not None] for run in found]
    means = [statistics.mean(x) for x in rho if x]
    judged = sum(brood["steps"] + brood["direct_steps"] for brood in broods)
    return both | {
        "moments": sum(run["moments"] for run in found),
        "cost_ratio": both["enhanced"]["steps"] / both["poet"]["steps"] if both["poet"]["steps"] else None,
        "wrong_by_seed": compared([a for a, _ in sound], [b for _, b in sound]),
        "cost_by_seed": compared([a for a, _ in costs], [b for _, b in costs]),
        "novelty": {
            "broods": len(broods),
            "ranked": sum(map(len, rho)),
            "rho_by_seed": compared(means, [0.0] * len(means)),
            "rho_all": [x for row in rho for x in row],
            "same_first": sum(brood["same_first"] for brood in broods),
            "same_first_interval": wilson(sum(brood["same_first"] for brood in broods), len(broods)),
            "children": len(broods[0]["encoding"]) if broods else None,
            "episodes": sum(brood["episodes"] for brood in broods),
            "steps": judged,
            "share_of_run": judged / sum(spent.values()) if spent else None,
        },
    }


_COUNTS = ("pairs", "proposed", "proposal_steps", "accepted", "wrong", "niches", "taken", "taken_wrongly")


def tables(report: dict[str, Any]) -> str:
    """The report in Markdown."""
    parts = [_protocol(report), _walkers(report), _transfer(report), _direct(report), _rules(report)]
    return "\n\n".join(part for part in parts if part)


def put_into(page: Path, text: str) -> None:
    """Writes the tables between the marks of a page."""
    old = page.read_text("utf-8")
    if any(old.count(mark) != 1 for mark in MARKS):
        raise SystemExit(f"{page} must have each of the lines {MARKS[0]} and {MARKS[1]} once")
    before, rest = old.split(MARKS[0])
    page.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{rest.split(MARKS[1])[1]}", "utf-8")


def _protocol(report: dict[str, Any]) -> str:
    here = report["machines"][0] if report["machines"] else None
    if here is None:
        return ""
    changed = " with changes" if here["changed"] else ""
    minutes = sum(seconds for seconds, _ in report["minutes"].values())
    longest = max(seconds for seconds, _ in report["minutes"].values())
    return (
        f"Preset `{report['protocol']['name']}`, {len(report['minutes'])} runs, {minutes:.0f} minutes in all, the "
        f"longest {longest:.1f}; {here['cores']} cores, {here['processor'].partition(' (')[0]}, commit "
        f"{here['commit']}{changed}."
    )


def _walkers(report: dict[str, Any]) -> str:
    found = report["walkers"]
    if not found:
        return ""
    steps = [run["steps"] / 1e6 for run in found]
    walked = sum(run["walks"] for run in found)
    return (
        f"Flat walkers: {walked} of {len(found)} seeds learned to walk, after {min(steps):.1f} to {max(steps):.1f} "
        f"million steps (mean {statistics.mean(steps):.1f})."
    )


def _transfer(report: dict[str, Any]) -> str:
    found = report["transfer"]
    if not found["seeds"]:
        return ""
    lines = ["| | with transfer | without | mean difference | interval of the median | sign test | permutation |"]
    lines.append("|" + "---|" * 7)
    for name, said in COLUMNS.items():
        row = found[name]
        test, span = row["sign_test"], row["median_interval"]
        cells = [
            said,
            _list(row["first"]),
            _list(row["second"]),
            f"{row['mean']:+.3g}",
            f"{span['low']:.3g} to {span['high']:.3g} ({span['coverage']:.1%})",
            f"{test['ahead']} ahead, {test['behind']} behind, {test['tied']} tied; p = {test['p']:.3g}",
            f"p = {row['permutation_p']:.3g}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _direct(report: dict[str, Any]) -> str:
    found = report["direct"]
    if not found:
        return "No run with transfer has solved a challenging terrain: nothing to attack." if report["walkers"] else ""
    lines = [
        "| attack | targets | " + " | ".join(f"solved within {x}" for x in WITHIN.values()) + " | return at the end |"
    ]
    lines.append("|" + "---|" * (3 + len(WITHIN)))
    for way, row in found.items():
        cells = [WAYS[way], str(row["targets"])]
        for name in WITHIN:
            part, test = row[name], row[name]["test"]
            low, high = part["interval"]
            cells.append(f"{part['solved']} [{low:.0%}, {high:.0%}], p = {test['p']:.3g}")
        lines.append("| " + " | ".join([*cells, _list(row["late"])]) + " |")
    return "\n".join(lines)


def _rules(report: dict[str, Any]) -> str:
    found = report["rules"]
    if not found:
        return ""
    lines = [
        "| rule | pairs | proposals | accepted | not better | niches taken over | wrongly | steps |",
        "|" + "---|" * 8,
    ]
    for rule, said in (("poet", "POET"), ("enhanced", "Enhanced POET")):
        row = found[rule]
        cells = [said, row["pairs"], row["proposed"], row["accepted"], _part(row, "wrong"), row["taken"]]
        lines.append("| " + " | ".join(map(str, [*cells, _part(row, "taken_wrongly"), f"{row['steps']:,}"])) + " |")
    brood = found["novelty"]
    ratio = f"{found['cost_ratio']:.1%}" if found["cost_ratio"] is not None else "no number"
    said = f"The stricter rule costs {ratio} of the other's steps."
    rho = brood["rho_by_seed"]
    if brood["broods"] and rho["first"]:
        said += (
            f"\n\nNovelty of {brood['broods']} broods of {brood['children']}: rank correlation of PATA-EC with the "
            f"distance of encodings {_list(rho['first'])} (mean by seed), the same child first in "
            f"{brood['same_first']}. PATA-EC played {brood['episodes']:,} episodes for it, "
            f"{brood['share_of_run']:.2%} of the steps of the runs; the distance of encodings none."
        )
    return "\n".join(lines) + f"\n\n{said}"


def _part(row: dict[str, Any], name: str) -> str:
    share, (low, high) = row[f"{name}_share"], row[f"{name}_interval"]
    return f"{row[name]}" if share is None else f"{row[name]}: {share:.0%} [{low:.0%}, {high:.0%}]"


def _list(values: list[float]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _short(run: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in run.items() if name not in _DROPPED}
    return _rounded(kept)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: _rounded(x) for name, x in value.items()}
    return [_rounded(x) for x in value] if isinstance(value, list) else value


def _most(runs: dict[str, Any]) -> float | None:
    return max((max(run["load"]) for run in runs.values()), default=None)
