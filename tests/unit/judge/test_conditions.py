"""Conditions have three values, and agree with a reference that looks at one row at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.judge.conditions import Truth, blame, evaluate
from auditor.model.rule import ALWAYS, AllOf, AnyOf, Comparison, Condition, NoneOf, Operator
from auditor.model.version import Version
from tests.unit.judge.parts import CONDITIONS, ROWS, Kleene, Row, naive, property_over, view_of

DAY = timedelta(days=1)


def told(truth: Truth) -> list[Kleene]:
    assert not (truth.true & truth.false).any(), "nothing is both"
    assert (truth.unknown == ~(truth.true | truth.false)).all()
    return [True if true else False if false else None for true, false in zip(truth.true, truth.false, strict=True)]


def of_one(condition: Condition, **row: Any) -> Kleene:
    return told(evaluate(condition, view_of([row]), "extensions"))[0]


def compare(column: str, operator: str, value: Any, **row: Any) -> Kleene:
    return of_one(Comparison(column, Operator(operator), value), **row)


@property_over
@given(condition=CONDITIONS, rows=st.lists(ROWS, min_size=1, max_size=8))
def test_every_condition_agrees_with_the_reference(condition: Condition, rows: list[Row]) -> None:
    assert told(evaluate(condition, view_of(rows), "extensions")) == [naive(condition, row) for row in rows]


@property_over
@given(condition=CONDITIONS, row=ROWS, data=st.data())
def test_taking_values_away_leaves_the_answer_or_makes_it_unknown(
    condition: Condition, row: Row, data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.sampled_from(sorted(row)), min_size=1))

    before, after = told(evaluate(condition, view_of([row, row | dict.fromkeys(gone)]), "extensions"))

    assert after in (before, None)


@property_over
@given(condition=CONDITIONS, row=ROWS)
def test_a_condition_is_unknown_exactly_where_a_column_is_to_blame(condition: Condition, row: Row) -> None:
    view = view_of([row])

    blamed = [name for name, mask in blame(condition, view, "extensions").items() if mask[0]]

    assert bool(blamed) == (naive(condition, row) is None)


def test_what_another_column_decided_is_not_blamed() -> None:
    missing = Comparison("publisher", Operator.EQUALS, "a")
    settled = Comparison("on", Operator.EQUALS, "machine")
    both = AnyOf((missing, settled)), AllOf((missing, settled))

    decided, open_ = (blame(each, view_of([{"on": "machine"}]), "extensions") for each in both)

    assert {name: bool(mask[0]) for name, mask in decided.items()} == {"publisher": False, "on": False}
    assert {name: bool(mask[0]) for name, mask in open_.items()} == {"publisher": True, "on": False}


def test_groups_without_parts_are_settled() -> None:
    assert [of_one(group(())) for group in (AllOf, AnyOf, NoneOf)] == [True, False, True]
    assert of_one(ALWAYS) is True


@property_over
@given(condition=CONDITIONS)
def test_a_condition_over_no_rows_has_no_answers(condition: Condition) -> None:
    assert told(evaluate(condition, view_of([]), "extensions")) == []


def test_a_column_that_is_not_declared_is_refused() -> None:
    with pytest.raises(KeyError, match="nothing is no column of machines"):
        evaluate(Comparison("nothing", Operator.EQUALS, "x"), view_of([{}], "machines"), "machines")


# --- what each kind of value means ---


def test_versions_are_compared_as_versions() -> None:
    newer = Version.parse("1.10.0")

    assert compare("installed_version", "under", newer, installed_version="1.9.9") is True
    assert compare("installed_version", "equals", newer, installed_version="1.10") is True
    assert compare("installed_version", "at_least", newer, installed_version="1.10.0.0") is True


def test_text_that_is_no_version_is_not_known() -> None:
    assert compare("installed_version", "not", Version.parse("1.2"), installed_version="newest") is None


def test_text_and_words_are_compared_without_case() -> None:
    assert compare("publisher", "equals", "MICROSOFT", publisher="Microsoft") is True
    assert compare("publisher", "not_in", ("microsoft", "contoso"), publisher="Microsoft") is False
    assert compare("publisher", "equals", "straße", publisher="STRASSE") is True


@pytest.mark.parametrize(
    ("pattern", "text", "holds"),
    [
        ("rg-*", "RG-prod", True),
        ("rg-?", "rg-prod", False),
        ("*.prod", "web.prod", True),
        ("a[bc]", "ab", False),
        ("a[bc]", "A[bc]", True),
        ("*", "", True),
        ("*x*", "two\nlines x", True),
    ],
)
def test_a_pattern_has_stars_and_question_marks_and_nothing_else(pattern: str, text: str, holds: bool) -> None:
    assert compare("publisher", "matches", pattern, publisher=text) is holds


def test_a_missing_text_is_not_the_text_nan() -> None:
    assert compare("publisher", "equals", "nan", publisher=None) is None
    assert compare("publisher", "not", "nan", publisher=None) is None
    assert compare("publisher", "matches", "*", publisher=None) is None


def test_flags_are_no_numbers() -> None:
    assert compare("auto_upgrade_minor", "equals", True, auto_upgrade_minor=False) is False
    assert compare("auto_upgrade_minor", "equals", True, auto_upgrade_minor=None) is None


# --- bounds ---


@pytest.mark.parametrize(
    ("low", "high", "over", "at_most", "equals", "differs"),
    [
        (8, 9, True, False, False, True),
        (8, None, True, False, False, True),
        (7, 9, None, None, None, None),
        (2, 20, None, None, None, None),
        (0, 7, False, True, None, None),
        (0, 6, False, True, False, True),
        (None, 6, False, True, False, True),
        (None, 8, None, None, None, None),
        (None, None, None, None, None, None),
        (7, 7, False, True, True, False),
        (8, 8, True, False, False, True),
    ],
)
def test_bounds_answer_only_where_both_agree(
    low: int | None, high: int | None, over: Kleene, at_most: Kleene, equals: Kleene, differs: Kleene
) -> None:
    row = {
        "days_stopped.low": None if low is None else low * DAY,
        "days_stopped.high": None if high is None else high * DAY,
    }
    answers = [compare("days_stopped", each, 7 * DAY, **row) for each in ("over", "at_most", "equals", "not")]

    assert answers == [over, at_most, equals, differs]
    several = [compare("days_stopped", each, (7 * DAY,), **row) for each in ("in", "not_in")]
    assert several == [equals, differs]


# --- tags ---


def test_a_tag_that_is_not_there_is_unset() -> None:
    assert compare("tags.env", "equals", "unset", tags="{}") is True
    assert compare("tags.env", "equals", "prod", tags="{}") is False


def test_tags_that_were_not_read_are_not_known() -> None:
    assert compare("tags.env", "equals", "unset", tags=None) is None
    assert compare("tags.env", "not", "prod", tags=None) is None


def test_a_tags_name_has_no_case() -> None:
    assert compare("tags.ENV", "equals", "prod", tags='{"Env": "Prod"}') is True


def test_a_tag_that_is_null_is_not_known() -> None:
    assert compare("tags.env", "equals", "unset", tags='{"env": null, "owner": "me"}') is None


def test_names_of_tags_may_have_dots_and_blanks() -> None:
    assert compare("tags.cost center.1", "equals", "x", tags='{"cost center.1": "x"}') is True


def test_a_column_of_many_rows_is_answered_row_by_row() -> None:
    view = view_of([{"publisher": text} for text in ("a", None, "b", "A")])

    truth = evaluate(Comparison("publisher", Operator.EQUALS, "a"), view, "extensions")

    assert told(truth) == [True, None, False, True]
    assert isinstance(truth.true, np.ndarray) and truth.true.dtype == np.bool_


def test_the_view_is_left_as_it_is() -> None:
    view = view_of([{"publisher": "a", "tags": "{}"}, {}])
    before = view.copy()

    evaluate(Comparison("tags.env", Operator.EQUALS, "x"), view, "extensions")

    pd.testing.assert_frame_equal(view, before)
