"""Which of the free rows of a pool to ask next: selectors, as small parts over pure functions of arrays.

A selector is shown `Candidates` (which rows are free, which are answered, scores, predictions, embeddings) and returns
a batch. It knows neither the data set nor the model nor how many classes there are. All of them are linear in memory:
nothing of the size rows × rows is ever kept. They run on the host, with NumPy.

| selector | chooses | also known as |
|---|---|---|
| `Random` | any rows | the baseline |
| `Top` | the highest scores | uncertainty sampling with a batch |
| `Power`, `Softmax`, `Rank` | by chance, in proportion to the score | stochastic batch acquisition |
| `Clustered` | one row a cluster of high scores | diverse mini-batch |
| `Ranked` | high scores unlike all that is known | ranked batch mode |
| `Badge` | large and different gradients | BADGE |
| `BatchBALD` | answers that together tell most about the model | BatchBALD |
| `KCentre` | the farthest rows | core-set, greedy k-centre |
| `TypiClust` | the most typical row of each cluster | TypiClust |
| `ProbCover`, `MaxHerding` | what covers the pool best | |
| `UncertaintyHerding` | what covers best what the model is unsure of | |
| `Discriminative` | what looks least like anything answered | DAL |
| `GreedyInput`, `GreedyTarget`, `GreedyBoth` | far apart in inputs, predictions, both | GSx, GSy, iGS |
| `Switch` | representative rows first, uncertain ones later | TCM |

`explora.explorers.Query` is the explorer that uses them: it looks at the pool with the eyes of the present model,
scores what it sees (`explora.scores`), and asks for what a selector chooses.
"""

from ._badge import Badge as Badge
from ._badge import badge as badge
from ._batch_bald import BatchBALD as BatchBALD
from ._candidates import Candidates as Candidates
from ._candidates import Selector as Selector
from ._centres import KCentre as KCentre
from ._centres import farthest_first as farthest_first
from ._centres import k_centre as k_centre
from ._clusters import Clustered as Clustered
from ._clusters import TypiClust as TypiClust
from ._clusters import clustered as clustered
from ._clusters import neighbour_distance as neighbour_distance
from ._clusters import typical as typical
from ._coverage import ProbCover as ProbCover
from ._coverage import greedy_cover as greedy_cover
from ._coverage import pure_radius as pure_radius
from ._coverage import share_radius as share_radius
from ._discriminative import Discriminative as Discriminative
from ._discriminative import discriminative as discriminative
from ._geometry import k_means as k_means
from ._greedy import GreedyBoth as GreedyBoth
from ._greedy import GreedyInput as GreedyInput
from ._greedy import GreedyTarget as GreedyTarget
from ._greedy import greedy_input as greedy_input
from ._greedy import greedy_target as greedy_target
from ._herding import MaxHerding as MaxHerding
from ._herding import UncertaintyHerding as UncertaintyHerding
from ._ranked import Ranked as Ranked
from ._ranked import ranked as ranked
from ._stochastic import Power as Power
from ._stochastic import Rank as Rank
from ._stochastic import Softmax as Softmax
from ._stochastic import draw as draw
from ._stochastic import power_logits as power_logits
from ._stochastic import rank_logits as rank_logits
from ._switch import Switch as Switch
from ._switch import settled as settled
from ._top import Random as Random
from ._top import Top as Top
from ._top import top as top
