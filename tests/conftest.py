"""What every test stands on: strict promotion, and compiled programs kept between runs of the tests."""

import os
from pathlib import Path

import jax
import pytest

CACHE = Path(__file__).parent.parent / ".pytest_cache" / "jax"


def pytest_configure(config: pytest.Config) -> None:
    # Two workers may write the same program at once; who then reads half of it is warned and compiles it anew.
    config.addinivalue_line("filterwarnings", "ignore:Error (reading|writing) persistent compilation cache entry")
    # Programs that the tests start (the command line) find the same cache.
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
    jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    jax.config.update("jax_numpy_rank_promotion", "raise")
