"""A uniform scale set's instances in odd shapes: parenthood comes from the answer, and nothing is dropped silently."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.faults import Fault
from auditor.collect.session import Session
from auditor.collect.sources.instance_view import checked
from auditor.collect.sources.scale_set_instances import read_instance, read_instances
from auditor.collect.sources.scale_set_model import read_model
from auditor.model.reading import Harvest, Reading, Row, Source
from tests.real.replay import Answer, Replay

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
COMPUTE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute"
SET = f"{COMPUTE}/virtualMachineScaleSets/set"
LIST = f"{SET}/virtualMachines"
LISTED: Row = {
    "id": SET,
    "name": "set",
    "subscription_id": SUBSCRIPTION,
    "resource_group": "rg",
    "location": "westus",
    "os": "linux",
    "identity_kind": "SystemAssigned",
    "orchestration_mode": "uniform",
    "instances_read": None,
}
PUBLISHER, TYPE = "Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent"


def extension(nth: int, **properties: Any) -> dict[str, Any]:
    """As recorded: its id is not under the scale set."""
    return {
        "name": "AMA",
        "id": f"{COMPUTE}/virtualMachines/set_{nth}/extensions/AMA",
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "properties": {
            "publisher": PUBLISHER,
            "type": TYPE,
            "typeHandlerVersion": "1.0",
            "enableAutomaticUpgrade": True,
            "provisioningState": "Succeeded",
            **properties,
        },
    }


VIEW = {
    "statuses": [
        {"code": "ProvisioningState/succeeded", "time": "2026-01-02T00:00:00Z"},
        {"code": "PowerState/running"},
    ],
    "vmAgent": {"statuses": [{"displayStatus": "Ready", "time": "2026-01-03T00:00:00Z"}]},
    "extensions": [
        {
            "name": "AMA",
            "type": f"{PUBLISHER}.{TYPE}",
            "typeHandlerVersion": "1.33.1",
            "statuses": [{"code": "ProvisioningState/succeeded"}],
        }
    ],
}


def instance(nth: int, **more: Any) -> dict[str, Any]:
    """An instance as the list tells it; a key set to ... is left out, ``properties`` are added to."""
    properties = {
        "latestModelApplied": True,
        "instanceView": VIEW,
        "timeCreated": "2026-01-01T00:00:00Z",
        "vmId": "0a1b2c3d-0001-4002-8003-0a1b2c3d4e5f",
        **more.pop("properties", {}),
    }
    told = {
        "id": f"{LIST}/{nth}",
        "name": f"set_{nth}",
        "instanceId": str(nth),
        "location": "eastus",
        "tags": {"a": "b"},
        "identity": {"type": "SystemAssigned"},
        "properties": {key: value for key, value in properties.items() if value is not ...},
        "resources": [extension(nth)],
        **more,
    }
    return {key: value for key, value in told.items() if value is not ...}


def read(replay: Replay, session: Session, *entries: object) -> Harvest:
    replay.give(LIST, Answer.json({"value": list(entries)}))
    return read_instances(session, dict(LISTED))


def row_of(harvest: Harvest, frame: str) -> Row:
    [row] = harvest.rows[frame]
    return row


def readings(harvest: Harvest) -> dict[tuple[Source, str], Reading]:
    for each in harvest.readings:
        assert each.complete or (each.reason and each.close)
    return {(each.source, each.scope): each for each in harvest.readings}


def of_list(harvest: Harvest) -> Reading:
    return readings(harvest)[Source.SCALE_SET_INSTANCES, SET]


# --- what a list tells ---


@pytest.mark.parametrize(
    ("of_set", "shown", "known"),
    [
        ("none", ..., "none"),
        ("none", {"type": "None"}, "none"),
        # A change of the model that has not reached the instance, or an answer that leaves it out.
        ("SystemAssigned", ..., None),
        (None, ..., None),
        ("none", {"type": "UserAssigned"}, "UserAssigned"),
    ],
)
def test_an_instance_has_no_identity_only_where_its_scale_set_has_none(
    of_set: str | None, shown: object, known: str | None, replay: Replay, session: Session
) -> None:
    replay.give(LIST, Answer.json({"value": [instance(3, identity=shown)]}))
    told = row_of(read_instances(session, {**LISTED, "identity_kind": of_set}), "machines")
    assert told["identity_kind"] == known
    replay.give(f"{LIST}/3", Answer.json(instance(3, identity=shown)))
    assert row_of(read_instance(session, told), "machines")["identity_kind"] == known


def test_one_list_brings_machines_flags_and_versions(replay: Replay, session: Session) -> None:
    harvest = read(replay, session, instance(3))
    assert row_of(harvest, "machines") == {
        "id": f"{LIST}/3",
        "kind": "scale_set_instance",
        "name": "set_3",
        "subscription_id": SUBSCRIPTION,
        "resource_group": "rg",
        "location": "eastus",
        "os": "linux",
        "availability": "running",
        "power_state": "running",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "vm_id": "0a1b2c3d-0001-4002-8003-0a1b2c3d4e5f",
        "tags": '{"a":"b"}',
        "scale_set_id": SET,
        "follows_model": "yes",
        "identity_kind": "SystemAssigned",
        "provisioned_at": datetime(2026, 1, 2, tzinfo=UTC),
        "agent_state": "Ready",
        "agent_at": datetime(2026, 1, 3, tzinfo=UTC),
        "extensions_read": "yes",
        "read_at": session.clock(),
    }
    assert row_of(harvest, "extensions") == {
        "id": f"{COMPUTE}/virtualMachines/set_3/extensions/AMA",
        "machine_id": f"{LIST}/3",
        "on": "machine",
        "publisher": PUBLISHER,
        "type": TYPE,
        "name": "AMA",
        "auto_upgrade": "enabled",
        "auto_upgrade_minor": None,
        "requested_version": "1.0",
        "installed_version": "1.33.1",
        "installed_version_source": "instance_view",
        "installed_version_at": datetime(2026, 1, 3, tzinfo=UTC),
        "provisioning_state": "Succeeded",
        "instance_status": "succeeded",
    }
    assert row_of(harvest, "scale_sets") == {**LISTED, "instances_read": "yes"}
    assert (of_list(harvest).complete, of_list(harvest).rows) == (True, 1)
    [asked] = replay.asked
    assert "expand=instanceView" in asked.query
    assert session.traffic[Source.SCALE_SET_INSTANCES].sent == 1


FOLLOWS: list[tuple[object, str | None]] = [
    (True, "yes"), (False, "no"), (..., None), (None, None), ("true", None), (1, None),
]  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), FOLLOWS)
def test_whether_it_follows_its_model(replay: Replay, session: Session, written: object, meant: str | None) -> None:
    """Azure wrote the key in every recorded answer; where it does not, nobody knows."""
    harvest = read(replay, session, instance(0, properties={"latestModelApplied": written}))
    assert row_of(harvest, "machines")["follows_model"] == meant


def test_what_the_answer_leaves_out_of_place_and_system_the_scale_set_tells(replay: Replay, session: Session) -> None:
    row = row_of(read(replay, session, instance(0, location=...)), "machines")
    assert (row["location"], row["os"]) == ("westus", "linux")
    windows = {"storageProfile": {"osDisk": {"osType": "Windows"}}}
    assert row_of(read(replay, session, instance(0, properties=windows)), "machines")["os"] == "windows"


def test_extensions_stand_on_the_instance_whose_answer_held_them(replay: Replay, session: Session) -> None:
    """Even where their ids name another machine."""
    harvest = read(replay, session, instance(0, resources=[extension(7)]), instance(7, resources=[]))
    assert [row["machine_id"] for row in harvest.rows["extensions"] if row["requested_version"]] == [f"{LIST}/0"]


def test_an_empty_scale_set_was_read(replay: Replay, session: Session) -> None:
    harvest = read(replay, session)
    assert (of_list(harvest).complete, of_list(harvest).rows) == (True, 0)
    assert set(harvest.rows) == {"scale_sets"}


# --- what a list leaves open ---


def test_a_list_that_breaks_off_keeps_what_was_read(replay: Replay, session: Session) -> None:
    replay.give(LIST, Answer.json({"value": [instance(0)], "nextLink": f"{replay.origin}/more"}))
    replay.give("/more", Answer(403))
    harvest = read_instances(session, dict(LISTED))
    assert [row["name"] for row in harvest.rows["machines"]] == ["set_0"]
    assert row_of(harvest, "machines")["extensions_read"] == "yes"
    assert row_of(harvest, "scale_sets")["instances_read"] == "no"
    assert (of_list(harvest).complete, of_list(harvest).status, of_list(harvest).rows) == (False, 403, 1)


def test_pages_are_read_to_their_end_and_an_instance_on_two_of_them_once(replay: Replay, session: Session) -> None:
    replay.give(LIST, Answer.json({"value": [instance(0), instance(1)], "nextLink": f"{replay.origin}/more"}))
    replay.give("/more", Answer.json({"value": [instance(1, id=f"{LIST}/1".upper()), instance(2)]}))
    harvest = read_instances(session, dict(LISTED))
    assert [row["name"] for row in harvest.rows["machines"]] == ["set_0", "set_1", "set_2"]
    assert len(harvest.rows["extensions"]) == 3
    assert (of_list(harvest).complete, of_list(harvest).rows) == (True, 3)


@pytest.mark.parametrize("answer", [Answer(404), Answer(200, b"<html>"), Answer.json({"value": None}), Answer(429)])
def test_a_list_that_is_none_is_a_gap(replay: Replay, session: Session, answer: Answer) -> None:
    replay.give(LIST, answer)
    harvest = read_instances(session, dict(LISTED))
    assert not of_list(harvest).complete
    assert harvest.rows == {"scale_sets": [{**LISTED, "instances_read": "no"}]}


@pytest.mark.parametrize("identifier", [..., None, "", 7])
def test_an_instance_without_an_id_is_a_gap(replay: Replay, session: Session, identifier: object) -> None:
    harvest = read(replay, session, instance(0), instance(1, id=identifier))
    assert (of_list(harvest).complete, of_list(harvest).rows) == (False, 1)
    assert row_of(harvest, "scale_sets")["instances_read"] == "no"


@pytest.mark.parametrize("view", [..., None, [], "text"])
def test_an_instance_without_its_view_is_a_gap_of_its_own(replay: Replay, session: Session, view: object) -> None:
    """Its settings are known, and the list is whole: only what it runs is not known."""
    harvest = read(replay, session, instance(0), instance(1, properties={"instanceView": view}))
    assert of_list(harvest).complete
    assert not readings(harvest)[Source.INSTANCE_VIEW, f"{LIST}/1"].complete
    assert [row["extensions_read"] for row in harvest.rows["machines"]] == ["yes", "yes"]
    assert [(row["auto_upgrade"], row["installed_version"]) for row in harvest.rows["extensions"]] == [
        ("enabled", "1.33.1"),
        ("enabled", None),
    ]


@pytest.mark.parametrize("more", [{"resources": "text"}, {"resources": [None]}, {"resources": {}}])
def test_an_instance_whose_extensions_are_no_objects_is_not_read(
    replay: Replay, session: Session, more: dict[str, Any]
) -> None:
    harvest = read(replay, session, instance(0, **more))
    assert of_list(harvest).complete
    assert not readings(harvest)[Source.INSTANCE_VIEW, f"{LIST}/0"].complete
    assert row_of(harvest, "machines")["extensions_read"] == "no"
    assert "extensions" not in harvest.rows


def test_an_instance_without_properties_is_there_all_the_same(replay: Replay, session: Session) -> None:
    harvest = read(replay, session, {"id": f"{LIST}/0"})
    row = row_of(harvest, "machines")
    assert (row["name"], row["location"], row["extensions_read"]) == ("0", "westus", "no")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "name", "type"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["id", "name", "properties", "resources"]), ANYTHING))
def test_whatever_an_entry_is_it_is_a_machine_or_a_fault(entry: dict[str, Any]) -> None:
    try:
        answer = checked(entry)
    except Fault as fault:
        assert fault.reason and fault.close
    else:
        assert isinstance(answer["properties"], dict)


# --- one by itself ---


MACHINE: Row = {
    "id": f"{LIST}/3", "kind": "scale_set_instance", "name": "set_3", "subscription_id": SUBSCRIPTION,
    "resource_group": "rg", "location": "westus", "os": "linux", "scale_set_id": SET, "follows_model": "no",
}  # fmt: skip


def test_an_instance_by_itself_is_told_as_in_its_list(replay: Replay, session: Session) -> None:
    listed = read(replay, session, instance(3))
    replay.give(f"{LIST}/3", Answer.json(instance(3)))
    harvest = read_instance(session, dict(MACHINE))
    assert harvest.rows["machines"] == listed.rows["machines"]
    assert harvest.rows["extensions"] == listed.rows["extensions"]
    [reading] = harvest.readings
    assert (reading.source, reading.scope, reading.complete) == (Source.INSTANCE_VIEW, f"{LIST}/3", True)
    [asked] = replay.asked_for(f"{LIST}/3")
    assert "expand=instanceView" in asked.query


def test_an_instance_that_only_the_activity_log_told_is_read_all_the_same(replay: Replay, session: Session) -> None:
    """Its answer does not name the scale set."""
    replay.give(f"{LIST}/3", Answer.json(instance(3)))
    stranger: Row = {"id": f"{LIST}/3", "kind": "scale_set_instance", "subscription_id": SUBSCRIPTION}
    row = row_of(read_instance(session, stranger), "machines")
    assert (row["name"], row["location"], row.get("scale_set_id")) == ("set_3", "eastus", None)


def test_what_its_own_answer_leaves_open_is_not_known_whatever_the_list_said(replay: Replay, session: Session) -> None:
    replay.give(f"{LIST}/3", Answer.json(instance(3, identity=None, properties={"latestModelApplied": ...})))
    listed = {**MACHINE, "identity_kind": "SystemAssigned", "follows_model": "yes"}
    row = row_of(read_instance(session, listed), "machines")
    assert (row["identity_kind"], row["follows_model"]) == (None, None)


def test_an_instance_that_does_not_answer_keeps_its_row(replay: Replay, session: Session) -> None:
    harvest = read_instance(session, dict(MACHINE))
    assert harvest.rows["machines"] == [{**MACHINE, "extensions_read": "no"}]
    assert [(each.complete, each.status) for each in harvest.readings] == [(False, 404)]


# --- the model by itself ---


def model(*extensions: dict[str, Any]) -> dict[str, Any]:
    profile = {"extensionProfile": {"extensions": list(extensions)}}
    return {
        "id": SET.upper(),
        "name": "set",
        "location": "westus",
        "sku": {"capacity": 3},
        "properties": {"upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": profile},
    }


def test_a_scale_set_by_itself_brings_its_model(replay: Replay, session: Session) -> None:
    replay.give(SET, Answer.json(model({"name": "AMA", "properties": extension(0)["properties"]})))
    harvest = read_model(session, {**LISTED, "instances_read": "yes"})
    scale_set = row_of(harvest, "scale_sets")
    assert (scale_set["id"], scale_set["upgrade_mode"], scale_set["capacity"]) == (SET, "manual", 3)
    assert (scale_set["instances_read"], scale_set["read_at"]) == ("yes", session.clock())
    row = row_of(harvest, "extensions")
    assert (row["machine_id"], row["id"], row["on"]) == (SET, f"{SET}/extensions/AMA", "model")
    assert row["auto_upgrade"] == "enabled"
    [reading] = harvest.readings
    assert (reading.source, reading.scope, reading.complete) == (Source.SCALE_SETS, SET, True)


@pytest.mark.parametrize("answer", [Answer(404), Answer.json({}), Answer.json([]), Answer.json({"properties": None})])
def test_a_scale_set_that_does_not_answer_is_a_gap_that_keeps_its_row(
    replay: Replay, session: Session, answer: Answer
) -> None:
    replay.give(SET, answer)
    harvest = read_model(session, dict(LISTED))
    assert harvest.rows == {"scale_sets": [LISTED]}
    assert [each.complete for each in harvest.readings] == [False]
