"""What every test stands on: strict promotion, quick compilation, compiled programs kept between runs of the tests."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

CACHE = Path(__file__).parent.parent / ".pytest_cache" / "jax"


def pytest_configure(config: pytest.Config) -> None:
    # Two workers may write the same program at once; who then reads half of it is warned and compiles it anew.
    config.addinivalue_line("filterwarnings", "ignore:Error (reading|writing) persistent compilation cache entry")
    # Programs that the tests start (the command line) find the same cache and the same flags in their environment.
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
    jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    jax.config.update("jax_numpy_rank_promotion", "raise")
    if "EXPLORA_TEST_OPTIMISED" not in os.environ:
        # Nearly all time of the quick tests is compilation, and these halve it; `make test-all` does without them.
        os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
        jax.config.update("jax_disable_most_optimizations", True)
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_use_fusion_emitters=false".strip()


LONG = ("test_examples.py", "test_fuzz.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that take minutes come first: at the end one worker would wait for the other."""
    items.sort(key=lambda item: item.path.name not in LONG)


class _Programs:
    """Every compiled program is mapped into memory, and the kernel grants a process 65,530 maps: then it crashes."""

    EVERY, MOST = 100, 30_000
    """How many programs come between two looks, and how many maps may be left after one."""

    def __init__(self) -> None:
        self.fresh = 0
        jax.monitoring.register_event_duration_secs_listener(self._one_more)

    def _one_more(self, event: str, duration: float, **_: object) -> None:
        self.fresh += event == "/jax/core/compile/backend_compile_duration"

    def forget_if_many(self) -> None:
        """Lets go of all programs where there are too many."""
        if self.fresh < self.EVERY:
            return
        self.fresh = 0
        maps = Path("/proc/self/maps")
        if maps.exists() and len(maps.read_bytes().splitlines()) > self.MOST:
            jax.clear_caches()


_PROGRAMS = _Programs()


@pytest.fixture(autouse=True)
def few_programs():
    """After each test: not only after a module, for there are modules of a thousand programs."""
    yield
    _PROGRAMS.forget_if_many()


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server for the tests that ask for one; on a user's machine without it they are skipped."""
    sys.path.append(str(Path(__file__).parent.parent / "benchmarks"))
    from _postgresql import HOMES, postgresql

    if not HOMES and "CI" not in os.environ:
        pytest.skip("no PostgreSQL server is installed under /usr/lib/postgresql")
    pytest.importorskip("psycopg")
    with postgresql() as url:
        yield url
