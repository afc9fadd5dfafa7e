"""The sentence of each verdict, and what to do: a rule's own words, or what was missing and would close the gap."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from auditor.compose.evidence import Witness
from auditor.compose.remedy import Remedies
from auditor.compose.rows import Rows
from auditor.compose.wording import Wording
from auditor.model.dataset import Column, rule_column
from auditor.model.reading import Source
from auditor.model.remedy import Remedy
from auditor.model.rule import Clause, Rule
from auditor.model.verdict import EXTENSIONS_NOT_READ, INSTANCES_NOT_READ, Status

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w.]*)\}")

Said = tuple[str, Remedy | None]
"""A sentence, and what to do."""

UNREAD: Mapping[str, tuple[str, tuple[Source, ...]]] = {
    EXTENSIONS_NOT_READ: (
        "unread",
        (Source.INSTANCE_VIEW, Source.SCALE_SET_INSTANCES, Source.ARC_EXTENSIONS, Source.EXTENSIONS),
    ),
    INSTANCES_NOT_READ: ("instances_unread", (Source.SCALE_SET_INSTANCES, Source.SCALE_SETS)),
}
"""Verdicts on what was not read: their text, and the sources that should have told it."""


@dataclass(frozen=True)
class Reasons:
    """Says why the verdicts of one rule with one status are as they are."""

    rule: Rule
    status: Status
    clauses: Sequence[Clause]
    witness: Witness
    remedies: Remedies

    @property
    def wording(self) -> Wording:
        return self.witness.wording

    def said(
        self,
        rows: Rows,
        clauses: Sequence[int],
        codes: Sequence[str],
        missing: Sequence[str],
        machine_ids: Sequence[str],
    ) -> list[Said]:
        """Sentence and remedy for each row, from its verdict's clause, reason code and missing columns."""
        if self.status is Status.PASS:
            title = self.wording.text_of(self.rule.title)
            return [(self.wording.say("texts", "pass", title=title), None)] * len(rows)
        told: dict[int, Said] = {}
        for index in set(clauses) & set(range(len(self.clauses))):
            mine = [at for at, clause in enumerate(clauses) if clause == index]
            ids = [machine_ids[at] for at in mine]
            told.update(zip(mine, self._of_clause(self.clauses[index], rows.some(mine), ids), strict=True))
        return [
            told[at] if at in told else self._unanswered(rows, at, codes[at], missing[at]) for at in range(len(rows))
        ]

    def _of_clause(self, clause: Clause, rows: Rows, machine_ids: Sequence[str]) -> list[Said]:
        texts = sentences(self.wording.text_of(clause.text), rows, self.rule.params, self.wording)
        return list(zip(texts, self._remedies(clause.fix, rows, machine_ids), strict=True))

    def _remedies(self, fix: str | None, rows: Rows, machine_ids: Sequence[str]) -> Iterable[Remedy | None]:
        """Commands stand only where somebody is to act: what is accepted or pending has the words."""
        if fix is None:
            return repeat(None, len(rows))
        match self.status:
            case Status.FAIL:
                return self.remedies.of(fix, rows, machine_ids)
            case Status.EXEMPT:
                return self.remedies.accepted(fix, rows, machine_ids)
            case _:
                return self.remedies.in_words(fix, rows)

    def _unanswered(self, rows: Rows, at: int, code: str, missing: str) -> Said:
        if code in UNREAD:
            key, sources = UNREAD[code]
            failed = self.witness.answers.failed(sources, rows, at)
            why, close = (failed and self.witness.gap_of(failed)) or (self.wording.say("texts", "unknown"), "")
            return self.wording.say("texts", key, why=why.rstrip(".。")), _in_words(close)
        roots = dict.fromkeys(
            root for column in self._columns(missing.split(",")) for root in self._roots(column, rows, at)
        )
        labels = self.wording.listed(self.wording.label(column.name) for column in roots)
        why, fix = self.witness.gap_over(tuple(roots), rows, at) or self._unexplained(tuple(roots), rows, at)
        return self.wording.say("texts", "unanswered", columns=labels, why=why).strip(), _in_words(fix)

    def _roots(self, column: Column, rows: Rows, at: int) -> list[Column]:
        """What a missing column is missing for: the inputs that are missing themselves, down to the first of them."""
        missing = [each for each in self._columns(column.inputs) if rows.is_missing(each, at)]
        if not column.derived or not missing:
            return [column]
        return [root for each in missing for root in self._roots(each, rows, at)]

    def _unexplained(self, missing: Sequence[Column], rows: Rows, at: int) -> tuple[str, str]:
        """Everything was read, and the value is not there all the same: what that means, and what to do."""
        row = {name: rows.values(name)[at] for name in ("kind", "availability", "on")}
        why, fix = self.wording.unexplained(missing[0].name if missing else "", row)
        if not why:
            return self.wording.say("texts", "not_held"), self.wording.say("texts", "look_at_it")
        return sentences(why, rows.only(at), {}, self.wording)[0], fix

    def _columns(self, names: Sequence[str]) -> list[Column]:
        found = (rule_column(self.rule.frame, name) for name in names if name)
        return [column for column in found if column is not None]


def _in_words(text: str) -> Remedy | None:
    return Remedy(text) if text else None


def sentences(text: str, rows: Rows, params: Mapping[str, object], wording: Wording) -> list[str]:
    """A rule's sentence for each row; ``{column}`` names a declared column or a parameter, nothing more."""
    parts = _PLACEHOLDER.split(text)
    columns = [
        _filling(part, rows, params, wording) if index % 2 else repeat(part, len(rows))
        for index, part in enumerate(parts)
    ]
    return list(map("".join, zip(*columns, strict=True)))


def _filling(name: str, rows: Rows, params: Mapping[str, object], wording: Wording) -> Iterable[str]:
    if name in params:
        return repeat(wording.shown(params[name]), len(rows))
    column = rule_column(rows.view.name, name)
    if column is None:
        return repeat("{" + name + "}", len(rows))
    return [shown for _value, shown in rows.told(column, wording)]
