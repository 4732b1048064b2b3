"""The content of files, and what is wrong with it."""

import codecs
import hashlib
from collections.abc import Iterable
from pathlib import Path

from explora.core import TaskError

_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def content_of(path: Path) -> bytes:
    """The content of a file that is not empty.

    **Raises:** `TaskError`, one line that names file and cure.
    """
    try:
        if path.is_dir():
            raise TaskError(f"{path} is a folder; give a file, or kind='images' or 'texts' for a folder of such")
        if not path.is_file():
            raise TaskError(f"there is no file {path}; check the path")
        content = path.read_bytes()
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}; check path and permissions") from error
    if not content.strip():
        raise TaskError(f"{path} is empty; give a file with data")
    return content


def check_text(path: Path, content: bytes) -> bytes:
    """The content of a text file without its byte order mark, as long as it is UTF-8 throughout.

    **Raises:** `TaskError` that names the first line that is not, and what the encoding seems to be.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            raise TaskError(f"{path}, line 1: {encoding} text; save the file in UTF-8")
    content = content.removeprefix(codecs.BOM_UTF8)
    zero = content.find(b"\0")
    if zero >= 0:
        kind = (
            "UTF-16 text without a mark" if content[zero % 2 :: 2][:20].count(0) > 9 else "a zero byte, as in no text"
        )
        raise TaskError(f"{path}, line {line_of(content, zero)}: {kind}; save the file as text in UTF-8")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = line_of(content, error.start)
        raise TaskError(f"{path}, line {line}: not UTF-8 text{_latin(content, error.start)}") from None
    return content


def line_of(content: bytes, place: int) -> int:
    """The number of the line of a byte, from 1."""
    return content.count(b"\n", 0, place) + 1


def digest(parts: Iterable[bytes]) -> str:
    """SHA-256 of parts, told apart by their lengths."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little"))
        total.update(part)
    return total.hexdigest()


def _latin(content: bytes, place: int) -> str:
    """The cure: a stray byte among letters is a sign of Latin-1."""
    around = content[max(place - 20, 0) : place + 20]
    ordinary = sum(byte >= 32 or byte in b"\t\r\n" for byte in around if byte < 127)
    high = sum(byte >= 127 for byte in around)
    if content[place] >= 0xA0 and high <= len(around) / 4 and ordinary + high == len(around):
        character = content[place : place + 1].decode("latin-1")
        return f" (perhaps Latin-1, where this byte is {character!r}); save the file in UTF-8"
    return "; save the file as text in UTF-8"
