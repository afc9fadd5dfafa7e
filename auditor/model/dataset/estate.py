"""The frames of what contains machines: subscriptions, resource groups that a service manages, scale sets."""

from __future__ import annotations

from auditor.model.dataset.column import Column, Frame, Kind
from auditor.model.dataset.needs import SETS, SUBSCRIPTION
from auditor.model.reading import Source

SUBSCRIPTIONS = Frame(
    "subscriptions",
    "one subscription in scope",
    ("id",),
    (
        Column("id", Kind.TEXT, "subscription id", "subscriptionId", SUBSCRIPTION),
        Column("name", Kind.TEXT, "display name", "displayName", SUBSCRIPTION),
        Column("tenant", Kind.TEXT, "tenant id", "tenantId", SUBSCRIPTION),
        Column("state", Kind.TEXT, "Enabled, Warned, PastDue, Disabled or Deleted", "state", SUBSCRIPTION),
        Column(
            "management_group",
            Kind.TEXT,
            "names of the management groups above it, the nearest first, with < between; none where it has none",
            "properties.managementGroupAncestorsChain[].displayName",
            SUBSCRIPTION,
        ),
        Column(
            "delegated",
            Kind.WORD,
            "whether another tenant delegated it (Azure Lighthouse)",
            "tenantId, managedByTenants",
            SUBSCRIPTION,
            words=("yes", "no"),
        ),
    ),
)

RESOURCE_GROUPS = Frame(
    "resource_groups",
    "a resource group that a service manages",
    ("subscription_id", "name"),
    (
        Column("subscription_id", Kind.TEXT, "subscription id", "", ((Source.RESOURCE_GROUPS,),)),
        Column("name", Kind.TEXT, "name", "name", ((Source.RESOURCE_GROUPS,),)),
        Column("managed_by", Kind.TEXT, "id of what manages it", "managedBy", ((Source.RESOURCE_GROUPS,),)),
    ),
)

SCALE_SETS = Frame(
    "scale_sets",
    "a scale set",
    ("id",),
    (
        Column("id", Kind.TEXT, "resource id as Azure gave it", "id", SETS),
        Column("name", Kind.TEXT, "name", "name", SETS),
        Column("subscription_id", Kind.TEXT, "subscription id", "the subscription that was asked", SETS),
        Column(
            "subscription_name", Kind.TEXT, "subscription's display name", "displayName", SUBSCRIPTION, derived=True
        ),
        Column("resource_group", Kind.TEXT, "resource group", "id", SETS),
        Column("location", Kind.TEXT, "region", "location", SETS),
        Column(
            "os",
            Kind.WORD,
            "operating system of the model",
            "properties.virtualMachineProfile.storageProfile.osDisk.osType",
            SETS,
            words=("windows", "linux"),
        ),
        Column("tags", Kind.TAGS, "tags", "tags", SETS),
        Column("identity_kind", Kind.TEXT, "kinds of managed identity, or none", "identity.type", SETS),
        Column(
            "managed_by",
            Kind.TEXT,
            "the service that made the scale set and manages it, or none",
            "tags, managedBy of the resource group",
            (*SETS, (Source.RESOURCE_GROUPS,)),
            derived=True,
        ),
        Column(
            "orchestration_mode",
            Kind.WORD,
            "uniform: instances follow one model; flexible: instances are virtual machines of their own",
            "properties.orchestrationMode",
            SETS,
            words=("uniform", "flexible"),
        ),
        Column(
            "upgrade_mode",
            Kind.WORD,
            "how a change of the model reaches the instances; none where Azure tells no mode",
            "properties.upgradePolicy.mode",
            SETS,
            words=("manual", "automatic", "rolling", "none"),
        ),
        Column("capacity", Kind.NUMBER, "how many instances are asked for", "sku.capacity", SETS),
        Column("created_at", Kind.TIME, "when the scale set was created", "properties.timeCreated", SETS),
        Column(
            "instances_read",
            Kind.WORD,
            "whether the instances were read; none where they are virtual machines of their own",
            "",
            (*SETS, (Source.SCALE_SET_INSTANCES,)),
            words=("yes", "no", "none"),
        ),
        Column("read_at", Kind.TIME, "when the scale set was read", "", SETS),
    ),
)
