"""explora: software that searches for its own training data."""

from ._version import __version__ as __version__
