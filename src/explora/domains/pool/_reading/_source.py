"""Where a user's data lies, as configuration."""

import dataclasses
from pathlib import Path
from typing import ClassVar

import equinox as eqx

from explora.core import ArgumentError, TaskError, UnknownName

from .._features import Featuriser
from .._items import Items
from .._made import made_set
from .._table import Table
from ._arrays import fingerprint_of
from ._assemble import Roles, assemble, check_dtype
from ._csv import read_csv
from ._files import digest
from ._folders import read_images, read_lines, read_texts, what_is_in
from ._records import read_jsonl, read_parquet
from ._shipped import read_made, read_sklearn

_ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".txt": "lines",
}
_FILES = {"csv": read_csv, "jsonl": read_jsonl, "parquet": read_parquet, "lines": read_lines}
_FOLDERS = {"images": read_images, "texts": read_texts}
_KINDS = ("auto", "csv", "jsonl", "parquet", "images", "texts", "lines", "sklearn", "made")


class Source(eqx.Module):
    """Where a user's data lies and what its columns are for; `read` reads it.

    | `kind` | `path` | columns |
    |---|---|---|
    | `csv` | a table as text; comma, semicolon, tab or bar | as the first line says |
    | `jsonl` | an object a line | the fields of the objects |
    | `parquet` | a Parquet file | as stored |
    | `images` | a folder of PNG and JPEG files | `path`, `folder` (the sub-folder), `image` |
    | `texts` | a folder of .txt files | `path`, `folder`, `text` |
    | `lines` | a text file with an item a line | `text` |
    | `sklearn` | `sklearn:iris`, `wine`, `breast_cancer`, `digits`, `diabetes` | the features, and `target` |
    | `made` | `made:NAME`, a generated set, listed in `MADE` | the features, and `label` |

    **Arguments:**

    - `path`: a file, a folder, or one of the names above.
    - `target`: the column of labels; where it is empty, nobody has labelled the item yet. None: there are no labels.
      For folders, `"folder"` makes the names of the sub-folders the labels. Sets that ship or are made know theirs.
    - `kind`: one of the table; `"auto"` goes by the ending, and by what a folder holds.
    - `id`: the column of names. None: a column called `id` (`_id`, `uuid`, `guid`) if its values all differ, else items
      are numbered from 0; the files of a folder are called by their paths.
    - `group`: the column that says which items belong together.
    - `text`, `image`: columns that hold texts, and paths of images (from the folder of the file), for certain; all
      others are judged by what they hold.
    - `ignore`: columns that are not learned from.
    - `pair`: what the two things are called where each row holds two and its label says which of them is preferred:
      that name, or `tie`. `("a", "b")` stands for the columns `a` and `b`, or for `a_size`, `a_price` and `b_size`,
      `b_price`; `text` and `image` then name what follows the underline, or `thing` for single columns.
    - `dtype`: of the features, `"float32"` or `"float64"`.
    - `seed`: of a generated set.

    **Raises:** `ArgumentError` or `UnknownName` for an impossible field.
    """

    version: ClassVar[int] = 1

    path: str = eqx.field(static=True)
    target: str | None = eqx.field(static=True, default=None)
    kind: str = eqx.field(static=True, default="auto")
    id: str | None = eqx.field(static=True, default=None)
    group: str | None = eqx.field(static=True, default=None)
    text: tuple[str, ...] = eqx.field(static=True, default=())
    image: tuple[str, ...] = eqx.field(static=True, default=())
    ignore: tuple[str, ...] = eqx.field(static=True, default=())
    dtype: str = eqx.field(static=True, default="float32")
    seed: int = eqx.field(static=True, default=0)
    pair: tuple[str, ...] = eqx.field(static=True, default=())

    def __check_init__(self):
        if self.kind not in _KINDS:
            raise UnknownName("kind of data", self.kind, _KINDS)
        check_dtype(self.dtype)
        for name in ("text", "image", "ignore", "pair"):
            if isinstance(getattr(self, name), str):
                raise ArgumentError(
                    f"`{name}` must be a tuple of names, got {getattr(self, name)!r}; write it as a tuple"
                )
        if len(self.pair) not in (0, 2) or len(set(self.pair)) != len(self.pair):
            raise ArgumentError(f"`pair` must be two different names, got {self.pair}")
        roles = [self.target, self.id, self.group, *self.text, *self.image, *self.ignore]
        used = [role for role in roles if role is not None]
        twice = next((role for i, role in enumerate(used) if role in used[:i]), None)
        if twice is not None and not (twice == self.group and twice in (*self.text, *self.image)):
            raise ArgumentError(f"column {twice!r} has two roles; name it once")

    def read(self, featuriser: Featuriser | None = None) -> Items:
        """Reads the data; twice the same from the same content, and never from the network.

        **Arguments:**

        - `featuriser`: one that was fitted to other data, so that a model can be used on this; the columns of the
          target, of names and of groups may be absent then. None fits one to this data.

        **Raises:** `TaskError` for data that cannot be read, in one line that names file, line and cure;
        `ArgumentError` for a column that does not exist; `MissingExtra` if a package is not installed.
        """
        kind = self._kind()
        table, fingerprint = self._table(kind)
        return assemble(table, self._roles(kind), fingerprint, featuriser)

    def like(self, path: str) -> "Source":
        """Other data of the same form: nobody has labelled them, and they need no target."""
        ignore = self.ignore if self.target is None else (*self.ignore, self.target)
        return dataclasses.replace(self, path=path, kind="auto", ignore=ignore, target=None)

    def table(self) -> Table:
        """The rows as they are written, without making numbers of them.

        **Raises:** `TaskError` for data that cannot be read.
        """
        return self._table(self._kind())[0]

    @property
    def _place(self) -> Path:
        return Path(self.path).expanduser()

    def _kind(self) -> str:
        """What kind of data it is, if need be by looking."""
        if self.kind != "auto":
            return self.kind
        name, path = self.path.partition(":")[0], self._place
        if name in ("sklearn", "made"):
            return name
        if path.is_dir():
            return what_is_in(path)
        ending = path.suffix.lower()
        if ending not in _ENDINGS:
            known = ", ".join(_ENDINGS)
            raise TaskError(
                f"{path} ends in {ending!r}, which says nothing; give `kind` ({', '.join(_KINDS[1:])}), or a folder, "
                f"or a file that ends in {known}"
                if path.exists()
                else f"there is no file or folder {path}; check the path"
            )
        return _ENDINGS[ending]

    def _table(self, kind: str) -> tuple[Table, str]:
        """The rows, and a fingerprint of them."""
        if kind in _FOLDERS:
            return _FOLDERS[kind](self._place)
        if kind in ("sklearn", "made"):
            name = self.path.partition(":")[2] or self.path
            table = read_sklearn(name) if kind == "sklearn" else read_made(name, self.seed)
            return table, fingerprint_of(table)
        table, content = _FILES[kind](self._place)
        return table, digest([content])

    def _roles(self, kind: str) -> Roles:
        target, name, group, image, ignore = self.target, self.id, self.group, self.image, self.ignore
        if kind in _FOLDERS:
            # The sub-folder often is the label by another name, and never a property of what one sees.
            name, ignore = name or "path", (*ignore, *({"path", "folder"} - {target, group, name or "path", *ignore}))
            image = (*image, "image") if kind == "images" and "image" not in image else image
        if kind == "sklearn":
            target = target or "target"
        if kind == "made":
            made = made_set(self.path.partition(":")[2] or self.path)
            target, group = target or "label", group or made.group
        # Short texts may look like categories, but who calls them texts means texts.
        text = (*self.text, "text") if kind in ("texts", "lines") and "text" not in self.text else self.text
        pair = (self.pair[0], self.pair[1]) if self.pair else None
        return Roles(target, name, group, text, image, ignore, self.dtype, pair)
