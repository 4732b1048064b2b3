"""Letters: what people send to a run while it runs, stamped with the turn that takes it."""

from ._inbox import Inbox as Inbox
from ._inbox import Letter as Letter
