"""What an owner does from the command line, whether the server runs or not."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from explora.core import ArgumentError
from explora.store import RunFolder, Slots, write_file

from ._access import Access
from ._app import base_of, inbox_of, oversight_of, queue_of, rows_of
from ._base import Base
from ._keep import Backup, Forgotten, backup, forget, restore
from ._label import Desk, answers_file
from ._log import EventLog
from ._scene import Scene

_SUFFIXES = {".jsonl": "jsonl", ".csv": "csv", ".parquet": "parquet"}


class Around(NamedTuple):
    """What there is around a run.

    **Arguments:**

    - `folder`: of the run.
    - `base`: the database of people.
    - `log`: what they did.
    - `desk`: what they are asked.
    """

    folder: RunFolder
    base: Base
    log: EventLog
    desk: Desk


@contextmanager
def around(run: Path, *, store: str | None = None, queue: Path | str | None = None) -> Iterator[Around]:
    """Opens what there is around a run.

    **Arguments:**

    - `run`: its folder.
    - `store`, `queue`: as for `serve`.
    """
    with RunFolder.open(run, mend=True) as folder:
        base = base_of(folder, store)
        log, (where, schema) = EventLog(base), queue_of(folder)
        desk = Desk(queue or where, base, log, schema=schema)
        try:
            yield Around(folder, base, log, desk)
        finally:
            desk.close()
            base.close()


def write_answers(here: Around, out: Path) -> int:
    """Writes everything that people said into a file; its ending says how (`.jsonl`, `.csv`, `.parquet`).

    **Returns:** how many rows.

    **Raises:** `ArgumentError` for another ending, and for a file that is there.
    """
    format = _SUFFIXES.get(out.suffix.lower())
    if format is None:
        raise ArgumentError(f"`export` must end with {', '.join(_SUFFIXES)}, got {out.name!r}")
    if out.exists():
        raise ArgumentError(f"`export` must be a new file, and {out} is there: move it away, or choose another one")
    rows = rows_of(here.folder, oversight_of(here.folder, here.desk, here.log), Access(here.base, here.log))
    write_file(out, answers_file(rows, format))
    return len(rows)


def mark_gold(here: Around, known: Sequence[tuple[str, Any]], uuid: str) -> tuple[int, list[str]]:
    """Marks items as gold.

    **Arguments:**

    - `here`: around which run.
    - `known`: pairs of item and answer.
    - `uuid`: of the act.

    **Returns:** how many are marked, and why others are not, a sentence each.
    """
    scene = Scene(here.folder)
    scene.wait()
    where = here.desk.path
    if where is not None and not isinstance(where, str) and not where.is_file():
        Slots(where).close()  # gold may be there before the first question
    return oversight_of(here.folder, here.desk, here.log, scene).mark("owner", known, uuid)


def back_up(here: Around, target: Path, *, portable: bool = False) -> Backup:
    """Makes a backup; arguments and errors as for `backup`."""
    return backup(here.base, here.desk.queue, target, portable=portable)


def put_back(here: Around, source: Path) -> dict[str, int]:
    """Restores a backup; arguments and errors as for `restore`."""
    where = here.desk.path
    if isinstance(where, Path) and not where.is_file():
        Slots(where).close()
    return restore(source, here.base, here.desk.queue)


def forget_person(here: Around, name: str, *, keep: bool = False) -> Forgotten:
    """Deletes a person's data.

    **Arguments:**

    - `here`: around which run.
    - `name`: their id, or their name if only one person is called so.
    - `keep`: whether their answers stay, under another name.

    **Raises:** as `forget`; `ArgumentError` for a name that several have.
    """
    people = Access(here.base, here.log).people()
    found = [person.id for person in people if name in (person.id, person.name)]
    if len(found) > 1:
        raise ArgumentError(f"{name!r} are several people: say which by id, {', '.join(found)}")
    who = found[0] if found else name
    return forget(here.base, here.desk.queue, who, keep=keep, inbox=inbox_of(here.folder))
