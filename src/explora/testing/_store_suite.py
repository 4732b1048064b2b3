"""The laws of a store of checkpoints."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import jax.random as jr

from explora.core import RunError

from ._suite import BrokenLaw, Conformance, examine

FATAL = ("fsync", "replace", "rename", "link", "unlink", "remove")
"""The calls of `os` at which a writer is made to die."""


class Died(BaseException):
    """Stands for a kill: nothing that catches `Exception` may see it."""


class StoreSuite(Conformance):
    """The laws of what keeps the states of a run: what `explora.store.Checkpoints` promises.

    ```python
    class TestCheckpoints(StoreSuite):
        def part(self):
            return Checkpoints  # called with an empty folder, or with one that holds checkpoints
    ```

    A store of another shape overrides `save` and `load`.
    """

    def part(self) -> Callable[[Path], Any]:
        """What opens a store in a folder."""
        return super().part()

    @property
    def title(self) -> str:
        return getattr(self.subject, "__name__", "the store")

    def save(self, store: Any, tree: Any, turn: int) -> None:
        """Keeps a state."""
        store.save(tree, turn=turn)

    def load(self, store: Any, like: Any) -> tuple[Any, int]:
        """The newest good state and its turn.

        **Raises:** `RunError` if there is none.
        """
        loaded = store.load(like)
        return loaded.tree, loaded.turn

    def tree(self, number: int) -> Any:
        """A state with every kind of leaf that a run can have; a different one for each number."""
        key = self.key(number)
        return {
            "weights": jr.normal(key, (3, 2)),
            "odd": jnp.array([jnp.nan, -0.0, jnp.inf, -jnp.inf, 1e-45]),
            "half": jr.normal(key, (2,)).astype(jnp.bfloat16),
            "flags": jr.bernoulli(key, 0.5, (5,)),
            "bytes": jr.randint(key, (4,), 0, 256).astype(jnp.uint8),
            "counter": jnp.asarray(number, jnp.int32),
            "none": jnp.zeros((0, 3)),
            "key": key,
            "nested": ((jnp.ones((2,)), None), [jnp.asarray(-1, jnp.int32)]),
        }

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """An empty folder that goes away."""
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)

    def found(self, folder: Path, when: str) -> tuple[Any, int]:
        """What a process that has just started finds.

        **Raises:** `RunError` if it finds nothing good; `BrokenLaw` if it fails in another way.
        """
        try:
            return self.load(self.subject(folder), self.tree(0))
        except RunError:
            raise
        except Exception as error:
            raise BrokenLaw(f"{self.title}: {when}, `load` failed with {type(error).__name__}: {error}") from error

    def is_one_of(self, found: tuple[Any, int], numbers: tuple[int, ...], when: str) -> None:
        """The law is broken unless what was found is whole, and the state of one of these turns."""
        tree, turn = found
        self.require(turn in numbers, f"{when}, `load` gave turn {turn} instead of one of {numbers}")
        self.require_same(self.tree(turn), tree, f"{when}, `load` gave a state of turn {turn} that was never saved")

    def finds(self, folder: Path, numbers: tuple[int, ...], when: str) -> None:
        """The law is broken unless a process that has just started finds the state of one of these turns."""
        try:
            found = self.found(folder, when)
        except RunError as error:
            raise BrokenLaw(f"{self.title}: {when}, `load` found nothing good: {error}") from error
        self.is_one_of(found, numbers, when)

    def test_load_undoes_save(self) -> None:
        with self.folder() as folder:
            self.save(self.subject(folder), self.tree(7), 7)
            self.finds(folder, (7,), "after one `save`")

    def test_the_newest_is_loaded(self) -> None:
        with self.folder() as folder:
            for turn in (2, 9, 10):
                self.save(self.subject(folder), self.tree(turn), turn)
            self.finds(folder, (10,), "after turns 2, 9 and 10 were saved")

    def test_saving_changes_nothing_that_was_given(self) -> None:
        with self.folder() as folder:
            tree = self.tree(3)
            self.save(self.subject(folder), tree, 3)
            self.require_same(self.tree(3), tree, "`save` changed the state that it was given")

    def test_a_turn_can_be_saved_again(self) -> None:
        with self.folder() as folder:
            store = self.subject(folder)
            self.save(store, self.tree(1), 4)
            self.save(store, self.tree(4), 4)
            self.finds(folder, (4,), "after turn 4 was saved twice, the second time with another state")

    def test_an_empty_folder_is_refused(self) -> None:
        with self.folder() as folder:
            try:
                found = self.found(folder, "from an empty folder")
            except RunError:
                return
            self.require(False, f"`load` from an empty folder gave {found} instead of raising RunError")

    def test_another_structure_is_refused(self) -> None:
        with self.folder() as folder:
            self.save(self.subject(folder), self.tree(1), 1)
            like = self.tree(0) | {"weights": jnp.zeros((2, 3))}
            try:
                self.load(self.subject(folder), like)
            except RunError:
                return
            self.require(False, "`load` gave a state of another shape than `like` instead of raising RunError")

    def test_a_death_at_any_instant_loses_no_more_than_the_save(self) -> None:
        fatal = 0
        while True:
            with self.folder() as folder:
                self.save(self.subject(folder), self.tree(1), 1)
                died = self._dies(fatal, lambda: self.save(self.subject(folder), self.tree(2), 2))
                numbers = (1, 2) if died else (2,)
                when = f"after a death at the {fatal + 1}. call that touches the disk" if died else "after a `save`"
                self.finds(folder, numbers, when)
                self.save(self.subject(folder), self.tree(3), 3)
                self.finds(folder, (3,), f"{when} and another `save`")
            if not died:
                break
            fatal += 1
        self.require(
            fatal > 1,
            "`save` never flushed nor renamed a file, so a crash can leave half of one: write another name, "
            "flush it, rename it",
        )

    def test_a_damaged_file_costs_one_checkpoint(self) -> None:
        for damage in (_cut, _flip):
            with self.folder() as folder:
                self.save(self.subject(folder), self.tree(1), 1)
                before = _files(folder)
                self.save(self.subject(folder), self.tree(2), 2)
                for path in sorted(set(_files(folder)) - set(before)):
                    whole = path.read_bytes()
                    path.write_bytes(damage(whole))
                    when = f"after {path.name} was damaged"
                    try:
                        self.is_one_of(self.found(folder, when), (1, 2), when)
                    except RunError as error:
                        self.require(path.name in str(error), f"the error does not name the damaged {path.name}")
                    path.write_bytes(whole)

    def _dies(self, fatal: int, save: Callable[[], None]) -> bool:
        """Whether `save` met its death at the call of that number."""
        calls = 0

        def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls > fatal:
                    raise Died
                return real(*args, **kwargs)

            return call

        real = {name: getattr(os, name) for name in FATAL}
        try:
            for name, function in real.items():
                setattr(os, name, deadly(function))
            save()
        except Died:
            return True
        finally:
            for name, function in real.items():
                setattr(os, name, function)
        return False


def check_store(store: Callable[[Path], Any], **settings: Any) -> None:
    """Runs every law of `StoreSuite` on what opens a store in a folder, without pytest.

    **Arguments:**

    - `store`: called with a folder.
    - `settings`: hooks of the suite to be replaced, such as `save` and `load`.

    **Raises:** `BrokenLaw` at the first law that does not hold.
    """
    examine(StoreSuite, store, settings)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flip(data: bytes) -> bytes:
    at = len(data) * 3 // 4
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :] if data else data
