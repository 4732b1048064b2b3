"""Folders of images and of texts, and texts a line each."""

import hashlib
from pathlib import Path

from explora.core import TaskError

from .._table import Table
from ._files import check_text, content_of, digest

IMAGES = (".png", ".jpg", ".jpeg")


def read_images(folder: Path) -> tuple[Table, str]:
    """The images of a folder and of its sub-folders, and a fingerprint of them.

    **Returns:** a table of `path`, `folder` (in which the file lies, missing for none) and `image`; the fingerprint.

    **Raises:** `TaskError` if there is none.
    """
    paths = _files(folder, IMAGES)
    if not paths:
        raise TaskError(f"{folder} holds no image; put PNG or JPEG files into it or into sub-folders of it")
    places = _places(folder, paths)
    return Table(places | {"image": places["path"]}, str(folder), folder), _fingerprint(folder, paths)


def read_texts(folder: Path) -> tuple[Table, str]:
    """The texts of a folder and of its sub-folders: `path`, `folder` and `text`, and a fingerprint of them.

    **Raises:** `TaskError` if there is none, or for one that is not UTF-8.
    """
    paths = _files(folder, (".txt",))
    if not paths:
        raise TaskError(f"{folder} holds no text; put files that end in .txt into it or into sub-folders of it")
    texts = [check_text(path, path.read_bytes()).decode("utf-8") for path in paths]
    return Table(_places(folder, paths) | {"text": texts}, str(folder), folder), _fingerprint(folder, paths)


def read_lines(path: Path) -> tuple[Table, bytes]:
    """The lines of a text file that are not blank, as the column `text`, and the content of the file.

    **Raises:** `TaskError`, one line that names file, line and cure.
    """
    raw = content_of(path)
    lines = [line.strip() for line in check_text(path, raw).decode("utf-8").splitlines()]
    return Table({"text": [line for line in lines if line]}, str(path), path.parent), raw


def what_is_in(folder: Path) -> str:
    """The kind of a folder: images or texts, whichever are more.

    **Raises:** `TaskError` if it has neither.
    """
    images, texts = len(_files(folder, IMAGES)), len(_files(folder, (".txt",)))
    if not images and not texts:
        raise TaskError(
            f"{folder} holds neither images (PNG, JPEG) nor texts (.txt); give a folder that does, or a file"
        )
    return "images" if images >= texts else "texts"


def _files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """In an order that no file system changes; hidden files are not looked at."""
    if not folder.is_dir():
        raise TaskError(f"there is no folder {folder}; check the path")
    found = (path for path in folder.rglob("*") if path.suffix.lower() in endings and path.is_file())
    shown = (path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    return sorted(shown, key=lambda path: path.relative_to(folder).as_posix())


def _places(folder: Path, paths: list[Path]) -> dict[str, list]:
    inside = [path.relative_to(folder) for path in paths]
    parents = [place.parent.as_posix() for place in inside]
    return {
        "path": [place.as_posix() for place in inside],
        "folder": [None if parent == "." else parent for parent in parents],
    }


def _fingerprint(folder: Path, paths: list[Path]) -> str:
    def parts():
        for path in paths:
            yield path.relative_to(folder).as_posix().encode()
            yield hashlib.sha256(path.read_bytes()).digest()

    return digest(parts())
