"""Query."""
from ._candidates import Candidates as Candidates
from ._candidates import Selector as Selector
from ._query import FREE as FREE
from ._query import KNOWN as KNOWN
from ._query import OPEN as OPEN
from ._query import REFUSED as REFUSED
from ._query import Queried as Queried
from ._query import Query as Query
from ._top import Random as Random
from ._top import Top as Top
