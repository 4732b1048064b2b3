"""Honesty about labels: how good is the model, who is right, what is doubtful, and when to stop asking.

A model that chooses what it is taught can fool itself in more ways than one that does not. Each has its answer here:

- The labels that were asked for are no fair sample, and a score on them says little: `audited_accuracy`,
  `audited_balanced_accuracy` and `audited_error` from a random audit set; `lure` and `horvitz_thompson` without one.
- Asking on although nothing is gained, or stopping too early: the rules of `explora.explorers.stopping`.
- Labels that are wrong: `label_errors` from `out_of_fold` predictions.
- One input with two answers: `resolve` by a stated `Rule`; `near_duplicates` finds the inputs that are one.
- Annotators who make mistakes: `explora.maths` knows how far they agree (`cohen_kappa`, `krippendorff_alpha`) and what
  they say together (`majority_vote`, `dawid_skene`, `crowdlab`).
- All of it at one look, for labels that one has already: `audit_labels`.
- Comparisons that a few lucky seeds decide: `paired`, `wilcoxon`, `holm`, `mean_ranks` over `aulc` and the like.

All of it is plain NumPy on the host: a class is a number from 0 on, "no label" is a negative one, and nothing here
changes what it is given. Every estimate carries its interval; every rule says in one sentence what it decided and by
which number.
"""

from ._audit import Audit as Audit
from ._audit import Quality as Quality
from ._audit import audit_labels as audit_labels
from ._audit import quality_of as quality_of
from ._contradictions import Answer as Answer
from ._contradictions import AskAgain as AskAgain
from ._contradictions import Contradiction as Contradiction
from ._contradictions import Latest as Latest
from ._contradictions import Majority as Majority
from ._contradictions import Median as Median
from ._contradictions import MostTrusted as MostTrusted
from ._contradictions import Resolved as Resolved
from ._contradictions import Rule as Rule
from ._contradictions import resolve as resolve
from ._curves import aulc as aulc
from ._curves import calls_to_target as calls_to_target
from ._curves import cost_per_point as cost_per_point
from ._curves import costs_per_point as costs_per_point
from ._curves import feedback_bottleneck as feedback_bottleneck
from ._duplicates import near_duplicates as near_duplicates
from ._errors import LabelErrors as LabelErrors
from ._errors import class_thresholds as class_thresholds
from ._errors import confident_joint as confident_joint
from ._errors import folds_of as folds_of
from ._errors import label_errors as label_errors
from ._errors import noise_share as noise_share
from ._errors import out_of_fold as out_of_fold
from ._paired import Paired as Paired
from ._paired import holm as holm
from ._paired import mean_ranks as mean_ranks
from ._paired import paired as paired
from ._paired import wilcoxon as wilcoxon
from ._quality import BalancedEstimate as BalancedEstimate
from ._quality import Estimate as Estimate
from ._quality import audited_accuracy as audited_accuracy
from ._quality import audited_balanced_accuracy as audited_balanced_accuracy
from ._quality import audited_error as audited_error
from ._quality import audited_mean as audited_mean
from ._quality import normal_quantile as normal_quantile
from ._weighted import horvitz_thompson as horvitz_thompson
from ._weighted import lure as lure
from ._weighted import lure_weights as lure_weights
