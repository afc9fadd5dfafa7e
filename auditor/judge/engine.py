"""Rules over rows: one verdict for each row that a rule speaks of, tried in a fixed order.

``applies_to`` unknown: unanswered; ``not_applicable`` (the standing reasons first) true, or unknown: unanswered;
``early_pending`` true; that or ``expect`` unknown: unanswered; ``expect`` true: pass; ``pending`` true, or unknown:
unanswered; an exemption; fail.

``not_applicable`` is settled whole before ``early_pending`` is asked: else a row of which less is known could turn from
not applicable into pending, and a value taken away must leave the verdict as it was or make it unanswered.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from auditor.judge.conditions import Mask, Truth, blame, evaluate
from auditor.judge.exemptions import excuse, naming, told_by
from auditor.judge.unread import unread
from auditor.judge.verdicts import no_verdicts, verdict_frame
from auditor.model.asked import unmet
from auditor.model.reading import Source
from auditor.model.rule import AllOf, AnyOf, Clause, Condition, Exemption, Rule, RuleBook
from auditor.model.verdict import AS_EXPECTED, NOT_KNOWN, Status


@dataclass(frozen=True, slots=True)
class NotRun:
    """A rule that could not be asked tonight: ``columns`` have no configured source left."""

    rule_id: str
    columns: tuple[str, ...]
    sources: tuple[str, ...]


def not_run(rulebook: RuleBook, configured: Collection[Source]) -> tuple[NotRun, ...]:
    """The enabled rules that rest on a column with a need that no configured source meets."""
    told = []
    for rule in rulebook.rules:
        missing = unmet(rulebook, rule, configured)
        if rule.enabled and missing:
            sources = sorted({str(source) for needs in missing.values() for need in needs for source in need})
            told.append(NotRun(rule.id, tuple(missing), tuple(sources)))
    return tuple(told)


def judge(
    rulebook: RuleBook, frames: dict[str, pd.DataFrame], configured: Collection[Source], as_of: datetime
) -> pd.DataFrame:
    """The verdicts of all enabled rules that can be run, with the columns ``VERDICT_COLUMNS``, by rule and row."""
    skipped = {entry.rule_id for entry in not_run(rulebook, configured)}
    asked = [rule for rule in rulebook.rules if rule.enabled and rule.id not in skipped]
    parts = [
        part
        for rule in asked
        for part in (
            judge_rows(rule, frames[rule.frame], rulebook.exemptions, as_of, rulebook.standing),
            *unread(rule, rulebook.standing, frames, rulebook.exemptions),
        )
    ]
    return pd.concat([no_verdicts(), *parts], ignore_index=True)


def judge_rows(
    rule: Rule,
    view: pd.DataFrame,
    exemptions: Sequence[Exemption],
    as_of: datetime,
    standing: tuple[Clause, ...] = (),
) -> pd.DataFrame:
    """One verdict for each row of ``view`` that the rule speaks of, or may speak of.

    ``standing`` reasons are tried before the rule's own: they are its first reasons for not_applicable.
    """
    rule = replace(rule, not_applicable=(*standing, *rule.not_applicable))
    spoken = evaluate(rule.only, view, rule.frame) & evaluate(rule.applies_to, view, rule.frame)
    rows = view[~spoken.false].reset_index(drop=True)
    positions = np.flatnonzero(~spoken.false)
    applies = Truth(spoken.true[positions], spoken.false[positions])
    status, clause = _verdicts(rule, rows, applies)
    found = naming(exemptions, rule.id, rows, rule.frame)
    labels = excuse(found, len(rows), as_of.date())
    excused = (status == Status.FAIL) & np.array([label is not None for label in labels], dtype=bool)
    status[excused] = Status.EXEMPT
    return verdict_frame(
        {
            "rule_id": rule.id,
            "status": status,
            "reason_code": [_code(rule, *each) for each in zip(status, clause, strict=True)],
            "clause": clause,
            "missing": _missing(rule, rows, status),
            "exemption": [label if hit else None for label, hit in zip(labels, excused, strict=True)],
            **told_by(found, len(rows)),
            "resource_id": rows["id"],
            "machine_id": rows["machine_id" if rule.frame == "extensions" else "id"],
            "row": positions,
        }
    )


def _verdicts(rule: Rule, rows: pd.DataFrame, applies: Truth) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Status and clause of each row, in the fixed order; whatever is settled first stays."""
    status = np.full(len(rows), None, dtype=object)
    clause = np.full(len(rows), -1, dtype=np.int64)
    excluded, early, pending = (
        [evaluate(each.when, rows, rule.frame) for each in clauses]
        for clauses in (rule.not_applicable, rule.early_pending, rule.pending)
    )
    expected = evaluate(rule.expect, rows, rule.frame)

    def settle(mask: Mask, verdict: Status, truths: Sequence[Truth] = (), offset: int = 0) -> None:
        open_rows = mask & (status == None)  # noqa: E711 - elementwise on an object array
        status[open_rows] = verdict
        for at, truth in reversed(list(enumerate(truths))):
            clause[open_rows & truth.true] = at + offset

    settle(applies.unknown, Status.UNANSWERED)
    settle(_any(excluded, len(rows)).true, Status.NOT_APPLICABLE, excluded)
    settle(_any(excluded, len(rows)).unknown, Status.UNANSWERED)
    settle(_any(early, len(rows)).true, Status.PENDING, early)
    settle(_any(early, len(rows)).unknown | expected.unknown, Status.UNANSWERED)
    settle(expected.true, Status.PASS)
    settle(_any(pending, len(rows)).true, Status.PENDING, pending, len(early))
    settle(_any(pending, len(rows)).unknown, Status.UNANSWERED)
    settle(np.full(len(rows), True), Status.FAIL, [evaluate(each.when, rows, rule.frame) for each in rule.reasons])
    return status, clause


def _any(truths: Sequence[Truth], rows: int) -> Truth:
    either = Truth.constant(rows, False)
    for truth in truths:
        either = either | truth
    return either


def _code(rule: Rule, status: Status, clause: int) -> str:
    if status is Status.PASS:
        return AS_EXPECTED
    clauses = rule.clauses(status)
    return clauses[clause].code if 0 <= clause < len(clauses) else NOT_KNOWN


def _missing(rule: Rule, rows: pd.DataFrame, status: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """For unanswered rows the columns that left them so, in the first of the steps that could not be decided."""
    steps: tuple[tuple[Condition, ...], ...] = (
        (AllOf((rule.only, rule.applies_to)),),
        (AnyOf(tuple(each.when for each in rule.not_applicable)),),
        (AnyOf(tuple(each.when for each in rule.early_pending)), rule.expect),
        (AnyOf(tuple(each.when for each in rule.pending)),),
    )
    unanswered = np.flatnonzero(status == Status.UNANSWERED)
    unclear = rows.iloc[unanswered]
    told: list[list[str]] = [[] for _ in unanswered]
    for step in steps if told else ():
        untold = np.array([not columns for columns in told])
        for condition in step:
            for column, mask in blame(condition, unclear, rule.frame).items():
                for at in np.flatnonzero(mask & untold):
                    told[at].append(column)
    missing = np.full(len(rows), "", dtype=object)
    missing[unanswered] = [",".join(dict.fromkeys(columns)) for columns in told]
    return missing
