"""The worksheet of the findings: what a reader needs first stands first, the ids stand last."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from auditor.model.report import LEFT_TO_PARQUET, Evidence, Finding
from auditor.model.table import Cell, CellKind, Link
from auditor.render.batch import Batch
from auditor.render.desk import Desk
from auditor.render.worksheet import Cooked, Design, Styled

FINDING_COLUMNS: dict[str, int] = {
    "status": 15,
    "severity": 10,
    "rule_id": 10,
    "machine_name": 24,
    "machine_kind": 19,
    "subscription_name": 24,
    "reason": 60,
    "installed_version": 13,
    "latest_version": 13,
    "releases_behind": 10,
    "auto_upgrade": 12,
    "remediation": 60,
    "portal": 9,
    "resource_group": 24,
    "location": 16,
    "change": 11,
    "first_seen": 17,
    "owner": 18,
    "exemption": 24,
    "evidence": 70,
    "os": 11,
    "availability": 13,
    "extension_name": 26,
    "extension_publisher": 26,
    "extension_type": 28,
    "auto_upgrade_minor": 14,
    "requested_version": 13,
    "installed_version_source": 17,
    "installed_version_at": 17,
    "reason_code": 26,
    "subscription_id": 38,
    "machine_id": 60,
    "resource_id": 60,
}
"""Widths in characters."""
FINDING_KINDS = {
    "status": CellKind.STATUS,
    "severity": CellKind.SEVERITY,
    "releases_behind": CellKind.NUMBER,
    "first_seen": CellKind.TIME,
    "installed_version_at": CellKind.TIME,
    **dict.fromkeys(("reason", "remediation", "evidence", "machine_id", "resource_id", "exemption"), CellKind.LONG),
}
WORDED = {
    "machine_kind": "kind",
    "installed_version_source": "source",
    **dict.fromkeys(("auto_upgrade", "os", "availability"), "value"),
}
"""Columns whose values have words in the catalogue, under WHAT_VALUE."""
PRINTED = 12
"""Columns that go on paper."""
LINES = 6


class FindingsSheet:
    """Takes batches of findings; a column's equal values are written as XML once a batch."""

    def __init__(self, desk: Desk) -> None:
        self._desk, words = desk, desk.report.words
        widths = tuple(FINDING_COLUMNS.values())
        self._pages = desk.pages(Design(words["sheet_findings"], widths, frozen=True, lines=LINES, printed=PRINTED))
        self._pages.header([desk.label(words[f"column_{key}"], _kind(key)) for key in FINDING_COLUMNS])

    def take(self, batch: Batch) -> None:
        columns = [self._column(at, key, batch) for at, key in enumerate(FINDING_COLUMNS)]
        for row in zip(*columns, strict=True):
            self._pages.put(row)

    def close(self) -> None:
        self._pages.close()

    def _column(self, at: int, key: str, batch: Batch) -> list[Cooked]:
        values = self._values(key, batch.findings)
        cooked = {value: self._pages.cook(at, self._styled(key, value)) for value in set(values)}
        return [cooked[value] for value in values]

    def _values(self, key: str, findings: Sequence[Finding]) -> list[Any]:
        if key == "evidence":
            return self._told(findings)
        if key == "portal":  # links are dear: only where there is something to do
            return [None if finding.status in LEFT_TO_PARQUET else finding.portal for finding in findings]
        return list(map(attrgetter(key), findings))

    def _styled(self, key: str, value: Cell) -> Styled:
        words = self._desk.report.words
        if key == "portal" and value is not None:
            return Styled(Link(words["column_portal"], str(value)))
        if key in WORDED and value is not None:
            return Styled(words.get(f"{WORDED[key]}_{value}", value))
        return self._desk.styled(value, _kind(key))

    def _told(self, findings: Sequence[Finding]) -> list[str]:
        """The evidence of each finding as text, a line for each piece; findings share their pieces."""
        pieces = {id(item): item for finding in findings for item in finding.evidence}
        lines = {key: self._line(item) for key, item in pieces.items()}
        return ["\n".join([lines[id(item)] for item in finding.evidence]) for finding in findings]

    def _line(self, item: Evidence) -> str:
        source = self._desk.report.words.get(f"source_{item.source}", item.source)
        when = f", {self._desk.clock.text(item.read_at)}" if item.read_at else ""
        return f"{item.label}: {item.shown} ({source}{when})"


def _kind(key: str) -> CellKind:
    return FINDING_KINDS.get(key, CellKind.TEXT)
