"""The list of recipes, readable without importing JAX."""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from explora.core import Domain, Parts


class Recipe(NamedTuple):
    """A named algorithm of the literature.

    **Arguments:**

    - `name`: what it is called on the command line.
    - `title`: its name in full.
    - `parts`: which parts it is made of.
    - `paper`: where it was published.
    - `place`: the module and the function that builds it.
    - `plays`: what kind of domain it is for: `"environments"`, such as mazes, or `"questions"`, such as pools.
    """

    name: str
    title: str
    parts: str
    paper: str
    place: str
    plays: str = "environments"

    def build(self, domain: "Domain") -> "Parts":
        """The parts of a run of this recipe in a domain."""
        module, function = self.place.split(":")
        make: Callable[[Domain], Parts] = getattr(importlib.import_module(f"explora.recipes.{module}"), function)
        return make(domain)


_PLR = "Jiang et al. 2021, arXiv:2010.03934"
_ROBUST = "Jiang et al. 2021, arXiv:2110.02439"
_ACCEL = "Parker-Holder et al. 2022, arXiv:2203.01302"
_PAIRED = "Dennis et al. 2020, arXiv:2012.02096"
_ALP = "Portelas et al. 2019, arXiv:1910.07224"
_MINIMAX = "Jiang et al. 2023, arXiv:2311.12716"


def _asking(name: str, title: str, parts: str, paper: str, function: str) -> Recipe:
    return Recipe(name, title, parts, paper, f"_query:{function}", "questions")


_QUESTIONS = (
    _asking("random", "Random questions", "Query(Random)", "Settles 2009", "random"),
    _asking(
        "uncertainty-herding",
        "Uncertainty herding",
        "Query(UncertaintyHerding, Margin)",
        "Bae et al. 2024, arXiv:2412.20644",
        "uncertainty_herding",
    ),
    _asking(
        "least-confident", "Least confident", "Query(Top, LeastConfident)", "Lewis and Gale 1994", "least_confident"
    ),
    _asking("margin", "Margin", "Query(Top, Margin)", "Scheffer et al. 2001", "margin"),
    _asking("entropy", "Entropy", "Query(Top, Entropy)", "Settles 2009", "entropy"),
    _asking("committee", "Query by committee", "Query(Top, VoteEntropy)", "Seung et al. 1992", "committee"),
    _asking("bald", "BALD", "Query(Top, BALD)", "Houlsby et al. 2011, arXiv:1112.5745", "bald"),
    _asking("batch-bald", "BatchBALD", "Query(BatchBALD)", "Kirsch et al. 2019, arXiv:1906.08158", "batch_bald"),
    _asking(
        "power-margin", "Power margin", "Query(Power, Margin)", "Kirsch et al. 2021, arXiv:2106.12059", "power_margin"
    ),
    _asking("badge", "BADGE", "Query(Badge)", "Ash et al. 2019, arXiv:1906.03671", "badge"),
    _asking(
        "core-set", "Core-set (k-centre)", "Query(KCentre)", "Sener and Savarese 2017, arXiv:1708.00489", "core_set"
    ),
    _asking(
        "typiclust-margin",
        "Typical items, then margin",
        "Query(Switch(TypiClust, Top), Margin)",
        "Doucet et al. 2024, arXiv:2403.03728",
        "typiclust_margin",
    ),
    _asking("typiclust", "TypiClust", "Query(TypiClust)", "Hacohen et al. 2022, arXiv:2202.02794", "typiclust"),
    _asking("probcover", "ProbCover", "Query(ProbCover)", "Yehuda et al. 2022, arXiv:2205.11603", "probcover"),
    _asking("max-herding", "MaxHerding", "Query(MaxHerding)", "Bae et al. 2024, arXiv:2407.12212", "max_herding"),
    _asking("crowd", "Who labels what (ActiveLab)", "Crowd", "Goh and Mueller 2023, arXiv:2301.11856", "crowd"),
    _asking("stream", "A stream of items", "Stream(BalancedQuantile, LeastConfident)", "Kottke et al. 2015", "stream"),
    _asking(
        "greedy",
        "Greedy sampling (iGS), for numbers",
        "Query(GreedyBoth)",
        "Wu et al. 2018, arXiv:1808.04245",
        "greedy",
    ),
    _asking("variance", "Committee variance, for numbers", "Query(Top, Variance)", "Burbidge et al. 2007", "variance"),
)

RECIPES: tuple[Recipe, ...] = (
    Recipe("dr", "Domain randomisation", "Uniform", "Tobin et al. 2017, arXiv:1703.06907", "_uniform:dr"),
    Recipe("plr", "Prioritized level replay", "Replay(PositiveValueLoss, explore_learns)", _PLR, "_replay:plr"),
    Recipe("robust-plr", "Robust PLR (PLR⊥)", "Replay(MaxMC)", _ROBUST, "_replay:robust_plr"),
    Recipe("accel", "ACCEL", "Replay(MaxMC, edit)", _ACCEL, "_replay:accel"),
    Recipe("parallel-plr", "Parallel PLR", "Replay(MaxMC, parallel)", _MINIMAX, "_replay:parallel_plr"),
    Recipe("parallel-accel", "Parallel ACCEL", "Replay(MaxMC, parallel, edit)", _MINIMAX, "_replay:parallel_accel"),
    Recipe(
        "sfl",
        "Sampling for learnability",
        "Frontier(Learnability)",
        "Rutherford et al. 2024, arXiv:2408.15099",
        "_frontier:sfl",
    ),
    Recipe("paired", "PAIRED", "Adversary(Regret)", _PAIRED, "_adversary:paired"),
    Recipe("flexible-paired", "Flexible PAIRED", "Adversary(Regret(flexible))", _PAIRED, "_adversary:flexible_paired"),
    Recipe("population-paired", "Population PAIRED", "Adversary(Regret(population))", _PAIRED, "_adversary:population"),
    Recipe("minimax", "Minimax adversary", "Adversary(Difficulty)", _PAIRED, "_adversary:minimax"),
    Recipe("alp-gmm", "ALP-GMM", "Mixture(progress)", _ALP, "_continuous:alp_gmm"),
    Recipe("covar-gmm", "Covar-GMM", "Mixture(covariance)", _ALP, "_continuous:covar_gmm"),
    Recipe("spdl", "Self-paced deep RL", "SelfPaced", "Klink et al. 2020, arXiv:2004.11812", "_continuous:spdl"),
    Recipe(
        "learning-progress",
        "Learning progress (as in OMNI)",
        "Bandit(pace, standard)",
        "Kanitscheider et al. 2021, arXiv:2106.14876",
        "_progress:learning_progress",
    ),
    Recipe(
        "tscl",
        "Teacher–student curriculum learning",
        "Bandit(window, greedy)",
        "Matiisen et al. 2017, arXiv:1707.00183",
        "_progress:tscl",
    ),
    Recipe(
        "map-elites",
        "MAP-Elites",
        "Elites(Learnability)",
        "Mouret and Clune 2015, arXiv:1504.04909",
        "_divergent:map_elites",
    ),
    Recipe(
        "novelty",
        "Novelty search",
        "Novelty(Learnability)",
        "Lehman and Stanley 2011, Evolutionary Computation 19(2)",
        "_divergent:novelty",
    ),
    Recipe(
        "mcc",
        "Minimal-criterion coevolution",
        "MinimalCriterion",
        "Brant and Stanley 2017, GECCO",
        "_divergent:minimal_criterion",
    ),
    Recipe("poet", "POET", "Niches(features)", "Wang et al. 2019, arXiv:1901.01753", "_niches:poet"),
    Recipe(
        "enhanced-poet",
        "Enhanced POET (transfer and novelty)",
        "Niches(agents, enhanced)",
        "Wang et al. 2020, arXiv:2003.08536",
        "_niches:enhanced_poet",
    ),
    Recipe(
        "asking",
        "Exploration by asking (goals in hindsight)",
        "Beyond, Sequence(Hindsight), Asking",
        "Ghosh et al. 2019, arXiv:1912.06088",
        "_asking:asking",
    ),
    Recipe(
        "her",
        "Hindsight experience replay (double DQN)",
        "Uniform, DQN(Hindsight), Asking",
        "Andrychowicz et al. 2017, arXiv:1707.01495",
        "_asking:her",
    ),
    *_QUESTIONS,
)
"""Every recipe, uniform sampling first."""

DEFAULT = "sfl"
"""The recipe that a run takes if none is named: the best on `holdout` after ten minutes, see `docs/learning.md`."""
