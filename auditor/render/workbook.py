"""report.xlsx: Summary, Findings, Coverage, Gaps, Rules, and a worksheet for each longer table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from openpyxl import Workbook

from auditor.model.report import EXEMPTION_LISTS, Report, RuleNote
from auditor.model.table import CellKind, Table
from auditor.model.verdict import Status
from auditor.render.batch import Take
from auditor.render.desk import Desk
from auditor.render.findings_sheet import FindingsSheet
from auditor.render.styles import TONE_STATUS, add_styles, status_style, tone_style
from auditor.render.text import Clock
from auditor.render.worksheet import Design, Limits, Pages, Styled

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
STACKED_TABLES = {
    "sheet_coverage": ("kinds", "coverage", "outside", "states"),
    "sheet_gaps": ("gaps", "accepted_gaps", "unseen", "set_aside", "subscriptions"),
    "sheet_exemption_lists": tuple(f"exemptions_{name}" for name in EXEMPTION_LISTS),
}
"""Tables that stand below one another, by the word that names their worksheet: numbers on one, texts on the other."""
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


@contextmanager
def workbook(report: Report, path: Path, limits: Limits = _EXCEL) -> Iterator[Take]:
    """Write the findings as they come, and save the workbook to ``path`` after them. Raises OSError.

    Above ``LISTED_WHOLE`` verdicts those that pass or do not apply are left to verdicts.parquet; the summary says so.
    """
    desk = Desk(report, Workbook(write_only=True), Clock(report.time_zone), limits)
    try:
        add_styles(desk.book)
        _summary(desk)
        findings = FindingsSheet(desk)
        yield lambda batch: findings.take(batch if report.listed_whole else batch.listed)
        findings.close()
        _rest(desk)
    except BaseException:
        # openpyxl closes its half-written worksheets and removes their temporary files by saving only.
        with TemporaryFile() as nowhere:
            desk.book.save(nowhere)
        raise
    desk.book.save(path)


def _rest(desk: Desk) -> None:
    for word, names in STACKED_TABLES.items():
        _stacks(desk, word, names)
    _rules(desk)
    if desk.report.changed:
        _single(desk, desk.report.words["sheet_departed"], desk.report.tables["departed"])
    for word, name in SINGLE_TABLES.items():
        _single(desk, desk.report.words[word], desk.report.tables[name])


def _summary(desk: Desk) -> None:
    report, words = desk.report, desk.report.words
    by_rule = report.tables["by_rule"]
    first, *others = [column.width for column in by_rule.columns]
    pages = desk.pages(Design(words["sheet_summary"], [max(first, FIRST_WIDTH), *others]))
    pages.line(report.title, "title")
    pages.line(report.headline, tone_style(report.tone))
    pages.paragraph(report.summary)
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
    if report.left_out:
        pages.line()
        pages.paragraph(report.left_out)
    _stacked(desk, pages, by_rule)
    pages.close()


def _stacks(desk: Desk, word: str, names: Sequence[str]) -> None:
    tables = [desk.report.tables[name] for name in names]
    pages = desk.pages(_stack(desk.report.words[word], tables))
    for table in tables:
        _stacked(desk, pages, table)
    pages.close()


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
