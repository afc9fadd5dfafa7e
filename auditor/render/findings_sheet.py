"""The worksheet of the findings: what a reader needs first stands first, the ids stand last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from auditor.model.report import LEFT_TO_PARQUET, Evidence, Finding
from auditor.model.table import Link, TableColumn
from auditor.render.batch import Batch
from auditor.render.desk import Desk, Slot, folded, widths
from auditor.render.layout import SheetLayout, layout
from auditor.render.worksheet import Design

WORDED = {
    "machine_kind": "kind_{}",
    "installed_version_source": "source_{}",
    "change": "{}",
    **dict.fromkeys(("auto_upgrade", "os", "availability"), "value_{}"),
}
"""Columns whose values have words in the catalogue, and under which key."""


class FindingsSheet:
    """Takes batches of findings; a column's equal values are written as XML once a batch."""

    def __init__(self, desk: Desk, sheet: SheetLayout) -> None:
        self._desk, title = desk, desk.report.words[sheet.name]
        slots = desk.slots(_columns(desk.report.finding_columns))
        self._slots = slots
        self._pages = desk.pages(
            Design(
                title,
                widths(slots),
                headed=True,
                still=_position(slots, sheet.still),
                lines=layout().lines,
                printed=_position(slots, sheet.printed),
                folded=folded(slots),
            )
        )
        desk.begin(self._pages, slots, "findings")
        self._found = False

    def take(self, batch: Batch) -> None:
        if batch.findings:
            self._found = True
            self._desk.put(self._pages, self._slots, [self._values(key, batch.findings) for key in layout().findings])

    def close(self) -> None:
        if not self._found:
            self._pages.line(self._desk.report.headline)
        self._pages.close()

    def _values(self, key: str, findings: Sequence[Finding]) -> list[Any]:
        words = self._desk.report.words
        if key == "evidence":
            return self._told(findings)
        if key == "portal":  # links are dear: only where there is something to do
            text = words["column_portal"]
            return [None if each.status in LEFT_TO_PARQUET else Link(text, each.portal) for each in findings]
        values = list(map(attrgetter(key), findings))
        if key not in WORDED:
            return values
        told = {value: value and words.get(WORDED[key].format(value), value) for value in set(values)}
        return [told[value] for value in values]

    def _told(self, findings: Sequence[Finding]) -> list[str]:
        """The evidence of each finding as text, a line for each piece; findings share their pieces."""
        pieces = {id(item): item for finding in findings for item in finding.evidence}
        lines = {key: self._line(item) for key, item in pieces.items()}
        return ["\n".join([lines[id(item)] for item in finding.evidence]) for finding in findings]

    def _line(self, item: Evidence) -> str:
        source = self._desk.report.words.get(f"source_{item.source}", item.source)
        when = f", {self._desk.clock.text(item.read_at)}" if item.read_at else ""
        return f"{item.label}: {item.shown} ({source}{when})"


def _columns(described: Sequence[TableColumn]) -> list[TableColumn]:
    """In the order and with the widths of the layout."""
    by_key = {column.key: column for column in described}
    return [replace(by_key[key], width=width) for key, width in layout().findings.items()]


def _position(slots: Sequence[Slot], count: int) -> int:
    """How many columns of the worksheet the first ``count`` of the layout are, keys among them."""
    return sum(slot.at < count for slot in slots)
