"""A subscription's data collection rules, and which workspaces they send to.

No recording of an answer was found: the shape is that of Microsoft's own example.
https://learn.microsoft.com/rest/api/monitor/data-collection-rules/list-by-subscription
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditor.collect import graph, queries, values
from auditor.collect.listing import list_resources
from auditor.collect.session import Session
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.DATA_COLLECTION_RULES
FRAME = "data_collection_rules"
API = "2022-06-01"
"""What Microsoft's own clients ask with; later versions add destinations and change none of what is read here."""


def find_rules(session: Session, subscriptions: Sequence[str]) -> Harvest:
    """Rows of the frame ``data_collection_rules`` as the Resource Graph tells them."""
    told = graph.ask(session, SOURCE, queries.DATA_COLLECTION_RULES, subscriptions, _row)
    return told.harvest(session, SOURCE, FRAME, subscriptions)


def list_rules(session: Session, subscription_id: str) -> Harvest:
    """Rows of the frame ``data_collection_rules`` as Resource Manager lists them."""
    url = f"/subscriptions/{subscription_id}/providers/Microsoft.Insights/dataCollectionRules"
    return list_resources(session, SOURCE, FRAME, url, API, _row)


def _row(entry: dict[str, Any], subscription_id: str) -> Row:
    destinations = values.mapping(values.mapping(entry.get("properties")).get("destinations"))
    return {
        "id": str(entry["id"]),
        "subscription_id": subscription_id,
        "workspaces": _workspaces(destinations.get("logAnalytics")),
    }


def _workspaces(told: object) -> str | None:
    """Ids in lower case, sorted; ``none`` where no workspace is named, None where one of them is not told."""
    if told is None or told == []:
        return "none"
    if not isinstance(told, list):
        return None
    found = [values.text(values.mapping(each).get("workspaceId")) for each in told]
    return ",".join(sorted({each.lower() for each in found if each})) if all(found) else None
