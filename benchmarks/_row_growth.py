"""Our defaults, what bounds them, and how costs grow with the buffer, the number of lanes and the size of the maze."""

import dataclasses

from _contestants import Product, Training
from _settings import Settings
from _timing import Contestant, contest

from explora.core import Parts
from explora.domains.maze import Maze
from explora.explorers import Replay, Uniform
from explora.learners import PPO
from explora.recipes import RECIPES

SHAPES = (
    Product(2048, 2048, 2048, 60),
    Product(8192, 405, 1024, 120),
    Product(405, 8192, 1024, 120),
    Product(32, 405, 1024, 20000, inside=True),
    Product(32, 1024, 405, 20000, inside=True),
    Product(256, 128, 384, 20000, inside=True),
)


def roofline(settings: Settings) -> list[dict]:
    """How many operations per second a matrix product does, in the shapes that matter here."""
    shapes = [dataclasses.replace(x, repeats=x.repeats // 20) if settings.quick else x for x in SHAPES]
    rows = contest(shapes, settings.repeats)
    best = max(row["median"] for row in rows)
    return [*rows, {"name": "roofline", "unit": "FLOP/s", "median": best}]


def defaults(settings: Settings) -> list[dict]:
    """Learning steps per second of the recipes as `explora run maze` takes them, without evaluation."""
    chosen = [x for x in RECIPES if x.name in ("dr", "robust-plr", "accel", "sfl")]
    rounds = 2 if settings.quick else 8
    contestants = [
        Training(f"explora defaults, {x.name}", x.build(Maze()), rounds, warm=2, evaluate=False) for x in chosen
    ]
    return contest(contestants, settings.repeats)


def growth(settings: Settings) -> list[dict]:
    """Each pair differs in one number; the second is compared with the first."""
    rounds = 2 if settings.quick else 6
    big = 50_000 if settings.quick else 1_000_000
    wide = 512 if settings.quick else 2048
    rows: list[dict] = []
    for title, probability in (("every round replays", 1.0), ("every round tries new mazes", 0.0)):
        pair = [
            _training(f"buffer of {slots:,}, {title}", _buffer(slots, probability), rounds) for slots in (4000, big)
        ]
        rows += _pair(pair, settings)
    rows += _pair([_training(f"{lanes} lanes", _uniform(lanes), rounds) for lanes in (256, wide)], settings)
    rows += _pair([_training(f"mazes of {s}×{s}", _uniform(256, s), rounds) for s in (13, 51)], settings)
    return rows


def _pair(pair: list[Training], settings: Settings) -> list[dict]:
    first, second = pair
    second.peer = first.name
    contestants: list[Contestant] = [first, second]
    return contest(contestants, settings.repeats)


def _training(name: str, parts: Parts, rounds: int) -> Training:
    return Training(f"explora {name}", parts, rounds, warm=2, evaluate=False)


def _buffer(slots: int, probability: float) -> Parts:
    return Parts(Maze(), PPO(), Replay(capacity=slots, probability=probability, minimum_fill=256 / slots))


def _uniform(lanes: int, size: int = 13) -> Parts:
    space = dataclasses.replace(Maze().space, height=size, width=size)
    domain = Maze(space=space, max_steps=250)
    return Parts(domain, PPO(), Uniform(rows=lanes))
