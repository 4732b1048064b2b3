"""Episodes to look at: played once, written as a film or as one picture.

`played` has somebody play a task and keeps every moment; `film_of` draws some of them; `write_film` writes these as
GIF or, with the extra `film`, as MP4.
"""

from ._episode import Actor as Actor
from ._episode import Episode as Episode
from ._episode import played as played
from ._write import KINDS as KINDS
from ._write import Film as Film
from ._write import check_kind as check_kind
from ._write import film_of as film_of
from ._write import write_film as write_film
from ._write import write_picture as write_picture
