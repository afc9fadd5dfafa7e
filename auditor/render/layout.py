"""The workbook's layout as data (reports/workbook.yaml): its worksheets in their order, the columns of the findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from auditor.render import designs


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """One worksheet; ``name`` is the word of the catalogue that names it, and one of the next three says what it holds.

    ``still`` columns stay in sight; the first ``printed`` go on paper (0: all).
    """

    name: str
    special: str = ""
    table: str = ""
    stack: tuple[str, ...] = ()
    still: int = 0
    printed: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """``findings``: the width in characters of each column, in order; ``lines``: how high a row of them may be."""

    sheets: tuple[SheetLayout, ...]
    findings: Mapping[str, int]
    lines: int


@cache
def layout() -> Layout:
    """The shipped layout. Raises TypeError where it names something that a worksheet does not have."""
    loaded = dict(designs.data("workbook.yaml"))
    sheets = ({**each, "stack": tuple(each.get("stack", ()))} for each in loaded.pop("sheets"))
    return Layout(sheets=tuple(SheetLayout(**each) for each in sheets), **loaded)
