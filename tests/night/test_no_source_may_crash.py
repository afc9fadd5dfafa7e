"""Whatever a source answers with a 200, the night ends with a report: a fault of the service is never the program's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.errors import ExitCode
from auditor.simulator import Fault, HandMadeEstate, OperationSpec, StaySpec
from tests.night.parts import FIRST, LATEST, NOW, Bench, agent, estate, machine, subscription

DAY = timedelta(days=1)
PATHS = {
    "subscriptions": r"^/subscriptions\?",
    "virtual_machines": r"/virtualMachines\?",
    "instance_view": r"expand=instanceView",
    "extension_versions": r"/vmextension/types/",
    "activity_log": r"/eventtypes/management/",
    "heartbeats": r"/v1/workspaces/",
}
RULE_OF = {"extension_versions": "AMA-002", "activity_log": "AMA-003", "instance_view": "AMA-001"}
"""The rule that must not pass where the source's answer is no answer."""
UNREADABLE: dict[str, Any] = {
    "a page of HTML": "<html><title>Sign in</title></html>",
    "empty": "",
    "not UTF-8": b"\xff\xfe{",
    "null": "null",
    "an object without anything": "{}",
    "a list of numbers": "[7]",
}


def whole() -> HandMadeEstate:
    extension = agent("Linux", LATEST)
    done = OperationSpec(NOW - DAY, extension.name)
    return estate(
        subscription(FIRST, machine("web-1", extension, operations=(done,), stays=(StaySpec(LATEST, NOW - 5 * DAY),))),
        beats=True,
    )


@pytest.mark.parametrize("body", UNREADABLE)
@pytest.mark.parametrize("source", PATHS)
def test_an_answer_that_is_none_is_a_gap_of_its_source(bench: Bench, source: str, body: str) -> None:
    audited = bench.audit(whole(), Fault(PATHS[source], status=200, body=UNREADABLE[body]))

    assert audited.code in (ExitCode.INCOMPLETE, ExitCode.NOTHING_COLLECTED)
    assert {gap["source"] for gap in audited.gaps()} == {source}
    assert all(gap["reason"] and gap["close"] for gap in audited.gaps())
    assert "pass" not in audited.statuses(RULE_OF[source]) if source in RULE_OF else True


ODD_ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "a subscription without a name and a state": (
        "subscriptions",
        {"value": [{"subscriptionId": FIRST, "displayName": None, "state": None}]},
    ),
    "a subscription in an unknown state": (
        "subscriptions",
        {"value": [{"subscriptionId": FIRST, "displayName": "First", "state": "Frozen"}]},
    ),
    "machines without properties": ("virtual_machines", {"value": [{"id": "/subscriptions/x/web-9", "name": "web-9"}]}),
    "a machine of a strange kind": (
        "virtual_machines",
        {"value": [{"id": "/x", "name": 7, "location": 9, "tags": [1], "properties": {"storageProfile": "none"}}]},
    ),
    "events without a resource": ("activity_log", {"value": [{"eventTimestamp": "2026-11-20T00:00:00Z"}]}),
    "an event of odd types": (
        "activity_log",
        {
            "value": [
                {
                    "operationName": {"value": "Microsoft.Compute/virtualMachines/extensions/write"},
                    "resourceId": 7,
                    "correlationId": ["x"],
                    "status": "Failed",
                    "eventTimestamp": "yesterday",
                    "properties": "none",
                    "claims": None,
                }
            ]
        },
    ),
}


@pytest.mark.parametrize("what", ODD_ROWS)
def test_rows_of_odd_values_end_nothing(bench: Bench, what: str) -> None:
    source, body = ODD_ROWS[what]

    audited = bench.audit(whole(), Fault(PATHS[source], amend=body))

    assert audited.code in (ExitCode.DELIVERED, ExitCode.INCOMPLETE, ExitCode.NOTHING_COLLECTED)
