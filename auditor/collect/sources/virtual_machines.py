"""A subscription's virtual machines, instances of flexible scale sets among them: which there are, and where.

A list holds ids only of a machine's extensions, and never ``enableAutomaticUpgrade``; the Resource Graph has the power
state besides. https://learn.microsoft.com/rest/api/compute/virtual-machines/list-all
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from auditor.collect import graph, queries, values
from auditor.collect.listing import list_resources
from auditor.collect.session import COMPUTE_API, Session
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.VIRTUAL_MACHINES
AVAILABILITY = {
    "running": "running",
    "stopped": "stopped",
    "stopping": "stopped",
    "deallocated": "stopped",
    "deallocating": "stopped",
}
"""By power state; a machine that is starting, or tells no power state, is neither: not known."""
_POWER = "powerstate/"


def find_machines(session: Session, subscriptions: Sequence[str]) -> Harvest:
    """Rows of the frame ``machines`` as the Resource Graph tells them, power state included."""
    told = graph.ask(session, SOURCE, queries.VIRTUAL_MACHINES, subscriptions, _row)
    return told.harvest(session, SOURCE, "machines", subscriptions)


def list_machines(session: Session, subscription_id: str) -> Harvest:
    """Rows of the frame ``machines`` as far as Resource Manager's list tells them."""
    url = f"/subscriptions/{subscription_id}/providers/Microsoft.Compute/virtualMachines"
    return list_resources(session, SOURCE, "machines", url, COMPUTE_API, _row)


def machine_row(entry: dict[str, Any], subscription_id: str) -> Row | None:
    """What an entry of either service, or an answer of its own, says of the machine; None where it has no id."""
    return _row(entry, subscription_id) if values.text(entry.get("id")) else None


def _row(entry: dict[str, Any], subscription_id: str) -> Row:
    properties = values.mapping(entry.get("properties"))
    scale_set = values.text(values.mapping(properties.get("virtualMachineScaleSet")).get("id"))
    disk = values.mapping(values.mapping(properties.get("storageProfile")).get("osDisk"))
    power = _power_state(properties.get("extended"))
    return {
        **common(entry, subscription_id),
        "kind": "scale_set_instance" if scale_set else "vm",
        "os": operating_system(disk.get("osType")),
        "power_state": power,
        "availability": AVAILABILITY.get((power or "").lower().partition("/")[0]),
        "created_at": values.time(properties.get("timeCreated")),
        "vm_id": values.text(properties.get("vmId")),
        "scale_set_id": scale_set or "none",
        "follows_model": "none",
        "identity_kind": identity_kind(entry.get("identity")),
    }


def common(entry: dict[str, Any], subscription_id: str) -> Row:
    """What every resource tells in the same way; it has an id."""
    identifier = str(entry["id"])
    return {
        "id": identifier,
        "name": values.text(entry.get("name")) or identifier.rsplit("/", 1)[-1],
        "subscription_id": subscription_id,
        "resource_group": resource_group(identifier),
        "location": values.text(entry.get("location")),
        "tags": tags(entry.get("tags")),
    }


def operating_system(*told: object) -> str | None:
    """The first that is one of the two words."""
    written = [(values.text(each) or "").lower() for each in told]
    return next((each for each in written if each in ("windows", "linux")), None)


def identity_kind(identity: object) -> str:
    """Azure writes no identity as an absent key, as null, and as the type ``None``."""
    kind = values.text(values.mapping(identity).get("type"))
    return kind if kind and kind.lower() != "none" else "none"


def resource_group(identifier: str) -> str | None:
    """The group in a machine's own id (which names its group, unlike the ids of what hangs below it)."""
    parts = identifier.split("/")
    names = [part.lower() for part in parts]
    at = names.index("resourcegroups") + 1 if "resourcegroups" in names else len(parts)
    return parts[at] if at < len(parts) else None


def tags(value: object) -> str:
    """Tags as JSON text with sorted names; a machine without tags has ``{}``."""
    pairs = {str(name): str(text) for name, text in values.mapping(value).items()}
    return orjson.dumps(pairs, option=orjson.OPT_SORT_KEYS).decode()


def _power_state(extended: object) -> str | None:
    view = values.mapping(values.mapping(extended).get("instanceView"))
    code = values.text(values.mapping(view.get("powerState")).get("code"))
    return code[len(_POWER) :] if code and code.lower().startswith(_POWER) else code
