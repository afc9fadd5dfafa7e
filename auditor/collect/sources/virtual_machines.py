"""A subscription's list of virtual machines: which there are, and where.

The list holds ids only of a machine's extensions, and never ``enableAutomaticUpgrade``: each machine is read by itself
(:mod:`instance_view`). https://learn.microsoft.com/rest/api/compute/virtual-machines/list-all
"""

from __future__ import annotations

from typing import Any

import orjson

from auditor.collect import faults, values
from auditor.collect.faults import Fault
from auditor.collect.interface import ended
from auditor.collect.session import COMPUTE_API, Session
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.VIRTUAL_MACHINES


def list_machines(session: Session, subscription_id: str) -> Harvest:
    """Rows of the frame ``machines`` as far as the list tells them; a page that fails leaves what was read."""
    client = session.compute(SOURCE)
    url = f"/subscriptions/{subscription_id}/providers/Microsoft.Compute/virtualMachines"
    found: dict[str, Row] = {}  # a list that moves while it is read shows a machine on two pages
    nameless = 0
    fault: Fault | None = None
    try:
        for page in session.pages(client, SOURCE, url, {"api-version": COMPUTE_API}):
            rows = [row for row in (machine_row(entry, subscription_id) for entry in page) if row is not None]
            found |= {str(row["id"]).lower(): row for row in rows}
            nameless += len(page) - len(rows)
    except Fault as caught:
        fault = caught
    if fault is None and nameless:
        fault = faults.partial(SOURCE, f"machines without an id: {nameless}")
    harvest = Harvest({"machines": list(found.values())} if found else {})
    harvest.readings.append(ended(session, SOURCE, subscription_id, len(found), fault))
    return harvest


def machine_row(entry: dict[str, Any], subscription_id: str) -> Row | None:
    """What an entry of the list (or a machine read by itself) says of the machine; None where it has no id."""
    identifier = values.text(entry.get("id"))
    if identifier is None:
        return None
    properties = values.mapping(entry.get("properties"))
    scale_set = values.text(values.mapping(properties.get("virtualMachineScaleSet")).get("id"))
    disk = values.mapping(values.mapping(properties.get("storageProfile")).get("osDisk"))
    system = (values.text(disk.get("osType")) or "").lower()
    return {
        "id": identifier,
        "kind": "scale_set_instance" if scale_set else "vm",
        "name": values.text(entry.get("name")) or identifier.rsplit("/", 1)[-1],
        "subscription_id": subscription_id,
        "resource_group": resource_group(identifier),
        "location": values.text(entry.get("location")),
        "os": system if system in ("windows", "linux") else None,
        "created_at": values.time(properties.get("timeCreated")),
        "tags": tags(entry.get("tags")),
        "scale_set_id": scale_set or "none",
        "identity_kind": _identity_kind(entry.get("identity")),
    }


def _identity_kind(identity: object) -> str:
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
