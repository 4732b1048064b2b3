"""Terrains written by networks: the encoding of Enhanced POET.

A network with one input and one output (a compositional pattern-producing network) says how high the ground is at each
place. Its sums, products and functions are computed in whole numbers (`_fixed`), so that the ground is equal to the
last bit wherever it is laid. `_genome` is such a network as arrays of fixed shape and what it says, `_change` how it
begins and changes, `_text` how it is written as JSON, `_space` puts it together.
"""

from ._genome import CppnTask as CppnTask
from ._space import CppnSpace as CppnSpace
