"""Pictures of runs. Facts come first, drawing second.

The **facts** of a run are typed records computed from its folder (`matrices`, `generations`, `difficulty`, `cost`, …):
what a page or a person may say about it. They know nothing of colours, and they are what the tests check. The
**drawing** turns facts into SVG, PNG and GIF with a few hundred lines of our own, so that a report needs no plotting
library, fetches nothing and can be sent as one file.

`gather` collects the facts of one run and `write_report` makes its page; `compare_runs` and `write_comparison` do the
same for several runs, grouped by recipe with their seeds together. Who plays the replays is handed in: this folder
knows runs as folders, never as something that can be started.
"""

from ._asking import AnswerScore as AnswerScore
from ._asking import Asked as Asked
from ._asking import AskedFormat as AskedFormat
from ._asking import Asking as Asking
from ._asking import Baseline as Baseline
from ._asking import Lead as Lead
from ._asking import Price as Price
from ._asking import Waits as Waits
from ._asking import answer_headline as answer_headline
from ._asking import answer_scores as answer_scores
from ._asking import asked as asked
from ._asking import asked_file as asked_file
from ._asking import asked_rows as asked_rows
from ._asking import contradictions as contradictions
from ._asking import lead as lead
from ._asking import price as price
from ._asking import random_baseline as random_baseline
from ._asking import recounted as recounted
from ._asking import table_file as table_file
from ._asking import things as things
from ._asking import waits as waits
from ._comparison import comparison_json as comparison_json
from ._comparison import comparison_page as comparison_page
from ._comparison import comparison_text as comparison_text
from ._comparison import write_comparison as write_comparison
from ._facts_card import Cost as Cost
from ._facts_card import RunCard as RunCard
from ._facts_card import Setting as Setting
from ._facts_card import cost as cost
from ._facts_card import run_card as run_card
from ._facts_card import settings as settings
from ._facts_compare import Comparison as Comparison
from ._facts_compare import Estimate as Estimate
from ._facts_compare import Side as Side
from ._facts_compare import Standing as Standing
from ._facts_compare import compare_runs as compare_runs
from ._facts_compare import side as side
from ._facts_curves import Axes as Axes
from ._facts_curves import Curve as Curve
from ._facts_curves import metric_curves as metric_curves
from ._facts_curves import smooth as smooth
from ._facts_curves import speed_curve as speed_curve
from ._facts_matrix import Generality as Generality
from ._facts_matrix import Judged as Judged
from ._facts_matrix import Matrix as Matrix
from ._facts_matrix import SuiteResult as SuiteResult
from ._facts_matrix import TaskResult as TaskResult
from ._facts_matrix import generality as generality
from ._facts_matrix import held_out_curve as held_out_curve
from ._facts_matrix import matrices as matrices
from ._facts_matrix import suite_results as suite_results
from ._facts_tasks import Difficulty as Difficulty
from ._facts_tasks import Family as Family
from ._facts_tasks import Generation as Generation
from ._facts_tasks import Relative as Relative
from ._facts_tasks import difficulty as difficulty
from ._facts_tasks import family as family
from ._facts_tasks import generations as generations
from ._facts_verdict import Headline as Headline
from ._facts_verdict import headline as headline
from ._films import KINDS as KINDS
from ._films import Actor as Actor
from ._films import Episode as Episode
from ._films import Film as Film
from ._films import check_kind as check_kind
from ._films import film_of as film_of
from ._films import played as played
from ._films import write_film as write_film
from ._films import write_picture as write_picture
from ._gather import Learned as Learned
from ._gather import Report as Report
from ._gather import gather as gather
from ._replays import Choice as Choice
from ._replays import Replay as Replay
from ._replays import replay as replay
from ._report import report_page as report_page
from ._report import write_report as write_report
from ._seen import Seen as Seen
from ._story import Cast as Cast
from ._story import Home as Home
from ._story import Link as Link
from ._story import Move as Move
from ._story import Saga as Saga
from ._story import Scoreboard as Scoreboard
from ._story import Tale as Tale
from ._story import bloodline as bloodline
from ._story import hardest as hardest
from ._story import hardness as hardness
from ._story import saga as saga
from ._story import tale as tale
