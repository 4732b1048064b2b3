"""The command line: thin. It reads what was typed, builds a recipe, and hands over to `explora.run`.

`explora --help`, `explora list`, `explora recipes` and `explora domains` never import JAX. Results go to stdout,
progress to stderr; a user's mistake is one line and exit code 2.
"""

from ._main import main as main
