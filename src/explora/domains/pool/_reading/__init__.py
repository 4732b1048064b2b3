"""From wherever a user's data lies to `Items`: files, folders, data sets that ship with scikit-learn, frames, arrays.

A `Source` is configuration: it says where the data lies and what its columns are for, and is written down with a run;
`Source.read` reads it, the same way each time, and never from the network. Data that is in memory already comes in
through `from_arrays`, `from_frame` and `from_dataset`. All ways end in the same place: a table, out of which
`assemble` takes labels, names and groups, and of which it featurises what is left.

What cannot be read is said in one line that names the file, the line where there is one, and the cure.
"""

from ._arrays import from_arrays as from_arrays
from ._arrays import from_dataset as from_dataset
from ._arrays import from_frame as from_frame
from ._source import Source as Source
