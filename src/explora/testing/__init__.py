"""Conformance suites: the laws of each contract, ready to be run on a part that somebody else wrote.

A suite is a class whose methods are laws. Under pytest a subclass gives the part and is collected as it stands:

```python
from explora.testing import SpaceSuite


class TestMyMaze(SpaceSuite):
    def part(self):
        return MyMaze()
```

Without pytest a function runs the same laws and raises `BrokenLaw`, whose message says which law, how it was broken and
often what to look for: `check_space(MyMaze())`. What a suite needs besides the part (a domain for a learner, a space
for an explorer, an outcome) comes from a hook that has a default and can be overridden.

`check_run` puts parts together: 12 turns must be 5 and 7, evaluation must leave no trace, the compiled and the hosted
way must agree, one compilation must serve all.

`Trails`, `Walk`, `Trailblazer`, `Linear` and `Carousel` are a space, an environment, a studio, a learner and an
explorer that obey the laws in a few dozen lines each: worked examples, and the company in which your own part is
examined. `Sled` is an environment whose actions are numbers. `Quiz` is a domain of questions, and `Middles` a model
that answers them.
"""

from ._environment_suite import EnvironmentSuite as EnvironmentSuite
from ._environment_suite import Fidget as Fidget
from ._environment_suite import check_environment as check_environment
from ._explorer_suite import ExplorerSuite as ExplorerSuite
from ._explorer_suite import check_explorer as check_explorer
from ._learner_suite import LearnerSuite as LearnerSuite
from ._learner_suite import check_learner as check_learner
from ._run_check import check_run as check_run
from ._space_suite import SpaceSuite as SpaceSuite
from ._space_suite import check_space as check_space
from ._store_suite import StoreSuite as StoreSuite
from ._store_suite import check_store as check_store
from ._suite import BrokenLaw as BrokenLaw
from ._suite import Conformance as Conformance
from ._toy_control import Flag as Flag
from ._toy_control import Flags as Flags
from ._toy_control import Sled as Sled
from ._toy_players import Carousel as Carousel
from ._toy_players import Linear as Linear
from ._toy_players import LinearPolicy as LinearPolicy
from ._toy_questions import Middles as Middles
from ._toy_questions import Points as Points
from ._toy_questions import Quiz as Quiz
from ._toys import Blanks as Blanks
from ._toys import Trail as Trail
from ._toys import Trailblazer as Trailblazer
from ._toys import Trails as Trails
from ._toys import Walk as Walk
