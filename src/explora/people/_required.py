"""What this folder needs that a bare installation lacks."""

from explora.core import MissingExtra

try:
    import fastapi as fastapi
    import uvicorn as uvicorn
except ImportError as error:
    raise MissingExtra(error.name or "fastapi", "people") from error
