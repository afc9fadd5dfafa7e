"""A rule's examples are its tests: what comes out otherwise is told, by file, line and example."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.judge import check_examples
from auditor.model.rule import Comparison, Condition, Example, Operator
from auditor.model.verdict import Status
from auditor.model.version import Version
from tests.unit.judge.parts import clause, rule

PROD = Comparison("tags.env", Operator.EQUALS, "prod")
UNOWNED = Comparison("tags.Owner", Operator.EQUALS, "unset")


def told(
    expect: Condition, status: str, code: str | None = None, values: dict[str, Any] | None = None, **more: Any
) -> str:
    """What is said of one example; empty where it comes out right."""
    example = Example(Status(status), values or {}, code, line=7)
    return "".join(
        str(each) for each in check_examples(rule(expect, examples=(example,), **{"path": "my.yaml", **more}))
    )


def test_an_example_that_comes_out_right_is_silent() -> None:
    on = Comparison("auto_upgrade", Operator.EQUALS, "enabled")

    assert told(on, "pass", values={"auto_upgrade": "enabled"}) == ""
    assert told(on, "fail", "because", {"auto_upgrade": "unset"}) == ""


def test_another_verdict_is_told_with_its_place() -> None:
    on = Comparison("auto_upgrade", Operator.EQUALS, "enabled")

    told_pass = told(on, "pass", values={"auto_upgrade": "unset"})
    assert told_pass.startswith("my.yaml:7: examples.pass: the rule's verdict on this row is fail (because): correct")
    told_fail = told(on, "fail", path="")
    assert told_fail.startswith("TEST-001:7: examples.fail: the rule's verdict on this row is unanswered (not_known)")


def test_another_reason_code_is_told() -> None:
    on = Comparison("auto_upgrade", Operator.EQUALS, "enabled")
    sentence = told(on, "fail", "another", {"auto_upgrade": "unset"}, reasons=(clause("because"), clause("another")))

    place = "my.yaml:7: examples.fail: "
    assert sentence.startswith(f"{place}the rule's reason code for this row is because, not another: correct")


def test_a_row_that_the_rule_does_not_speak_of_is_told() -> None:
    model = Comparison("on", Operator.EQUALS, "model")

    assert told(model, "pass", values={"on": "machine"}, applies_to=model).endswith("its applies_to is false")


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        (
            Comparison("installed_version", Operator.AT_LEAST, Version.parse("1.9")),
            {"installed_version": Version.parse("1.10")},
        ),
        (Comparison("releases_behind", Operator.AT_MOST, 2), {"releases_behind": 2}),
        (Comparison("auto_upgrade_minor", Operator.EQUALS, True), {"auto_upgrade_minor": True}),
        (Comparison("silent_for", Operator.UNDER, timedelta(days=2)), {"silent_for": timedelta(days=1)}),
        (Comparison("days_stopped", Operator.OVER, timedelta(days=7)), {"days_stopped": timedelta(days=8)}),
        (Comparison("days_stopped", Operator.OVER, timedelta(days=7)), {"days_stopped": {"low": timedelta(days=8)}}),
        (
            Comparison("days_stopped", Operator.UNDER, timedelta(days=7)),
            {"days_stopped": {"low": None, "high": timedelta()}},
        ),
    ],
)
def test_values_of_every_kind_can_be_given(condition: Comparison, values: dict[str, Any]) -> None:
    assert told(condition, "pass", values=values) == ""
    assert told(condition, "unanswered", values={**values, condition.column: None}) == ""


def test_a_column_that_is_not_named_is_not_known() -> None:
    assert told(Comparison("on", Operator.EQUALS, "machine"), "unanswered") == ""


def test_tags_can_be_given_one_by_one() -> None:
    assert told(PROD, "pass", values={"tags.env": "prod"}) == ""
    assert told(PROD, "fail", values={"tags.env": "dev"}) == ""
    assert told(PROD, "fail", values={"tags.env": "unset"}) == ""
    assert told(UNOWNED, "pass", values={"tags.Owner": "unset"}) == ""


def test_a_tag_that_is_taken_away_or_not_named_is_not_known() -> None:
    assert told(PROD, "unanswered", values={"tags.env": None}) == ""
    assert told(PROD, "unanswered", values={}) == ""
    assert told(UNOWNED, "unanswered", values={"tags.env": "prod"}) == ""


def test_a_tags_name_has_no_case_in_examples_either() -> None:
    assert told(UNOWNED, "pass", values={"tags.owner": "unset"}) == ""
    assert told(UNOWNED, "fail", values={"tags.OWNER": "me"}) == ""
