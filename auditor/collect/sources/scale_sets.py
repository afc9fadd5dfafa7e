"""A subscription's scale sets with the extensions of their models.

The setting that counts stands in the model; the upgrade policy says how it reaches the instances.
https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/list-all
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from auditor.collect import faults, graph, queries, values
from auditor.collect.listing import list_resources
from auditor.collect.session import COMPUTE_API, Session
from auditor.collect.sources.instance_view import auto_upgrade
from auditor.collect.sources.virtual_machines import common, identity_kind, operating_system
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.SCALE_SETS
_UPGRADE_MODES = {"": "none", "manual": "manual", "automatic": "automatic", "rolling": "rolling"}
_ORCHESTRATION = {"": "uniform", "uniform": "uniform", "flexible": "flexible"}
"""Sets that are older than the other mode name none."""
_TOLD = "extensions_told"
"""How many extensions the model has by the row of the scale set: held against those that came, then left out."""


def find_scale_sets(session: Session, subscriptions: Sequence[str]) -> Harvest:
    """Rows of the frames ``scale_sets`` and ``extensions`` (of the models) as the Resource Graph tells them.

    Where fewer extensions came than the models have, the scale sets are not completely read.
    """
    sets = graph.ask(session, SOURCE, queries.SCALE_SETS, subscriptions, _graph_row)
    models = graph.ask(session, SOURCE, queries.MODEL_EXTENSIONS, subscriptions, _graph_extension)
    for subscription, fault in models.faults.items():
        sets.faults.setdefault(subscription, fault)
    for subscription in {**sets.rows, **models.rows}:
        counts = [row.pop(_TOLD) for row in sets.rows.get(subscription, ())]
        promised, came = sum(each for each in counts if isinstance(each, int)), len(models.rows.get(subscription, ()))
        if promised != came:
            fault = faults.partial(SOURCE, f"the models have {promised} extensions, and {came} were told")
            sets.faults.setdefault(subscription, fault)
    harvest = sets.harvest(session, SOURCE, "scale_sets", subscriptions)
    harvest.rows["extensions"] = models.harvest(session, SOURCE, "extensions", subscriptions).rows["extensions"]
    return harvest


def list_scale_sets(session: Session, subscription_id: str) -> Harvest:
    """Rows of the frames ``scale_sets`` and ``extensions`` (of the models) as Resource Manager lists them."""
    models: dict[str, list[Row]] = {}  # a set on two pages is one set

    def read(entry: dict[str, Any], subscription: str) -> Row:
        row = _row(entry, subscription)
        models[str(row["id"]).lower()] = model_extension_rows(entry, row)
        return row

    url = f"/subscriptions/{subscription_id}/providers/Microsoft.Compute/virtualMachineScaleSets"
    harvest = list_resources(session, SOURCE, "scale_sets", url, COMPUTE_API, read)
    for row in (row for rows in models.values() for row in rows):
        harvest.add("extensions", row)
    return harvest


def scale_set_row(entry: dict[str, Any], subscription_id: str) -> Row | None:
    """What an entry of either service, or an answer of its own, says of the set; None where it has no id."""
    return _row(entry, subscription_id) if values.text(entry.get("id")) else None


def model_extension_rows(entry: dict[str, Any], scale_set: Row) -> list[Row]:
    """The extensions of the model of the scale set that ``entry`` tells of."""
    profile = values.mapping(values.mapping(entry.get("properties")).get("virtualMachineProfile"))
    listed: Iterable[dict[str, Any]] = values.entries(values.mapping(profile.get("extensionProfile")).get("extensions"))
    return [_model_row(each, str(scale_set["id"]), str(scale_set["subscription_id"])) for each in listed]


def _row(entry: dict[str, Any], subscription_id: str) -> Row:
    properties = values.mapping(entry.get("properties"))
    disk = values.mapping(
        values.mapping(values.mapping(properties.get("virtualMachineProfile")).get("storageProfile")).get("osDisk")
    )
    orchestration = _ORCHESTRATION.get(str(properties.get("orchestrationMode") or "").lower())
    mode = values.mapping(properties.get("upgradePolicy")).get("mode")
    capacity = values.mapping(entry.get("sku")).get("capacity")
    return {
        **common(entry, subscription_id),
        "os": operating_system(disk.get("osType")),
        "identity_kind": identity_kind(entry.get("identity")),
        "orchestration_mode": orchestration,
        "upgrade_mode": _UPGRADE_MODES.get(str(mode or "").lower()),
        "capacity": capacity if isinstance(capacity, int) else None,
        "created_at": values.time(properties.get("timeCreated")),
        "instances_read": "none" if orchestration == "flexible" else None,
    }


def _model_row(entry: dict[str, Any], scale_set_id: str, subscription_id: str) -> Row:
    """One row of the frame ``extensions``; its settings are not kept, they may hold secrets."""
    properties = values.mapping(entry.get("properties"))
    name = values.text(entry.get("name"))
    minor = properties.get("autoUpgradeMinorVersion")
    return {
        "id": f"{scale_set_id}/extensions/{name or '(unnamed)'}",
        "machine_id": scale_set_id,
        "subscription_id": subscription_id,
        "on": "model",
        "publisher": values.text(properties.get("publisher")),
        "type": values.text(properties.get("type")),
        "name": name,
        "auto_upgrade": auto_upgrade(properties),
        "auto_upgrade_minor": minor if isinstance(minor, bool) else None,
        "requested_version": values.text(properties.get("typeHandlerVersion")),
    }


def _graph_row(entry: dict[str, Any], subscription_id: str) -> Row:
    return {**_row(entry, subscription_id), _TOLD: entry.get("extensions")}


def _graph_extension(entry: dict[str, Any], subscription_id: str) -> Row:
    return _model_row(values.mapping(entry.get("extension")), str(entry.get("scaleSet")), subscription_id)
