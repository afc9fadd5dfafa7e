"""Dresses a settled report as page, workbook, tables and console lines; it decides nothing and fetches nothing.

What writes a folder is loaded when it is first asked for: the console does not wait for Jinja2 and openpyxl.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.render.archive import archive_page
    from auditor.render.folder import check_output, claimed, former_run, kept_files, rewrite_run, write_folder

__all__ = ["archive_page", "check_output", "claimed", "former_run", "kept_files", "rewrite_run", "write_folder"]

_MODULES = {"archive_page": "archive"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'folder')}"), name)
