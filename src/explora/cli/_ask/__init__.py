"""The verbs of stored experience: `explora experience` counts and converts it, `learn` trains on it, `ask` asks."""

from ._ask import ask as ask
from ._experience import experience as experience
from ._learn import learn as learn
