"""`explora people`: a server on this machine with pages to watch a run and to answer the questions that it asks.

`_verb` reads what was typed; the server itself is `explora.people`, which is imported when it is needed, so that a
missing package is one sentence.
"""

from ._verb import people as people
