"""What a person sees of a run that asks questions: answers are what it spends, and items are what it asked for.

The facts (`asked`, `answer_scores`, `price`, `waits`, `random_baseline`, `contradictions`) know the run's records and
journal and nothing of colours; the sections of the page are made of them elsewhere in this folder. Chance in the score
comes from the held-out items, not from episodes: playing the same questions twice gives the same answers.
"""

from ._baseline import Baseline as Baseline
from ._baseline import Lead as Lead
from ._baseline import lead as lead
from ._baseline import random_baseline as random_baseline
from ._facts_asked import Asked as Asked
from ._facts_asked import asked as asked
from ._facts_asked import contradictions as contradictions
from ._facts_scores import AnswerScore as AnswerScore
from ._facts_scores import Price as Price
from ._facts_scores import Waits as Waits
from ._facts_scores import answer_scores as answer_scores
from ._facts_scores import by_item as by_item
from ._facts_scores import price as price
from ._facts_scores import recounted as recounted
from ._facts_scores import waits as waits
from ._file import AskedFormat as AskedFormat
from ._file import asked_file as asked_file
from ._file import asked_rows as asked_rows
from ._file import table_file as table_file
from ._gather import Asking as Asking
from ._gather import asks_questions as asks_questions
from ._gather import gather_asking as gather_asking
from ._sections import SECTIONS as SECTIONS
from ._sections import answer_sections as answer_sections
from ._sections import answer_tiles as answer_tiles
from ._things import things as things
from ._verdict import answer_headline as answer_headline
