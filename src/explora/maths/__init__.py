"""What several parts compute: advantages, evolution strategies, mixtures, neighbours, intervals, what annotators
say, what people prefer.

Pure functions of arrays.
"""

from ._advantages import advantages as advantages
from ._advantages import by_row as by_row
from ._advantages import episode_means as episode_means
from ._agreement import cohen_kappa as cohen_kappa
from ._agreement import confusion as confusion
from ._agreement import krippendorff_alpha as krippendorff_alpha
from ._agreement import vote_counts as vote_counts
from ._annotators import DawidSkene as DawidSkene
from ._annotators import dawid_skene as dawid_skene
from ._annotators import majority_vote as majority_vote
from ._crowdlab import Consensus as Consensus
from ._crowdlab import activelab as activelab
from ._crowdlab import crowdlab as crowdlab
from ._crowdlab import next_labels as next_labels
from ._cvar import cvar as cvar
from ._evolution import CMAES as CMAES
from ._evolution import Adam as Adam
from ._evolution import AdamState as AdamState
from ._evolution import CMAState as CMAState
from ._evolution import centred_ranks as centred_ranks
from ._evolution import es_gradient as es_gradient
from ._evolution import mirrored as mirrored
from ._gaussians import Gaussian as Gaussian
from ._gaussians import divergence as divergence
from ._intervals import bootstrap as bootstrap
from ._intervals import interquartile_mean as interquartile_mean
from ._intervals import wilson as wilson
from ._mixtures import GaussianMixture as GaussianMixture
from ._mixtures import best_mixture as best_mixture
from ._mixtures import fit_mixture as fit_mixture
from ._neighbours import mean_distance as mean_distance
from ._neighbours import nearest as nearest
from ._preferences import LEFT as LEFT
from ._preferences import RIGHT as RIGHT
from ._preferences import TIE as TIE
from ._preferences import LinearTaste as LinearTaste
from ._preferences import Preference as Preference
from ._preferences import Taste as Taste
from ._preferences import choose_pairs as choose_pairs
from ._preferences import fit_preference as fit_preference
from ._preferences import information_gain as information_gain
from ._preferences import log_choices as log_choices
from ._preferences import standardised as standardised
from ._ranks import pick as pick
from ._ranks import reorder as reorder
from ._ranks import tied_ranks as tied_ranks
