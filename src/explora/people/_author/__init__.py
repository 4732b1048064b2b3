"""Drawing tasks: an editor for every space that says what its tasks are made of.

An `Easel` checks what somebody draws with the space's own words, changes it with the space's own `mutate`, and sends
it to the run as a letter (`explora.store.Inbox`), which learns from it in its next turn. What somebody plays is lived
again by the environment before it is kept as a demonstration. Nothing that a person writes is ever run.
"""

from ._easel import Checked as Checked
from ._easel import Easel as Easel
from ._routes import author_routes as author_routes
