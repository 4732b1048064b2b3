"""Replays: the run's learner, or a person, plays a task while a page looks on.

`Players` plays in a thread of its own, so that neither the run nor a request waits for it; what it needs is compiled
once for each shape of task. An `Episode` says what happened as JSON. How it is drawn is the domain's word
(`Environment.scene` and `moment`, or pictures), and the page knows no domain.
"""

from ._episode import Episode as Episode
from ._players import Job as Job
from ._players import Players as Players
from ._players import playable as playable
from ._routes import play_routes as play_routes
from ._task import Spec as Spec
from ._task import decoded as decoded
