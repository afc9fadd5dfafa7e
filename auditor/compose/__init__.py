"""Settles every word, number and order of the report; page, workbook and tables only dress it.

Composer and Ledger are loaded when they are first asked for: who wants words alone does not wait for pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.compose.ledger import Ledger
    from auditor.compose.report import Composer

__all__ = ["Composer", "Ledger"]

_MODULES = {"Composer": "report", "Ledger": "ledger"}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
