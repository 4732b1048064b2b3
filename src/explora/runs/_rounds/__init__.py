"""Rounds against a model: examples that people wrote, and the versions of the model that were taught by them.

Around a run on a pool lie *rounds*: in each of them people look for examples that the current version gets wrong. What
other people confirmed is divided when the round ends. One part teaches the next version, the rest is a suite that is
never learned from. Both lie in the folder of the run as JSON Lines with their provenance, in `rounds/001` and so on. No
model is stored: a version is fitted again, from the labels of the run and the parts of all rounds until then.

`ExampleForm` is what an example is made of, `RoundVersions` fits and asks versions, `round_parts` reads what lies
there.
"""

from ._files import RoundExample as RoundExample
from ._files import round_parts as round_parts
from ._form import ExampleForm as ExampleForm
from ._form import FormField as FormField
from ._versions import RoundMatrix as RoundMatrix
from ._versions import RoundVersions as RoundVersions
