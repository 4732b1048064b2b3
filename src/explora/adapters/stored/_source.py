"""Whatever a person names that holds episodes."""

from pathlib import Path

from explora.core import Episodes, UnknownName
from explora.store import RunFolder, find, is_run
from explora.store.experience import SUFFIXES, EpisodeStore, is_store, read_episodes


def open_source(name: Path | str, root: Path | str = "runs") -> EpisodeStore | Episodes:
    """The episodes that somebody names.

    **Arguments:**

    - `name`: a run that keeps experience (its folder, or its name under `root`), the folder of a store, or a file of
      episodes (see `explora.store.experience.read_episodes`).
    - `root`: where runs usually lie.

    **Returns:** a store that is open for reading, or the episodes of a file.

    **Raises:** `UnknownName` if there is nothing of that name, `NotThere` for a run that keeps no episodes, `RunError`
    for what is damaged.
    """
    path = Path(name).expanduser()
    if is_store(path):
        return EpisodeStore.open(path)
    if path.is_file() or (path.suffix.lower() in SUFFIXES and not is_run(path)):
        return read_episodes(path)
    try:
        folder = find(path, root)
    except UnknownName as error:
        known = [found for found in error.known if is_run(Path(root) / found) or is_run(Path(found))]
        raise UnknownName("run, store or file of episodes", str(name), known) from None
    with RunFolder.open(folder, mend=True) as run:
        return run.episodes()
