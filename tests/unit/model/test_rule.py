"""Rules as letters."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from auditor.model.rule import (
    ALWAYS,
    AllOf,
    AnyOf,
    Clause,
    Comparison,
    Exemption,
    NoneOf,
    Operator,
    Rule,
    RuleBook,
    comparisons_of,
)
from auditor.model.verdict import Severity, Status

TYPES = Comparison("type", Operator.IN, ("B", "A"))
PUBLISHER = Comparison("publisher", Operator.EQUALS, "P")
OS = Comparison("os", Operator.EQUALS, "linux")
RULE = Rule(
    id="MY-001",
    title={"en": "t"},
    severity=Severity.LOW,
    frame="extensions",
    why={"en": "w"},
    expect=OS,
    reasons=(Clause("c", ALWAYS, {"en": "t"}),),
    applies_to=AllOf((PUBLISHER, TYPES)),
)


def test_comparisons_come_in_the_order_of_the_file() -> None:
    nested = AllOf((OS, AnyOf((NoneOf((PUBLISHER,)), TYPES))))
    assert list(comparisons_of(nested)) == [OS, PUBLISHER, TYPES]
    assert list(comparisons_of(ALWAYS)) == []


def test_a_rule_rests_on_the_columns_of_all_of_its_conditions_each_once() -> None:
    when = Clause("x", AllOf((OS, Comparison("name", Operator.MATCHES, "a*"))), {"en": "t"})
    rule = replace(RULE, not_applicable=(when,), only=Comparison("location", Operator.EQUALS, "japaneast"))
    assert rule.columns() == ("location", "publisher", "type", "os", "name")


def test_the_agents_are_the_pairs_that_enabled_rules_name_outright() -> None:
    other = replace(RULE, id="MY-002", applies_to=AllOf((PUBLISHER, Comparison("type", Operator.EQUALS, "c"))))
    off = replace(
        RULE, id="MY-003", enabled=False, applies_to=AllOf((PUBLISHER, Comparison("type", Operator.IN, ("Z",))))
    )
    vague = replace(RULE, id="MY-004", applies_to=Comparison("publisher", Operator.MATCHES, "*"))
    assert RuleBook((RULE, other, off, vague)).agents() == (("P", "A"), ("P", "B"), ("P", "c"))


def test_a_verdicts_reason_is_counted_from_the_standing_ones_and_a_rule_rests_on_their_columns() -> None:
    standing = Clause("s", Comparison("managed_by", Operator.NOT, "none"), {"en": "t"})
    own = Clause("o", OS, {"en": "t"})
    rule = replace(RULE, not_applicable=(own,), pending=(own,))
    book = RuleBook((rule,), standing=(standing,))
    assert book.clauses(rule, Status.NOT_APPLICABLE) == (standing, own)
    assert all(
        book.clauses(rule, status) == rule.clauses(status) for status in Status if status is not Status.NOT_APPLICABLE
    )
    assert book.columns(rule) == ("managed_by", *rule.columns())


def test_an_exemption_is_known_by_ticket_owner_and_end() -> None:
    exemption = Exemption("MY-001", "Ann", "why", "T-1", date(2026, 12, 31))
    assert exemption.label == "T-1 (Ann, until 2026-12-31)"
