"""A shard out of a simulated Azure, by Resource Graph that lags and by Resource Manager's lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from auditor import collect
from auditor.cloud import Cloud
from auditor.collect.session import Session
from auditor.model.narration import Silent
from auditor.model.parcel import ShardScope
from auditor.model.reading import GONE, Harvest, Source
from auditor.model.settings import Azure, Endpoints, Heartbeats, Settings, Sources
from auditor.simulator import (
    ArcMachineSpec,
    Caller,
    CallerKind,
    HandMadeEstate,
    InstanceSpec,
    Lag,
    MachineSpec,
    OperationSpec,
    PageSizes,
    ScaleSetSpec,
    Simulator,
    StaySpec,
    SubscriptionSpec,
    WorkspaceSpec,
    arc_monitor_agent,
    azure_monitor_agent,
)
from tests.real.night import shipped

NOW = datetime(2026, 11, 22, 3, 0, 17, tzinfo=UTC)
SUBSCRIPTION = "11111111-1111-4111-a111-111111111111"
WORKSPACE = "99999999-9999-4999-a999-999999999999"
AGENT = azure_monitor_agent("Linux", "1.38.1", name="AMA")
OFF = replace(AGENT, auto_upgrade=False)
HEARD = (StaySpec("1.38.1", NOW - timedelta(days=20)),)
PLATFORM = Caller(CallerKind.SERVICE, "Azure Regional Service Manager")
BEGUN = NOW - timedelta(days=3)

MACHINES = (
    MachineSpec("heard", extensions=(replace(AGENT, in_graph=OFF),), stays=HEARD),
    MachineSpec("silent", extensions=(replace(AGENT, in_graph=OFF),)),
    MachineSpec("two", extensions=(AGENT, replace(AGENT, name="old", in_graph=Lag.DELETED)), stays=HEARD),
    MachineSpec("bare"),
    MachineSpec("gone", extensions=(AGENT,), in_graph=Lag.DELETED),
    MachineSpec("new", extensions=(AGENT,), in_graph=Lag.UNSEEN),
    MachineSpec("flex_a", extensions=(AGENT,), scale_set="flex"),
)
WEB = ScaleSetSpec(
    "web",
    extensions=(replace(AGENT, installed=None),),
    instances=(
        InstanceSpec("0", extensions=(AGENT,), stays=HEARD),
        InstanceSpec("7", latest_model_applied=False, extensions=(OFF,), power="deallocated"),
    ),
    operations=(
        OperationSpec(BEGUN, extension="AMA"),
        OperationSpec(BEGUN, outcome="Failed", error_code="AllocationFailed", error_message="There is no room."),
    ),
)
FLEX = ScaleSetSpec("flex", orchestration="Flexible", extensions=(OFF,))
SERVERS = (
    ArcMachineSpec(
        "hq",
        extensions=(arc_monitor_agent("Windows", "1.39.0", name="AMA"),),
        operations=(OperationSpec(BEGUN, action="upgradeExtensions/action", caller=PLATFORM),),
    ),
    ArcMachineSpec(
        "branch",
        status="Disconnected",
        last_status_change=NOW - timedelta(days=12),
        extensions=(arc_monitor_agent("Windows", "1.37.0", name="AMA", auto_upgrade=True),),
    ),
    ArcMachineSpec("bare-server", bare=True),
)


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulator]:
    subscription = SubscriptionSpec(
        SUBSCRIPTION, "One", machines=MACHINES, scale_sets=(WEB, FLEX), arc_machines=SERVERS
    )
    estate = HandMadeEstate(
        (subscription,), now=NOW, workspaces=(WorkspaceSpec(WORKSPACE),), heartbeat_every=timedelta(hours=1)
    )
    with Simulator(estate, pages=PageSizes(scale_sets=1, instances=1, arc_machines=1)) as simulator:
        yield simulator


@pytest.fixture
def session(azure: Simulator, tmp_path: Path) -> Iterator[Session]:
    opened = Session(Cloud(way_to(azure, tmp_path)), Silent(), clock=lambda: NOW, pause=lambda _seconds: None)
    yield opened
    opened.close()


def way_to(azure: Simulator, folder: Path) -> Azure:
    place = Endpoints(resource_manager=azure.url, log_analytics=azure.url, authority=azure.url)
    told = {"cloud": "custom", "endpoints": place, "ca_bundle": azure.write_ca(folder / "ca.pem")}
    return Azure.model_validate({**told, "credential": "token", "token": SecretStr("anything")}, strict=False)


def collected(session: Session, inventory: str) -> Harvest:
    sources = Sources.model_validate({"inventory": inventory, "heartbeats": Heartbeats(workspaces=(WORKSPACE,))})
    settings = Settings(azure=Azure(), sources=sources)
    survey = collect.survey(session, settings, shipped(), NOW)
    assert survey.readable == (SUBSCRIPTION,)
    return collect.collect(session, ShardScope("x", survey.readable), survey, settings, shipped(), NOW)


def by_name(harvest: Harvest, frame: str, *columns: str) -> dict[Any, tuple[Any, ...]]:
    return {row["name"]: tuple(row.get(column) for column in columns) for row in harvest.rows[frame]}


def agents(harvest: Harvest, *columns: str) -> dict[str, list[tuple[Any, ...]]]:
    """Of each machine or scale set, by its name."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in harvest.rows["extensions"]:
        on = str(row["machine_id"]).rpartition("/")[2].lower()
        found.setdefault(on, []).append(tuple(row.get(column) for column in columns))
    return found


def asked_by_itself(harvest: Harvest) -> set[str]:
    return {each.scope.rpartition("/")[2].lower() for each in harvest.readings if each.source is Source.INSTANCE_VIEW}


def gaps(harvest: Harvest) -> list[tuple[str, str]]:
    return [(each.source, each.scope) for each in harvest.readings if not each.complete]


LISTED = {"heard", "silent", "two", "bare", "flex_a", "hq", "branch", "bare-server", "web_0", "web_7"}


@pytest.mark.parametrize(("inventory", "more"), [("compute", {"new"}), ("resource_graph", set()), ("auto", set())])
def test_every_machine_comes_once_by_whichever_way(session: Session, inventory: str, more: set[str]) -> None:
    """What is younger than Resource Graph's rows only Resource Manager lists; what was deleted is no gap."""
    harvest = collected(session, inventory)
    names = [row["name"] for row in harvest.rows["machines"]]
    assert sorted(names) == sorted(LISTED | more)
    assert {row["extensions_read"] for row in harvest.rows["machines"]} == {"yes"}
    assert by_name(harvest, "scale_sets", "instances_read") == {"web": ("yes",), "flex": ("none",)}
    assert gaps(harvest) == []


def test_resource_graph_is_asked_in_bulk_and_machines_where_it_leaves_something_open(session: Session) -> None:
    harvest = collected(session, "auto")
    assert asked_by_itself(harvest) == {"silent", "two", "gone", "flex_a"}
    flags = agents(harvest, "name", "auto_upgrade", "installed_version")
    assert flags["heard"] == [("AMA", "disabled", None)], (
        "as Resource Graph still has it; a heartbeat tells the version"
    )
    assert flags["silent"] == [("AMA", "enabled", "1.38.1")]
    assert flags["two"] == [("AMA", "enabled", "1.38.1")], "the stale row of the second agent is gone"
    [gone] = [each for each in harvest.readings if each.reason == GONE]
    assert gone.scope.lower().endswith("/gone")
    assert "gone" not in flags


def test_read_again_it_is_as_resource_manager_has_it(session: Session) -> None:
    harvest = collected(session, "auto")
    again = collect.reread(session, harvest.rows["machines"], harvest.rows["scale_sets"])
    told = agents(again, "auto_upgrade", "installed_version")
    assert told["heard"] == [("enabled", "1.38.1")]
    assert told["web"] == [("enabled", None)]
    assert told["0"] == [("enabled", "1.38.1")]
    assert {row["name"] for row in again.rows["machines"]} == LISTED
    assert gaps(again) == []


@pytest.mark.parametrize("inventory", ["compute", "auto"])
def test_instances_and_their_model(session: Session, inventory: str) -> None:
    harvest = collected(session, inventory)
    columns = ("kind", "follows_model", "availability", "scale_set_id")
    told = by_name(harvest, "machines", *columns)
    [web, flex] = sorted((row["id"] for row in harvest.rows["scale_sets"]), key=str, reverse=True)
    assert told["web_0"] == ("scale_set_instance", "yes", "running", web)
    assert told["web_7"] == ("scale_set_instance", "no", "stopped", web)
    assert told["flex_a"][:3] == ("scale_set_instance", "none", "running")
    assert str(told["flex_a"][3]).lower() == str(flex).lower()
    flags = agents(harvest, "on", "auto_upgrade")
    assert (flags["0"], flags["7"]) == ([("machine", "enabled")], [("machine", "disabled")])
    assert (flags["web"], flags["flex"]) == ([("model", "enabled")], [("model", "disabled")])


@pytest.mark.parametrize("inventory", ["compute", "auto"])
def test_servers(session: Session, inventory: str) -> None:
    harvest = collected(session, inventory)
    told = by_name(harvest, "machines", "kind", "availability")
    assert [told[each] for each in ("hq", "branch", "bare-server")] == [
        ("arc", "running"),
        ("arc", "disconnected"),
        ("arc", None),
    ]
    columns = ("auto_upgrade", "requested_version", "installed_version", "installed_version_at")
    found = agents(harvest, *columns)
    assert found["hq"] == [(None, None, "1.39.0", NOW)]
    assert found["branch"] == [("enabled", None, "1.37.0", NOW - timedelta(days=12))]


def test_operations_on_models_and_servers(session: Session) -> None:
    """A scale-out that failed for want of room is none of ours."""
    rows = collected(session, "auto").rows["operations"]
    told = [(str(row["machine_id"]).rpartition("/")[2].lower(), row["action"], row["outcome"]) for row in rows]
    assert sorted(told) == [("hq", "upgrade", "succeeded"), ("web", "write", "succeeded")]
    assert {row["initiator"] for row in rows if row["action"] == "upgrade"} == {"platform"}


def test_the_same_rows_in_the_same_order_each_time(session: Session) -> None:
    first, second = collected(session, "auto"), collected(session, "auto")
    assert first == second
