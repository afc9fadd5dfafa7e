"""A subscription's Arc-enabled servers, and how each is connected.

Older agents tell the operating system in ``osName``, newer ones in ``osType``; a server that was never connected has
no status at all. https://learn.microsoft.com/rest/api/hybridcompute/machines/list-by-subscription
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditor.collect import graph, queries, values
from auditor.collect.listing import list_resources
from auditor.collect.session import ARC_API, Session
from auditor.collect.sources.virtual_machines import common, identity_kind, operating_system
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.ARC_MACHINES
_AVAILABILITY = {"connected": "running", "disconnected": "disconnected", "expired": "expired"}
"""By status; any other (``Error``, ``AwaitingConnection``), or none, tells nothing of the server."""


def find_arc_machines(session: Session, subscriptions: Sequence[str]) -> Harvest:
    """Rows of the frame ``machines`` as the Resource Graph tells them."""
    told = graph.ask(session, SOURCE, queries.ARC_MACHINES, subscriptions, _row)
    return told.harvest(session, SOURCE, "machines", subscriptions)


def list_arc_machines(session: Session, subscription_id: str) -> Harvest:
    """Rows of the frame ``machines`` as Resource Manager lists them."""
    url = f"/subscriptions/{subscription_id}/providers/Microsoft.HybridCompute/machines"
    return list_resources(session, SOURCE, "machines", url, ARC_API, _row)


def arc_machine_row(entry: dict[str, Any], subscription_id: str) -> Row | None:
    """What an entry of either service, or an answer of its own, says of the server; None where it has no id."""
    return _row(entry, subscription_id) if values.text(entry.get("id")) else None


def _row(entry: dict[str, Any], subscription_id: str) -> Row:
    properties = values.mapping(entry.get("properties"))
    status = values.text(properties.get("status"))
    return {
        **common(entry, subscription_id),
        "kind": "arc",
        "os": operating_system(properties.get("osType"), properties.get("osName")),
        "power_state": status,
        "availability": _AVAILABILITY.get((status or "").lower()),
        "status_changed_at": values.time(properties.get("lastStatusChange")),
        "vm_id": values.text(properties.get("vmId")),
        "scale_set_id": "none",
        "follows_model": "none",
        "identity_kind": _identity_kind(entry.get("identity")),
    }


def _identity_kind(identity: object) -> str | None:
    """A server gets its identity as it is connected: an answer that shows none does not say that there is none."""
    return identity_kind(identity) if values.text(values.mapping(identity).get("type")) else None
