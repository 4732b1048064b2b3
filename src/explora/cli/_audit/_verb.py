"""What was typed after `explora audit`."""

import json
import sys
from typing import Annotated

import tyro

from explora.core import ArgumentError, between
from explora.domains.pool import Source

from .._parse import parse
from ._facts import examine, from_data, from_run
from ._words import as_json, sentences


def audit(words: list[str]) -> int:
    """Says what is wrong with labels."""

    def audit(
        run: Annotated[
            tyro.conf.Positional[str | None], tyro.conf.arg(metavar="RUN", help="a run on a pool; or give --data")
        ] = None,
        data: Annotated[str | None, tyro.conf.arg(help="a table, a folder of images or of texts")] = None,
        target: Annotated[str | None, tyro.conf.arg(help="its column of labels")] = None,
        audited: Annotated[
            str | None, tyro.conf.arg(help="a table with `id` and `label`: true labels of items drawn at random")
        ] = None,
        answers: Annotated[
            str | None, tyro.conf.arg(help="a table with `id`, `annotator` and `label`: several people's labels")
        ] = None,
        near: Annotated[float, tyro.conf.arg(help="the greatest distance of two inputs that are the same")] = 0.0,
        folds: Annotated[int, tyro.conf.arg(help="how many models judge each other's labels")] = 5,
        n: Annotated[int, tyro.conf.arg(aliases=("-n",), help="how many suspects to list")] = 20,
        seed: Annotated[int, tyro.conf.arg(help="of all chance")] = 0,
        json_only: Annotated[bool, tyro.conf.arg(name="json", help="one JSON object on stdout")] = False,
    ) -> int:
        """Look for labels that are wrong, contradict each other, or are too few, and say how good a model they make.

        What is listed are candidates for a second look. A fair estimate of quality needs labels of items that were
        drawn at random and never taught: --audited FILE.
        """
        if (run is None) == (data is None):
            raise ArgumentError("name a run, or give --data FILE (and --target COLUMN): one of the two")
        between("n", n, 0)
        between("near", near, 0.0)
        between("folds", folds, 2)
        if run is not None and (target is not None or answers is not None):
            raise ArgumentError("`target` and `answers` go with --data: a run knows its own labels")
        known = from_run(run) if run is not None else from_data(Source(str(data), target=target), answers)
        found = examine(known, audited=audited, near=near, folds=folds, seed=seed)
        facts = as_json(found, n)
        if json_only:
            sys.stdout.write(json.dumps(facts, default=str) + "\n")
        else:
            sys.stdout.writelines(f"{line}\n" for line in sentences(facts))
        return 0

    return parse(audit, words, "explora audit")
