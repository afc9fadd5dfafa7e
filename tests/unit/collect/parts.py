"""Rows of a survey, and what the services answer about them, for the tests of a shard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from auditor.collect.run import collect
from auditor.collect.session import Session
from auditor.model.parcel import ShardScope, Survey
from auditor.model.reading import Harvest, Reading, Row, Service, Source
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings, Sources
from tests.real.night import AS_OF, activity_path, azure, list_path, shipped
from tests.real.replay import Answer, Replay

ONE, TWO = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "12")
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
VM = "0a1b2c3d-0001-4002-8003-0a1b2c3d4e5f"
EARLIER = datetime(2024, 8, 20, tzinfo=UTC)
AGENT = {"publisher": "Microsoft.Azure.Monitor", "type": "AzureMonitorLinuxAgent", "typeHandlerVersion": "1.0"}


def machine(subscription: str, name: str, **more: Any) -> Row:
    told = {"id": f"{list_path(subscription)}/{name}", "kind": "vm", "name": name, "follows_model": "none"}
    return {**told, "subscription_id": subscription, "availability": "running", "created_at": EARLIER, **more}


def server(subscription: str, name: str, **more: Any) -> Row:
    path = f"/subscriptions/{subscription}/providers/Microsoft.HybridCompute/machines/{name}"
    return machine(subscription, name, id=path, kind="arc", **{"power_state": "Connected", **more})


def scale_set(subscription: str, name: str, mode: str = "uniform") -> Row:
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachineScaleSets"
    read = "none" if mode == "flexible" else None
    told = {"id": f"{path}/{name}", "name": name, "subscription_id": subscription, "orchestration_mode": mode}
    return {**told, "instances_read": read}


def surveyed(
    rows: Iterable[Row], *, by: Service = Service.RESOURCE_MANAGER, stays: Sequence[Row] = (), **frames: list[Row]
) -> Survey:
    found: dict[str, list[Row]] = {"machines": [], "scale_sets": [], "heartbeats": list(stays), **frames}
    for row in rows:
        found["machines" if "kind" in row else "scale_sets"].append(row)
    lists = (Source.VIRTUAL_MACHINES, Source.ARC_MACHINES, Source.SCALE_SETS)
    readings = [Reading(source, each, True, 1, AS_OF, by=by) for each in (ONE, TWO) for source in lists]
    return Survey(found, tuple(readings), (ONE, TWO))


def graphed(rows: Iterable[Row], *, stays: Sequence[Row] = (), **frames: list[Row]) -> Survey:
    return surveyed(rows, by=Service.RESOURCE_GRAPH, stays=stays, **frames)


def collected(
    replay: Replay, session: Session, survey: Survey, book: RuleBook | None = None, **sources: Any
) -> Harvest:
    for subscription in (ONE, TWO):
        replay.give(activity_path(subscription), Answer.json({"value": []}))
    settings = Settings(azure=azure(replay), sources=Sources(**sources))
    return collect(session, ShardScope("shard-00000", (ONE, TWO)), survey, settings, book or shipped(), AS_OF)


def whole(row: Row, *resources: Row) -> Answer:
    told = {"instanceView": {"statuses": [{"code": "PowerState/running"}]}}
    return Answer.json({"id": row["id"], "name": row["name"], "properties": told, "resources": list(resources)})


def extension(on: Row, name: str = "AMA", **properties: Any) -> dict[str, Any]:
    return {"id": f"{on['id']}/extensions/{name}", "name": name, "properties": {**AGENT, **properties}}


def in_graph(on: Row, name: str = "AMA", **properties: Any) -> dict[str, Any]:
    """The row that Resource Graph has of it."""
    told = {f"properties_{key}": value for key, value in {**AGENT, **properties}.items()}
    return {
        "id": f"{str(on['id']).lower()}/extensions/{name}",
        "name": name,
        "subscriptionId": on["subscription_id"],
        **told,
    }


def page(*rows: dict[str, Any]) -> Answer:
    return Answer.json({"totalRecords": len(rows), "count": len(rows), "data": list(rows), "resultTruncated": "false"})


def give_graph(replay: Replay, machines: Answer, servers: Answer | None = None) -> None:
    """Virtual machines' extensions are asked for first, then those of servers."""
    replay.give(GRAPH, machines, servers or page())


def stay(row: Row, version: str = "1.33.1", until: datetime = AS_OF) -> Row:
    return {"machine_id": str(row["id"]).lower(), "version": version, "from": EARLIER, "to": until, "workspace": "w"}


def names(harvest: Harvest) -> list[object]:
    return [row["name"] for row in harvest.rows.get("machines", [])]


def read(harvest: Harvest) -> dict[object, object]:
    return {row["name"]: row["extensions_read"] for row in harvest.rows["machines"]}


def reading(harvest: Harvest, scope: object, source: Source | None = None) -> Reading:
    [found] = [each for each in harvest.readings if each.scope == scope and source in (None, each.source)]
    assert found.complete or (found.reason and found.close)
    return found


def asked_by_itself(replay: Replay) -> list[str]:
    return [each.path.rsplit("/", 1)[-1] for each in replay.asked if each.path.split("/")[-2] == "virtualmachines"]


def instance(of: Row, nth: int) -> dict[str, Any]:
    view = {"statuses": [{"code": "PowerState/running"}]}
    path = f"{of['id']}/virtualMachines/{nth}"
    return {"id": path, "name": f"{of['name']}_{nth}", "properties": {"instanceView": view}}


A, B, C = machine(ONE, "a"), machine(ONE, "b"), machine(TWO, "c")
S = server(ONE, "s")
