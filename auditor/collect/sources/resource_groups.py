"""The resource groups that a service manages: AKS node pools, Databricks and managed applications keep theirs so.

A reading says that the subscription's other groups are managed by nobody.
https://learn.microsoft.com/rest/api/resources/resource-groups/list
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditor.collect import graph, queries, values
from auditor.collect.listing import list_resources
from auditor.collect.session import Session
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.RESOURCE_GROUPS
_API = "2021-04-01"


def find_groups(session: Session, subscriptions: Sequence[str]) -> Harvest:
    """Rows of the frame ``resource_groups`` as the Resource Graph tells them."""
    told = graph.ask(session, SOURCE, queries.RESOURCE_GROUPS, subscriptions, _row)
    return told.harvest(session, SOURCE, "resource_groups", subscriptions)


def list_groups(session: Session, subscription_id: str) -> Harvest:
    """Rows of the frame ``resource_groups`` as Resource Manager lists them: it leaves out what may not be read."""
    url = f"/subscriptions/{subscription_id}/resourcegroups"
    harvest = list_resources(session, SOURCE, "resource_groups", url, _API, _row)
    managed = [row for row in harvest.rows.get("resource_groups", []) if row["managed_by"]]
    harvest.rows = {"resource_groups": managed} if managed else {}
    return harvest


def _row(entry: dict[str, Any], subscription_id: str) -> Row:
    identifier = str(entry["id"])
    return {
        "id": identifier,
        "subscription_id": subscription_id,
        "name": values.text(entry.get("name")) or identifier.rsplit("/", 1)[-1],
        "managed_by": values.text(entry.get("managedBy")),
    }
