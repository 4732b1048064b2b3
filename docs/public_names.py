"""Tells mkdocstrings what explora makes public, so that the API pages need no lists that could go stale.

A folder's `__init__` makes a name public by `from ._module import Name as Name`; Griffe takes imported names for
private ones otherwise.
"""

from typing import Any

import griffe


class PublicNames(griffe.Extension):
    """Marks what an `__init__` imports from a private module beside it, under the same name, as public."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        self._mark(pkg)

    def _mark(self, module: griffe.Module) -> None:
        for name, member in module.members.items():
            if member.is_alias:
                path = member.target_path  # pyright: ignore[reportAttributeAccessIssue]
                if path.startswith(f"{module.path}._") and path.endswith(f".{name}"):
                    member.public = True
            elif member.is_module:
                self._mark(member)  # pyright: ignore[reportArgumentType]
