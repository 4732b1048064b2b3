"""Asking for what has not been achieved yet: requests that were never met, and a little more than the best so far."""

from ._beyond import Beyond as Beyond
from ._beyond import BeyondState as BeyondState
