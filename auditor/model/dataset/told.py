"""The frames of what was told: readings, versions on offer, operations, heartbeats, data collection rules."""

from __future__ import annotations

from auditor.model.dataset.column import Column, Frame, Kind
from auditor.model.dataset.needs import ASSOCIATION, BEATS, LOG, OFFER, RULE
from auditor.model.reading import Service, Source

READINGS = Frame(
    "readings",
    "one answer that was asked for, empty ones too",
    ("source", "scope"),
    (
        Column("source", Kind.WORD, "what was asked", words=tuple(Source)),
        Column("scope", Kind.TEXT, "what one answer covers: a subscription, a region, a workspace, one machine"),
        Column("complete", Kind.WORD, "whether the answer covers its whole scope and window", words=("yes", "no")),
        Column("rows", Kind.NUMBER, "rows that were read"),
        Column("read_at", Kind.TIME, "when the answer was read"),
        Column("window_start", Kind.TIME, "start of the window that was asked for"),
        Column("window_end", Kind.TIME, "end of the window that was asked for"),
        Column("status", Kind.NUMBER, "HTTP status of the last answer"),
        Column("reason", Kind.TEXT, "why the reading is not complete"),
        Column("close", Kind.TEXT, "the permission or setting that would close the gap"),
        Column("by", Kind.WORD, "who answered, or was asked last", words=tuple(Service)),
    ),
)

VERSIONS = Frame(
    "versions",
    "a version that a region offers, by machine kind",
    ("machine_kind", "location", "publisher", "type", "version"),
    (
        Column("machine_kind", Kind.WORD, "for which kind of machine", "", OFFER, words=("vm", "arc")),
        Column("location", Kind.TEXT, "region, without blanks and in lower case", "location", OFFER),
        Column("publisher", Kind.TEXT, "publisher", "", OFFER),
        Column("type", Kind.TEXT, "type", "", OFFER),
        Column("version", Kind.VERSION, "version", "name", OFFER),
        Column("withdrawn", Kind.WORD, "whether the release table says not to use it", "", OFFER, words=("yes", "no")),
        Column("published", Kind.TIME, "when it was published, from the release table", "", OFFER, bounds=True),
        Column("first_seen", Kind.TIME, "when a night first saw it in the region", "", OFFER),
    ),
)

OPERATIONS = Frame(
    "operations",
    "one create-or-update (or delete) operation on an extension, folded from its events",
    ("id",),
    (
        Column("id", Kind.TEXT, "correlation id, resource and time of the first event", "", LOG),
        Column("subscription_id", Kind.TEXT, "subscription", "", LOG),
        Column("machine_id", Kind.TEXT, "the machine", "resourceId", LOG),
        Column("extension_id", Kind.TEXT, "the extension", "resourceId", LOG),
        Column(
            "action",
            Kind.WORD,
            "what was done",
            "operationName.value",
            LOG,
            words=("write", "delete", "start", "power_off", "deallocate", "upgrade", "scale_set_write"),
        ),
        Column("started", Kind.TIME, "time of its first event, where its beginning was seen", "eventTimestamp", LOG),
        Column("ended", Kind.TIME, "time of its last event that ends it", "eventTimestamp", LOG),
        Column(
            "outcome",
            Kind.WORD,
            "running where no end was seen",
            "status.value",
            LOG,
            words=("succeeded", "failed", "running"),
        ),
        Column(
            "initiator",
            Kind.WORD,
            "who began it",
            "claims, caller",
            LOG,
            words=("platform", "person", "policy", "deployment", "unknown"),
        ),
        Column("caller", Kind.TEXT, "caller as logged, or unknown", "caller", LOG),
        Column("error_code", Kind.TEXT, "error code", "subStatus.value, properties.statusMessage", LOG),
        Column("error_message", Kind.TEXT, "error message", "properties.statusMessage", LOG),
        Column("sub_status", Kind.TEXT, "last HTTP status as the log writes it", "subStatus.value", LOG),
    ),
)

HEARTBEATS = Frame(
    "heartbeats",
    "a stay: a version reported without interruption by another",
    ("machine_id", "workspace", "version", "from"),
    (
        Column("machine_id", Kind.TEXT, "the machine", "_ResourceId", BEATS),
        Column("vm_id", Kind.TEXT, "the unique id of the machine that reported", "VMUUID", BEATS),
        Column("version", Kind.VERSION, "the version it reported", "Version", BEATS),
        Column("from", Kind.TIME, "first heartbeat of the stay", "TimeGenerated", BEATS),
        Column("to", Kind.TIME, "last heartbeat of the stay", "TimeGenerated", BEATS),
        Column("workspace", Kind.TEXT, "the workspace", "", BEATS),
    ),
)

DATA_COLLECTION_RULES = Frame(
    "data_collection_rules",
    "a data collection rule: what agents collect, and where they send it",
    ("id",),
    (
        Column("id", Kind.TEXT, "resource id as Azure gave it", "id", RULE),
        Column("subscription_id", Kind.TEXT, "the subscription that was asked", "", RULE),
        Column(
            "workspaces",
            Kind.TEXT,
            "ids of the Log Analytics workspaces that it sends to, with commas between; none where it sends to none, "
            "missing where one of them is not told",
            "properties.destinations.logAnalytics[].workspaceId",
            RULE,
        ),
        Column("read_at", Kind.TIME, "when the rule was read", "", RULE),
    ),
)

ASSOCIATIONS = Frame(
    "associations",
    "a data collection rule, or an endpoint alone, that is associated with a machine or a scale set",
    ("id",),
    (
        Column("id", Kind.TEXT, "resource id as Azure gave it", "id", ASSOCIATION),
        Column("machine_id", Kind.TEXT, "the machine, or the scale set, that the answer tells it of", "", ASSOCIATION),
        Column(
            "rule_id",
            Kind.TEXT,
            "the data collection rule; none where the association is with an endpoint alone",
            "properties.dataCollectionRuleId",
            ASSOCIATION,
        ),
        Column("read_at", Kind.TIME, "when the association was read", "", ASSOCIATION),
    ),
)
