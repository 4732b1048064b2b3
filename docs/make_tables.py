"""Writes the tables that are made from the code and from `benchmarks/results` into the documents.

    python docs/make_tables.py [--check]

With `--check` nothing is written; the exit code is 1 if a table is not up to date. A test asks the same.
"""

import argparse
import inspect
import json
import re
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from explora.recipes import DEFAULT, RECIPES, Recipe

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
MISSING = "*Not measured yet.*"
SUITES = ("holdout", "graded", "perfect-13", "perfect-19", "random-solvable")
ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


def algorithms() -> str:
    """Recipe, parts and paper, one line each."""
    rows = [(f"`{r.name}`{_star(r)}", r.title, f"`{r.parts}`", _linked(r.paper)) for r in RECIPES]
    return _table(("recipe", "title", "parts", "paper"), rows)


def box() -> str:
    """What is in the box: the same without the parts, for the README."""
    rows = [(f"`{r.name}`{_star(r)}", r.title, _linked(r.paper)) for r in RECIPES]
    return _table(("recipe", "algorithm", "paper"), rows)


def learning(budget: str) -> str:
    """Solve rates at one budget: the median of the seeds, the lowest and the highest of them."""
    file = RESULTS / f"maze_learning-{budget}" / "summary.json"
    if not file.exists():
        return MISSING
    found: dict[str, Any] = json.loads(file.read_text())
    span = lambda x: f"{statistics.median(x):.2f} ({min(x):.2f}–{max(x):.2f})"
    rows = [
        (
            f"`{recipe}`",
            str(row["seeds"]),
            f"{row['minutes']:.1f}",
            *(span(row[suite]["values"]) for suite in SUITES),
            f"{row['cvar']['0.01']:.2f}",
        )
        for recipe, row in found.items()
    ]
    return _table(("recipe", "seeds", "minutes", *SUITES, "worst 1 %"), rows)


def speed(group: str) -> str:
    """One group of rows of the comparison with the peers."""
    file = RESULTS / "maze_peers.json"
    groups: dict[str, Any] = json.loads(file.read_text())["groups"] if file.exists() else {}
    rows = [row for name, entry in groups.items() if name.split(":")[0] == group for row in entry["rows"]]
    lines = [(row["name"], _rate(row), _against(row)) for row in rows]
    return _table(("", "median", "ratio to the peer (least to greatest)"), lines) if lines else MISSING


def _rate(row: dict[str, Any]) -> str:
    if "not_run" in row:
        return f"not run: {row['not_run']}"
    if row["unit"] == "FLOP/s":
        return f"{row['median'] / 1e9:,.0f} GFLOP/s"
    share = row.get("facts", {}).get("roofline")
    bound = f" ({share:.0%} of the matrix product)" if share else ""
    return (
        f"{row['median']:,.0f} {row['unit']}{bound}" if row["median"] >= 100 else f"{row['median']:.3g} {row['unit']}"
    )


def _against(row: dict[str, Any]) -> str:
    ratio = row.get("ratio")
    return f"{ratio['median']:.2f} ({ratio['min']:.2f}–{ratio['max']:.2f})" if ratio else ""


def selection(group: str) -> str:
    """One group of rows of the comparison of selectors with scikit-activeml."""
    file = RESULTS / "pool_selection.json"
    groups: dict[str, Any] = json.loads(file.read_text())["groups"] if file.exists() else {}
    rows = groups.get(group, {}).get("rows", [])
    if not rows:
        return MISSING
    if group == "contests":
        lines = [
            (
                row["name"],
                f"{1000 * row['median']:.1f}",
                f"{1000 * row['peer']:.1f}",
                f"{row['ratio']:.1f} ({row['least']:.1f}–{row['greatest']:.1f})",
                "the same" if row["same"] else "another, by chance",
            )
            for row in rows
        ]
        return _table(("", "explora [CPU ms]", "scikit-activeml [CPU ms]", "ratio (least to greatest)", "batch"), lines)
    if group == "large":
        lines = [(row["name"], f"{row['seconds']:.2f}", f"{row['cpu']:.2f}", f"{row['peak']:.2f}") for row in rows]
        return _table(("", "seconds", "CPU s", "peak memory of the process [GiB]"), lines)
    lines = [(row["name"], f"{row['same']} of {row['sets']}", str(row["tie"]), str(row["other"])) for row in rows]
    return _table(("", "the same batch", "differs at a tie", "differs otherwise"), lines)


def routes() -> str:
    """Every documented route of the server of `explora people`, with the least role that it asks for."""
    from fastapi.routing import APIRoute

    from explora.people import People, application
    from explora.store import RunFolder

    bare: dict[str, Any] = {"parts": {}, "plan": {}}
    rows = []
    with tempfile.TemporaryDirectory() as place, RunFolder.create(Path(place) / "run", config=bare, facts={}) as folder:
        people = People.around(folder)
        app: Any = application(people)
        routers = [found for each in app.app.routes if (found := getattr(each, "original_router", None)) is not None]
        for route in (each for router in routers for each in router.routes if isinstance(each, APIRoute)):
            does = " ".join((route.endpoint.__doc__ or "").strip().partition("\n\n")[0].split())
            rows += [(f"`{method} {route.path}`", _least(route), does) for method in sorted(route.methods or ())]
        people.scene.wait(30.0)
        people.close()
    if not rows:
        raise RuntimeError("FastAPI keeps its routes elsewhere by now: no route was found")
    return _table(("route", "least role", "does"), rows)


def _least(route: Any) -> str:
    """The role that a route asks for, out of the function on which it depends."""
    found = [inspect.getclosurevars(each.call).nonlocals.get("role") for each in route.dependant.dependencies]
    return next((role for role in found if role is not None), "–")


def efficiency(heading: str, nth: int = 0) -> str:
    """A table of the benchmark of label efficiency, as its summary has it below a heading."""
    text = _read("benchmarks/results/pool_curves/summary.md").partition(f"\n{heading}\n")[2]
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return tables[nth].rstrip("\n")


def asked_returns() -> str:
    """What was asked and achieved in mazes, level by level."""
    found = _asked("maze")
    if found is None:
        return MISSING
    levels = found["returns"]["levels"]
    rows = [(f"{x['asked']:.2f}", f"{x['achieved']:.2f}", f"{x['low']:.2f}–{x['high']:.2f}") for x in levels]
    alone, mean, curve = (found["returns"][f"correlation{of}"] for of in ("", " of means", " of levels"))
    told = (
        f"Correlation of asked and achieved over single episodes: {alone:.2f}; of the mean of three each: {mean:.2f}; "
        f"of the rows of this table: {curve:.2f}."
    )
    picture = "pictures/asked-maze.png"
    shown = f"![Asked and achieved in mazes]({picture})\n\n" if (ROOT / "docs" / picture).exists() else ""
    return f"{shown}{told}\n\n{_table(('asked', 'achieved', '95 % interval'), rows)}"


def asked_words() -> str:
    """Pairs of clauses that were never told together: how often both came true."""
    found = _asked("maze")
    if found is None:
        return MISSING
    names = ("asked", "asked for nothing", "asked for another")
    rows = [
        (", ".join(row["clauses"]), str(row["requests"]), *(f"{row[name]:.0%}" for name in names))
        for row in found["words"]["pairs"]
    ]
    few = found["words"]["where the unasked do it in at most 40 %"]
    if few:
        number = str(few["asked"]["of"])
        rows.append(("**all with at most 40 % unasked**", number, *(f"**{few[name]['share']:.0%}**" for name in names)))
    return _table(("clauses", "requests", *names), rows)


def asked_skills() -> str:
    """Versions of the learner, and what is shown by who is asked to play as they did."""
    found = _asked("maze")
    if found is None:
        return MISSING
    each = found["skills"]["versions"]
    rows = [(f"{x['turn']:,}", f"{x['earned in the archive']:.2f}", f"{x['shown']:.2f}") for x in each]
    told = f"Spearman correlation: {found['skills']['spearman']:.2f}."
    return f"{told}\n\n{_table(('turn', 'its mean return', 'shown when asked for it'), rows)}"


def asked_luck() -> str:
    """The best that can be asked for in a gamble, and what is got."""
    found = _asked("gamble")
    if found is None:
        return MISSING
    names = {"got": "what was got (the usual way)", "expected": "what was to be expected (the remedy)"}
    rows = []
    for name, said in names.items():
        row, seeds = found["summary"][name], len(found["seeds"])
        means = (f"{row[what]['mean']:.2f}" for what in ("asked", "achieved"))
        rows.append((said, *means, f"{row['luck']['mean']:.0%}", f"{row['optimistic']} of {seeds}"))
    return _table(("told of each action", "asked for the best", "achieved", "luck", "called optimistic"), rows)


def yardsticks() -> str:
    """Tasks whose optimum is known: what was reached, over how many seeds, and what to compare it with."""
    rows = []
    for name, (said, wanted, what, others) in _YARDSTICKS.items():
        found = _asked(name)
        if found is not None:
            beside = "; ".join(f"{label} {_reached(found, path)}" for label, path in others.items())
            rows.append((said, str(len(found["seeds"])), wanted, _reached(found, what), beside))
    return _table(("", "seeds", "wanted", "reached", "beside it"), rows) if rows else MISSING


_YARDSTICKS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "graphs": (
        "shortest paths from random walks: starts that get the best that the data have",
        "≥ 0.95",
        "found",
        {"exact posterior": "posterior", "a random walk": "random"},
    ),
    "bits": ("50 bits, random data: solved", "≥ 0.99", "hindsight/solved", {"without hindsight": "control/solved"}),
    "dark_room": (
        "Dark Room, goals never seen: share of the optimum",
        "≥ 0.65",
        "held out",
        {"goals in the data": "known"},
    ),
    "watch_try": (
        "watched, then tried, then done: left by the right door",
        "",
        "both",
        {"who only watched (one half is the most)": "watched", "who only tried": "tried", "who did neither": "nothing"},
    ),
    "minds": (
        "theory of mind: what is lost to the exact posterior [nats]",
        "≤ 0.02",
        "excess",
        {"knowing nothing of the agent": "nothing known"},
    ),
    "key_to_door": (
        "Key-to-Door from 1,000 random episodes: solved",
        "≥ 0.60",
        "asked/solved",
        {"imitating the best tenth": "best tenth/solved", "random play": "random"},
    ),
}
"""What is said of each, what is wanted, where its summary says what was reached, and what stands beside it."""


def _reached(found: dict[str, Any], path: str) -> str:
    """The mean over seeds of what stands at a place of a summary, with the least and the greatest."""
    at = found["summary"]
    for name in path.split("/"):
        at = at[name]
    return f"{at['mean']:.3g} ({at['least']:.3g}–{at['greatest']:.3g})"


def asked_requests() -> str:
    """Exploration by asking against uniform requests."""
    found = _asked("requests")
    if found is None:
        return MISSING
    rows = []
    for name, said in (("beyond", "what was never met, half of the time"), ("uniform", "new ones only")):
        row, seeds = found["summary"][name], found["seeds"].values()
        each = [seed[name]["solved"] for seed in seeds]
        greedy = f"{row['solved, greedy']['mean']:.2f}"
        mean = f"{row['mean of the curve']['mean']:.3f}"
        spread = f"{row['solved']['mean']:.2f} ({min(each):.2f}–{max(each):.2f})"
        rows.append((said, str(len(each)), spread, greedy, mean))
    other = _asked("her")
    for name, said in (("her", "new ones only, `her`"), ("none", "new ones only, `her` without hindsight")):
        if other is not None:
            each = [seed[name]["solved"] for seed in other["seeds"].values()]
            spread = f"{sum(each) / len(each):.2f} ({min(each):.2f}–{max(each):.2f})"
            rows.append(
                (said, str(len(each)), "", spread, f"{other['summary'][name]['mean of the curve']['mean']:.3f}")
            )
    return _table(("requests", "seeds", "solved at the end", "likeliest actions", "mean over the run"), rows)


def ranked_rewards() -> str:
    """Reward from ranks that noise gave."""
    rows = []
    for name in ("pendulum", "walker"):
        found = _asked(f"drex_{name}")
        if found is None:
            continue
        seeds = list(found["seeds"].values())
        sound = [seed for seed in seeds if "failed" not in seed]
        means = [
            f"{_mean(sound, what):,.0f}"
            for what in ("best demonstration", "learned from the learned reward", "learned from the true reward")
        ]
        won = sum(seed["beats the best demonstration"] for seed in sound)
        lows = [seed["interval beyond"][0] for seed in sound]
        beyond = f"{_mean(sound, 'correlation beyond'):.2f} (> {min(lows):.2f})"
        rows.append((name, *means, f"{won} of {len(seeds)}", f"{_mean(sound, 'correlation'):.2f}", beyond))
    head = (
        "",
        "best demonstration",
        "from the learned reward",
        "from the true reward",
        "seeds that beat the best demonstration",
        "correlation with true returns",
        "… of those better than the demonstrations",
    )
    return _table(head, rows) if rows else MISSING


def _mean(seeds: list[Any], what: str) -> float:
    return sum(seed[what] for seed in seeds) / len(seeds)


def _asked(name: str) -> Any:
    file = RESULTS / "just_ask" / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


TABLES = {
    "README.md": {"recipes": box, "ten minutes": partial(learning, "10min")},
    "docs/algorithms.md": {"recipes": algorithms},
    "docs/learning.md": {
        "ten minutes": partial(learning, "10min"),
        "four million steps": partial(learning, "4M"),
        "two million steps": partial(learning, "2M"),
    },
    "docs/label-efficiency.md": {
        "final": partial(efficiency, "## Final"),
        "cold": partial(efficiency, "### Final: cold start"),
        "warm": partial(efficiency, "### Final: warm start"),
        "cold labels": partial(efficiency, "### Final: labels to random's final accuracy (median; – never)"),
        "warm labels": partial(efficiency, "### Final: labels to random's final accuracy (median; – never)", 1),
        "screening": partial(efficiency, "## Screening"),
    },
    "docs/ask.md": {
        "asked returns": asked_returns,
        "asked words": asked_words,
        "asked skills": asked_skills,
        "yardsticks": yardsticks,
        "luck": asked_luck,
        "requests": asked_requests,
    },
    "docs/people-api.md": {"routes": routes},
    "docs/preferences.md": {"ranked rewards": ranked_rewards},
    "docs/performance.md": {
        "environment": partial(speed, "env"),
        "training": partial(speed, "train"),
        "defaults": partial(speed, "defaults"),
        "growth": partial(speed, "growth"),
        "selection": partial(selection, "contests"),
        "large pools": partial(selection, "large"),
        "equal": partial(selection, "equal"),
    },
}
"""Which tables stand in which file, by the name in their markers."""


def renewed(path: str, text: str) -> str:
    """The text of a file with its tables made anew.

    **Raises:** `ValueError` if a marker is missing.
    """
    for name, make in TABLES[path].items():
        start, end = f"<!-- {name}: made by docs/make_tables.py -->", f"<!-- end of {name} -->"
        if text.count(start) != 1 or text.count(end) != 1:
            raise ValueError(f"{path} must hold `{start}` and `{end}` once each, around the table")
        before, rest = text.split(start)
        text = f"{before}{start}\n\n{make()}\n\n{end}{rest.split(end)[1]}"
    return text


def outdated() -> list[str]:
    """The files whose tables are not up to date."""
    return [path for path in TABLES if renewed(path, _read(path)) != _read(path)]


def _star(recipe: Recipe) -> str:
    return " (default)" if recipe.name == DEFAULT else ""


def _linked(paper: str) -> str:
    """The citation with its arXiv number as a link."""
    return ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", paper)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def main() -> int:
    """Writes or checks the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a table is not up to date")
    check = parser.parse_args().check
    stale = outdated()
    for path in stale:
        if not check:
            (ROOT / path).write_text(renewed(path, _read(path)), encoding="utf-8")
        sys.stdout.write(f"{path}: {'not up to date' if check else 'renewed'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
