"""Questions and answers: domains whose tasks are rows of a table, and models that learn what belongs to them."""

from ._contract import Answers as Answers
from ._contract import Expectation as Expectation
from ._contract import Predictor as Predictor
from ._contract import Questions as Questions
from ._contract import Targets as Targets
from ._model import Model as Model
