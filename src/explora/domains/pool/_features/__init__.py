"""From columns to numbers: offline, deterministic, and the same again for rows that come later.

A `Featuriser` holds one encoder a column; what an encoder learned from the data it was fitted to (medians, categories,
the axes of a text column) is plain numbers and strings, so that it is written and read without pickle:

- **numbers** and truth values: the median where missing plus a column that says so, then mean 0 and variance 1;
- **dates**: the days since 1970, and the places in the day, the week and the year as points on circles;
- **categories**: a column for each of the most frequent, one for all others together;
- **texts**: hashed words, pairs of words and parts of words, weighted by TF-IDF, projected on their main axes;
- **images**: small fixed descriptors of brightness, edges and colours;
- **embeddings**: lists of numbers that the user brought, only shifted and scaled, so that their geometry stays.

A block of several columns (texts, images, embeddings) is scaled as one, to variance 1 a column on average. Columns
that never vary, row numbers and identifiers are left out; `Featuriser.dropped` says which and why.
"""

from ._featuriser import Featuriser as Featuriser
from ._featuriser import featurise as featurise
