"""report.xlsx: Summary, Findings, Coverage, Rules, and a worksheet for each longer table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from openpyxl import Workbook

from auditor.model.report import Evidence, Finding, Report, RuleNote
from auditor.model.table import Cell, CellKind, Link, Table
from auditor.model.verdict import Severity, Status
from auditor.render.styles import TONE_STATUS, add_styles, status_style, tone_style
from auditor.render.text import Clock
from auditor.render.worksheet import Design, Limits, Pages, Styled

# What a reader needs first stands first, the ids stand last. Widths are in characters.
FINDING_COLUMNS: dict[str, int] = {
    "status": 15,
    "severity": 10,
    "rule_id": 10,
    "machine_name": 24,
    "reason": 60,
    "installed_version": 13,
    "latest_version": 13,
    "releases_behind": 10,
    "auto_upgrade": 12,
    "remediation": 60,
    "portal": 9,
    "subscription_name": 24,
    "resource_group": 24,
    "location": 16,
    "change": 11,
    "first_seen": 17,
    "owner": 18,
    "exemption": 24,
    "evidence": 70,
    "machine_kind": 12,
    "os": 11,
    "availability": 12,
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
FINDING_KINDS = {
    "status": CellKind.STATUS,
    "severity": CellKind.SEVERITY,
    "releases_behind": CellKind.NUMBER,
    "first_seen": CellKind.TIME,
    "installed_version_at": CellKind.TIME,
    **dict.fromkeys(("reason", "remediation", "evidence", "machine_id", "resource_id", "exemption"), CellKind.LONG),
}
RULE_COLUMNS = {
    "rule_id": 10,
    "severity": 10,
    "title": 36,
    "expectation": 44,
    "why": 60,
    "parameters": 18,
    "reasons": 80,
    "sources": 50,
}
STATUS_WIDTH = 14

FIRST_WIDTH = 26
"""Width of the first column of the summary: the names of the verdicts stand there."""
PRINTED = 11
"""Columns of the findings that go on paper."""
FINDING_LINES = 6

COVERAGE_TABLES = ("gaps", "subscriptions", "unseen")
SINGLE_TABLES = {
    "sheet_subscriptions": "by_subscription",
    "sheet_readings": "readings",
    "sheet_versions": "by_version",
    "sheet_operations": "operations",
    "sheet_exemptions": "exemptions",
    "sheet_about": "about",
}
"""Tables with a worksheet of their own, by the word that names it."""

_EXCEL = Limits()


def write_workbook(report: Report, path: Path, limits: Limits = _EXCEL) -> None:
    """Write the workbook to ``path``. Raises OSError where it cannot be written."""
    desk = Desk(report, Workbook(write_only=True), Clock(report.time_zone), limits)
    try:
        _write(desk)
    except BaseException:
        # openpyxl closes its half-written worksheets and removes their temporary files by saving only.
        with TemporaryFile() as nowhere:
            desk.book.save(nowhere)
        raise
    desk.book.save(path)


def _write(desk: Desk) -> None:
    report = desk.report
    add_styles(desk.book)
    _summary(desk)
    _findings(desk)
    _coverage(desk)
    _rules(desk)
    for word, name in SINGLE_TABLES.items():
        _single(desk, report.words[word], report.tables[name])


@dataclass(frozen=True)
class Desk:
    """What every worksheet is written with."""

    report: Report
    book: Workbook
    clock: Clock
    limits: Limits

    def pages(self, design: Design) -> Pages:
        return Pages(self.book, design, self.clock, self.report.words["cell_cut"], self.limits)

    def styled(self, value: Cell, kind: CellKind) -> Styled:
        """``value`` in the words and the style of its column."""
        if kind is CellKind.STATUS and value in tuple(Status):
            status = Status(str(value))
            return Styled(self.report.status_words[status], status_style(status))
        if kind is CellKind.SEVERITY and value in tuple(Severity):
            return Styled(self.report.severity_words[Severity(str(value))])
        if isinstance(value, bool):
            return Styled(self.report.words["yes" if value else "no"])
        return Styled(value, "long" if kind is CellKind.LONG else "text")

    def label(self, label: str, kind: CellKind) -> Styled:
        """A cell of a header. Excel has no time zones: the header names the zone."""
        if kind is CellKind.TIME:
            return Styled(f"{label} ({self.report.time_zone})", "header")
        return Styled(label, "header right" if kind is CellKind.NUMBER else "header")


def _summary(desk: Desk) -> None:
    report, words = desk.report, desk.report.words
    by_rule = report.tables["by_rule"]
    first, *others = [column.width for column in by_rule.columns]
    pages = desk.pages(Design(words["sheet_summary"], [max(first, FIRST_WIDTH), *others]))
    pages.line(report.title, "title")
    pages.line(report.headline, tone_style(report.tone))
    pages.line(report.summary)
    zone = words["times_in"].format(zone=desk.clock.name(report.as_of))
    pages.line(f"{words['as_of']} {desk.clock.text(report.as_of)} · {zone}")
    if report.banner:
        pages.line()
        pages.line(report.banner.sentence, "section")
        for line in report.banner.lines:
            pages.paragraph(line)
    pages.line()
    pages.line(words["verdicts"], "section")
    for card in report.cards:
        status = Status(card.key) if card.key in tuple(Status) else TONE_STATUS[card.tone]
        pages.append([Styled(card.label, status_style(status)), Styled(card.value), Styled(card.note or None, "line")])
    _stacked(desk, pages, by_rule)
    pages.close()


def _coverage(desk: Desk) -> None:
    tables = [desk.report.tables[name] for name in COVERAGE_TABLES]
    pages = desk.pages(_stack(desk.report.words["sheet_coverage"], tables))
    for table in tables:
        _stacked(desk, pages, table)
    pages.close()


def _findings(desk: Desk) -> None:
    words = desk.report.words
    widths = tuple(FINDING_COLUMNS.values())
    pages = desk.pages(Design(words["sheet_findings"], widths, frozen=True, lines=FINDING_LINES, printed=PRINTED))
    pages.header([desk.label(words[f"column_{key}"], _kind(key)) for key in FINDING_COLUMNS])
    for finding in desk.report.findings():
        pages.append([_finding_cell(desk, finding, key) for key in FINDING_COLUMNS])
    pages.close()


def _kind(key: str) -> CellKind:
    return FINDING_KINDS.get(key, CellKind.TEXT)


def _finding_cell(desk: Desk, finding: Finding, key: str) -> Styled:
    if key == "portal":
        return Styled(Link(desk.report.words["column_portal"], finding.portal))
    if key == "evidence":
        return Styled("\n".join(_told(desk, item) for item in finding.evidence), "long")
    return desk.styled(getattr(finding, key), _kind(key))


def _told(desk: Desk, item: Evidence) -> str:
    source = desk.report.words.get(f"source_{item.source}", item.source)
    when = f", {desk.clock.text(item.read_at)}" if item.read_at else ""
    return f"{item.label}: {item.shown} ({source}{when})"


def _single(desk: Desk, title: str, table: Table) -> None:
    """A worksheet with one table: its header frozen, its rows to be filtered."""
    pages = desk.pages(Design(title, [column.width for column in table.columns], frozen=True))
    _table(desk, pages, table)
    pages.close()


def _stacked(desk: Desk, pages: Pages, table: Table) -> None:
    """One table below another, under its title and its note."""
    pages.line()
    pages.line(table.title, "section")
    if table.note:
        pages.line(table.note)
    _table(desk, pages, table)


def _table(desk: Desk, pages: Pages, table: Table) -> None:
    kinds = [column.kind for column in table.columns]
    pages.header([desk.label(column.label, column.kind) for column in table.columns])
    row = None
    for row in table.rows():
        pages.append([desk.styled(value, kind) for value, kind in zip(row, kinds, strict=True)])
    if row is None:
        pages.line(table.empty)


def _stack(title: str, tables: Sequence[Table]) -> Design:
    """The design for tables that stand below one another: each column as wide as the widest wish for it."""
    count = max(len(table.columns) for table in tables)
    wishes = [[column.width for column in table.columns[:count]] for table in tables]
    return Design(title, [max(widths[index] for widths in wishes if index < len(widths)) for index in range(count)])


def _rules(desk: Desk) -> None:
    report, words = desk.report, desk.report.words
    widths = [*RULE_COLUMNS.values(), *([STATUS_WIDTH] * len(Status))]
    pages = desk.pages(Design(words["sheet_rules"], widths, frozen=True))
    counted = [desk.label(report.status_words[status], CellKind.NUMBER) for status in Status]
    pages.header([desk.label(words[f"column_{key}"], CellKind.TEXT) for key in RULE_COLUMNS] + counted)
    for rule in report.rules:
        texts = [Styled(text, "long") for text in _rule_texts(rule)]
        counts = [Styled(rule.counts.get(status, 0)) for status in Status]
        pages.append([Styled(rule.id), desk.styled(rule.severity, CellKind.SEVERITY), *texts, *counts])
    pages.close()


def _rule_texts(rule: RuleNote) -> tuple[str, ...]:
    pairs, sources = (_pairs(rule.parameters), _pairs(rule.reasons)), "\n".join(rule.sources)
    return rule.title, rule.expectation, rule.why, *pairs, sources


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name}: {text}" for name, text in pairs)
