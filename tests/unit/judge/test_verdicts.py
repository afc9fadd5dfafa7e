"""Verdicts by Kleene's logic, in DESIGN's order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.judge.engine import judge_rows
from auditor.model.rule import (
    ALWAYS,
    AllOf,
    Clause,
    Comparison,
    Condition,
    Exemption,
    NoneOf,
    Operator,
    Rule,
    RuleBook,
)
from auditor.model.verdict import Status
from tests.unit.judge.parts import (
    NOW,
    ROWS,
    RULES,
    Row,
    clause,
    clauses,
    naive_verdict,
    property_over,
    rule,
    view_of,
)

TRUE: Condition = ALWAYS
FALSE: Condition = NoneOf((ALWAYS,))
UNKNOWN = Comparison("publisher", Operator.EQUALS, "a")
"""Over a row that has no publisher."""


def verdicts(
    of: Rule, *rows: Row, exemptions: tuple[Exemption, ...] = (), standing: tuple[Clause, ...] = ()
) -> list[tuple[str | None, str | None]]:
    """Verdict and reason code of each row."""
    found = judge_rows(of, view_of(rows), exemptions, NOW, standing)
    by_row = {
        at: (str(status), code)
        for at, status, code in zip(found["row"], found["status"], found["reason_code"], strict=True)
    }
    return [by_row.get(at, (None, None)) for at in range(len(rows))]


STANDING = clauses("standing")


@property_over
@given(of=RULES, rows=st.lists(ROWS, min_size=1, max_size=8), standing=STANDING)
def test_every_verdict_agrees_with_the_reference(of: Rule, rows: list[Row], standing: tuple[Clause, ...]) -> None:
    assert verdicts(of, *rows, standing=standing) == [naive_verdict(of, row, standing) for row in rows]


@property_over
@given(of=RULES, row=ROWS, standing=STANDING, data=st.data())
def test_taking_values_away_leaves_the_verdict_or_makes_it_unanswered(
    of: Rule, row: Row, standing: tuple[Clause, ...], data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.sampled_from(sorted(row)), min_size=1))

    (before, _code), (after, _other) = verdicts(of, row, row | dict.fromkeys(gone), standing=standing)

    assert after in (before, "unanswered")


@property_over
@given(of=RULES, row=ROWS, standing=STANDING)
def test_an_unanswered_verdict_names_what_is_missing_and_no_other_does(
    of: Rule, row: Row, standing: tuple[Clause, ...]
) -> None:
    found = judge_rows(of, view_of([row]), (), NOW, standing)

    for status, missing in zip(found["status"], found["missing"], strict=True):
        assert bool(missing) == (status == Status.UNANSWERED)
        assert set(filter(None, missing.split(","))) <= set(RuleBook((of,), standing).columns(of))


@property_over
@given(of=RULES, row=ROWS, standing=STANDING)
def test_a_standing_reason_leaves_rows_out_and_makes_none_pass_or_fail(
    of: Rule, row: Row, standing: tuple[Clause, ...]
) -> None:
    [(before, code)], [(after, another)] = verdicts(of, row), verdicts(of, row, standing=standing)

    assert (after, another) == (before, code) or after in ("not_applicable", "unanswered")


def one(expect: Condition = TRUE, **more: Any) -> tuple[str | None, str | None]:
    return verdicts(rule(expect, **more), {})[0]


def when(condition: Condition) -> tuple[Any, ...]:
    return (clause("that", condition),)


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        # Whatever stands before decides, whatever stands behind it.
        ({"applies_to": FALSE, "not_applicable": when(TRUE)}, None),
        ({"applies_to": UNKNOWN, "not_applicable": when(TRUE)}, "unanswered"),
        ({"only": FALSE, "applies_to": UNKNOWN}, None),
        ({"only": UNKNOWN}, "unanswered"),
        ({"not_applicable": when(TRUE), "early_pending": when(TRUE), "expect": UNKNOWN}, "not_applicable"),
        # Not pending: the same row with one value more may be not applicable.
        ({"not_applicable": when(UNKNOWN), "early_pending": when(TRUE), "expect": TRUE}, "unanswered"),
        ({"not_applicable": when(UNKNOWN), "expect": TRUE}, "unanswered"),
        ({"not_applicable": when(UNKNOWN), "expect": FALSE}, "unanswered"),
        ({"early_pending": when(UNKNOWN), "expect": TRUE}, "unanswered"),
        ({"expect": UNKNOWN, "pending": when(TRUE)}, "unanswered"),
        ({"expect": TRUE, "pending": when(UNKNOWN)}, "pass"),
        ({"expect": FALSE, "pending": when(TRUE)}, "pending"),
        ({"expect": FALSE, "pending": when(UNKNOWN)}, "unanswered"),
        ({"expect": FALSE, "pending": when(FALSE)}, "fail"),
        ({"expect": FALSE}, "fail"),
        ({"expect": TRUE}, "pass"),
    ],
)
def test_verdicts_are_tried_in_a_fixed_order(parts: dict[str, Any], verdict: str | None) -> None:
    assert one(**parts)[0] == verdict


def test_any_clause_that_holds_decides_and_the_first_of_them_names_the_reason() -> None:
    clauses = (clause("unknown", UNKNOWN), clause("no", FALSE), clause("first", TRUE), clause("second", TRUE))

    assert one(not_applicable=clauses) == ("not_applicable", "first")
    assert one(early_pending=clauses) == ("pending", "first")
    assert one(FALSE, pending=clauses) == ("pending", "first")
    assert one(FALSE, reasons=clauses) == ("fail", "first")


def test_a_code_tells_early_pending_from_pending() -> None:
    early, late = (clause("early", TRUE),), (clause("late", TRUE),)

    assert one(FALSE, early_pending=early, pending=late) == ("pending", "early")
    assert one(FALSE, early_pending=(clause("early", FALSE),), pending=late) == ("pending", "late")


def test_a_verdict_holds_the_index_of_its_clause() -> None:
    of = rule(FALSE, early_pending=when(FALSE), pending=(clause("no", FALSE), clause("yes", TRUE)))

    [found] = judge_rows(of, view_of([{}]), (), NOW).to_dict("records")

    assert of.clauses(Status.PENDING)[found["clause"]].code == "yes"


STANDING_REASONS = (clause("managed", Comparison("managed_by", Operator.NOT, "none")), clause("always", TRUE))


@pytest.mark.parametrize(
    ("standing", "row", "verdict"),
    [
        (STANDING_REASONS, {"managed_by": "AKS"}, ("not_applicable", "managed")),
        (STANDING_REASONS, {"managed_by": "none"}, ("not_applicable", "always")),
        (STANDING_REASONS, {}, ("not_applicable", "always")),
        (STANDING_REASONS[:1], {}, ("unanswered", "not_known")),
        (STANDING_REASONS[:1], {"managed_by": "none"}, ("not_applicable", "own")),
        ((), {"managed_by": "AKS"}, ("not_applicable", "own")),
    ],
)
def test_standing_reasons_are_tried_before_the_rules_own(
    standing: tuple[Clause, ...], row: Row, verdict: tuple[str, str]
) -> None:
    of = rule(FALSE, not_applicable=(clause("own", Comparison("managed_by", Operator.IN, ("none", "AKS"))),))

    assert verdicts(of, row, standing=standing) == [verdict]


@pytest.mark.parametrize(("managed_by", "code"), [("AKS", "managed"), ("none", "second")])
def test_the_rule_book_finds_the_reason_of_a_verdict_among_standing_and_own(managed_by: str, code: str) -> None:
    own = (clause("first", FALSE), clause("second", TRUE))
    book = RuleBook((rule(FALSE, not_applicable=own),), STANDING_REASONS[:1])

    found = judge_rows(book.rules[0], view_of([{"managed_by": managed_by}]), (), NOW, book.standing)

    assert book.clauses(book.rules[0], Status.NOT_APPLICABLE)[found["clause"][0]].code == code


def test_verdicts_stand_on_their_row_and_its_machine() -> None:
    view = view_of([{"on": "model"}, {"on": "machine", "id": "/E/One", "machine_id": "/M/One"}])
    of = rule(TRUE, applies_to=Comparison("on", Operator.EQUALS, "machine"))

    [found] = judge_rows(of, view, (), NOW).to_dict("records")

    assert (found["row"], found["resource_id"], found["machine_id"]) == (1, "/E/One", "/M/One")


def test_a_rule_over_machines_judges_machines() -> None:
    of = rule(Comparison("os", Operator.EQUALS, "linux"), frame="machines")

    found = judge_rows(of, view_of([{"id": "/M/One", "os": "windows"}], "machines"), (), NOW)

    assert found[["status", "resource_id", "machine_id"]].values.tolist() == [["fail", "/M/One", "/M/One"]]


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        ({"applies_to": UNKNOWN, "expect": Comparison("on", Operator.EQUALS, "model")}, "publisher"),
        ({"expect": AllOf((UNKNOWN, Comparison("type", Operator.EQUALS, "x")))}, "publisher,type"),
        ({"not_applicable": when(UNKNOWN), "expect": TRUE}, "publisher"),
        (
            {"expect": FALSE, "pending": when(Comparison("type", Operator.EQUALS, "x")), "reasons": when(UNKNOWN)},
            "type",
        ),
        ({"expect": Comparison("tags.env", Operator.EQUALS, "x")}, "tags.env"),
    ],
    ids=["applies_to", "expect", "not_applicable", "pending", "tag"],
)
def test_the_columns_to_blame_are_those_of_the_step_that_could_not_be_decided(
    parts: dict[str, Any], missing: str
) -> None:
    [found] = judge_rows(rule(**{"expect": TRUE, **parts}), view_of([{}]), (), NOW)["missing"]

    assert found == missing


def test_bounds_that_disagree_are_to_blame_although_something_is_known() -> None:
    from datetime import timedelta

    week = timedelta(days=7)
    of = rule(TRUE, not_applicable=when(Comparison("days_stopped", Operator.OVER, week)))

    found = judge_rows(of, view_of([{"days_stopped.low": week / 2, "days_stopped.high": 2 * week}]), (), NOW)

    assert found[["status", "missing"]].values.tolist() == [["unanswered", "days_stopped"]]


# --- exemptions ---


def exemption(**changes: Any) -> Exemption:
    given: dict[str, Any] = {
        "rule": "TEST-001",
        "owner": "me",
        "reason": "r",
        "ticket": "T-1",
        "expires": date(2026, 12, 1),
    }
    return Exemption(**{**given, **changes})


def everything(**changes: Any) -> Exemption:
    return exemption(selector=NoneOf((FALSE,)), **changes)


@property_over
@given(of=RULES, rows=st.lists(ROWS, min_size=1, max_size=8), data=st.data())
def test_exemptions_turn_failures_into_exempt_and_touch_nothing_else(
    of: Rule, rows: list[Row], data: st.DataObject
) -> None:
    resource = data.draw(st.sampled_from(["/e/0", "/m/1", "/nobody"]))
    found = (exemption(resource=resource), exemption(selector=data.draw(RULES.map(lambda drawn: drawn.expect))))

    before, after = verdicts(of, *rows), verdicts(of, *rows, exemptions=found)

    for (status, code), (exempted, same_code) in zip(before, after, strict=True):
        assert (exempted, same_code) in {(status, code), ("exempt" if status == "fail" else status, code)}


@property_over
@given(of=RULES, row=ROWS)
def test_an_exemption_of_everything_excuses_every_failure_and_hides_no_unanswered(of: Rule, row: Row) -> None:
    [(before, _)], [(after, _)] = verdicts(of, row), verdicts(of, row, exemptions=(everything(),))

    assert after == ("exempt" if before == "fail" else before)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "exempt"),
        ({"expires": NOW.date()}, "exempt"),
        ({"expires": date(2026, 11, 21)}, "fail"),
        ({"rule": "TEST-002"}, "fail"),
    ],
    ids=["in force", "its last day", "expired yesterday", "of another rule"],
)
def test_an_exemption_holds_for_its_rule_until_its_last_day(changes: dict[str, Any], status: str) -> None:
    assert verdicts(rule(FALSE), {}, exemptions=(everything(**changes),)) == [(status, "because")]


@pytest.mark.parametrize("resource", ["/M/0", "/e/0", "/e/0/", "/E/0"])
def test_a_resource_is_an_extension_or_its_machine_in_any_letter_case(resource: str) -> None:
    found = verdicts(rule(FALSE), {}, {}, exemptions=(exemption(resource=resource),))

    assert [status for status, _code in found] == ["exempt", "fail"]


def test_a_resource_is_matched_whole() -> None:
    found = verdicts(rule(FALSE), {"id": "/e/00"}, exemptions=(exemption(resource="/e/0"),))

    assert [status for status, _code in found] == ["fail"]


def test_a_selector_that_is_not_known_to_hold_excuses_nothing() -> None:
    selected = exemption(selector=Comparison("publisher", Operator.NOT, "b"))

    found = verdicts(rule(FALSE), {"publisher": "a"}, {"publisher": "b"}, {"publisher": None}, exemptions=(selected,))

    assert [status for status, _code in found] == ["exempt", "fail", "fail"]


def test_an_exemption_that_selects_nothing_at_all_excuses_nothing() -> None:
    assert verdicts(rule(FALSE), {}, exemptions=(exemption(),)) == [("fail", "because")]


def test_the_first_exemption_that_matches_is_named_and_only_where_it_excuses() -> None:
    of = rule(Comparison("on", Operator.EQUALS, "model"))
    found = (everything(expires=date(2020, 1, 1), ticket="T-0"), everything(), everything(ticket="T-2"))

    told = judge_rows(of, view_of([{"on": "machine"}, {"on": "model"}, {}]), found, NOW)

    assert told["exemption"].dropna().to_dict() == {0: "T-1 (me, until 2026-12-01)"}
    assert told["status"].tolist() == ["exempt", "pass", "unanswered"]
