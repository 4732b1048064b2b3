"""Saying what an episode did, and asking for it: a domain's clauses, how they are said, and reading a request."""

from ._language import Clause as Clause
from ._language import Language as Language
from ._tally import Tally as Tally
