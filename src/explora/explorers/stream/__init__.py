"""Budget managers: when items come in a stream, each is asked about now or never.

A pool can be ranked; a stream cannot. A manager is given how much the next items' labels are wanted and decides, item
by item, which to ask about, so that only a share of all, the budget, is ever paid for.

| manager | asks about | of which it needs |
|---|---|---|
| `RandomBudget`, `Periodic` | items whatever they are: the baselines | nothing |
| `FixedUncertainty` | those of which the model is less sure than a fixed bound | least confidence |
| `VariableUncertainty` | … a bound that follows the stream | least confidence |
| `RandomVariableUncertainty`, `Split` | … and some sure ones, to notice that the world has changed | least confidence |
| `BalancedQuantile` | the upper share of what came of late | any utility |
| `StreamDensity` | what another manager wants, but no outliers | utilities and embeddings |

`Stream` is the explorer that uses them in a run.

They know no model and no data: utilities come from `explora.scores`. Their states are explicit pytrees of arrays, and a
batch is decided on exactly as its items would have been one by one.
"""

from ._baselines import Periodic as Periodic
from ._baselines import RandomBudget as RandomBudget
from ._density import DensityState as DensityState
from ._density import StreamDensity as StreamDensity
from ._manager import BudgetManager as BudgetManager
from ._manager import Counts as Counts
from ._quantile import BalancedQuantile as BalancedQuantile
from ._quantile import QuantileState as QuantileState
from ._stream import Stream as Stream
from ._stream import Streamed as Streamed
from ._thresholds import FixedUncertainty as FixedUncertainty
from ._thresholds import RandomVariableUncertainty as RandomVariableUncertainty
from ._thresholds import Spending as Spending
from ._thresholds import Split as Split
from ._thresholds import VariableUncertainty as VariableUncertainty
