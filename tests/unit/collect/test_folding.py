"""Events become operations: one operation is several events, and one correlation may hold several tries."""

from __future__ import annotations

import gc
import json
import weakref
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.events import ACTIONS, Event, action_of
from auditor.collect.folding import Folding, fold
from auditor.model.reading import Row

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
MACHINE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"
AGENT = f"{MACHINE}/extensions/Agent"
WRITE = "Microsoft.Compute/virtualMachines/extensions/write"
START = datetime(2026, 1, 10, 12, tzinfo=UTC)
FAILED = {
    "status": "Failed",
    "error": {
        "code": "ResourceOperationFailure",
        "message": "The resource operation completed with terminal provisioning state 'Failed'.",
        "details": [{"code": "VMExtensionProvisioningError", "message": "The handler reported a failure."}],
    },
}


def event(status: str, minutes: float = 0, **more: Any) -> Event:
    """An event as the service writes it; ``more`` replaces or, with None, removes keys."""
    moment = START + timedelta(minutes=minutes)
    name = {"Started": "BeginRequest"}.get(status, "EndRequest")
    told: Event = {
        "caller": "someone@example.org",
        "correlationId": "11111111-1111-1111-1111-111111111111",
        "eventDataId": f"{status}-{minutes}-{more.get('resourceId', '')}-{more.get('correlationId', '')}",
        "eventName": {"value": name, "localizedValue": name},
        "eventTimestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "7Z",
        "operationId": f"operation-{status}-{minutes}",
        "operationName": {"value": WRITE, "localizedValue": "Create or Update Virtual Machine Extension"},
        "resourceId": AGENT,
        "status": {"value": status, "localizedValue": status},
        "subStatus": {"value": "", "localizedValue": ""},
    }
    return {key: value for key, value in {**told, **more}.items() if value is not ...}


def failed(minutes: float, message: object = FAILED, **more: Any) -> Event:
    written = message if isinstance(message, str) or message is None else json.dumps(message)
    return event("Failed", minutes, properties={"statusMessage": written}, **more)


def told(events: list[Event], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in fold(events, SUBSCRIPTION)]


def outcomes(*events: Event) -> list[object]:
    return [row["outcome"] for row in fold(events, SUBSCRIPTION)]


# --- tries ---


def test_begun_accepted_and_ended_is_one_operation() -> None:
    events = [event("Started"), event("Accepted", 1), event("Accepted", 2), event("Succeeded", 9)]
    assert told(events, "outcome", "started", "ended", "machine_id", "extension_id", "action", "initiator") == [
        ("succeeded", START, START + timedelta(minutes=9), MACHINE, AGENT, "write", "person")
    ]


def test_a_failure_in_a_group_that_is_called_extensions_is_its_machines() -> None:
    """Else nobody would find it, and the agent would look as if nothing had failed."""
    within = AGENT.replace("resourceGroups/rg", "resourceGroups/extensions")
    machine = within.removesuffix("/extensions/Agent")
    start = {"operationName": {"value": "Microsoft.Compute/virtualMachines/start/action"}}

    assert told([failed(1, resourceId=within)], "machine_id", "extension_id") == [(machine, within)]
    assert told([event("Started", resourceId=machine, **start)], "machine_id", "extension_id") == [(machine, None)]


def test_a_slash_at_the_end_of_an_id_hides_no_failure() -> None:
    events = [event("Started", resourceId=f"{AGENT}/"), failed(1)]
    assert told(events, "outcome", "machine_id", "extension_id") == [("failed", MACHINE, AGENT)]


def test_an_event_that_names_its_resource_in_its_own_id_alone_may_lie_in_a_group_called_events() -> None:
    within = AGENT.replace("resourceGroups/rg", "resourceGroups/events")
    alone = failed(1, resourceId=..., id=f"{within}/events/1/ticks/2")
    assert told([alone], "machine_id", "extension_id") == [(within.removesuffix("/extensions/Agent"), within)]


def test_a_try_that_failed_is_not_hidden_by_the_one_that_was_begun_anew() -> None:
    """Recorded: 429, begun again within the same correlation, then Succeeded."""
    again = [event("Started"), failed(1, subStatus={"value": "429"}), event("Started", 5), event("Succeeded", 9)]
    assert told(again, "outcome", "sub_status") == [("failed", "429"), ("succeeded", None)]


def test_every_beginning_is_another_try() -> None:
    """Also where both end alike, and where the second has not ended: it is on its way."""
    assert outcomes(event("Started"), failed(1), event("Started", 5), failed(6)) == ["failed", "failed"]
    assert outcomes(event("Started"), event("Succeeded", 1), event("Started", 5)) == ["succeeded", "running"]
    assert outcomes(event("Started"), event("Started", 5), event("Succeeded", 6)) == ["running", "succeeded"]


def test_no_end_is_neither_success_nor_failure() -> None:
    assert outcomes(event("Started"), event("Accepted", 1)) == ["running"]
    assert outcomes(event("Accepted", 1)) == ["running"]


def test_an_end_without_its_beginning_lay_partly_before_the_window() -> None:
    assert told([event("Succeeded", 3)], "outcome", "started", "ended") == [
        ("succeeded", None, START + timedelta(minutes=3))
    ]


def test_two_different_ends_are_two_tries() -> None:
    assert outcomes(event("Started"), failed(1), event("Succeeded", 2)) == ["failed", "succeeded"]


def test_ends_of_one_instant_that_are_alike_are_one_end() -> None:
    """Whatever their ids, and whatever else ended then."""
    ends = [failed(1, eventDataId="1"), event("Succeeded", 1, eventDataId="2"), failed(1, eventDataId="3")]
    assert outcomes(*ends) == ["failed", "succeeded"]


def test_an_end_told_twice_is_one_end() -> None:
    assert outcomes(event("Started"), event("Succeeded", 2), event("Succeeded", 3)) == ["succeeded"]


def test_a_beginning_told_twice_at_one_instant_is_one_beginning() -> None:
    again = event("Started", eventDataId="another")
    rows = fold([event("Started"), again, event("Succeeded", 2)], SUBSCRIPTION)
    assert [row["outcome"] for row in rows] == ["succeeded"]


def test_the_beginning_comes_first_at_one_instant() -> None:
    assert outcomes(event("Accepted", 0), event("Started", 0), event("Succeeded", 1)) == ["succeeded"]


@pytest.mark.parametrize("word", ["Canceled", "Cancelled", "FAILED"])
def test_what_did_not_come_to_its_end_failed(word: str) -> None:
    assert outcomes(event("Started"), event(word, 1)) == ["failed"]


def test_a_resource_is_one_however_it_is_spelled() -> None:
    loud = AGENT.upper().replace("RESOURCEGROUPS", "resourcegroups")
    assert outcomes(event("Started", resourceId=loud), event("Succeeded", 1)) == ["succeeded"]


def test_other_resources_and_other_correlations_are_other_operations() -> None:
    other = event("Started", resourceId=f"{AGENT}2")
    anew = event("Started", correlationId="2")
    assert outcomes(event("Started"), other, anew) == ["running"] * 3


def test_another_operation_on_the_resource_within_the_correlation_is_another() -> None:
    deleted = event("Succeeded", 4, operationName={"value": WRITE.replace("write", "DELETE")})
    assert sorted(row["action"] for row in fold([event("Started"), deleted], SUBSCRIPTION)) == ["delete", "write"]  # type: ignore[type-var]


# --- odd events ---


def test_the_resource_may_stand_in_other_places() -> None:
    own = f"{AGENT}/events/7/ticks/8"
    for more in (
        {"resourceId": ..., "resourceUri": AGENT},
        {"resourceId": "", "authorization": {"scope": AGENT, "action": WRITE}},
        {"resourceId": None, "id": own},
    ):
        assert told([event("Started", **more)], "extension_id", "machine_id") == [(AGENT, MACHINE)]


def test_a_correlation_may_be_a_path_or_missing() -> None:
    path = f"{MACHINE}/providers/Microsoft.Insights/x"
    assert outcomes(event("Started", correlationId=path), event("Succeeded", 1, correlationId=path)) == ["succeeded"]
    bare = {"correlationId": ..., "operationId": "one"}
    assert outcomes(event("Started", **bare), event("Succeeded", 1, **bare)) == ["succeeded"]
    assert outcomes(event("Started", correlationId=None, operationId=None)) == ["running"]


def test_words_may_stand_bare() -> None:
    plain = event("Started", eventName="BeginRequest", operationName=WRITE, subStatus=None) | {"status": "Started"}
    ended = event("Failed", 2, subStatus="Conflict") | {"status": "Failed"}
    assert action_of(plain) == "write"
    assert told([plain, ended], "outcome", "sub_status") == [("failed", "Conflict")]


def test_an_operation_without_a_name_is_told_by_what_was_authorized() -> None:
    unnamed = event("Failed", operationName={"value": None}, authorization={"action": WRITE, "scope": AGENT})
    assert action_of(unnamed) == "write"
    assert told([unnamed], "action", "outcome") == [("write", "failed")]


def test_a_policy_that_audits_the_resource_is_not_its_operation() -> None:
    policy = event("Started", operationName={"value": "Microsoft.Authorization/policies/auditIfNotExists/action"})
    assert action_of(policy) is None
    assert action_of(event("Started", operationName=None, authorization=None)) is None


@pytest.mark.parametrize("empty", [{"value": None}, {"value": ""}, {}, None, []])
def test_an_empty_sub_status_is_none(empty: object) -> None:
    assert told([event("Succeeded", subStatus=empty)], "sub_status") == [(None,)]


@pytest.mark.parametrize(
    "properties", [None, {}, [], "text", {"statusMessage": None}, {"statusMessage": 7}, {"statusMessage": "null"}]
)
def test_a_failure_without_a_message_is_told_by_its_sub_status(properties: object) -> None:
    end = event("Failed", properties=properties, subStatus={"value": "InternalServerError"})
    assert told([end], "outcome", "error_code", "error_message") == [("failed", "InternalServerError", None)]


MESSAGES = {
    json.dumps(FAILED): ("VMExtensionProvisioningError", "The handler reported a failure."),
    json.dumps(json.dumps(FAILED)): ("VMExtensionProvisioningError", "The handler reported a failure."),
    json.dumps({"error": {"code": "Conflict", "message": "It is busy."}}): ("Conflict", "It is busy."),
    json.dumps({"code": "Conflict", "message": "It is busy."}): ("Conflict", "It is busy."),
    json.dumps({"Code": "Conflict", "Message": "It is busy."}): ("Conflict", "It is busy."),
    json.dumps({"error": {"code": "A", "message": "b", "details": None}}): ("A", "b"),
    json.dumps({"error": {"code": "A", "message": json.dumps({"error": {"message": "The cause."}})}}): (
        "A",
        "The cause.",
    ),
    # A scale set's write fails of several things: the one about an extension is ours.
    json.dumps(
        {
            "error": {
                "code": "DeploymentFailed",
                "message": "See details.",
                "details": [
                    {"code": "VMProvisioningTimeout", "message": "It took too long."},
                    {"code": "VMExtensionProvisioningError", "message": "The handler reported a failure."},
                ],
            }
        }
    ): ("VMExtensionProvisioningError", "The handler reported a failure."),
    "The request was throttled.": ("429", "The request was throttled."),
    '"The request was throttled."': ("429", "The request was throttled."),
    "<html><title>Bad Gateway</title></html>": ("429", "Bad Gateway"),
    "[]": ("429", None),
    '{"error": {"code": "A", "mess': ("429", None),
}


@pytest.mark.parametrize("message", MESSAGES)
def test_the_innermost_cause_of_a_failure(message: str) -> None:
    end = failed(1, message, subStatus={"value": "429"})
    assert told([end], "error_code", "error_message") == [MESSAGES[message]]


def test_the_messages_key_may_be_spelled_in_any_case() -> None:
    end = event("Failed", properties={"StatusMessage": json.dumps(FAILED)})
    assert told([end], "error_code") == [("VMExtensionProvisioningError",)]


def test_a_success_has_no_error() -> None:
    end = event("Succeeded", properties={"statusMessage": json.dumps(FAILED)})
    assert told([end], "error_code", "error_message") == [(None, None)]


SERVICE = "00000000-0000-0000-0000-00000000000a"
UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
ASSIGNMENT = "/subscriptions/x/providers/Microsoft.Authorization/policyAssignments/y"
BEGINNERS: list[tuple[dict[str, Any], str, str]] = [
    ({"caller": "someone@example.org"}, "person", "someone@example.org"),
    ({"caller": SERVICE, "claims": {UPN: "x"}}, "person", SERVICE),
    ({"caller": SERVICE, "claims": {"xms_mirid": ASSIGNMENT}}, "policy", SERVICE),
    ({"caller": "Azure Regional Service Manager"}, "platform", "Azure Regional Service Manager"),
    ({"caller": SERVICE, "claims": None}, "unknown", SERVICE),
    ({"caller": None}, "unknown", "unknown"),
    ({"caller": ..., "claims": []}, "unknown", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "initiator", "caller"), BEGINNERS)
def test_who_began_it(more: dict[str, Any], initiator: str, caller: str) -> None:
    assert told([event("Started", **more)], "initiator", "caller") == [(initiator, caller)]


# --- what must hold for any log ---

STATUSES = st.sampled_from(["Started", "Accepted", "Succeeded", "Failed", "Canceled"])
RESOURCES = st.sampled_from([AGENT, AGENT.upper(), f"{AGENT}2", MACHINE])
CORRELATIONS = st.sampled_from(["one", "ONE", "two", None])
EVENTS = st.builds(
    lambda status, minutes, resource, correlation, nth: event(
        status, minutes, resourceId=resource, correlationId=correlation, eventDataId=f"{nth}"
    ),
    STATUSES, st.integers(0, 6), RESOURCES, CORRELATIONS, st.integers(0, 10_000),
)  # fmt: skip
LOGS = st.lists(EVENTS, max_size=14)


@given(LOGS, st.randoms(use_true_random=False))
def test_the_order_of_events_changes_nothing(log: list[Event], random: Any) -> None:
    shuffled = random.sample(log, len(log))
    assert fold(shuffled, SUBSCRIPTION) == fold(log, SUBSCRIPTION)


@given(LOGS, st.data())
def test_an_event_told_again_changes_nothing(log: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(log), max_size=8)) if log else []
    assert fold([*log, *again], SUBSCRIPTION) == fold(log, SUBSCRIPTION)


@given(LOGS, st.randoms(use_true_random=False), st.data())
def test_pages_and_late_arrivals_change_nothing(log: list[Event], random: Any, data: st.DataObject) -> None:
    """Taken in page by page, whatever the pages, with what was told before told again: the same operations."""
    late = random.sample(log, len(log))
    cuts = data.draw(st.lists(st.integers(0, len(late)), max_size=3).map(sorted))
    folding = Folding()
    for start, end in zip([0, *cuts], [*cuts, len(late)], strict=True):
        folding.add(late[start:end])
        folding.rows(SUBSCRIPTION)  # asking early changes nothing either
        folding.add(late[:start])
    assert folding.rows(SUBSCRIPTION) == fold(log, SUBSCRIPTION)


ONCE_EACH = st.lists(EVENTS, max_size=14, unique_by=lambda each: each["eventDataId"])


@given(ONCE_EACH)
def test_every_event_ends_up_in_one_operation(log: list[Event]) -> None:
    """No operation is made of nothing, none is told twice, and every failure is still there."""
    rows = fold(log, SUBSCRIPTION)
    assert len({_key(row) for row in rows}) == len(rows) <= len(log)
    for outcome in ("failed", "succeeded"):
        assert any(row["outcome"] == outcome for row in rows) == any(_is_end(each, outcome) for each in log)


def _key(row: Row) -> tuple[object, ...]:
    return (row["id"], row["started"], row["ended"], row["outcome"])


def _is_end(each: Event, outcome: str) -> bool:
    return {"Succeeded": "succeeded", "Failed": "failed", "Canceled": "failed"}.get(each["status"]["value"]) == outcome


# --- scale sets and Arc ---

COMPUTE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute"
SET = f"{COMPUTE}/virtualMachineScaleSets/set"
SERVER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.HybridCompute/machines/srv"
SETS = "Microsoft.Compute/virtualMachineScaleSets"
ARC = "Microsoft.HybridCompute/machines"
ON = [
    (f"{SETS}/extensions/write", f"{SET}/extensions/Agent", "write", SET, True),
    (f"{SETS}/extensions/delete", f"{SET}/extensions/Agent", "delete", SET, True),
    (f"{SETS}/virtualMachines/extensions/write", f"{SET}/virtualMachines/3/extensions/A", "write",
     f"{SET}/virtualMachines/3", True),
    (f"{SETS}/write", SET, "scale_set_write", SET, False),
    (f"{SETS}/virtualMachines/deallocate/action", f"{SET}/virtualMachines/3", "deallocate",
     f"{SET}/virtualMachines/3", False),
    (f"{SETS}/powerOff/action", SET, "power_off", SET, False),
    (f"{ARC}/extensions/write", f"{SERVER}/extensions/Agent", "write", SERVER, True),
    (f"{ARC}/extensions/delete", f"{SERVER}/extensions/Agent", "delete", SERVER, True),
    (f"{ARC}/UpgradeExtensions/action", SERVER, "upgrade", SERVER, False),
]  # fmt: skip
"""An operation's name and resource; what it does, on which machine or scale set, and whether it names an extension."""


@pytest.mark.parametrize(("name", "resource", "action", "machine", "named"), ON)
def test_what_was_done_to_what(name: str, resource: str, action: str, machine: str, named: bool) -> None:
    done = event("Succeeded", operationName={"value": name}, resourceId=resource)
    assert told([done], "action", "machine_id", "extension_id") == [(action, machine, resource if named else None)]


@pytest.mark.parametrize("other", ["restart/action", "delete", "reimage/action", "manualUpgrade/action"])
def test_what_else_is_done_to_a_scale_set_is_none_of_ours(other: str) -> None:
    assert action_of(event("Succeeded", operationName={"value": f"{SETS}/{other}"}, resourceId=SET)) is None


def test_an_automatic_upgrade_on_arc_was_begun_by_the_platform() -> None:
    begun = event(
        "Started", operationName={"value": f"{ARC}/upgradeExtensions/action"}, resourceId=SERVER,
        caller="Azure Regional Service Manager",
    )  # fmt: skip
    assert told([begun], "action", "initiator", "caller") == [("upgrade", "platform", "Azure Regional Service Manager")]


WRITES = {
    "VMExtensionProvisioningError": ("VM has reported a failure when processing extension 'Agent'.", True),
    "OperationNotAllowed": ("The operation cannot be completed: the quota of cores is exceeded.", False),
    "VMExtensionHandlerNonTransientError": ("The handler failed.", True),
}


@pytest.mark.parametrize("code", WRITES)
def test_a_scale_set_that_failed_to_be_written_is_ours_where_its_error_speaks_of_an_extension(code: str) -> None:
    message, ours = WRITES[code]
    write = {"operationName": {"value": f"{SETS}/write"}, "resourceId": SET}
    error = {"error": {"code": code, "message": message}}
    assert told([event("Started", **write), failed(1, error, **write)], "outcome", "error_code") == (
        [("failed", code)] if ours else []
    )
    assert outcomes(event("Started", **write), event("Succeeded", 1, **write)) == ["succeeded"]
    assert outcomes(event("Started", **write)) == ["running"]


def test_an_error_may_speak_of_the_extension_anywhere() -> None:
    """The innermost cause is told, and it need not name the extension."""
    details = [{"code": "OperationNotAllowed", "message": "It is not allowed."}]
    error = {"error": {"code": "VMExtensionProvisioningError", "message": "x", "details": details}}
    write = {"operationName": {"value": f"{SETS}/write"}, "resourceId": SET}
    assert told([failed(1, error, **write)], "outcome", "error_code") == [("failed", "OperationNotAllowed")]


def test_each_action_has_a_name_in_lower_case() -> None:
    """They are compared so."""
    assert {name for name in ACTIONS if name != name.lower()} == set()


# --- memory ---


class Whole(dict[str, Any]):
    """An event that can be watched."""


def test_an_event_is_let_go_as_soon_as_it_was_taken_in() -> None:
    """Its claims and its request's body would take as much memory as the machines."""
    folding = Folding()
    whole = Whole(failed(1, claims={"blob": "x" * 10_000}))
    watched = weakref.ref(whole)
    folding.add([whole])
    del whole
    gc.collect()
    assert watched() is None
    assert [row["outcome"] for row in folding.rows(SUBSCRIPTION)] == ["failed"]


@pytest.mark.parametrize("moment", [None, "yesterday", ...])
def test_events_without_a_time_are_counted(moment: object) -> None:
    folding = Folding()
    folding.add([failed(1, eventTimestamp=moment), event("Started")])
    assert (folding.timeless, len(folding.rows(SUBSCRIPTION))) == (1, 1)
