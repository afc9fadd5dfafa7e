"""Lists of machines, servers, scale sets and resource groups in odd shapes, and pages that break off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from auditor.cloud import Cloud
from auditor.collect.session import BRIEF, Session
from auditor.collect.sources.arc_machines import arc_machine_row, list_arc_machines
from auditor.collect.sources.resource_groups import list_groups
from auditor.collect.sources.scale_sets import list_scale_sets, model_extension_rows, scale_set_row
from auditor.collect.sources.virtual_machines import list_machines, machine_row, resource_group, tags
from auditor.model.narration import Silent
from auditor.model.reading import Harvest, Reading, Source
from tests.real.night import azure, list_path
from tests.real.replay import Answer, Replay

ONE, TWO, THREE = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "123")
GROUP = f"/subscriptions/{ONE}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines"


def machine(name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{GROUP}/{name}", "name": name, "location": "westus", "properties": {}, **more}


def machines(replay: Replay, session: Session, *pages: Answer) -> Harvest:
    """The first page is the list's own, each next one the one behind it."""
    for at, page in enumerate(pages):
        replay.give(list_path(ONE) if at == 0 else f"/page-{at}", page)
    return list_machines(session, ONE)


def page(replay: Replay, *entries: object, following: int | None = None) -> Answer:
    return Answer.json({"value": list(entries), "nextLink": following and f"{replay.origin}/page-{following}"})


def names(harvest: Harvest) -> list[object]:
    return [row["name"] for row in harvest.rows.get("machines", [])]


def only(harvest: Harvest) -> Reading:
    [reading] = harvest.readings
    assert reading.complete or (reading.reason and reading.close)
    return reading


# --- machines ---


def test_a_page_that_breaks_keeps_the_pages_before_it(replay: Replay, session: Session) -> None:
    harvest = machines(replay, session, page(replay, machine("a"), following=1), Answer(200, b"<html>"))
    assert names(harvest) == ["a"]
    assert (only(harvest).complete, only(harvest).rows) == (False, 1)


def test_a_machine_on_two_pages_is_one_machine(replay: Replay, session: Session) -> None:
    again = machine("B") | {"id": f"{GROUP}/b".upper()}
    pages = page(replay, machine("a"), machine("b"), following=1), page(replay, again, machine("c"))
    harvest = machines(replay, session, *pages)
    assert [str(name).lower() for name in names(harvest)] == ["a", "b", "c"]
    assert (only(harvest).complete, only(harvest).rows) == (True, 3)


@pytest.mark.parametrize("nameless", [{}, {"id": None}, {"id": ""}, {"id": 7}, {"name": "lost"}])
def test_a_machine_without_an_id_is_a_gap(replay: Replay, session: Session, nameless: dict[str, Any]) -> None:
    harvest = machines(replay, session, page(replay, machine("a"), nameless, machine("b")))
    assert names(harvest) == ["a", "b"]
    assert not only(harvest).complete and "machines without an id: 1" in str(only(harvest).reason)


def test_an_entry_that_is_nothing_is_a_gap(replay: Replay, session: Session) -> None:
    harvest = machines(replay, session, page(replay, None, machine("a")))
    assert names(harvest) == ["a"]
    assert not only(harvest).complete


@pytest.mark.parametrize(
    "more",
    [
        {"properties": None}, {"properties": []}, {"tags": None}, {"tags": ["a"]}, {"identity": None},
        {"identity": "x"}, {"location": None}, {"properties": {"storageProfile": None, "timeCreated": 7}},
        {"properties": {"storageProfile": {"osDisk": []}, "virtualMachineScaleSet": None}},
    ],
)  # fmt: skip
def test_a_machine_of_which_little_is_told_is_still_one(more: dict[str, Any]) -> None:
    row = machine_row(machine("a", **more), ONE)
    assert row is not None
    assert (row["id"], row["name"], row["kind"], row["scale_set_id"], row["tags"]) == (
        f"{GROUP}/a",
        "a",
        "vm",
        "none",
        "{}",
    )
    assert (row["os"], row["created_at"], row["identity_kind"]) == (None, None, "none")


@pytest.mark.parametrize("name", [None, "", 7, ...])
def test_a_machine_without_a_name_is_named_by_its_id(name: object) -> None:
    told = machine("a") | {"name": name}
    row = machine_row({key: value for key, value in told.items() if value is not ...}, ONE)
    assert row is not None and row["name"] == "a"


@pytest.mark.parametrize(("written", "meant"), [("Windows", "windows"), ("LINUX", "linux"), ("BeOS", None), (7, None)])
def test_an_operating_system(written: object, meant: str | None) -> None:
    row = machine_row(machine("a", properties={"storageProfile": {"osDisk": {"osType": written}}}), ONE)
    assert row is not None and row["os"] == meant


@pytest.mark.parametrize(
    ("identity", "kind"),
    [
        ({"type": "SystemAssigned, UserAssigned"}, "SystemAssigned, UserAssigned"),
        ({"type": "None"}, "none"),
        ({}, "none"),
    ],
)
def test_an_identity(identity: object, kind: str) -> None:
    row = machine_row(machine("a", identity=identity), ONE)
    assert row is not None and row["identity_kind"] == kind


def test_tags_are_text_with_sorted_names() -> None:
    assert tags({"b": 1, "a": None, "ä": "ö"}) == '{"a":"None","b":"1","ä":"ö"}'


@pytest.mark.parametrize(
    ("identifier", "group"),
    [(f"{GROUP}/a", "rg"), (GROUP.upper(), "RG"), ("/subscriptions/x/resourcegroups/rg (1)", "rg (1)"), ("x", None)],
)
def test_a_resource_group(identifier: str, group: str | None) -> None:
    assert resource_group(identifier) == group


# --- Arc-enabled servers ---

SERVERS = f"/subscriptions/{ONE}/providers/Microsoft.HybridCompute/machines"


def server(name: str, **properties: Any) -> dict[str, Any]:
    path = f"/subscriptions/{ONE}/resourceGroups/rg/providers/Microsoft.HybridCompute/machines/{name}"
    return {"id": path, "name": name, "location": "japaneast", "properties": properties}


@pytest.mark.parametrize(
    ("status", "availability"),
    [
        ("Connected", "running"), ("connected", "running"), ("Disconnected", "disconnected"), ("Expired", "expired"),
        ("Error", None), ("AwaitingConnection", None), ("", None), (None, None), (7, None),
    ],
)  # fmt: skip
def test_how_a_server_is_connected(status: object, availability: str | None) -> None:
    row = arc_machine_row(server("a", status=status, lastStatusChange="2020-08-09T21:56:24.65816"), ONE)
    assert row is not None and row["availability"] == availability
    assert row["power_state"] == (status if isinstance(status, str) and status else None)
    assert row["status_changed_at"] == datetime(2020, 8, 9, 21, 56, 24, 658160, tzinfo=UTC)


@pytest.mark.parametrize(
    ("properties", "meant"),
    [
        ({"osType": "Linux", "osName": "ubuntu"}, "linux"), ({"osName": "windows"}, "windows"),
        ({"osType": "", "osName": "Linux"}, "linux"), ({"osName": "ubuntu"}, None), ({}, None),
    ],
)  # fmt: skip
def test_a_servers_operating_system(properties: dict[str, Any], meant: str | None) -> None:
    row = arc_machine_row(server("a", **properties), ONE)
    assert row is not None and row["os"] == meant


def test_servers_are_listed(replay: Replay, session: Session) -> None:
    replay.give(SERVERS, Answer.json({"value": [server("a", status="Connected"), server("b")]}))
    harvest = list_arc_machines(session, ONE)
    told = [
        tuple(row[key] for key in ("name", "kind", "follows_model", "scale_set_id")) for row in harvest.rows["machines"]
    ]
    assert told == [("a", "arc", "none", "none"), ("b", "arc", "none", "none")]
    assert (only(harvest).source, only(harvest).scope, only(harvest).complete) == (Source.ARC_MACHINES, ONE, True)


# --- scale sets ---

SETS = f"/subscriptions/{ONE}/providers/Microsoft.Compute/virtualMachineScaleSets"


def scale_set(name: str, *extensions: object, **properties: Any) -> dict[str, Any]:
    profile = {"virtualMachineProfile": {"extensionProfile": {"extensions": list(extensions)}}, **properties}
    return {"id": f"{GROUP}ScaleSets/{name}", "name": name, "sku": {"capacity": 3}, "properties": profile}


def extension(name: object = "ama", **properties: Any) -> dict[str, Any]:
    told = {"publisher": "Microsoft.Azure.Monitor", "type": "AzureMonitorLinuxAgent", "typeHandlerVersion": "1.0"}
    return {"name": name, "properties": {**told, "settings": {"secret": "no"}, **properties}}


@pytest.mark.parametrize(
    ("properties", "meant"),
    [
        ({}, ("uniform", "none", None)),
        ({"orchestrationMode": "Uniform", "upgradePolicy": {"mode": "Manual"}}, ("uniform", "manual", None)),
        ({"orchestrationMode": "Flexible", "upgradePolicy": {"mode": "Rolling"}}, ("flexible", "rolling", "none")),
        ({"orchestrationMode": "New", "upgradePolicy": {"mode": "New"}}, (None, None, None)),
        ({"orchestrationMode": None, "upgradePolicy": None}, ("uniform", "none", None)),
    ],
)
def test_how_a_scale_set_keeps_its_instances(properties: dict[str, Any], meant: tuple[object, ...]) -> None:
    row = scale_set_row(scale_set("a", **properties), ONE)
    assert row is not None
    assert (row["orchestration_mode"], row["upgrade_mode"], row["instances_read"]) == meant


@pytest.mark.parametrize(
    ("flag", "meant"), [(True, "enabled"), (False, "disabled"), (None, "unset"), (..., "unset"), ("true", None)]
)
def test_the_models_setting(flag: object, meant: str | None) -> None:
    told = {} if flag is ... else {"enableAutomaticUpgrade": flag}
    entry = scale_set("a", extension(**told))
    [row] = model_extension_rows(entry, scale_set_row(entry, ONE) or {})
    assert row == {
        "id": f"{GROUP}ScaleSets/a/extensions/ama",
        "machine_id": f"{GROUP}ScaleSets/a",
        "subscription_id": ONE,
        "on": "model",
        "publisher": "Microsoft.Azure.Monitor",
        "type": "AzureMonitorLinuxAgent",
        "name": "ama",
        "auto_upgrade": meant,
        "auto_upgrade_minor": None,
        "requested_version": "1.0",
    }


def test_scale_sets_are_listed_with_their_models(replay: Replay, session: Session) -> None:
    """A set that a moving list shows on two pages is one set, with its extensions once."""
    first = {"value": [scale_set("a", extension()), scale_set("b")], "nextLink": f"{replay.origin}/more"}
    replay.give(SETS, Answer.json(first))
    replay.give("/more", Answer.json({"value": [scale_set("a", extension(), extension("other")), {"name": "lost"}]}))
    harvest = list_scale_sets(session, ONE)
    assert [row["name"] for row in harvest.rows["scale_sets"]] == ["a", "b"]
    assert [row["name"] for row in harvest.rows["extensions"]] == ["ama", "other"]
    assert not only(harvest).complete and "scale sets without an id: 1" in str(only(harvest).reason)


@pytest.mark.parametrize(
    "odd",
    [{"properties": None}, {"properties": {"virtualMachineProfile": None}}, {"sku": None}, {"sku": {"capacity": "3"}}],
)
def test_a_scale_set_in_an_odd_shape_is_a_scale_set(odd: dict[str, Any]) -> None:
    entry = {**scale_set("a"), **odd}
    row = scale_set_row(entry, ONE)
    assert row is not None and row["name"] == "a"
    assert model_extension_rows(entry, row) == []


# --- resource groups ---


def test_groups_that_a_service_manages_are_kept_and_all_are_counted(replay: Replay, session: Session) -> None:
    groups = [
        {"id": f"/subscriptions/{ONE}/resourceGroups/{name}", "name": name, "managedBy": owner}
        for name, owner in (("MC_aks", "/x/managedClusters/aks"), ("rg", ""), ("other", None))
    ]
    replay.give(f"/subscriptions/{ONE}/resourcegroups", Answer.json({"value": groups}))
    harvest = list_groups(session, ONE)
    [row] = harvest.rows["resource_groups"]
    assert (row["subscription_id"], row["name"], row["managed_by"]) == (ONE, "MC_aks", "/x/managedClusters/aks")
    assert (only(harvest).complete, only(harvest).rows) == (True, 3)


def test_a_session_that_only_glances_ends_a_list_after_its_first_page(replay: Replay) -> None:
    brief = Session(Cloud(azure(replay)), Silent(), retries=BRIEF, first_page_only=True)
    first, second = page(replay, machine("a"), following=1), page(replay, machine("b"))
    assert names(machines(replay, brief, first, second)) == ["a"]
    assert replay.asked_for("/page-1") == []
    brief.close()
