"""Eight (simulated) devices do what one does."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import equinox as eqx, jax, jax.random as jr, numpy as np
from explora.core import override
from explora.domains.maze import Maze, MazeSpace
from explora.engines import Local
from explora.recipes import recipe
from explora.runs import Plan, begin

assert jax.device_count() == 8
parts = recipe("robust-plr").build(Maze(space=MazeSpace(height=7, width=7, walls=12), steps=64))
small = {"explorer.rows": 32, "explorer.capacity": 64, "learner.net.core.width": 16, "learner.minibatches": 2}
parts = override(parts, small)
ends = []
for devices in (1, 8):
    state = begin(parts, Plan(steps=1))
    state, _ = Local(devices=devices).advance(parts, state, root=jr.key(0), turns=10, capacity=10)
    ends.append(jax.tree.map(np.asarray, eqx.filter(state, eqx.is_array)))
for x, y in zip(*map(jax.tree.leaves, ends), strict=True):
    np.testing.assert_allclose(x, y, atol=1e-5)
assert int(ends[0].spent.updates.low) > 0
"""


@pytest.mark.slow
def test_eight_devices_equal_one_after_ten_rounds():
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=8"}
    environment.pop("JAX_NUM_CPU_DEVICES", None)  # a command line in an earlier test leaves it, and it would win
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
