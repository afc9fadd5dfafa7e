"""Every question in the Kusto Query Language that the product sends: data, nothing is put together at run time.

The Resource Graph's questions project few columns, and never an extension's settings, which may hold secrets. Columns
of a path have no name of their own: the service then calls them by their path (``properties_status``), and
:func:`auditor.collect.graph.resource` makes of them what Resource Manager would have answered. All are ordered by id,
for only a unique order makes whole pages
(https://learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Query:
    """A question: ``text`` as it is sent, with moments in place of ``{start}`` and ``{end}`` where it has them."""

    text: str
    service: Literal["resource_graph", "log_analytics"] = "resource_graph"


SUBSCRIPTIONS = Query("""resourcecontainers
| where type =~ 'microsoft.resources/subscriptions'
| project id, name, subscriptionId, properties.managementGroupAncestorsChain
| order by id asc
""")

RESOURCE_GROUPS = Query("""resourcecontainers
| where type =~ 'microsoft.resources/subscriptions/resourcegroups'
| where isnotempty(managedBy)
| project id, name, subscriptionId, managedBy
| order by id asc
""")

VIRTUAL_MACHINES = Query("""resources
| where type =~ 'microsoft.compute/virtualmachines'
| project id, name, subscriptionId, location, tags, identity.type, properties.storageProfile.osDisk.osType,
    properties.timeCreated, properties.vmId, properties.virtualMachineScaleSet.id,
    properties.extended.instanceView.powerState.code
| order by id asc
""")

SCALE_SETS = Query("""resources
| where type =~ 'microsoft.compute/virtualmachinescalesets'
| project id, name, subscriptionId, location, tags, identity.type, sku.capacity, properties.orchestrationMode,
    properties.upgradePolicy.mode, properties.timeCreated,
    properties.virtualMachineProfile.storageProfile.osDisk.osType,
    extensions = array_length(properties.virtualMachineProfile.extensionProfile.extensions)
| order by id asc
""")

MODEL_EXTENSIONS = Query("""resources
| where type =~ 'microsoft.compute/virtualmachinescalesets'
| mv-expand extension = properties.virtualMachineProfile.extensionProfile.extensions limit 2000
| where isnotnull(extension)
| project id = strcat(id, '/extensions/', tostring(extension.name)), scaleSet = id, subscriptionId, extension.name,
    extension.properties.publisher, extension.properties.type, extension.properties.typeHandlerVersion,
    extension.properties.enableAutomaticUpgrade, extension.properties.autoUpgradeMinorVersion
| order by id asc
""")
"""The service expands 128 entries unless it is told otherwise; how many there are comes with the scale set itself."""

ARC_MACHINES = Query("""resources
| where type =~ 'microsoft.hybridcompute/machines'
| project id, name, subscriptionId, location, tags, identity.type, properties.osType, properties.osName,
    properties.status, properties.lastStatusChange, properties.vmId
| order by id asc
""")

EXTENSIONS = Query("""resources
| where type =~ 'microsoft.compute/virtualmachines/extensions'
| project id, name, subscriptionId, properties.publisher, properties.type, properties.typeHandlerVersion,
    properties.enableAutomaticUpgrade, properties.autoUpgradeMinorVersion, properties.provisioningState
| order by id asc
""")

ARC_EXTENSIONS = Query("""resources
| where type =~ 'microsoft.hybridcompute/machines/extensions'
| project id, name, subscriptionId, properties.publisher, properties.type, properties.typeHandlerVersion,
    properties.enableAutomaticUpgrade, properties.autoUpgradeMinorVersion, properties.provisioningState,
    properties.instanceView.typeHandlerVersion, properties.instanceView.status.code
| order by id asc
""")

DATA_COLLECTION_RULES = Query("""resources
| where type =~ 'microsoft.insights/datacollectionrules'
| project id, name, subscriptionId, properties.destinations.logAnalytics
| order by id asc
""")

DATA_COLLECTION_RULE_ASSOCIATIONS = Query("""insightsresources
| where type =~ 'microsoft.insights/datacollectionruleassociations'
| project id, name, subscriptionId, properties.dataCollectionRuleId, properties.dataCollectionEndpointId
| order by id asc
""")
EXTENSION_TYPES = Query("""resources
| where type in~ ('microsoft.compute/virtualmachines/extensions', 'microsoft.hybridcompute/machines/extensions')
| summarize by subscriptionId, type, location, publisher = tolower(tostring(properties.publisher)),
    extensionType = tolower(tostring(properties.type)), automatic = tostring(properties.enableAutomaticUpgrade)
| project id = strcat(subscriptionId, '|', type, '|', location, '|', publisher, '|', extensionType, '|', automatic),
    subscriptionId, type, location, publisher, extensionType, automatic
| order by id asc
""")
"""One line for all extensions that are alike; each needs an id of its own to be paged by."""

HEARTBEATS = Query(
    """Heartbeat
| where TimeGenerated between (datetime({start}) .. datetime({end}))
| where Category == "Azure Monitor Agent"
| where isnotempty(_ResourceId)
| summarize Began = min(TimeGenerated), Ended = max(TimeGenerated) by _ResourceId, VMUUID, Version
| project _ResourceId, VMUUID, Version, Began, Ended
""",
    "log_analytics",
)
"""A line for each version of a machine (two of one id are two): its first and its last heartbeat within the window."""

HEARTBEATS_GLANCE = Query(
    """Heartbeat
| where Category == "Azure Monitor Agent"
| where isnotempty(_ResourceId)
| project _ResourceId, Version, TimeGenerated
| take 1
""",
    "log_analytics",
)
"""Whether the workspace answers at all, and has heard of an agent within the time that is asked for."""

QUERIES: Mapping[str, Query] = {
    "subscriptions": SUBSCRIPTIONS,
    "resource_groups": RESOURCE_GROUPS,
    "virtual_machines": VIRTUAL_MACHINES,
    "scale_sets": SCALE_SETS,
    "model_extensions": MODEL_EXTENSIONS,
    "arc_machines": ARC_MACHINES,
    "extensions": EXTENSIONS,
    "arc_extensions": ARC_EXTENSIONS,
    "data_collection_rules": DATA_COLLECTION_RULES,
    "data_collection_rule_associations": DATA_COLLECTION_RULE_ASSOCIATIONS,
    "extension_types": EXTENSION_TYPES,
    "heartbeats": HEARTBEATS,
    "heartbeats_glance": HEARTBEATS_GLANCE,
}
"""All of them by name."""
