"""Drawing without a plotting library: SVG for charts, PNG and GIF for tasks, one HTML page around them.

Everything comes out as text that stands on its own: colours follow the reader's light or dark mode through variables
of the page's style sheet, every picture has a title for those who cannot see it, and nothing is fetched from anywhere.
"""

from ._axes import short as short
from ._axes import ticks as ticks
from ._charts import Band as Band
from ._charts import Line as Line
from ._charts import line_chart as line_chart
from ._grid import heat_map as heat_map
from ._page import details as details
from ._page import escape as escape
from ._page import figure as figure
from ._page import legend as legend
from ._page import page as page
from ._page import paragraph as paragraph
from ._page import section as section
from ._page import table as table
from ._page import tabs as tabs
from ._pictures import gif_bytes as gif_bytes
from ._pictures import gif_uri as gif_uri
from ._pictures import picture as picture
from ._pictures import png_bytes as png_bytes
from ._pictures import png_uri as png_uri
from ._tree import tree as tree
