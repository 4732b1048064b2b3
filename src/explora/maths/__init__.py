"""What several parts compute: advantages, mixtures, neighbours, intervals. Pure functions of arrays."""

from ._advantages import advantages as advantages
from ._advantages import by_row as by_row
from ._advantages import episode_means as episode_means
