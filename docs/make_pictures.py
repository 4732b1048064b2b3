"""Makes `docs/pictures/mazes.png`, the picture of the README: two strips of mazes, drawn by explora.

    python docs/make_pictures.py [--run RUN]

The upper strip shows mazes of the suite `graded`, from easy to hard. The lower one shows how a maze grows: the
ancestors of the best task that a run has found, oldest first, or without a run an empty maze that is edited again and
again.
"""

import argparse
from pathlib import Path

import jax
import jax.random as jr
import numpy as np
from PIL import Image

from explora.core import Space
from explora.domains.maze import Maze, MazeSpace

PICTURE = Path(__file__).parent / "pictures" / "mazes.png"
TILES, SIDE, GAP = 7, 132, 8
COLOURS = 128


def graded() -> list[np.ndarray]:
    """Mazes of `graded`, from easy to hard, those of full size only."""
    environment = Maze()
    tasks = environment.suite("graded").tasks
    count = tasks.heading.shape[0]
    chosen = np.linspace(2, count - 1, TILES).round().astype(int)
    return [environment.space.draw(jax.tree.map(lambda x, n=n: x[n], tasks), SIDE) for n in chosen]


def grown() -> list[np.ndarray]:
    """An empty maze and what becomes of it by edits, a solvable one chosen each time, as ACCEL would find them."""
    space = MazeSpace(empty=True, edits=22)
    task = space.sample(key=jr.key(4))
    mazes = [task]
    mutants = jax.jit(lambda task, key: jax.vmap(lambda k: space.mutate(task, key=k))(jr.split(key, 16)))
    features = jax.jit(jax.vmap(space.features))
    actions = space.feature_names.index("fewest actions")  # 0 where there is no way
    for number in range(1, TILES):
        children = mutants(task, jr.fold_in(jr.key(4), number))
        best = int(np.argmax(np.asarray(features(children))[:, actions]))
        task = jax.tree.map(lambda x, n=best: x[n], children)
        mazes.append(task)
    return [space.draw(maze, SIDE) for maze in mazes]


def found(run: str) -> list[np.ndarray]:
    """The family of the best task that a run has found, its oldest ancestor first."""
    from explora.runs import read
    from explora.store import RunFolder, find

    with RunFolder.open(find(run)) as folder:
        space: Space = read(folder)[0].space
        best = max(folder.database.tasks(best=50), key=lambda task: task.generation or 0)
        family = folder.database.lineage(best.id)
    chosen = np.unique(np.linspace(0, len(family) - 1, min(TILES, len(family))).round().astype(int))
    return [space.draw(space.decode(family[n].spec), SIDE) for n in chosen]


def strips(rows: list[list[np.ndarray]]) -> Image.Image:
    """Tiles pictures on a transparent ground, so that light and dark pages can show them."""
    size = (TILES * SIDE + (TILES - 1) * GAP, len(rows) * SIDE + (len(rows) - 1) * GAP)
    sheet = Image.new("RGBA", size, (0, 0, 0, 0))
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (column * (SIDE + GAP), row * (SIDE + GAP)))
    return sheet.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)


def main() -> None:
    """Draws the picture and says where it lies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", help="show what this run has found in the lower strip")
    run = parser.parse_args().run
    PICTURE.parent.mkdir(exist_ok=True)
    strips([graded(), grown() if run is None else found(run)]).save(PICTURE, optimize=True)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
