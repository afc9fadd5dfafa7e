"""Which data collection rules are associated with machines and scale sets.

An association may be with a data collection endpoint alone (it is then named ``configurationAccessEndpoint``): nothing
is collected by that. It is a resource of its own below the machine's, in Resource Graph in a table of its own. No
recording of an answer was found: the shape is that of Microsoft's own example.
https://learn.microsoft.com/rest/api/monitor/data-collection-rule-associations/list-by-resource
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from auditor.collect import graph, queries, values
from auditor.collect.listing import list_resources
from auditor.collect.session import Session
from auditor.collect.sources.data_collection_rules import API
from auditor.collect.sources.permissions import by_subject, without_refused
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.DATA_COLLECTION_RULE_ASSOCIATIONS
FRAME = "associations"
_BELOW = "/providers/microsoft.insights/datacollectionruleassociations"


def find_associations(session: Session, subscriptions: Sequence[str], refusals: Iterable[Row] = ()) -> Harvest:
    """Rows of the frame ``associations`` as the Resource Graph tells them, and a reading for each subscription.

    ``refusals`` are the survey's: what the identity may not read in a whole subscription.
    """
    told = graph.ask(session, SOURCE, queries.DATA_COLLECTION_RULE_ASSOCIATIONS, subscriptions, _graph_row)
    harvest = told.harvest(session, SOURCE, FRAME, subscriptions)
    refused = by_subject(refusals)
    harvest.readings = [without_refused(reading, refused) for reading in harvest.readings]
    return harvest


def list_associations(session: Session, resource: Row) -> Harvest:
    """Those of one machine or scale set by itself; the reading's scope is its id."""
    identifier = str(resource["id"])
    return list_resources(session, SOURCE, FRAME, f"{identifier}{_BELOW}", API, _row, scope=identifier)


def _graph_row(entry: dict[str, Any], _subscription_id: str) -> Row:
    """The Resource Graph names the machine in the association's id alone."""
    identifier = str(entry["id"])
    at = identifier.lower().rfind(f"{_BELOW}/")
    return _row(entry, identifier[:at] if at > 0 else identifier)


def _row(entry: dict[str, Any], resource_id: str) -> Row:
    properties = values.mapping(entry.get("properties"))
    rule = values.text(properties.get("dataCollectionRuleId"))
    return {"id": str(entry["id"]), "machine_id": resource_id, "rule_id": rule or _without_rule(properties)}


def _without_rule(properties: dict[str, Any]) -> str | None:
    """``none`` where an endpoint is named instead; an association with neither tells nothing."""
    return "none" if values.text(properties.get("dataCollectionEndpointId")) else None
