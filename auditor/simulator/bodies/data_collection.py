"""Data collection rules and associations with them, as the provider Microsoft.Insights writes them.

No recording of either was found: keys and their order are those of Microsoft's examples (api-version 2022-06-01,
https://learn.microsoft.com/rest/api/monitor/data-collection-rules/list-by-subscription and
https://learn.microsoft.com/rest/api/monitor/data-collection-rule-associations/list-by-resource).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from auditor.simulator.bodies.machine import merge
from auditor.simulator.estate import Estate
from auditor.simulator.forms import group_id, guid, utc_time
from auditor.simulator.parts import AssociationSpec
from auditor.simulator.specs import DataCollectionRuleSpec

Body = dict[str, Any]

_PROVIDER = "/providers/Microsoft.Insights"
_GROUP = "rg-main"
_WORKSPACES = "/providers/Microsoft.OperationalInsights/workspaces"
_STREAMS = ["Microsoft-Perf", "Microsoft-Syslog", "Microsoft-Event"]


def rule_body(rule: DataCollectionRuleSpec, subscription_id: str, estate: Estate) -> Body:
    """The rule, in lists and by itself."""
    identifier = rule_id(rule.name, subscription_id, rule.resource_group)
    properties: Body = {
        "immutableId": f"dcr-{guid(identifier).replace('-', '')}",
        "dataSources": {"performanceCounters": [_counters()]},
        "destinations": (destinations := _destinations(rule, subscription_id, estate)),
        "dataFlows": [{"streams": _STREAMS, "destinations": _names(destinations)}],
        "provisioningState": "Succeeded",
    }
    body: Body = {
        "id": identifier,
        "name": rule.name,
        "type": "Microsoft.Insights/dataCollectionRules",
        "location": rule.location,
        "tags": {},
        "properties": properties,
        **_marks(identifier, estate.now),
    }
    return merge(body, rule.override)


def association_body(association: AssociationSpec, holder: str, subscription_id: str, now: datetime) -> Body:
    """The association of ``holder`` (its id), in lists and by itself."""
    identifier = f"{holder}{_PROVIDER}/dataCollectionRuleAssociations/{association.name}"
    endpoint = f"{group_id(subscription_id, _GROUP)}{_PROVIDER}/dataCollectionEndpoints/dce-central"
    told: Body = {"dataCollectionEndpointId": endpoint}
    if association.rule is not None:
        told = {"description": None, "dataCollectionRuleId": rule_id(association.rule, subscription_id, _GROUP)}
    return {
        "properties": {**told, "provisioningState": "Succeeded"},
        "id": identifier,
        "name": association.name,
        "type": "Microsoft.Insights/dataCollectionRuleAssociations",
        **_marks(identifier, now),
    }


def rule_id(name: str, subscription_id: str, resource_group: str) -> str:
    """The rule's id; ``name`` may be one already."""
    if name.startswith("/"):
        return name
    return f"{group_id(subscription_id, resource_group)}{_PROVIDER}/dataCollectionRules/{name}"


def _destinations(rule: DataCollectionRuleSpec, subscription_id: str, estate: Estate) -> Body:
    names = {each.id: each.name for each in estate.workspaces()}
    wanted = tuple(names)[:1] if rule.workspaces is None else rule.workspaces
    if not wanted:
        return {"azureMonitorMetrics": {"name": "azureMonitorMetrics-default"}}
    place = f"{group_id(subscription_id, _GROUP)}{_WORKSPACES}"
    return {
        "logAnalytics": [
            {
                "workspaceResourceId": f"{place}/{names.get(each, 'log-elsewhere')}",
                "workspaceId": each,
                "name": f"la-{number}",
            }
            for number, each in enumerate(wanted)
        ]
    }


def _names(destinations: Body) -> list[str]:
    if "logAnalytics" in destinations:
        return [str(each["name"]) for each in destinations["logAnalytics"]]
    return [str(destinations["azureMonitorMetrics"]["name"])]


def _counters() -> Body:
    specifiers = ["\\Processor(_Total)\\% Processor Time", "\\Memory\\Committed Bytes"]
    return {
        "name": "perfCounters",
        "streams": ["Microsoft-Perf"],
        "samplingFrequencyInSeconds": 60,
        "counterSpecifiers": specifiers,
    }


def _marks(identifier: str, now: datetime) -> Body:
    """Who made it and when, and its etag."""
    made, by = utc_time(now - timedelta(days=200)), "operator@contoso.example"
    told = {"createdBy": by, "createdByType": "User", "createdAt": made}
    changed = {"lastModifiedBy": by, "lastModifiedByType": "User", "lastModifiedAt": made}
    return {"systemData": told | changed, "etag": f'"{guid("etag", identifier)}"'}
