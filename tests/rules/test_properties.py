"""What must hold of the shipped rules on any row of any kind of machine, whatever is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.judge.engine import judge_rows
from auditor.model.dataset import VIEWS, Column, Kind, rule_column
from auditor.model.rule import ALWAYS, Exemption, Rule
from auditor.settle import settle
from tests.unit.judge.parts import NOW, Row, naive_verdict, view_of

BOOK = settle(None, environ={}).rulebook
property_over = settings(max_examples=12)
"""What takes time is to judge a frame, however many rows it has: few frames with many rows."""
of_every_rule = pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)

TEXTS = {
    "publisher": ["Microsoft.Azure.Monitor", "microsoft.azure.monitor", "Contoso"],
    "type": ["AzureMonitorLinuxAgent", "azuremonitorwindowsagent", "CustomScript"],
    "provisioning_state": ["Succeeded", "Updating", "creating", "Failed", "canceled"],
    "managed_by": ["none", "none", "AKS"],
    "identity_kind": ["none", "SystemAssigned", "SystemAssigned, UserAssigned"],
    "orphaned_failure": ["none", "AzureMonitorLinuxAgent, 2026-01-31 02:10: exit code 51"],
}
DURATIONS = [timedelta(), timedelta(hours=23), *map(timedelta, (1, 7, 8, 365, 366))]
VERSIONS = ["1.25.0", "1.25.0.0", "1.29.4", "1.38.1", "newest"]


def values(column: Column) -> list[Any]:
    by_kind = {Kind.WORD: list(column.words), Kind.NUMBER: [0, 1, 2, 3, 9], Kind.FLAG: [True, False]}
    return TEXTS.get(column.name) or {**by_kind, Kind.DURATION: DURATIONS, Kind.VERSION: VERSIONS}[column.kind]


def cells(column: Column) -> Iterator[tuple[str, st.SearchStrategy[Any]]]:
    """Its values by stored name; bounds are put in order by :func:`in_order`."""
    for stored in column.stored():
        yield stored, st.sampled_from([*values(column), None])


def in_order(row: Row) -> Row:
    for low in [name for name in row if name.endswith(".low")]:
        high = low.removesuffix("low") + "high"
        if row[low] is not None and row[high] is not None:
            row[low], row[high] = sorted((row[low], row[high]))
    return row


def rows_of(rule: Rule) -> st.SearchStrategy[Row]:
    """Any row, with all columns that a verdict of the rule may rest on; kinds and settings in any company."""
    columns = [column for name in BOOK.columns(rule) if (column := rule_column(rule.frame, name)) is not None]
    return st.fixed_dictionaries(dict(cell for column in columns for cell in cells(column))).map(in_order)


def many_of(rule: Rule) -> st.SearchStrategy[list[Row]]:
    return st.lists(rows_of(rule), min_size=16, max_size=40)


def judged(rule: Rule, *rows: Row, exemptions: tuple[Exemption, ...] = ()) -> list[Any]:
    """Verdict and reason code of each row; (None, None) where the rule does not speak of it."""
    found = judge_rows(rule, view_of(rows, rule.frame), exemptions, NOW, BOOK.standing)
    told = dict(zip(found["row"], zip(found["status"], found["reason_code"], strict=True), strict=True))
    return [told.get(at, (None, None)) for at in range(len(rows))]


@of_every_rule
@property_over
@given(data=st.data())
def test_a_rule_judges_as_its_text_reads(rule: Rule, data: st.DataObject) -> None:
    rows = data.draw(many_of(rule))

    assert judged(rule, *rows) == [naive_verdict(rule, row, BOOK.standing) for row in rows]


@of_every_rule
@property_over
@given(data=st.data())
def test_taking_values_away_leaves_the_verdict_or_makes_it_unanswered(rule: Rule, data: st.DataObject) -> None:
    rows = data.draw(many_of(rule))
    poorer = [row | dict.fromkeys(data.draw(st.sets(st.sampled_from(sorted(row)), min_size=1))) for row in rows]

    verdicts = judged(rule, *rows, *poorer)

    for (before, _code), (after, _other) in zip(verdicts[: len(rows)], verdicts[len(rows) :], strict=True):
        assert after in (before, "unanswered")


@of_every_rule
def test_what_is_known_of_nothing_is_never_a_pass(rule: Rule) -> None:
    columns = (column for name in BOOK.columns(rule) if (column := rule_column(rule.frame, name)) is not None)

    [(status, _code)] = judged(rule, dict.fromkeys(stored for column in columns for stored in column.stored()))

    assert status == "unanswered"


@of_every_rule
@property_over
@given(data=st.data())
def test_exemptions_move_failures_only(rule: Rule, data: st.DataObject) -> None:
    rows = data.draw(many_of(rule))
    selector = data.draw(st.sampled_from([each for each in rule.conditions() if each != ALWAYS]))
    common = {"rule": rule.id, "owner": "me", "reason": "r", "ticket": "T-1", "expires": date(2030, 1, 1)}
    found = (Exemption(**common, selector=selector), Exemption(**common, resource="/e/0"))

    before, after = judged(rule, *rows), judged(rule, *rows, exemptions=found)

    assert len(before) == len(after)
    for verdict, exempted in zip(before, after, strict=True):
        assert exempted in (verdict, ("exempt", verdict[1])) and (exempted == verdict or verdict[0] == "fail")
    assert after[0][0] != "fail"


def test_every_column_that_a_rule_or_a_standing_reason_names_can_be_drawn() -> None:
    named = {name for rule in BOOK.rules for name in BOOK.columns(rule)}

    assert all(VIEWS[rule.frame].column(name) for rule in BOOK.rules for name in BOOK.columns(rule))
    assert set(TEXTS) <= named
