"""Learning from comparisons: what people prefer, of tasks and of trajectories alike.

`Ranker` fits a `Taste` to `Comparisons`; a thing that is compared is a sequence of steps, each with features, and its
utility is the sum over them. A task is a thing of one step. `Yardstick` makes comparisons of judgements about tasks,
`Ranking` of episodes that are ranked.
"""

from ._ranker import Comparisons as Comparisons
from ._ranker import NetworkTaste as NetworkTaste
from ._ranker import Ranked as Ranked
from ._ranker import Ranker as Ranker
from ._trajectories import Lasting as Lasting
from ._trajectories import Ranking as Ranking
from ._yardstick import Judgement as Judgement
from ._yardstick import Yardstick as Yardstick
