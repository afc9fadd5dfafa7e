"""Operations become the events that were recorded, and the filter is read as the service reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import orjson
import pytest
import requests

from auditor.simulator import (
    ArcMachineSpec,
    Caller,
    CallerKind,
    InstanceSpec,
    MachineSpec,
    OperationSpec,
    PageSizes,
    ScaleSetSpec,
    Simulator,
    azure_monitor_agent,
)
from auditor.simulator.catalogue import REGIONAL_SERVICE_MANAGER
from tests.unit.simulator.parts import FIRST, NOW, estate_of, hours

Ask = Callable[..., requests.Response]
AT = NOW - hours(30)
AGENT = azure_monitor_agent("Linux", "1.38.1", name="AMA")
RESOURCE = f"/subscriptions/{FIRST}/resourceGroups/rg-main/providers/Microsoft.Compute/virtualMachines/a/extensions/AMA"


def read(
    ask: Ask, *operations: OperationSpec, where: str = "", select: str = "", **estate: Any
) -> list[dict[str, Any]]:
    """The events of these operations on one machine, oldest first."""
    machine = MachineSpec("a", extensions=(AGENT,), operations=operations)
    with Simulator(estate_of(machine, **estate)) as simulator:
        answer = ask(simulator, _path(where, select))
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["value"]
    return rows[::-1]


def _path(where: str = "", select: str = "") -> str:
    wanted = f"eventTimestamp ge '{(NOW - timedelta(days=60)).isoformat()}'{where}"
    base = f"/subscriptions/{FIRST}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01"
    return f"{base}&$filter={quote(wanted)}" + (f"&$select={quote(select)}" if select else "")


def told(event: dict[str, Any]) -> tuple[str, str, str, str]:
    return (event["eventName"]["value"], event["status"]["value"], event["subStatus"]["value"], event["level"])


def test_an_operation_that_succeeds(ask: Ask) -> None:
    """Begin and first Accepted share an operation id, progress and end have their own; one correlation ties them."""
    events = read(ask, OperationSpec(AT, "AMA", accepted=2))
    assert [told(each) for each in events] == [
        ("BeginRequest", "Started", "", "Informational"),
        ("EndRequest", "Accepted", "Created", "Informational"),
        ("EndRequest", "Accepted", "", "Informational"),
        ("EndRequest", "Succeeded", "", "Informational"),
    ]
    ids = [each["operationId"] for each in events]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert len({each["correlationId"] for each in events}) == 1
    assert len({each["eventDataId"] for each in events}) == 4
    assert {each["operationName"]["localizedValue"] for each in events} == {
        "Create or Update Virtual Machine Extension"
    }
    assert {each["resourceId"].lower() for each in events} == {RESOURCE.lower()}
    assert {each["resourceId"] for each in events} != {RESOURCE}


def test_the_end_may_share_the_operations_id(ask: Ask) -> None:
    first, *_, last = read(ask, OperationSpec(AT, "AMA", shared_end=True))
    assert first["operationId"] == last["operationId"]


def test_an_operation_that_fails_tells_why_as_json_text(ask: Ask) -> None:
    failed = OperationSpec(AT, "AMA", outcome="Failed", error_code="VMExtensionProvisioningError", error_message="No.")
    last = read(ask, failed)[-1]
    assert told(last) == ("EndRequest", "Failed", "", "Error")
    message = orjson.loads(last["properties"]["statusMessage"])
    assert message["error"]["details"] == [{"code": "VMExtensionProvisioningError", "message": "No."}]


def test_a_try_refused_at_once_and_begun_again_under_one_correlation(ask: Ask) -> None:
    refused = OperationSpec(
        AT, "AMA", outcome="Failed", sub_status="429", error_code="OperationNotAllowed", error_message="Later.",
        lasts=timedelta(seconds=2), correlation="one",
    )  # fmt: skip
    events = read(ask, refused, OperationSpec(AT + hours(0.1), "AMA", correlation="one"))
    assert [told(each)[:3] for each in events] == [
        ("BeginRequest", "Started", ""),
        ("EndRequest", "Failed", "429"),
        ("BeginRequest", "Started", ""),
        ("EndRequest", "Accepted", "Created"),
        ("EndRequest", "Succeeded", ""),
    ]
    assert {each["correlationId"] for each in events} == {"one"}
    assert events[0]["operationId"] == events[1]["operationId"] != events[2]["operationId"]
    assert orjson.loads(events[1]["properties"]["statusMessage"])["error"]["code"] == "OperationNotAllowed"


def test_an_audit_begins_on_the_same_resource_under_the_same_operation(ask: Ask) -> None:
    begin, audit, *_ = read(ask, OperationSpec(AT, "AMA", audited=True))
    assert audit["category"]["value"] == "Policy"
    assert audit["operationName"]["value"] == "Microsoft.Authorization/policies/auditIfNotExists/action"
    assert (begin["operationId"], begin["resourceId"]) == (audit["operationId"], audit["resourceId"])


def test_an_operation_without_an_end(ask: Ask) -> None:
    assert [each["status"]["value"] for each in read(ask, OperationSpec(AT, "AMA", outcome=None))] == [
        "Started",
        "Accepted",
    ]


@pytest.mark.parametrize(
    ("action", "extension", "localized"),
    [
        ("delete", "AMA", "Delete Virtual Machine Extension"),
        ("start/action", None, "Start Virtual Machine"),
        ("deallocate/action", None, "Deallocate Virtual Machine"),
        ("powerOff/action", None, "Power Off Virtual Machine"),
    ],
)
def test_other_operations(action: str, extension: str | None, localized: str, ask: Ask) -> None:
    events = read(ask, OperationSpec(AT, extension, action=action))
    assert {each["operationName"]["localizedValue"] for each in events} == {localized}
    assert events[-1]["status"]["value"] == "Succeeded"


SETS = "Microsoft.Compute/virtualMachineScaleSets"
SERVERS = "Microsoft.HybridCompute/machines"
ALL_KINDS: dict[str, Any] = {
    "scale_sets": (
        ScaleSetSpec(
            "web",
            operations=(OperationSpec(AT, "AMA"), OperationSpec(AT, outcome="Failed", error_code="X")),
            instances=(
                InstanceSpec("7", operations=(OperationSpec(AT, "AMA"), OperationSpec(AT, action="start/action"))),
            ),
        ),
    ),
    "arc_machines": (
        ArcMachineSpec(
            "hq",
            operations=(
                OperationSpec(AT, "AMA", caller=Caller(name="a@contoso.example")),
                OperationSpec(AT, action="upgradeExtensions/action", caller=REGIONAL_SERVICE_MANAGER),
            ),
        ),
    ),
}


def test_operations_on_scale_sets_instances_and_servers(ask: Ask) -> None:
    """Each stands on its own resource; the platform upgrades the extensions of a server on the server itself."""
    events = read(ask, **ALL_KINDS)
    told = {(each["operationName"]["value"], each["resourceId"].lower().partition("/providers/")[2]) for each in events}
    assert told == {
        (f"{SETS}/extensions/write", f"{SETS}/web/extensions/AMA".lower()),
        (f"{SETS}/write", f"{SETS}/web".lower()),
        (f"{SETS}/virtualMachines/extensions/write", f"{SETS}/web/virtualMachines/7/extensions/AMA".lower()),
        (f"{SETS}/virtualMachines/start/action", f"{SETS}/web/virtualMachines/7".lower()),
        (f"{SERVERS}/extensions/write", f"{SERVERS}/hq/extensions/AMA".lower()),
        (f"{SERVERS}/upgradeExtensions/action", f"{SERVERS}/hq".lower()),
    }
    upgrades = [each for each in events if "upgradeExtensions" in each["operationName"]["value"]]
    assert {each["caller"] for each in upgrades} == {"Azure Regional Service Manager"}
    assert {each["resourceProviderName"]["value"] for each in upgrades} == {"Microsoft.HybridCompute"}


@pytest.mark.parametrize(("provider", "kinds"), [("microsoft.hybridcompute", {SERVERS}), ("Microsoft.Compute", {SETS})])
def test_each_provider_by_itself(provider: str, kinds: set[str], ask: Ask) -> None:
    events = read(ask, where=f" and resourceProvider eq '{provider}'", **ALL_KINDS)
    assert {"/".join(each["resourceType"]["value"].split("/")[:2]) for each in events} == kinds


def test_groups_may_be_upper_cased_in_later_events(ask: Ask) -> None:
    events = read(ask, OperationSpec(AT, "AMA", upper_cased=True))
    assert [each["resourceGroupName"] for each in events] == ["rg-main", "rg-main", "RG-MAIN"]


@pytest.mark.parametrize(
    ("caller", "logged"),
    [
        (Caller(CallerKind.PERSON, "a@contoso.example"), "a@contoso.example"),
        (Caller(CallerKind.SERVICE, "an-object-id"), "an-object-id"),
        (Caller(CallerKind.NOBODY), None),
    ],
)
def test_callers(caller: Caller, logged: str | None, ask: Ask) -> None:
    event = read(ask, OperationSpec(AT, "AMA", caller=caller))[0]
    assert event.get("caller") == logged
    assert ("name" in event["claims"]) is (caller.kind is CallerKind.PERSON)


def test_an_event_is_read_only_after_it_was_submitted(ask: Ask) -> None:
    """The same query answers nothing at first, and something later."""
    late = OperationSpec(NOW - hours(1), "AMA", submitted_after=hours(2))
    machine = MachineSpec("a", extensions=(AGENT,), operations=(late,))
    moment = [NOW]
    with Simulator(estate_of(machine), clock=lambda: moment[0]) as simulator:
        assert ask(simulator, _path()).json()["value"] == []
        moment[0] = NOW + hours(2)
        assert len(ask(simulator, _path()).json()["value"]) == 3


def test_raw_events_are_given_as_they_are(ask: Ask) -> None:
    raw = {"eventTimestamp": "2026-11-20T00:00:00.1234567Z", "resourceUri": "/x", "subStatus": {"value": None}}
    assert read(ask, events=(raw,)) == [raw]


def test_selected_fields_and_the_id(ask: Ask) -> None:
    assert {tuple(sorted(each)) for each in read(ask, OperationSpec(AT, "AMA"), select="status, EVENTNAME")} == {
        ("eventName", "id", "status")
    }


@pytest.mark.parametrize(
    ("where", "count"),
    [
        (" and resourceGroupName eq 'RG-MAIN'", 6),
        (" and resourceGroupName eq 'rg'", 0),
        (f" and resourceUri eq '{RESOURCE.upper()}'", 3),
        (" and resourceProvider eq 'microsoft.compute'", 6),
        (" and resourceProvider eq 'Microsoft.Storage'", 0),
        (" and correlationId eq 'one'", 3),
        (" and correlationId eq 'one' and eventChannels eq 'Admin, Operation'", 3),
        (f" and eventTimestamp le '{(AT + hours(1)).isoformat()}'", 3),
        (f" and eventTimestamp lt {AT.isoformat().replace('+00:00', '')}0Z", 0),
    ],
)
def test_filters(where: str, count: int, ask: Ask) -> None:
    operations = (OperationSpec(AT, "AMA", correlation="one"), OperationSpec(AT + hours(9), action="start/action"))
    assert len(read(ask, *operations, where=where)) == count


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "The $filter query parameter is missing."),
        ("status eq 'Failed'", "The $filter query parameter value is invalid."),
        ("eventTimestamp ge '08/01/2017 00:00:00 +00:00'", "The $filter query parameter value is invalid."),
        ("eventTimestamp ge '2026-11-01' and operationName eq 'x'", "The $filter query parameter value is invalid."),
        ("eventTimestamp ge '2026-11-01' and resourceUri eq 'x' and correlationId eq 'y'",
         "The $filter query parameter value is invalid."),
        ("eventTimestamp ge '2026-08-01'", "The start time cannot be more than 90 days in the past."),
    ],
)  # fmt: skip
def test_filters_that_are_refused(asked: str, said: str, ask: Ask) -> None:
    base = f"/subscriptions/{FIRST}/providers/microsoft.insights/EventTypes/management/values?api-version=2015-04-01"
    with Simulator(estate_of()) as simulator:
        answer = ask(simulator, f"{base}&$filter={quote(asked)}")
    assert (answer.status_code, answer.json()) == (400, {"code": "BadRequest", "message": said})


def test_pages_hold_every_event_once(ask: Ask) -> None:
    machine = MachineSpec("a", operations=tuple(OperationSpec(AT - hours(number)) for number in range(9)))
    seen, path = [], _path()
    with Simulator(estate_of(machine), pages=PageSizes(events=10)) as simulator:
        while path:
            body = ask(simulator, path).json()
            seen += [each["eventDataId"] for each in body["value"]]
            path = body.get("nextLink", "").removeprefix(simulator.url)
        assert simulator.requests["activity_log"] == 3
    assert len(seen) == len(set(seen)) == 27
