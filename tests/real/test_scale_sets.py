"""Every recorded answer of scale sets: their list, their instances' lists, an instance by itself and its view.

What a row must say is read off the recorded JSON here, in other words than the program's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from auditor import collect
from auditor.model.reading import Harvest, Reading, Row, Source
from tests.real.night import AS_OF, SUBSCRIPTION, gather, give_subscription, open_session, sets_path
from tests.real.recordings import Json, answer_of, body_of, how_many, request_of
from tests.real.replay import Answer, Replay

LISTS = [
    *(("compute-vmss/vms-list", at) for at in range(7)),
    *(("compute-vmss/vms-list-with-inlined-extensions", at) for at in range(7)),
]
VIEWS = "compute-vmss/vm-get-and-instanceview"
BY_ITSELF, A_RUN_COMMAND = (1, 2, 6), 3
VIEW_ALONE = (0, 4, 5, 7, 8, 9, 10, 11)
SELECTED = ("compute-vmss/vms-list-with-inlined-extensions", 1)
"""This list was asked for with ``$expand=instanceView``, and with nothing else selected."""
UPGRADES = "compute-vmss/cli-vmss-autoupgrade"
WITH_AGENT = "compute-vmss/list-all-cli-2022-11-with-ama"


def path_of(file: str, at: int) -> str:
    return urlsplit(request_of(file, at)["url"]).path


def night_of(replay: Replay, set_id: str, instances: Answer) -> Harvest:
    """One uniform scale set, with these instances; of the set itself the list tells its id and place."""
    subscription = set_id.split("/")[2]
    give_subscription(replay, subscription)
    entry = {"id": set_id, "name": set_id.rsplit("/", 1)[-1], "location": "somewhere", "properties": {}}
    replay.give(sets_path(subscription), Answer.json({"value": [entry]}))
    replay.give(f"{set_id}/virtualMachines", instances)
    return gather(replay)[1]


def reading_of(harvest: Harvest, source: Source) -> Reading:
    [found] = [each for each in harvest.readings if each.source is source]
    return found


def moment(text: object) -> datetime | None:
    """Every recorded time of a machine bears its offset, which is not always zero."""
    return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None


def expected_machine(entry: Json, set_id: str) -> Json:
    properties = entry["properties"]
    system = properties.get("storageProfile", {}).get("osDisk", {}).get("osType")
    return {
        "id": entry["id"],
        "kind": "scale_set_instance",
        "scale_set_id": set_id,
        "name": entry.get("name", entry["instanceId"]),
        "location": entry.get("location", "somewhere"),
        "os": system and system.lower(),
        "created_at": moment(properties.get("timeCreated")),
        "follows_model": {True: "yes", False: "no"}[properties["latestModelApplied"]],
        "identity_kind": entry.get("identity", {}).get("type", "none"),
        "extensions_read": "yes",
    }


def expected_extension(resource: Json, instance: str) -> Json:
    properties = resource["properties"]
    flag = properties.get("enableAutomaticUpgrade")
    return {
        "id": resource["id"],
        "machine_id": instance,
        "on": "machine",
        "name": resource["name"],
        "publisher": properties["publisher"],
        "type": properties["type"],
        "auto_upgrade": {True: "enabled", False: "disabled", None: "unset"}[flag],
        "auto_upgrade_minor": properties["autoUpgradeMinorVersion"],
        "requested_version": properties["typeHandlerVersion"],
        "provisioning_state": properties["provisioningState"],
        "installed_version": None,
    }


def cut(row: Row, to: Json) -> Row:
    return {key: row.get(key) for key in to}


@pytest.mark.parametrize(("file", "at"), LISTS)
def test_a_recorded_list_of_instances_is_read_without_losing_a_row(replay: Replay, file: str, at: int) -> None:
    set_id, entries = path_of(file, at).removesuffix("/virtualMachines"), body_of(file, at)["value"]
    harvest = night_of(replay, set_id, answer_of(file, at))
    machines = [expected_machine(entry, set_id) for entry in entries]
    assert [cut(row, to) for row, to in zip(harvest.rows["machines"], machines, strict=True)] == machines
    inlined = [expected_extension(each, entry["id"]) for entry in entries for each in entry.get("resources", [])]
    extensions = harvest.rows.get("extensions", [])
    if (file, at) != SELECTED:
        assert [cut(row, to) for row, to in zip(extensions, inlined, strict=True)] == inlined
    reading = reading_of(harvest, Source.SCALE_SET_INSTANCES)
    assert (reading.scope, reading.complete, reading.rows) == (set_id, True, len(entries))
    assert [row["instances_read"] for row in harvest.rows["scale_sets"]] == ["yes"]


@pytest.mark.parametrize(("file", "at"), [each for each in LISTS if each != SELECTED])
def test_a_list_that_was_recorded_without_views_leaves_a_gap_for_each_instance(
    replay: Replay, file: str, at: int
) -> None:
    """What runs, and whether the machine does, is not known then; that the instances are there is."""
    set_id, entries = path_of(file, at).removesuffix("/virtualMachines"), body_of(file, at)["value"]
    harvest = night_of(replay, set_id, answer_of(file, at))
    gaps = [each for each in harvest.readings if not each.complete]
    assert [each.scope for each in gaps] == [entry["id"] for entry in entries]
    assert {(each.source, each.reason is not None and "instance view" in each.reason) for each in gaps} == {
        (Source.INSTANCE_VIEW, True)
    }


def test_an_instance_of_which_the_view_alone_was_selected(replay: Replay) -> None:
    """It runs an extension whose resource the answer leaves out: its settings are not known."""
    file, at = SELECTED
    harvest = night_of(replay, path_of(file, at).removesuffix("/virtualMachines"), answer_of(file, at))
    assert [each for each in harvest.readings if not each.complete] == []
    [machine], [extension] = harvest.rows["machines"], harvest.rows["extensions"]
    assert (machine["availability"], machine["power_state"], machine["agent_state"]) == ("running", "running", "Ready")
    assert machine["follows_model"] == "no"
    assert cut(extension, dict.fromkeys(("name", "publisher", "type", "auto_upgrade", "installed_version"))) == {
        "name": "AzureDiskEncryption",
        "publisher": "Microsoft.Azure.Security",
        "type": "AzureDiskEncryption",
        "auto_upgrade": None,
        "installed_version": "2.4.0.23",
    }


TOLD = {1: ("running", "Ready"), 2: ("running", "Ready"), 6: (None, None)}


@pytest.mark.parametrize("at", BY_ITSELF)
def test_a_recorded_instance_is_read_again_as_in_a_list(replay: Replay, at: int) -> None:
    body = body_of(VIEWS, at)
    set_id = body["id"].rpartition("/virtualMachines/")[0]
    listed = night_of(replay, set_id, Answer.json({"value": [body]}))
    replay.give(body["id"], answer_of(VIEWS, at))
    again = reread(replay, listed.rows["machines"])
    assert again.rows["machines"] == listed.rows["machines"]
    [machine] = again.rows["machines"]
    assert (machine.get("availability"), machine.get("agent_state")) == TOLD[at]
    assert machine["name"] == body["name"]
    assert reading_of(again, Source.INSTANCE_VIEW).complete == ("instanceView" in body["properties"])


def reread(replay: Replay, machines: list[Row], scale_sets: list[Row] | None = None) -> Harvest:
    session = open_session(replay)
    try:
        return collect.reread(session, machines, scale_sets or [])
    finally:
        session.close()


@pytest.mark.parametrize("at", VIEW_ALONE)
def test_a_recorded_view_within_an_instance(replay: Replay, at: int) -> None:
    """The view was recorded by itself; it is put where a list has it, and nothing of it is changed."""
    instance = path_of(VIEWS, at).removesuffix("/instanceView")
    body = body_of(VIEWS, at)
    entry = {"id": instance, "instanceId": "1", "properties": {"latestModelApplied": True, "instanceView": body}}
    harvest = night_of(replay, instance.lower().rpartition("/virtualmachines/")[0], Answer.json({"value": [entry]}))
    [machine] = harvest.rows["machines"]
    [power] = [each["code"] for each in body["statuses"] if each["code"].startswith("PowerState/")]
    assert machine["power_state"] == power.removeprefix("PowerState/")
    assert machine["availability"] == {"running": "running", "deallocated": "stopped"}[str(machine["power_state"])]
    told = body.get("vmAgent", {}).get("statuses", [{}])[0]
    assert (machine["agent_state"], machine["agent_at"]) == (told.get("displayStatus"), moment(told.get("time")))
    extensions = [(each["name"], each["typeHandlerVersion"]) for each in body.get("extensions", [])]
    rows = harvest.rows.get("extensions", [])
    assert [(row["name"], row["installed_version"]) for row in rows] == extensions


@pytest.mark.usefixtures("replay")
def test_every_recording_of_an_instance_is_looked_at() -> None:
    assert sorted([*BY_ITSELF, *VIEW_ALONE, A_RUN_COMMAND]) == list(range(how_many(VIEWS)))
    assert [how_many(file) for file in dict.fromkeys(file for file, _at in LISTS)] == [7, 7]


# --- scale sets themselves ---


def expected_set(entry: Json) -> Json:
    properties = entry["properties"]
    return {
        "id": entry["id"],
        "name": entry["name"],
        "location": entry["location"],
        "orchestration_mode": properties["orchestrationMode"].lower(),
        "upgrade_mode": properties.get("upgradePolicy", {}).get("mode", "none").lower(),
        "capacity": entry.get("sku", {}).get("capacity"),
        "created_at": moment(properties.get("timeCreated")),
    }


def expected_models(entry: Json) -> list[tuple[Any, ...]]:
    profile = entry["properties"].get("virtualMachineProfile", {}).get("extensionProfile", {})
    flags = {True: "enabled", False: "disabled", None: "unset"}
    return [
        (
            entry["id"],
            "model",
            each["name"],
            each["properties"]["publisher"],
            flags[each["properties"].get("enableAutomaticUpgrade")],
        )
        for each in profile.get("extensions", [])
    ]


def models(harvest: Harvest) -> list[tuple[Any, ...]]:
    columns = ("machine_id", "on", "name", "publisher", "auto_upgrade")
    return [tuple(row[column] for column in columns) for row in harvest.rows.get("extensions", [])]


def test_a_recorded_list_of_scale_sets_with_the_agent_in_a_model(replay: Replay) -> None:
    """Two uniform sets, one of a Kubernetes cluster whose model holds the agent; their instances answer nothing."""
    give_subscription(replay)
    replay.give(sets_path(), answer_of(WITH_AGENT, 0))
    survey, harvest = gather(replay)
    entries = body_of(WITH_AGENT, 0)["value"]
    expected = [expected_set(entry) for entry in entries]
    assert [cut(row, to) for row, to in zip(harvest.rows["scale_sets"], expected, strict=True)] == expected
    assert models(harvest) == [row for entry in entries for row in expected_models(entry)]
    assert (entries[1]["id"], "model", "AzureMonitorLinuxAgent", "Microsoft.Azure.Monitor", "enabled") in models(
        harvest
    )
    assert "aks-managed-orchestrator" in str(harvest.rows["scale_sets"][1]["tags"])
    assert survey.size(SUBSCRIPTION) == sum(entry["sku"]["capacity"] for entry in entries)
    assert [row["instances_read"] for row in harvest.rows["scale_sets"]] == ["no", "no"]
    assert [each.scope for each in harvest.readings if not each.complete] == [entry["id"] for entry in entries]


@pytest.mark.parametrize(
    ("file", "at"), [*((UPGRADES, at) for at in (0, 2, 4, 6)), ("compute-vmss/flexible-simple-orchestration", 0)]
)
def test_a_recorded_scale_set_is_read_again_with_its_model(replay: Replay, file: str, at: int) -> None:
    """Flexible ones: before and after automatic upgrade was switched on or off in the model."""
    entry = body_of(file, at)
    replay.give(entry["id"], answer_of(file, at))
    row: Row = {"id": entry["id"], "subscription_id": SUBSCRIPTION, "instances_read": "none"}
    harvest = reread(replay, [], [row])
    [scale_set] = harvest.rows["scale_sets"]
    assert cut(scale_set, expected_set(entry)) == expected_set(entry)
    assert (scale_set["read_at"], scale_set["instances_read"]) == (AS_OF, "none")
    assert models(harvest) == expected_models(entry)
    reading = reading_of(harvest, Source.SCALE_SETS)
    assert (reading.scope, reading.complete) == (entry["id"], True)
