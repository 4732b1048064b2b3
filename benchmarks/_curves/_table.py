"""The summary as Markdown, the losses as well."""

from typing import Any

from ._sets import SETTINGS, STARTS
from ._summary import ALPHA, DEFAULT, RANDOM

TITLES = {"screen": "Screening", "final": "Final"}


def table(summary: dict[str, Any]) -> str:
    """All of it."""
    lines = ["# Label efficiency", "", f"Every curve: {summary['log']}. {_where(summary['about'])}", ""]
    for phase, title in TITLES.items():
        if phase in summary:
            lines += _phase(title, summary[phase])
    lines += ["## Not taking part", ""]
    lines += [f"- scikit-activeml's {name}: {why}" for name, why in summary["left_out"].items()]
    return "\n".join(lines) + "\n"


def _where(about: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in about["packages"].items())
    return f"Summary made at commit {about['commit']}; {about['machine']['processor']}; {packages}."


def _phase(title: str, found: dict[str, Any]) -> list[str]:
    first, last = found["repeats"]
    lines = [f"## {title}", ""]
    lines += [f"{found['curves']} curves, repeats {first} to {last}, {found['cpu_hours']:.2f} hours of CPU time.", ""]
    lines += [*_verdict(found["verdict"]), "", *_ranking(found), ""]
    for start in STARTS:
        lines += [f"### {title}: {start} start", "", _LEGEND, "", *_areas(found, start), ""]
    lines += [f"### {title}: labels to random's final accuracy (median; – never)", "", *_targets(found), ""]
    if found["unfinished"]:
        lines += [f"### {title}: capped or failed", ""]
        for entry in found["unfinished"]:
            reasons, where = "; ".join(entry["reasons"]), ", ".join(entry["cells"])
            lines.append(f"- {entry['entrant']}: {entry['curves']} {entry['status']} ({reasons}): {where}")
        lines.append("")
    return lines


_LEGEND = (
    "Mean area under the curve of accuracy, and its mean paired difference to random [points]; "
    f"\\* better and ! worse than random (one-sided Wilcoxon, Holm over all cells, {ALPHA:g})."
)


def _verdict(found: dict[str, Any]) -> list[str]:
    if found["rank"] is None:
        return [f"- {DEFAULT} is not whole in all cells yet: no verdict."]
    worse = ", ".join(found["worse_than_random"]) or "nowhere"
    peers = ", ".join(f"{name} {rank:.2f}" for name, rank in found["best_peers"].items()) or "none"
    ahead = ", ".join(found["peers_ahead"]) or "none"
    margins = [f"{name} {d['difference']:+.4f}" for name, d in found["to_warm_margin"].items()]
    return [
        f"- {DEFAULT}: mean rank {found['rank']:.2f}; best of scikit-activeml: {peers}; at least as good: {ahead}.",
        f"- Significantly worse than random: {worse}; better in {len(found['better_than_random'])} "
        f"of {found['cells']} cells.",
        f"- Against margin from a warm start: {', '.join(margins)}.",
    ]


def _ranking(found: dict[str, Any]) -> list[str]:
    lines = ["| entrant | mean rank | difference to random | balanced | better \\* | worse ! | CPU s a curve |"]
    lines.append("|---|---|---|---|---|---|---|")
    for name in [*found["ranks"], *found["partly"]]:
        cells = found["entrants"][name]
        rank = f"{found['ranks'][name]:.2f}" if name in found["ranks"] else _partly(found["partly"][name])
        mean = lambda field, cells=cells: sum(cell[field] for cell in cells) / max(1, len(cells))
        count = lambda side, cells=cells: sum(cell[f"{side}_holm"] < ALPHA for cell in cells)
        lines.append(
            f"| {name} | {rank} | {mean('difference'):+.4f} | {mean('balanced_difference'):+.4f} "
            f"| {count('better')} | {count('worse')} | {mean('cpu'):.3f} |"
        )
    return lines


def _partly(entry: dict[str, Any]) -> str:
    beside = "" if entry["default"] is None else f"; {DEFAULT} there: {entry['default']:.2f}"
    return f"({entry['rank']:.2f} in {entry['cells']} cells{beside})"


def _areas(found: dict[str, Any], start: str) -> list[str]:
    def cell(entry: dict[str, Any]) -> str:
        mark = " \\*" if entry["better_holm"] < ALPHA else " !" if entry["worse_holm"] < ALPHA else ""
        seeds = f"{entry['wins']}/{entry['repeats']}"
        return f"{entry['area']:.4f} ({100 * entry['difference']:+.1f}{mark}, {seeds})"

    return _by_set(found, start, lambda name, entry: f"{entry['area']:.4f}" if name == RANDOM else cell(entry))


def _targets(found: dict[str, Any]) -> list[str]:
    of = lambda entry: "–" if entry["calls_to_target"] is None else f"{entry['calls_to_target']:g}"
    lines = []
    for start in STARTS:
        lines += [f"From a {start} start:", "", *_by_set(found, start, lambda _, entry: of(entry)), ""]
    return lines[:-1]


def _by_set(found: dict[str, Any], start: str, cell: Any) -> list[str]:
    """A table with a row for each entrant and a column for each set."""
    there = {entry["set"] for cells in found["entrants"].values() for entry in cells if entry["start"] == start}
    sets = [name for name in SETTINGS if name in there]
    if not sets:
        return ["Not run."]
    lines = ["| entrant | " + " | ".join(sets) + " |", "|" + "---|" * (1 + len(sets))]
    for name in [*found["ranks"], *found["partly"]]:
        mine = {entry["set"]: entry for entry in found["entrants"][name] if entry["start"] == start}
        texts = [cell(name, mine[one]) if one in mine else "–" for one in sets]
        lines.append(f"| {name} | " + " | ".join(texts) + " |")
    return lines
