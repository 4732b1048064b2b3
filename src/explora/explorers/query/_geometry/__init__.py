"""Distances, blocks of rows and clusters: what several selectors compute in common, in linear memory."""

from ._distances import BLOCK as BLOCK
from ._distances import blocks as blocks
from ._distances import central as central
from ._distances import centred as centred
from ._distances import some as some
from ._distances import squared_distances as squared_distances
from ._distances import squares as squares
from ._distances import taken as taken
from ._distances import unit as unit
from ._k_means import assign as assign
from ._k_means import k_means as k_means
