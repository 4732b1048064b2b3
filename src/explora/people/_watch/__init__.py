"""Watching a run: what its folder says, kept in memory so that no request has to read a large database.

A `Follower` reads what is new, about once a second, and puts a whole new `Known` in the place of the old one; requests
compute from that and from a few rows by number. Everything is read through `explora.store`; nothing is ever written.
"""

from ._curves import decimated as decimated
from ._follower import Follower as Follower
from ._follower import Known as Known
from ._outlook import Outlook as Outlook
from ._outlook import outlooked as outlooked
from ._routes import watch_routes as watch_routes
from ._tasks import Shelf as Shelf
