"""A rule in words: what it expects and why, what its verdicts say, which pages it rests on."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.compose.wording import Wording
from auditor.model.report import RuleNote
from auditor.model.rule import Rule
from auditor.model.verdict import Status


def note_of(rule: Rule, wording: Wording, counts: Mapping[Status, int]) -> RuleNote:
    """``rule`` as the report tells it; ``counts`` are the night's verdicts, empty where there was no night."""
    clauses = (*rule.not_applicable, *rule.early_pending, *rule.pending, *rule.reasons)
    return RuleNote(
        id=rule.id,
        title=wording.text_of(rule.title),
        severity=rule.severity,
        why=wording.text_of(rule.why),
        expectation=wording.condition(rule.expect),
        parameters=tuple((name, wording.exact(value)) for name, value in rule.params.items()),
        reasons=tuple((clause.code, wording.text_of(clause.text)) for clause in clauses),
        sources=rule.sources,
        counts=counts,
    )
