"""What `explora people` does in the place of serving pages."""

import dataclasses
import json
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any

import tyro

from explora.core import ArgumentError, TaskError
from explora.domains.pool import Source


@dataclasses.dataclass(frozen=True)
class Instead:
    """What is done in the place of serving pages; one of them at a time.

    **Arguments:**

    - `export`, `gold`, `backup`, `restore`, `forget`: what.
    - `portable`, `keep_answers`: how.
    """

    export: Annotated[
        str | None, tyro.conf.arg(help="write every answer into this new file, .jsonl, .csv or .parquet, and end")
    ] = None
    gold: Annotated[
        str | None, tyro.conf.arg(help="mark items as gold from a table with the columns id and label, and end")
    ] = None
    backup: Annotated[
        str | None, tyro.conf.arg(help="copy what people did into this new folder, also while the server runs, and end")
    ] = None
    portable: Annotated[bool, tyro.conf.arg(help="backup as JSON lines, which restore into either kind of store")] = (
        False
    )
    restore: Annotated[str | None, tyro.conf.arg(help="put the backup of this folder into an empty store, and end")] = (
        None
    )
    forget: Annotated[
        str | None, tyro.conf.arg(help="delete the data of this person (name or id) for ever, and end")
    ] = None
    keep_answers: Annotated[bool, tyro.conf.arg(help="of who is forgotten, keep answers under another name")] = False

    def __post_init__(self) -> None:
        chosen = [f"--{name}" for name in ("export", "gold", "backup", "restore", "forget") if getattr(self, name)]
        if len(chosen) > 1:
            raise ArgumentError(f"{' and '.join(chosen)} are things to do one after the other: give one of them")
        for switch, verb in (("portable", "backup"), ("keep_answers", "forget")):
            if getattr(self, switch) and not getattr(self, verb):
                raise ArgumentError(f"--{switch.replace('_', '-')} belongs to --{verb}, which is not there")

    def done(self, run: Path, store: str | None, queue: Path | str | None) -> bool:
        """Does it, and says what was done.

        **Arguments:**

        - `run`: the folder of the run.
        - `store`, `queue`: as for `serve`.

        **Returns:** whether there was anything to do.
        """
        if not any((self.export, self.gold, self.backup, self.restore, self.forget)):
            return False
        from explora import people  # here, so that a missing package is one sentence

        with people.around(run, store=store, queue=queue) as here:
            if self.export:
                _say(f"{people.write_answers(here, Path(self.export))} rows in {self.export}")
            elif self.gold:
                marked, refused = people.mark_gold(here, _known(self.gold), secrets.token_hex(16))
                sys.stderr.writelines(f"{why}\n" for why in refused)
                _say(f"{marked} items are gold" + (f", {len(refused)} were refused" if refused else ""))
            elif self.backup:
                made = people.back_up(here, Path(self.backup), portable=self.portable)
                _say(f"{', '.join(made.files)} in {made.path}")
            elif self.restore:
                found = people.put_back(here, Path(self.restore))
                _say(", ".join(f"{count} rows of {what}" for what, count in found.items()) + " restored")
            elif self.forget:
                gone = people.forget_person(here, self.forget, keep=self.keep_answers)
                _say(json.dumps({"removed": gone.removed, "renamed": gone.renamed, "alias": gone.alias}))
                sys.stderr.writelines(f"{why}\n" for why in gone.remains)
        return True


def _known(path: str) -> list[tuple[str, Any]]:
    """The items of a table, with their labels."""
    table = Source(path).table()
    missing = [name for name in ("id", "label") if name not in table.names]
    if missing:
        raise TaskError(f"{path} must have the columns `id` and `label`, got {', '.join(table.names)}")
    rows = zip(table.values("id"), table.values("label"), strict=True)
    number = lambda id: int(id) if isinstance(id, float) and id.is_integer() else id
    return [(str(number(id)), label) for id, label in rows if id is not None and label is not None]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
