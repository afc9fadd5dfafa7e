"""The rules as a table: what each expects and why, what its verdicts say, and how many of them there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auditor.compose.tables import Rows, cell, counted, table
from auditor.compose.wording import Wording
from auditor.model.report import RuleNote
from auditor.model.table import CellKind, Table
from auditor.model.verdict import Status


def rule_table(notes: Sequence[RuleNote], wording: Wording) -> Table:
    """One row for each rule, in the order of the notes."""

    def rows() -> Rows:
        for rule in notes:
            texts = (rule.title, rule.expectation, rule.why, _pairs(rule.parameters), _pairs(rule.reasons))
            counts = (rule.counts.get(status, 0) for status in Status)
            yield (rule.id, str(rule.severity), *texts, "\n".join(rule.sources), *counts)

    columns = (
        cell("rule", width=10),
        cell("severity", CellKind.SEVERITY, 10),
        cell("title", CellKind.LONG, 36),
        cell("expectation", CellKind.LONG, 44),
        cell("purpose", CellKind.LONG, 60),
        cell("parameters", CellKind.LONG, 18),
        cell("says", CellKind.LONG, 80),
        cell("pages", CellKind.LONG, 50),
    )
    told = table(wording, "rules", columns, rows)
    return Table(told.name, told.title, (*told.columns, *counted(wording)), rows, told.note, told.empty)


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name}: {text}" for name, text in pairs)
