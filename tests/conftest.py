"""What every test stands on: strict promotion, quick compilation, compiled programs kept between runs of the tests."""

import os
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
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    jax.config.update("jax_numpy_rank_promotion", "raise")
    if "EXPLORA_TEST_OPTIMISED" not in os.environ:
        # Nearly all time of the quick tests is compilation, and these halve it; `make test-all` does without them.
        os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
        jax.config.update("jax_disable_most_optimizations", True)
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_use_fusion_emitters=false".strip()


@pytest.fixture(autouse=True, scope="module")
def few_programs():
    """Every compiled program is mapped into memory, and the kernel grants a process 65,530 maps: then it crashes."""
    yield
    maps = Path("/proc/self/maps")
    if maps.exists() and len(maps.read_bytes().splitlines()) > 45_000:
        jax.clear_caches()
