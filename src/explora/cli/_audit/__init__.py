"""`explora audit`: which labels look wrong, where they contradict each other, and how good a model they make.

`_facts` brings together what is known (a file's labels or a run's, those of an audit set, those of several annotators)
and has `explora.ledger.labels` look at it; `_words` says it in sentences or JSON; `_verb` reads what was typed.
"""

from ._verb import audit as audit
