"""One machine's answer in odd shapes: nothing is invented, nothing is dropped, and nothing ends the night."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.session import Session
from auditor.collect.sources.instance_view import auto_upgrade, extension_rows, read_machine
from auditor.model.reading import Harvest, Row
from tests.real.replay import Answer, Replay

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
MACHINE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"
PUBLISHER, TYPE = "Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent"
LISTED: Row = {
    "id": MACHINE,
    "kind": "vm",
    "name": "vm",
    "subscription_id": SUBSCRIPTION,
    "resource_group": "rg",
    "location": "westus",
    "os": "linux",
    "tags": '{"a":"b"}',
    "scale_set_id": "none",
    "identity_kind": "SystemAssigned",
}


def resource(**more: Any) -> dict[str, Any]:
    """An agent's resource as a machine's answer has it; a key set to ... is left out."""
    told = {
        "name": "AMA",
        "id": f"{MACHINE}/extensions/AMA",
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "location": "westus",
        "properties": {
            "publisher": PUBLISHER,
            "type": TYPE,
            "typeHandlerVersion": "1.0",
            "autoUpgradeMinorVersion": True,
            "enableAutomaticUpgrade": True,
            "provisioningState": "Succeeded",
        },
    }
    return {key: value for key, value in {**told, **more}.items() if value is not ...}


def instance(**more: Any) -> dict[str, Any]:
    """What the instance view says of it."""
    told = {
        "name": "AMA",
        "type": f"{PUBLISHER}.{TYPE}",
        "typeHandlerVersion": "1.33.1",
        "statuses": [{"code": "ProvisioningState/succeeded"}],
    }
    return {key: value for key, value in {**told, **more}.items() if value is not ...}


def answer(resources: object = ..., view: object = ..., **properties: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"id": MACHINE, "name": "vm", "properties": dict(properties)}
    if resources is not ...:
        told["resources"] = resources
    if view is not ...:
        told["properties"]["instanceView"] = view
    return told


def running(*extensions: object, **more: Any) -> dict[str, Any]:
    return {"statuses": [{"code": "PowerState/running"}], "extensions": list(extensions), **more}


def read(replay: Replay, session: Session, body: object) -> Harvest:
    replay.give(MACHINE, Answer.json(body))
    return read_machine(session, dict(LISTED))


def only(harvest: Harvest, frame: str) -> Row:
    [row] = harvest.rows[frame]
    return row


def agent(replay: Replay, session: Session, body: object) -> Row:
    return only(read(replay, session, body), "extensions")


def complete(harvest: Harvest) -> bool:
    [reading] = harvest.readings
    assert reading.complete or (reading.reason and reading.close)
    return reading.complete


# --- the machine ---


@pytest.mark.parametrize(
    "body",
    [None, [], 7, "text", {}, {"properties": None}, {"properties": []}, {"status": "Failed", "error": {"code": "A"}}],
)
def test_an_answer_that_is_no_machine(replay: Replay, session: Session, body: object) -> None:
    harvest = read(replay, session, body)
    assert not complete(harvest)
    assert only(harvest, "machines") == {**LISTED, "extensions_read": "no"}
    assert "extensions" not in harvest.rows


def test_what_the_answer_leaves_out_the_list_has_said(replay: Replay, session: Session) -> None:
    row = only(read(replay, session, {"properties": {"instanceView": running()}}), "machines")
    assert {key: row[key] for key in LISTED} == LISTED
    assert (row["availability"], row["extensions_read"]) == ("running", "yes")


def test_the_id_of_the_list_is_the_one_that_everything_is_joined_by(replay: Replay, session: Session) -> None:
    body = answer([resource(id=f"{MACHINE.upper()}/EXTENSIONS/AMA")], running(instance())) | {"id": MACHINE.upper()}
    harvest = read(replay, session, body)
    assert only(harvest, "machines")["id"] == MACHINE
    row = only(harvest, "extensions")
    assert (row["machine_id"], row["id"]) == (MACHINE, f"{MACHINE.upper()}/EXTENSIONS/AMA")


POWER = {
    "PowerState/running": ("running", "running"),
    "powerstate/Running": ("running", "Running"),
    "PowerState/running/1": ("running", "running/1"),
    "PowerState/stopped": ("stopped", "stopped"),
    "PowerState/stopping": ("stopped", "stopping"),
    "PowerState/deallocated": ("stopped", "deallocated"),
    "PowerState/deallocating": ("stopped", "deallocating"),
    "PowerState/starting": (None, "starting"),
    "PowerState/unknown": (None, "unknown"),
    "PowerState/": (None, ""),
    "ProvisioningState/running": (None, None),
    "running": (None, None),
}


@pytest.mark.parametrize("code", POWER)
def test_a_power_state(replay: Replay, session: Session, code: str) -> None:
    view = {"statuses": [None, 7, {}, {"code": None}, {"code": "OSState/generalized"}, {"code": code}]}
    row = only(read(replay, session, answer(view=view)), "machines")
    assert (row["availability"], row["power_state"]) == POWER[code]


@pytest.mark.parametrize("statuses", [None, {}, "running", [], [[]]])
def test_statuses_that_are_none_tell_nothing(replay: Replay, session: Session, statuses: object) -> None:
    harvest = read(replay, session, answer(view={"statuses": statuses, "vmAgent": {"statuses": statuses}}))
    row = only(harvest, "machines")
    assert (row["availability"], row["power_state"], row["agent_state"], row["agent_at"]) == (None, None, None, None)
    assert complete(harvest)


@pytest.mark.parametrize("view", [..., None, [], "text"])
def test_without_an_instance_view_there_is_a_gap_and_the_settings_stay(
    replay: Replay, session: Session, view: object
) -> None:
    harvest = read(replay, session, answer([resource()], view))
    assert not complete(harvest)
    assert only(harvest, "machines")["extensions_read"] == "yes"
    row = only(harvest, "extensions")
    assert (row["auto_upgrade"], row["installed_version"], row["instance_status"]) == ("enabled", None, None)


# --- extensions ---


@pytest.mark.parametrize("resources", [..., None, []])
def test_no_extensions_are_none(replay: Replay, session: Session, resources: object) -> None:
    harvest = read(replay, session, answer(resources, running()))
    assert complete(harvest)
    assert "extensions" not in harvest.rows


@pytest.mark.parametrize("resources", [{}, "text", 7, [None], [resource(), "text"], [[resource()]]])
def test_extensions_that_are_no_list_of_objects_are_not_read(
    replay: Replay, session: Session, resources: object
) -> None:
    """Read in part, a machine might seem to have no agent."""
    harvest = read(replay, session, answer(resources, running()))
    assert not complete(harvest)
    assert only(harvest, "machines")["extensions_read"] == "no"
    assert "extensions" not in harvest.rows


def test_an_extension_by_id_alone_is_one_of_which_nothing_is_known(replay: Replay, session: Session) -> None:
    row = agent(replay, session, answer([{"id": f"{MACHINE}/extensions/AMA"}], running(instance())))
    assert (row["name"], row["publisher"], row["type"], row["auto_upgrade"]) == ("AMA", None, None, None)
    assert row["installed_version"] is None, "of which extension it is the version is not known"


@pytest.mark.parametrize("properties", [None, [], "text"])
def test_an_extension_without_properties(replay: Replay, session: Session, properties: object) -> None:
    row = agent(replay, session, answer([resource(properties=properties)], running(instance())))
    known = {key for key, value in row.items() if value is not None}
    assert known <= {"id", "machine_id", "on", "name", "model_auto_upgrade", "instance_status"}


def test_an_extension_with_neither_id_nor_name_is_still_one(replay: Replay, session: Session) -> None:
    row = agent(replay, session, answer([resource(id=..., name=None)], running()))
    assert (row["id"], row["name"]) == (f"{MACHINE}/extensions/(unnamed)", "(unnamed)")


@pytest.mark.parametrize("kind", [..., None, "", 7, "microsoft.compute/virtualmachines/EXTENSIONS"])
def test_a_resource_that_does_not_name_another_type_is_an_extension(
    replay: Replay, session: Session, kind: object
) -> None:
    assert agent(replay, session, answer([resource(type=kind)], running()))["name"] == "AMA"


def test_a_resource_of_another_type_is_none(replay: Replay, session: Session) -> None:
    other = resource(type="Microsoft.Compute/virtualMachines/runCommands")
    assert "extensions" not in read(replay, session, answer([other], running())).rows


FLAGS: list[tuple[object, str | None]] = [
    (True, "enabled"), (False, "disabled"), (None, "unset"), ("true", None), (1, None), (0, None), ({}, None),
]  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), FLAGS)
def test_the_automatic_upgrade(written: object, meant: str | None) -> None:
    assert auto_upgrade({"enableAutomaticUpgrade": written}) == meant


def test_an_absent_automatic_upgrade_is_unset() -> None:
    assert auto_upgrade({"autoUpgradeMinorVersion": True}) == "unset"


@pytest.mark.parametrize("written", [None, "true", 1, []])
def test_a_minor_version_flag_that_is_none(replay: Replay, session: Session, written: object) -> None:
    properties = resource()["properties"] | {"autoUpgradeMinorVersion": written, "typeHandlerVersion": 1.3}
    row = agent(replay, session, answer([resource(properties=properties)], running()))
    assert (row["auto_upgrade_minor"], row["requested_version"]) == (None, None)


# --- what is installed ---


def test_names_are_compared_without_case(replay: Replay, session: Session) -> None:
    row = agent(replay, session, answer([resource()], running(instance(name="ama"))))
    assert (row["installed_version"], row["instance_status"]) == ("1.33.1", "succeeded")


def status_of(replay: Replay, session: Session, statuses: object, handler: object = ...) -> object:
    """What is told of an extension with these statuses, whose handler has that one."""
    handlers = {"extensionHandlers": [{"type": f"{PUBLISHER}.{TYPE}", "status": handler}]} if handler is not ... else {}
    view = running(instance(statuses=statuses), vmAgent={"statuses": [], **handlers})
    return agent(replay, session, answer([resource()], view))["instance_status"]


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (["ProvisioningState/failed/1"], "failed/1"),
        (["ProvisioningState/succeeded", "provisioningstate/Failed/51"], "succeeded, Failed/51"),
        (["ComponentStatus/x/failed/-4", "ProvisioningState/succeeded"], "succeeded"),
        (["ProvisioningState/succeeded", "ProvisioningState/succeeded"], "succeeded"),
        (["ComponentStatus/x/failed/-4", None, 7], None),
        ([], None),
    ],
)
def test_all_provisioning_statuses_of_an_extension_are_told(
    replay: Replay, session: Session, codes: list[object], told: str | None
) -> None:
    assert status_of(replay, session, [{"code": code} for code in codes]) == told


@pytest.mark.parametrize(
    ("own", "handler", "told"),
    [
        ("ProvisioningState/succeeded", {"code": "ProvisioningState/NotReady/21"}, "succeeded, NotReady/21"),
        ("ProvisioningState/succeeded", {"code": "ProvisioningState/succeeded"}, "succeeded"),
        ("ProvisioningState/succeeded", {"code": "success"}, "succeeded"),
        ("ComponentStatus/x/failed", {"code": "ProvisioningState/succeeded"}, "succeeded"),
        ("ProvisioningState/failed/1", {"code": "ProvisioningState/succeeded"}, "failed/1"),
        ("ProvisioningState/succeeded", None, "succeeded"),
        ("ProvisioningState/succeeded", "odd", "succeeded"),
    ],
)
def test_a_handler_that_says_something_else_is_told_too(
    replay: Replay, session: Session, own: str, handler: object, told: str
) -> None:
    assert status_of(replay, session, [{"code": own}], handler) == told


def test_two_extensions_whose_names_differ_in_case_are_both_told(replay: Replay, session: Session) -> None:
    twice = [resource(), resource(name="ama", id=f"{MACHINE}/extensions/ama")]
    rows = read(replay, session, answer(twice, running(instance()))).rows["extensions"]
    assert [(row["name"], row["installed_version"]) for row in rows] == [("AMA", "1.33.1"), ("ama", "1.33.1")]


@pytest.mark.parametrize("extensions", [..., None, {}, [None, 7], [{}], [{"name": "AMA"}], [{"name": None}]])
def test_an_instance_view_that_says_nothing_of_it(replay: Replay, session: Session, extensions: object) -> None:
    view = {"statuses": []} if extensions is ... else {"statuses": [], "extensions": extensions}
    row = agent(replay, session, answer([resource()], view))
    assert (row["installed_version"], row["installed_version_source"], row["instance_status"]) == (None, None, None)


@pytest.mark.parametrize("version", [None, "", 1.33, {}, []])
def test_a_version_that_is_no_text(replay: Replay, session: Session, version: object) -> None:
    row = agent(replay, session, answer([resource()], running(instance(typeHandlerVersion=version))))
    assert row["installed_version"] is None


def test_an_extension_that_was_there_before_under_the_name_tells_nothing_of_this_one(
    replay: Replay, session: Session
) -> None:
    old = instance(type="Microsoft.EnterpriseCloud.Monitoring.OmsAgentForLinux", typeHandlerVersion="1.19.0")
    row = agent(replay, session, answer([resource()], running(old)))
    assert (row["installed_version"], row["instance_status"]) == (None, None)


def handlers(*entries: object, **status: Any) -> dict[str, Any]:
    return {"vmAgentVersion": "2.11.1.4", "statuses": [status] if status else [], "extensionHandlers": list(entries)}


HANDLER = {"type": f"{PUBLISHER}.{TYPE}".upper(), "typeHandlerVersion": "1.32.0", "status": {"code": "x"}}


def test_the_guest_agents_handler_speaks_where_the_extension_does_not(replay: Replay, session: Session) -> None:
    view = running({"name": "AMA"}, vmAgent=handlers(None, {}, {"type": None}, HANDLER))
    row = agent(replay, session, answer([resource()], view))
    assert (row["installed_version"], row["installed_version_source"]) == ("1.32.0", "guest_agent")
    both = running(instance(), vmAgent=handlers(HANDLER))
    row = agent(replay, session, answer([resource()], both))
    assert (row["installed_version"], row["installed_version_source"]) == ("1.33.1", "instance_view")


@pytest.mark.parametrize("vm_agent", [None, [], "Unknown", {"extensionHandlers": None}, {"extensionHandlers": {}}])
def test_a_guest_agent_that_is_none(replay: Replay, session: Session, vm_agent: object) -> None:
    row = agent(replay, session, answer([resource()], running({"name": "AMA"}, vmAgent=vm_agent)))
    assert row["installed_version"] is None


READY = {"displayStatus": "Ready", "time": "2024-08-26T05:00:00+02:00"}
SPOKEN = datetime(2024, 8, 26, 3, tzinfo=UTC)
STALE = {"displayStatus": "Not Ready", "time": "2024-08-26T05:00:00Z"}


def test_a_version_is_as_old_as_the_word_of_who_told_it(replay: Replay, session: Session) -> None:
    """A ready guest agent says when it spoke, one that is not ready leaves it open; without one a running machine."""

    def told_at(view: dict[str, Any]) -> object:
        return agent(replay, session, answer([resource()], view))["installed_version_at"]

    assert told_at(running(instance(), vmAgent=handlers(**READY))) == SPOKEN
    assert told_at(running(instance(), vmAgent=handlers(**STALE))) is None
    assert told_at(running(instance())) == session.clock()
    stopped = {"statuses": [{"code": "PowerState/deallocated"}], "extensions": [instance()]}
    assert told_at(stopped) is None
    assert told_at({**stopped, "vmAgent": handlers(**READY)}) == SPOKEN


# --- what only the instance view knows ---


def test_an_extension_without_its_resource_is_told_with_what_is_known(replay: Replay, session: Session) -> None:
    row = agent(replay, session, answer([], running(instance(name="left"))))
    assert (row["name"], row["publisher"], row["type"]) == ("left", PUBLISHER, TYPE)
    assert (row["auto_upgrade"], row["requested_version"], row["installed_version"]) == (None, None, "1.33.1")
    assert row["id"] == f"{MACHINE}/extensions/left"


def test_one_that_bears_a_name_alone_may_be_any(replay: Replay, session: Session) -> None:
    row = agent(replay, session, answer([], running({"name": "left"})))
    assert (row["name"], row["publisher"], row["type"]) == ("left", None, None)


def test_one_that_bears_a_type_alone_is_named_by_it(replay: Replay, session: Session) -> None:
    row = agent(replay, session, answer([], running(instance(name=...))))
    assert (row["name"], row["type"]) == (TYPE, TYPE)


# --- whatever comes ---

KEYS = st.sampled_from([
    "name", "id", "type", "properties", "publisher", "typeHandlerVersion", "statuses", "code", "extensions", "vmAgent",
    "extensionHandlers", "enableAutomaticUpgrade", "displayStatus", "time", "instanceView", "tags", "storageProfile",
    "osDisk", "osType", "identity", "virtualMachineScaleSet", "timeCreated",
])  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "AMA", "x.y", "PowerState/running"])
)
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5))
OBJECTS = st.lists(st.dictionaries(KEYS, ANYTHING, max_size=6), max_size=3)


@given(OBJECTS, ANYTHING)
def test_whatever_the_extensions_are_each_becomes_a_row(resources: list[Any], view: object) -> None:
    rows = extension_rows(answer(resources, view), dict(LISTED), None)
    for row in rows:
        assert row["machine_id"] == MACHINE
        assert isinstance(row["id"], str) and isinstance(row["name"], str)
        assert row["auto_upgrade"] in ("enabled", "disabled", "unset", None)
        assert all(isinstance(value, (str, bool, datetime, type(None))) for value in row.values())
