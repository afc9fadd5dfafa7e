"""Exemptions: what they say, and what is told where they are wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from auditor.model.rule import AllOf, Comparison, Operator
from tests.unit.settle.desk import Desk

WHOLE = "- {rule: AMA-001, %s, owner: Ann, reason: Certified, ticket: T-1, expires: 2026-12-31}\n"
CONFIG = "exemptions: exemptions.yaml\n"


def test_an_exemption_by_resource(desk: Desk) -> None:
    desk.write("exemptions.yaml", WHOLE % "resource: /Subscriptions/x/y")
    (exemption,) = desk.settle(CONFIG).rulebook.exemptions
    assert exemption.resource == "/Subscriptions/x/y"
    assert (exemption.rule, exemption.expires, exemption.line) == ("AMA-001", date(2026, 12, 31), 1)
    assert exemption.label == "T-1 (Ann, until 2026-12-31)"


def test_an_exemption_by_selector_is_typed_like_a_rules_condition(desk: Desk) -> None:
    desk.write("exemptions.yaml", WHOLE % "selector: {tags.env: {equals: test}, os: {in: [linux]}}")
    (exemption,) = desk.settle(CONFIG).rulebook.exemptions
    assert exemption.resource is None
    assert exemption.selector == AllOf(
        (Comparison("tags.env", Operator.EQUALS, "test"), Comparison("os", Operator.IN, ("linux",)))
    )


@pytest.mark.parametrize("text", ["", "[]", "# none yet\n"])
def test_there_may_be_none(desk: Desk, text: str) -> None:
    desk.write("exemptions.yaml", text)
    assert desk.settle(CONFIG).rulebook.exemptions == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rule: AMA-001\n", ":1: a list of exemptions is meant: begin each with '- rule: AMA-001'"),
        (
            WHOLE.replace("AMA-001", "AMA-999") % "resource: /subscriptions/x",
            (
                ":1: [0].rule: there is no rule 'AMA-999'; there are: AMA-001, AMA-002, AMA-003, AMA-004, AMA-005, "
                "AMA-006, AMA-007, AMA-009, EXT-001, EXT-002, EXT-003"
            ),
        ),
        (
            WHOLE % "resource: web-01",
            (
                ":1: [0].resource: 'web-01' is no resource id: copy the Resource ID from the portal's page of the "
                "machine or extension, which begins with /subscriptions/; a selector takes names"
            ),
        ),
        (WHOLE.replace("%s, ", ""), ":1: [0]: write either a resource (its id) or a selector, one of the two"),
        (
            WHOLE % "resource: /subscriptions/x, selector: {os: {equals: linux}}",
            ":1: [0]: write either a resource (its id) or a selector, one of the two",
        ),
        (
            WHOLE % "selector: {}",
            ":1: [0].selector: a condition is meant: write 'column: {equals: value}', one or more",
        ),
        (
            WHOLE % "selector: {subscription: {equals: x}}",
            (
                ":1: [0].selector.subscription: the frame extensions has no column 'subscription'; did you mean "
                "'subscription_id'?"
            ),
        ),
        (
            (WHOLE % "resource: /subscriptions/x").replace("2026-12-31", "next year"),
            ":1: [0].expires: 'next year' is not a date: write year, month and day, such as 2026-01-31",
        ),
        (
            (WHOLE % "resource: /subscriptions/x").replace("T-1", "1234"),
            ':1: [0].ticket: 1234 is no text to YAML: write it in quotes, "1234"',
        ),
        (
            (WHOLE % "resource: /subscriptions/x").replace("owner: Ann, ", ""),
            ":1: [0].owner: is missing: write 'owner: ...' in this entry",
        ),
        (
            (WHOLE % "resource: /subscriptions/x").replace("owner", "ownr"),
            (
                ":1: [0].owner: is missing: write 'owner: ...' in this entry\n"
                ":1: [0].ownr: there is no such setting; did you mean 'owner'?"
            ),
        ),
    ],
)
def test_each_mistake_is_told_with_its_place_and_what_to_do(desk: Desk, text: str, told: str) -> None:
    desk.write("exemptions.yaml", text)
    assert [line.removeprefix("exemptions.yaml") for line in desk.told(CONFIG)] == told.splitlines()


def test_the_shipped_example_can_be_used_as_it_is(desk: Desk) -> None:
    example = Path(__file__).parents[3] / "rules" / "exemptions.example.yaml"
    desk.write("exemptions.yaml", example.read_bytes())
    assert [entry.rule for entry in desk.settle(CONFIG).rulebook.exemptions] == ["AMA-001", "AMA-002"]
