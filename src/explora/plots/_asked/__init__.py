"""What a player was asked for against what it got, as a part of the page of a run."""

from ._section import TITLE as TITLE
from ._section import asked_section as asked_section
