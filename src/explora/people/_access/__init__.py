"""Who may do what: people, their roles and tokens, and the guard that stands before every request.

`Access` knows people and turns the links that they were sent into sessions. `Guard` is the outermost layer of the
server: what it does not let through nobody else sees. `roles` says which role a route asks for.
"""

from ._guard import Guard as Guard
from ._guard import Rules as Rules
from ._rate import Buckets as Buckets
from ._roles import ANNOTATOR as ANNOTATOR
from ._roles import OWNER as OWNER
from ._roles import VIEWER as VIEWER
from ._roles import someone as someone
from ._routes import access_routes as access_routes
from ._tokens import ROLES as ROLES
from ._tokens import Access as Access
from ._tokens import Person as Person
