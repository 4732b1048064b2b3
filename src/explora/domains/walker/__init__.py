"""A two-legged walker on generated terrain: the domain of POET, fast enough for two cores.

- `WalkerTask` is one terrain: the published genes of pits, stumps, stairs and roughness, and the seed of its layout.
- `WalkerSpace` is all of them: how they start, change (by the rules of the paper or of the released code), are
  measured, written as JSON and painted.
- `CppnSpace` is all terrains that small networks write, the encoding of Enhanced POET: `Walker(space=CppnSpace())`.
- `lay` makes the ground of a task in whole numbers, so that it is equal to the last bit on every machine; `polyline`
  and `boxes` are what Box2D builds it from, `outline` what our own physics stand on.
- `Walker` is the environment: the body, the observation and the rewards of BipedalWalker-v3 with physics of our own,
  in seven coordinates and with the lanes as the last axis of every array.
- `box2d_walker` is Gymnasium's own BipedalWalker on the same ground: the oracle, and an environment of its own.
- `Walker.suite` has the published settings, `load_terrains` reads anybody's genes.
"""

from ._box2d import box2d_walker as box2d_walker
from ._cppn import CppnSpace as CppnSpace
from ._cppn import CppnTask as CppnTask
from ._environment import Walker as Walker
from ._environment import WalkerState as WalkerState
from ._fast import Motion as Motion
from ._files import load_terrains as load_terrains
from ._files import parse_terrains as parse_terrains
from ._space import WalkerSpace as WalkerSpace
from ._task import WalkerTask as WalkerTask
from ._terrain import Outline as Outline
from ._terrain import Terrain as Terrain
from ._terrain import boxes as boxes
from ._terrain import host_terrain as host_terrain
from ._terrain import lay as lay
from ._terrain import outline as outline
from ._terrain import polyline as polyline
