"""An environment seen in another way; and keeping what is played: the parts of a run with an eye on its domain, and
trajectories cut into episodes."""

from ._cut import cut as cut
from ._view import View as View
from ._watched import watching as watching
