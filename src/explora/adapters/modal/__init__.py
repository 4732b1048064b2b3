"""modAL's interface over explora's scores and selectors, for programs that were written for it.

`ActiveLearner`, `Committee`, `CommitteeRegressor` and `BayesianOptimizer` have the methods, defaults, shapes and return
values of modAL 0.4 and run on the scikit-learn and NumPy of today. All names that modAL spreads over modules lie here
side by side:

```python
from explora.adapters.modal import ActiveLearner, margin_sampling  # was: modAL.models, modAL.uncertainty
```

The numbers come from `explora.scores` and `explora.explorers.query`, so that what a strategy is called here and there
is one formula. What differs, on purpose:

- a strategy that fails says so instead of being called a second time;
- places alone that come as an array of two are not taken for a pair;
- of equal rows the first is chosen, whatever the processor;
- `SVM_binary_minimum` breaks ties among the nearest rows, not the farthest, and `max_score` by chance only if asked to;
- the first row of a cold `ranked_batch` is not chosen twice;
- `Committee.rebag` looks which classes are left.

modAL's learners for PyTorch (`DeepActiveLearner`, `dropout`) are not here: see `explora.adapters.TorchModel`.
"""

from .. import _required

_required.sklearn_base()

from ._acquisition import EI as EI  # noqa: E402
from ._acquisition import PI as PI  # noqa: E402
from ._acquisition import UCB as UCB  # noqa: E402
from ._acquisition import max_EI as max_EI  # noqa: E402
from ._acquisition import max_PI as max_PI  # noqa: E402
from ._acquisition import max_UCB as max_UCB  # noqa: E402
from ._acquisition import optimizer_EI as optimizer_EI  # noqa: E402
from ._acquisition import optimizer_PI as optimizer_PI  # noqa: E402
from ._acquisition import optimizer_UCB as optimizer_UCB  # noqa: E402
from ._batch import ranked_batch as ranked_batch  # noqa: E402
from ._batch import uncertainty_batch_sampling as uncertainty_batch_sampling  # noqa: E402
from ._combination import make_linear_combination as make_linear_combination  # noqa: E402
from ._combination import make_product as make_product  # noqa: E402
from ._combination import make_query_strategy as make_query_strategy  # noqa: E402
from ._committees import Committee as Committee  # noqa: E402
from ._committees import CommitteeRegressor as CommitteeRegressor  # noqa: E402
from ._committees import check_class_labels as check_class_labels  # noqa: E402
from ._committees import check_class_proba as check_class_proba  # noqa: E402
from ._data import UnknownKind as UnknownKind  # noqa: E402
from ._data import add_row as add_row  # noqa: E402
from ._data import data_hstack as data_hstack  # noqa: E402
from ._data import data_shape as data_shape  # noqa: E402
from ._data import data_vstack as data_vstack  # noqa: E402
from ._data import drop_rows as drop_rows  # noqa: E402
from ._data import enumerate_data as enumerate_data  # noqa: E402
from ._data import retrieve_rows as retrieve_rows  # noqa: E402
from ._density import cosine_similarity as cosine_similarity  # noqa: E402
from ._density import euclidean_similarity as euclidean_similarity  # noqa: E402
from ._density import information_density as information_density  # noqa: E402
from ._density import similarize_distance as similarize_distance  # noqa: E402
from ._disagreement import KL_max_disagreement as KL_max_disagreement  # noqa: E402
from ._disagreement import consensus_entropy as consensus_entropy  # noqa: E402
from ._disagreement import consensus_entropy_sampling as consensus_entropy_sampling  # noqa: E402
from ._disagreement import max_disagreement_sampling as max_disagreement_sampling  # noqa: E402
from ._disagreement import max_std_sampling as max_std_sampling  # noqa: E402
from ._disagreement import vote_entropy as vote_entropy  # noqa: E402
from ._disagreement import vote_entropy_sampling as vote_entropy_sampling  # noqa: E402
from ._expected_error import expected_error_reduction as expected_error_reduction  # noqa: E402
from ._learners import ActiveLearner as ActiveLearner  # noqa: E402
from ._learners import BayesianOptimizer as BayesianOptimizer  # noqa: E402
from ._multilabel import SVM_binary_minimum as SVM_binary_minimum  # noqa: E402
from ._multilabel import avg_confidence as avg_confidence  # noqa: E402
from ._multilabel import avg_score as avg_score  # noqa: E402
from ._multilabel import max_loss as max_loss  # noqa: E402
from ._multilabel import max_score as max_score  # noqa: E402
from ._multilabel import mean_max_loss as mean_max_loss  # noqa: E402
from ._multilabel import min_confidence as min_confidence  # noqa: E402
from ._multilabel import svm_loss as svm_loss  # noqa: E402
from ._refused import RefusedArgument as RefusedArgument  # noqa: E402
from ._selection import multi_argmax as multi_argmax  # noqa: E402
from ._selection import multi_argmin as multi_argmin  # noqa: E402
from ._selection import shuffled_argmax as shuffled_argmax  # noqa: E402
from ._selection import shuffled_argmin as shuffled_argmin  # noqa: E402
from ._selection import weighted_random as weighted_random  # noqa: E402
from ._uncertainty import classifier_entropy as classifier_entropy  # noqa: E402
from ._uncertainty import classifier_margin as classifier_margin  # noqa: E402
from ._uncertainty import classifier_uncertainty as classifier_uncertainty  # noqa: E402
from ._uncertainty import entropy_sampling as entropy_sampling  # noqa: E402
from ._uncertainty import margin_sampling as margin_sampling  # noqa: E402
from ._uncertainty import uncertainty_sampling as uncertainty_sampling  # noqa: E402
