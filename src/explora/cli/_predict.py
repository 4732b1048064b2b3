"""`explora predict`: what a model makes of new data."""

import csv
import json
import sys
from typing import Annotated, Any

import numpy as np
import tyro

from explora.core import ArgumentError, Expectation
from explora.domains.pool import Pool, Source
from explora.runs import load

from ._parse import RunPath, parse
from ._screen import Quiet


def predict(words: list[str]) -> int:
    """Says what a model that was taught by labels makes of new data."""

    def predict(
        run: RunPath,
        data: Annotated[str, tyro.conf.arg(help="data with the columns that the run was taught with")],
        as_json: Annotated[
            bool, tyro.conf.arg(name="json", help="one JSON object an item, with all probabilities")
        ] = False,
    ) -> int:
        """Say what the model of a run makes of new data: a table on stdout, one line an item.

        The columns are those of the run's own data; a column of labels may be there and is not looked at.
        """
        player = load(run, noted=Quiet().noted)
        pool = player.parts.domain
        if not isinstance(pool, Pool) or not isinstance(pool.source, Source):
            raise ArgumentError(f"{run} did not learn from labels: `predict` is for runs of the domain `pool`")
        items = pool.source.like(data).read(pool.items.featuriser)
        said = list(_said(pool, player.expect(items.inputs)))
        if as_json:
            for id, row in zip(items.ids, said, strict=True):
                sys.stdout.write(json.dumps({"id": id, **row}) + "\n")
            return 0
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("id", "prediction", "confidence") if pool.target.kind == "classes" else ("id", "prediction"))
        for id, row in zip(items.ids, said, strict=True):
            sure = () if "probabilities" not in row else (f"{max(row['probabilities'].values()):.4f}",)
            writer.writerow((id, row["prediction"], *sure))
        return 0

    return parse(predict, words, "explora predict")


def _said(pool: Pool, expected: Expectation) -> Any:
    """What the model says of each item, in the words of the labels."""
    mean = expected.predictions.mean(1)
    if expected.classes is None:
        for row in mean:
            yield {"prediction": row.tolist() if len(row) > 1 else float(row[0])}
        return
    if not len(expected.classes):
        raise ArgumentError("this run was never told a label, so its model knows no class; teach it with some first")
    names = pool.target.decode(expected.classes)
    for row in mean:
        odds = {str(name): round(float(p), 6) for name, p in zip(names, row, strict=True)}
        yield {"prediction": names[int(np.argmax(row))], "probabilities": odds}
