"""What exemptions name: seen rows, rows of which it is not known, and what was not read at all."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.judge.engine import judge_rows
from auditor.judge.exemptions import naming, naming_unread, reach, told_by
from auditor.judge.views import view_of as known
from auditor.model.rule import AllOf, Comparison, Exemption, NoneOf, Operator, RuleBook
from tests.unit.judge.parts import NOW, ROWS, RULES, Row, property_over, rule, view_of

SHOP, PLANT = "11111111-1111-4111-a111-111111111111", "22222222-2222-4222-a222-222222222222"
GROUP = f"/subscriptions/{SHOP}/resourcegroups/rg-web"
COMPUTE = f"{GROUP}/providers/microsoft.compute"
VM, SCALE_SET = f"{COMPUTE}/virtualmachines/web-1", f"{COMPUTE}/virtualmachinescalesets/pool"
ON = Comparison("on", Operator.EQUALS, "model")


def exemption(**changes: Any) -> Exemption:
    who = {"owner": "me", "reason": "r", "ticket": "T-1", "expires": date(2026, 12, 1)}
    return Exemption(**{"rule": "TEST-001", **who, **changes})


def of_tag(value: str) -> Comparison:
    return Comparison("tags.env", Operator.EQUALS, value)


def test_a_verdict_tells_by_which_exemptions_it_is_named_whatever_it_is() -> None:
    """Positions in the rule book; another rule's exemption has one, and names nothing here."""
    found = (
        exemption(rule="OTHER-001", selector=NoneOf((ON,))),
        exemption(selector=of_tag("test")),
        exemption(selector=of_tag("test"), expires=date(2020, 1, 1)),
        exemption(resource="/m/0"),
    )
    rows: list[Row] = [
        {"on": "machine", "tags": '{"env": "test"}'},
        {"on": "model", "tags": '{"env": "test"}'},
        {"on": "machine"},
        {"on": "machine", "tags": "{}"},
    ]

    told = judge_rows(rule(ON), view_of(rows), found, NOW)

    assert told["status"].tolist() == ["exempt", "pass", "fail", "fail"]
    assert told["named_by"].tolist() == ["1,2,3", "1,2", "", ""]
    assert told["perhaps_by"].tolist() == ["", "", "1,2", ""]


@property_over
@given(of=RULES, rows=st.lists(ROWS, min_size=1, max_size=6), data=st.data())
def test_exemptions_move_failures_to_exempt_and_only_where_one_in_force_names_the_row(
    of: Any, rows: list[Row], data: st.DataObject
) -> None:
    """What is unanswered, pending, not applicable or a pass stays so, whatever names it."""
    selectors = [data.draw(RULES.map(lambda drawn: drawn.expect)) for _ in range(2)]
    ends = [data.draw(st.sampled_from([date(2020, 1, 1), date(2030, 1, 1)])) for _ in selectors]
    found = [exemption(selector=one, expires=end) for one, end in zip(selectors, ends, strict=True)]

    before, after = judge_rows(of, view_of(rows), (), NOW), judge_rows(of, view_of(rows), found, NOW)

    assert before["row"].tolist() == after["row"].tolist()
    for was, now, names in zip(before["status"], after["status"], after["named_by"], strict=True):
        in_force = any(found[int(each)].in_force(NOW.date()) for each in names.split(",") if each)
        assert now == ("exempt" if was == "fail" and in_force else was)


# --- what was not read ---


def unread(resource: str, identifier: str, *, instances: bool = False) -> tuple[str, str]:
    view = known("extensions", {"machine_id": [identifier]})
    found = naming_unread(
        [exemption(resource=resource)], "TEST-001", view, "extensions", [identifier], instances=instances
    )
    told = pd.DataFrame(told_by(found, 1)).iloc[0]
    return told["named_by"], told["perhaps_by"]


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        (VM.upper(), ("0", "")),
        (f"{VM}/extensions/AMA", ("", "0")),
        (f"{VM}0/extensions/AMA", ("", "")),
        (f"{COMPUTE}/virtualMachines/web-2", ("", "")),
    ],
)
def test_what_lies_below_a_machine_that_was_not_read_may_be_there(resource: str, told: tuple[str, str]) -> None:
    assert unread(resource, VM) == told


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        (f"{SCALE_SET}/virtualMachines/0", ("", "0")),
        (f"{SCALE_SET}/virtualMachines/0/extensions/AMA", ("", "0")),
        # As Azure spells what is on an instance in a recorded answer.
        (f"{COMPUTE}/virtualMachines/pool_0/extensions/AMA", ("", "0")),
        (SCALE_SET, ("", "")),
        (f"/subscriptions/{SHOP}/resourceGroups/other/providers/Microsoft.Compute/virtualMachines/x", ("", "")),
    ],
)
def test_an_instance_of_a_scale_set_that_was_not_read_may_be_there(resource: str, told: tuple[str, str]) -> None:
    """The scale set's own id means its model, of which there are verdicts."""
    assert unread(resource, SCALE_SET, instances=True) == told


# --- where it may name something ---


def reached(what: Exemption) -> set[str]:
    rows: list[dict[str, object]] = [{"id": SHOP.upper(), "name": "Shop"}, {"id": PLANT}]
    [found] = reach(RuleBook((rule(ON),), exemptions=(what,)), rows)
    return {{SHOP: "shop", PLANT: "plant"}[each] for each in found}


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ({"resource": f"{VM}/extensions/AMA"}, {"shop"}),
        ({"resource": VM.replace(SHOP, "33333333-3333-4333-a333-333333333333")}, set()),
        ({"selector": Comparison("subscription_id", Operator.EQUALS, SHOP)}, {"shop"}),
        # Of a subscription that was not seen the name is not known.
        ({"selector": Comparison("subscription_name", Operator.EQUALS, "Shop")}, {"shop", "plant"}),
        ({"selector": Comparison("subscription_name", Operator.NOT, "shop")}, {"plant"}),
        ({"selector": AllOf((of_tag("test"), Comparison("subscription_id", Operator.EQUALS, PLANT)))}, {"plant"}),
        ({"selector": of_tag("test")}, {"shop", "plant"}),
        ({}, set()),
    ],
)
def test_where_an_exemption_may_name_something(what: dict[str, Any], where: set[str]) -> None:
    assert reached(exemption(**what)) == where


def test_nothing_is_asked_of_subscriptions_where_there_are_none() -> None:
    assert reach(RuleBook((rule(ON),), exemptions=(exemption(resource=VM),)), []) == (frozenset(),)
    assert naming([exemption(resource=VM)], "OTHER-001", view_of([{}]), "extensions") == []
