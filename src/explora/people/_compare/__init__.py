"""Comparing: which of two tasks, or of two episodes, do people prefer, and what does that say about all others?

`Panel` chooses the pairs whose answers tell most and takes the answers. What is said of tasks goes to the run; the
taste that follows from it is fitted here for the page, and in the run by the same function. What is said of episodes
(`Bouts`) is kept with all that it takes to play them again, and says which versions of the learner are preferred.
"""

from ._panel import Panel as Panel
from ._routes import compare_routes as compare_routes
