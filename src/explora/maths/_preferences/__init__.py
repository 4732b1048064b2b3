"""Preferences: what people say who compare two things, what that tells of both, and which pair to ask about next."""

from ._choice import LEFT as LEFT
from ._choice import RIGHT as RIGHT
from ._choice import TIE as TIE
from ._choice import log_choices as log_choices
from ._fit import Preference as Preference
from ._fit import fit_preference as fit_preference
from ._gain import choose_pairs as choose_pairs
from ._gain import information_gain as information_gain
from ._taste import LinearTaste as LinearTaste
from ._taste import Taste as Taste
from ._taste import standardised as standardised
