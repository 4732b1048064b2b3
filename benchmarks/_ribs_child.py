"""pyribs' side of `qd_sphere.py`, in an interpreter that has pyribs; knows nothing of explora.

    python _ribs_child.py run ALGORITHM SEED MARK[,MARK…]
    python _ribs_child.py serve ALGORITHM SEED
    python _ribs_child.py traces FILE.npz OUT.npz

The first prints a line of JSON at each mark; the second runs as many turns as each line of its input says and prints
what they took; the third adds recorded batches to archives and writes what they said.
"""

import json
import sys
import time

import numpy as np

DIMS, ROWS, CELLS = 100, 540, (100, 100)
EDGE = DIMS / 2 * 5.12


def sphere(solutions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Objective in percent of the way from the worst corner to the best point, and the two sums of clipped halves.

    **Reference:** Fontaine et al. 2020 (arXiv:1912.02400), sec. 4; the best point lies at 2.048 in every coordinate.
    """
    best = 0.4 * 5.12
    worst = DIMS * (5.12 + best) ** 2
    objectives = 100.0 * (1.0 - np.sum((solutions - best) ** 2, axis=1) / worst)
    outside = np.abs(solutions) > 5.12
    folded = np.where(outside, 5.12 / np.where(outside, solutions, 1.0), solutions)
    half = DIMS // 2
    return objectives, np.stack([folded[:, :half].sum(axis=1), folded[:, half:].sum(axis=1)], axis=1)


def scheduler(algorithm: str, seed: int):
    """The published settings of the sphere benchmark."""
    from ribs.archives import GridArchive
    from ribs.emitters import EvolutionStrategyEmitter, IsoLineEmitter
    from ribs.schedulers import Scheduler

    ends = [(-EDGE, EDGE)] * 2
    seeds, start = np.random.SeedSequence(seed), np.zeros(DIMS)
    grid = lambda **more: GridArchive(solution_dim=DIMS, dims=CELLS, ranges=ends, seed=seed, **more)
    if algorithm == "line_map_elites":
        archive = grid()
        line = IsoLineEmitter(archive, x0=start, iso_sigma=0.5, line_sigma=0.2, batch_size=ROWS, seed=seeds.spawn(1)[0])
        return Scheduler(archive, [line])
    archive = grid(learning_rate=0.01, threshold_min=0.0)
    settings = {"sigma0": 0.5, "ranker": "imp", "selection_rule": "mu", "restart_rule": "basic", "batch_size": 36}
    emitters = [EvolutionStrategyEmitter(archive, x0=start, seed=s, **settings) for s in seeds.spawn(15)]
    return Scheduler(archive, emitters, result_archive=grid())


def advance(search, turns: int) -> tuple[float, float]:
    """Some turns of whoever has `ask` and `tell`; how many seconds they took by the clock, and of processor time."""
    began, spent = time.perf_counter(), time.process_time()
    for _ in range(turns):
        search.tell(*sphere(search.ask()))
    return time.perf_counter() - began, time.process_time() - spent


def timed(search, marks: list[int]):
    """Runs from mark to mark; at each the iteration, and the seconds since the first turn, which compiles."""
    done, wall, cpu = 0, 0.0, 0.0
    for mark in sorted({1, *marks}):
        seconds, spent = advance(search, mark - done)
        if done:
            wall, cpu = wall + seconds, cpu + spent
        done = mark
        if mark in marks:
            yield {"iteration": mark, "seconds": wall, "cpu": cpu, "timed": mark - 1}


def run(algorithm: str, seed: int, marks: list[int]) -> None:
    """One run, with a line of JSON at each mark."""
    import ribs

    search = scheduler(algorithm, seed)
    for row in timed(search, marks):
        stats = search.result_archive.stats
        row["restarts"] = sum(int(getattr(emitter, "restarts", 0)) for emitter in search.emitters)
        row |= {"qd_score": float(stats.qd_score), "coverage": float(stats.coverage), "version": ribs.__version__}
        print(json.dumps(row), flush=True)


def serve(algorithm: str, seed: int) -> None:
    """Runs as many turns as each line of the input says."""
    search = scheduler(algorithm, seed)
    for line in sys.stdin:
        print(json.dumps(advance(search, int(line))), flush=True)


def traces(source: str, target: str) -> None:
    """Adds the recorded batches to an archive each, and writes status, value and what is kept."""
    from ribs.archives import CVTArchive, GridArchive, ProximityArchive

    given, out = dict(np.load(source)), {}
    for name in sorted({key.split("/")[0] for key in given}):
        part = {key.split("/")[1]: value for key, value in given.items() if key.startswith(f"{name}/")}
        solutions, objectives, measures = part["solutions"], part["objectives"], part["measures"]
        shared = {"solution_dim": solutions.shape[2], "seed": 0, "dtype": np.float32}
        more = {}
        if "threshold" in part:
            more = {"learning_rate": float(part["rate"]), "threshold_min": float(part["threshold"])}
        ends = list(zip(part["low"], part["high"], strict=True)) if "low" in part else None
        if "shape" in part:
            archive = GridArchive(dims=part["shape"].tolist(), ranges=ends, **shared, **more)
        elif "centres" in part:
            centres = part["centres"]
            try:
                archive = CVTArchive(centroids=centres, ranges=ends, **shared, **more)
            except TypeError:  # versions differ in how they are told
                archive = CVTArchive(cells=len(centres), custom_centroids=centres, ranges=ends, **shared, **more)
        else:
            archive = ProximityArchive(
                measure_dim=measures.shape[2],
                k_neighbors=int(part["neighbours"]),
                novelty_threshold=float(part["least"]),
                **shared,
            )
        status, value = [], []
        for x, y, z in zip(solutions, objectives, measures, strict=True):
            said = archive.add(x, y, z)
            status.append(said["status"])
            value.append(said["novelty" if "neighbours" in part else "value"])
        kept = archive.data()
        order = np.argsort(kept["index"], kind="stable")
        out |= {f"{name}/status": np.stack(status), f"{name}/value": np.stack(value)}
        for ours, theirs in (("cells", "index"), ("objectives", "objective"), ("solutions", "solution")):
            out[f"{name}/{ours}"] = kept[theirs][order]
        if "neighbours" not in part:
            out[f"{name}/thresholds"] = kept["threshold"][order]
    np.savez(target, **out)


if __name__ == "__main__":
    if sys.argv[1] == "run":
        run(sys.argv[2], int(sys.argv[3]), [int(mark) for mark in sys.argv[4].split(",")])
    elif sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        traces(sys.argv[2], sys.argv[3])
