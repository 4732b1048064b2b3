"""The contracts: what a space, a domain, a learner, an explorer and a score are, and what travels between them.

Everything is an `equinox.Module`: hyperparameters are fields, state is a separate pytree, functions are pure, keys are
keyword-only. A round is `ask → play → update → tell` (see `explora.loop`):

- an **explorer** asks for a `Lesson`: a batch of tasks of a **space**, and from which of them to learn;
- a **domain** plays it with the **learner**'s policy, which yields an `Experience`;
- the learner measures it into an `Outcome`, one row a task, and learns where the lesson says so;
- the explorer is told the outcome; a **score** turns it into learning potential.

Where playing a task is asking somebody, the domain is one of `Questions` and the learner fits a `Model` to the answers;
what comes from outside is written into a `Journal` before it is used.

Experience that outlives its round, from a run or from elsewhere, is kept as `Episodes`: each once, in flat arrays.

Any explorer works with any learner in any domain. What a part needs of the others it says in `needs`; a combination
that makes no sense fails at construction with a sentence that says why.
"""

from ._configuration import JSON as JSON
from ._configuration import allow as allow
from ._configuration import build as build
from ._configuration import flat as flat
from ._configuration import override as override
from ._configuration import spec as spec
from ._devices import Share as Share
from ._devices import jitted as jitted
from ._devices import sharing as sharing
from ._devices import spread as spread
from ._domain import Domain as Domain
from ._domain import Environment as Environment
from ._domain import Examples as Examples
from ._domain import Journal as Journal
from ._domain import Memory as Memory
from ._domain import Step as Step
from ._domain import Suite as Suite
from ._domain import judge_suite as judge_suite
from ._episodes import Episodes as Episodes
from ._episodes import record as record
from ._errors import ArgumentError as ArgumentError
from ._errors import CombinationError as CombinationError
from ._errors import ExploraError as ExploraError
from ._errors import MissingExtra as MissingExtra
from ._errors import NotThere as NotThere
from ._errors import RunError as RunError
from ._errors import TaskError as TaskError
from ._errors import UnknownName as UnknownName
from ._errors import between as between
from ._errors import suggest as suggest
from ._explorer import Archive as Archive
from ._explorer import Explorer as Explorer
from ._explorer import Prospects as Prospects
from ._explorer import Story as Story
from ._keys import row_keys as row_keys
from ._keys import step_key as step_key
from ._keys import turn_keys as turn_keys
from ._language import Clause as Clause
from ._language import Language as Language
from ._language import Tally as Tally
from ._learner import Learner as Learner
from ._lesson import NEW as NEW
from ._lesson import After as After
from ._lesson import Experience as Experience
from ._lesson import Lesson as Lesson
from ._lesson import Outcome as Outcome
from ._lesson import Rowwise as Rowwise
from ._lesson import Status as Status
from ._lesson import Trajectories as Trajectories
from ._lesson import fresh_lesson as fresh_lesson
from ._part import Part as Part
from ._parts import Parts as Parts
from ._policy import Policy as Policy
from ._policy import Uniformly as Uniformly
from ._questions import Answers as Answers
from ._questions import Expectation as Expectation
from ._questions import Model as Model
from ._questions import Predictor as Predictor
from ._questions import Questions as Questions
from ._questions import Targets as Targets
from ._score import Score as Score
from ._space import Inspirations as Inspirations
from ._space import Space as Space
from ._specs import Box as Box
from ._specs import Brush as Brush
from ._specs import Codes as Codes
from ._specs import Discrete as Discrete
from ._specs import Field as Field
from ._specs import Spec as Spec
from ._watching import View as View
from ._watching import cut as cut
from ._watching import watching as watching
