"""`explora suggest`: what should be labelled next, without a run and without a server."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from explora.adapters import Labelling
from explora.core import ArgumentError, TaskError, override
from explora.domains.pool import Nobody, Pool, Source
from explora.recipes import recipe as find_recipe
from explora.recipes import usual

from ._parse import parse


def suggest(words: list[str]) -> int:
    """Says which items of a file to label next."""

    def suggest(
        data: Annotated[str, tyro.conf.arg(help="a table (CSV, Parquet, JSONL), a folder of images or of texts")],
        target: Annotated[str | None, tyro.conf.arg(help="its column of labels, empty where there is none")] = None,
        labels: Annotated[str | None, tyro.conf.arg(help="a table with the columns `id` and `label`")] = None,
        pair: Annotated[
            tuple[str, ...],
            tyro.conf.arg(help="what the two things of a row are called, where the target says which is better"),
        ] = (),
        n: Annotated[int, tyro.conf.arg(aliases=("-n",), help="how many to name")] = 20,
        recipe: Annotated[
            str | None,
            tyro.conf.arg(help="by which rule, see `explora recipes`; None: what suits the labels"),
        ] = None,
        seed: Annotated[int, tyro.conf.arg(help="of all chance")] = 0,
        as_json: Annotated[bool, tyro.conf.arg(name="json", help="one JSON object on stdout")] = False,
    ) -> int:
        """Say which items to label next, best first.

        Labels are taken from a column of the data, where it is not empty, or from a second file. Nothing is written:
        label what is named, and ask again.
        """
        if n < 1:
            raise ArgumentError(f"`n` must be at least 1, got {n}")
        pool = Pool(Source(data, target=target, pair=pair), Nobody(), held_out=0.0)
        found = usual(pool) if recipe is None else find_recipe(recipe)
        if found.plays != "questions":
            raise ArgumentError(
                f"`{found.name}` is no recipe of questions; `explora recipes` lists them, or leave `--recipe` out"
            )
        parts = override(found.build(pool), {"explorer.batch": n})
        work = Labelling(parts, seed)
        if labels is not None:
            known = _labels(labels)
            work.tell(list(known), list(known.values()))
        ids = work.ask()
        _print(work, ids, found.name, as_json)
        return 0

    return parse(suggest, words, "explora suggest")


def _labels(path: str) -> dict[str, Any]:
    """The labels in a table with the columns `id` and `label`; an item that occurs twice has the later one.

    **Raises:** `TaskError` in one line that names the file and the cure.
    """
    table = Source(path).table()
    missing = [name for name in ("id", "label") if name not in table.names]
    if missing:
        raise TaskError(
            f"{Path(path)} has no column {' and no column '.join(map(repr, missing))} but {', '.join(table.names)}: "
            "name the columns `id` and `label`"
        )
    pairs = zip(table.values("id"), table.values("label"), strict=True)
    return {str(id): label for id, label in pairs if label is not None}


def _print(work: Labelling, ids: list[str], recipe: str, as_json: bool) -> None:
    scores = [float(score) if np.isfinite(score) else None for score in work.scores(ids)]
    if as_json:
        items = [{"id": id, "score": score, "item": work.show(id)} for id, score in zip(ids, scores, strict=True)]
        found = {"recipe": recipe, "known": work.known, "free": work.free + len(ids), "items": items}
        sys.stdout.write(json.dumps(found, default=str) + "\n")
        return
    width = max((len(id) for id in ids), default=2)
    sys.stdout.write(f"{'id':{width}}  {'score':>7}  item\n")
    for id, score in zip(ids, scores, strict=True):
        shown = ", ".join(f"{name}={value}" for name, value in work.show(id).items())
        sys.stdout.write(f"{id:{width}}  {'' if score is None else f'{score:.4f}':>7}  {shown[:100]}\n")
    sys.stdout.write(f"{len(ids)} of {work.free + len(ids):,} items without a label; {work.known:,} have one\n")
