"""The frames and their columns, declared once.

A declaration validates the frame, documents it, tells which readings a column rests on, and is what rules are checked
against. A missing value always means "not known"; what was read and is not there has a word of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.reading import Service, Source


class Kind(StrEnum):
    """How a column's values are typed and compared."""

    TEXT = "text"
    WORD = "word"
    """One of a closed list of words."""
    VERSION = "version"
    NUMBER = "number"
    FLAG = "flag"
    TIME = "time"
    DURATION = "duration"
    TAGS = "tags"
    """Name and value pairs, kept as JSON text; a rule reads one as ``tags.NAME``: ``unset`` where there is none."""


Need = tuple[Source, ...]
"""Sources any one of which tells: which of them does depends on the kind of machine and on how the estate is read."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``property`` is the Azure property it comes from; ``rests_on`` the needs whose readings cover it.

    Every need must be met, each by any one of its sources. ``helped_by`` are optional sources: where one is configured
    the column knows more. ``bounds`` columns are stored as two, ``NAME.low`` and ``NAME.high``: the truth lies between
    them, and a missing end is open. ``inputs`` are the columns without which a derived one is missing, ``beside`` those
    that explain it: a finding shows both.
    ``told_by`` and ``told_at`` name the columns that say, row by row, which source told this one and when.
    """

    name: str
    kind: Kind
    meaning: str
    property: str = ""
    rests_on: tuple[Need, ...] = ()
    helped_by: tuple[Source, ...] = ()
    words: tuple[str, ...] = ()
    bounds: bool = False
    derived: bool = False
    inputs: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    told_by: str = ""
    told_at: str = ""

    def stored(self) -> tuple[str, ...]:
        """The names under which the column is stored."""
        return (f"{self.name}.low", f"{self.name}.high") if self.bounds else (self.name,)


@dataclass(frozen=True, slots=True)
class Frame:
    """A table of the data set: what a row is, its key, its columns."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


_SUBSCRIPTION: tuple[Need, ...] = ((Source.SUBSCRIPTIONS,),)
_LIST: tuple[Need, ...] = ((Source.VIRTUAL_MACHINES, Source.SCALE_SET_INSTANCES, Source.ARC_MACHINES),)
"""The answer that told of the machine."""
_STATE: tuple[Need, ...] = (
    (Source.VIRTUAL_MACHINES, Source.SCALE_SET_INSTANCES, Source.ARC_MACHINES, Source.INSTANCE_VIEW),
)
"""The answer that told how the machine is: a list, or the machine itself."""
_VIEW: tuple[Need, ...] = ((Source.INSTANCE_VIEW, Source.SCALE_SET_INSTANCES),)
"""An instance view: of one machine, or of a scale set's instances."""
_SETS: tuple[Need, ...] = ((Source.SCALE_SETS,),)
_EXTENSION: tuple[Need, ...] = (
    (
        Source.EXTENSIONS,
        Source.ARC_EXTENSIONS,
        Source.SCALE_SETS,
        Source.SCALE_SET_INSTANCES,
        Source.INSTANCE_VIEW,
    ),
)
"""The answer that told of the extension."""
_VERSION: tuple[Need, ...] = (
    (Source.HEARTBEATS, Source.ARC_EXTENSIONS, Source.SCALE_SET_INSTANCES, Source.INSTANCE_VIEW),
)
"""Who can tell what a machine runs, the cheapest first."""
_LOG: tuple[Need, ...] = ((Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG),)
_OFFER: tuple[Need, ...] = ((Source.EXTENSION_VERSIONS, Source.ARC_EXTENSION_VERSIONS),)
_BEATS: tuple[Need, ...] = ((Source.HEARTBEATS,),)
_HEARD = (Source.HEARTBEATS,)

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

SUBSCRIPTIONS = Frame(
    "subscriptions",
    "one subscription in scope",
    ("id",),
    (
        Column("id", Kind.TEXT, "subscription id", "subscriptionId", _SUBSCRIPTION),
        Column("name", Kind.TEXT, "display name", "displayName", _SUBSCRIPTION),
        Column("tenant", Kind.TEXT, "tenant id", "tenantId", _SUBSCRIPTION),
        Column("state", Kind.TEXT, "Enabled, Warned, PastDue, Disabled or Deleted", "state", _SUBSCRIPTION),
        Column(
            "management_group",
            Kind.TEXT,
            "names of the management groups above it, the nearest first, with < between; none where it has none",
            "properties.managementGroupAncestorsChain[].displayName",
            _SUBSCRIPTION,
        ),
        Column(
            "delegated",
            Kind.WORD,
            "whether another tenant delegated it (Azure Lighthouse)",
            "tenantId, managedByTenants",
            _SUBSCRIPTION,
            words=("yes", "no"),
        ),
    ),
)

MACHINES = Frame(
    "machines",
    "a virtual machine, a scale-set instance, an Arc-enabled server",
    ("id",),
    (
        Column("id", Kind.TEXT, "resource id as Azure gave it", "id", _LIST),
        Column("kind", Kind.WORD, "kind of machine", "type", _LIST, words=("vm", "scale_set_instance", "arc")),
        Column("name", Kind.TEXT, "name", "name", _LIST),
        Column("subscription_id", Kind.TEXT, "subscription id", "the subscription that was asked", _LIST),
        Column("subscription_name", Kind.TEXT, "subscription's display name", "displayName", _SUBSCRIPTION),
        Column("resource_group", Kind.TEXT, "resource group", "id", _LIST),
        Column("location", Kind.TEXT, "region", "location", _LIST),
        Column(
            "os",
            Kind.WORD,
            "operating system",
            "properties.storageProfile.osDisk.osType",
            _LIST,
            words=("windows", "linux"),
        ),
        Column(
            "availability",
            Kind.WORD,
            "whether the machine runs",
            "properties.extended.instanceView.powerState.code, properties.instanceView.statuses[].code, "
            "properties.status",
            _STATE,
            words=("running", "stopped", "disconnected", "expired"),
        ),
        Column(
            "power_state",
            Kind.TEXT,
            "power state of a virtual machine, or status of an Arc-enabled server, as Azure writes it",
            "properties.extended.instanceView.powerState.code, properties.instanceView.statuses[].code, "
            "properties.status",
            _STATE,
        ),
        Column(
            "status_changed_at",
            Kind.TIME,
            "when the status of an Arc-enabled server last changed",
            "properties.lastStatusChange",
            _LIST,
        ),
        Column("created_at", Kind.TIME, "when the machine was created", "properties.timeCreated", _LIST),
        Column(
            "age",
            Kind.DURATION,
            "time since the machine was created",
            "",
            _LIST,
            derived=True,
            inputs=("created_at",),
        ),
        Column("tags", Kind.TAGS, "tags", "tags", _LIST),
        Column(
            "scale_set_id",
            Kind.TEXT,
            "the scale set it belongs to, or none",
            "properties.virtualMachineScaleSet.id",
            _LIST,
        ),
        Column(
            "follows_model",
            Kind.WORD,
            "whether the latest model of the scale set is applied; none where no model is followed",
            "properties.latestModelApplied",
            _LIST,
            words=("yes", "no", "none"),
        ),
        Column("identity_kind", Kind.TEXT, "kinds of managed identity, or none", "identity.type", _LIST),
        Column(
            "managed_by",
            Kind.TEXT,
            "the service that made the machine and manages it (AKS, Databricks, a managed application), or none",
            "tags, managedBy of the resource group",
            (*_LIST, (Source.RESOURCE_GROUPS,)),
            derived=True,
        ),
        Column(
            "provisioned_at",
            Kind.TIME,
            "when Azure last changed the machine: made, started, deallocated or updated it",
            "properties.instanceView.statuses[].time",
            _VIEW,
        ),
        Column(
            "agent_state",
            Kind.TEXT,
            "state of the machine's guest agent",
            "properties.instanceView.vmAgent.statuses[].displayStatus",
            _VIEW,
        ),
        Column(
            "agent_at",
            Kind.TIME,
            "when the guest agent last reported",
            "properties.instanceView.vmAgent.statuses[].time",
            _VIEW,
        ),
        Column(
            "extensions_read",
            Kind.WORD,
            "whether the machine's extensions were read",
            "",
            _EXTENSION,
            words=("yes", "no"),
        ),
        Column("read_at", Kind.TIME, "when the machine was read", "", _STATE),
        Column(
            "last_ran",
            Kind.TIME,
            "when the machine last ran",
            "",
            (*_STATE, *_LOG),
            _HEARD,
            bounds=True,
            derived=True,
            inputs=("power_state",),
            beside=("provisioned_at",),
            told_by="last_ran_source",
        ),
        Column(
            "last_ran_source",
            Kind.WORD,
            "who told when the machine last ran",
            "",
            (*_STATE, *_LOG),
            _HEARD,
            words=("instance_view", "resource_graph", "arc", "activity_log", "heartbeats"),
            derived=True,
        ),
        Column(
            "days_stopped",
            Kind.DURATION,
            "for how long the machine has not run; zero while it runs",
            "",
            (*_STATE, *_LOG),
            _HEARD,
            bounds=True,
            derived=True,
            inputs=("last_ran", "power_state"),
            told_by="last_ran_source",
        ),
        Column(
            "monitor_agents",
            Kind.NUMBER,
            "how many Azure Monitor Agents the machine has",
            "",
            _EXTENSION,
            derived=True,
            beside=("orphaned_failure", "created_at"),
        ),
        Column(
            "orphaned_failure",
            Kind.TEXT,
            "the last failed operation on an extension that the machine lacks: its name, time and error; or none",
            "",
            (*_EXTENSION, *_LOG),
            derived=True,
        ),
        Column(
            "last_heartbeat", Kind.TIME, "the agent's last heartbeat in a queried workspace", "", _BEATS, derived=True
        ),
        Column(
            "silent_for",
            Kind.DURATION,
            "time since the agent's last heartbeat; missing where the machine was not "
            "seen in a queried workspace within the window",
            "",
            _BEATS,
            derived=True,
            inputs=("last_heartbeat",),
        ),
    ),
)

SCALE_SETS = Frame(
    "scale_sets",
    "a scale set",
    ("id",),
    (
        Column("id", Kind.TEXT, "resource id as Azure gave it", "id", _SETS),
        Column("name", Kind.TEXT, "name", "name", _SETS),
        Column("subscription_id", Kind.TEXT, "subscription id", "the subscription that was asked", _SETS),
        Column(
            "subscription_name", Kind.TEXT, "subscription's display name", "displayName", _SUBSCRIPTION, derived=True
        ),
        Column("resource_group", Kind.TEXT, "resource group", "id", _SETS),
        Column("location", Kind.TEXT, "region", "location", _SETS),
        Column(
            "os",
            Kind.WORD,
            "operating system of the model",
            "properties.virtualMachineProfile.storageProfile.osDisk.osType",
            _SETS,
            words=("windows", "linux"),
        ),
        Column("tags", Kind.TAGS, "tags", "tags", _SETS),
        Column(
            "managed_by",
            Kind.TEXT,
            "the service that made the scale set and manages it, or none",
            "tags, managedBy of the resource group",
            (*_SETS, (Source.RESOURCE_GROUPS,)),
            derived=True,
        ),
        Column(
            "orchestration_mode",
            Kind.WORD,
            "uniform: instances follow one model; flexible: instances are virtual machines of their own",
            "properties.orchestrationMode",
            _SETS,
            words=("uniform", "flexible"),
        ),
        Column(
            "upgrade_mode",
            Kind.WORD,
            "how a change of the model reaches the instances; none where Azure tells no mode",
            "properties.upgradePolicy.mode",
            _SETS,
            words=("manual", "automatic", "rolling", "none"),
        ),
        Column("capacity", Kind.NUMBER, "how many instances are asked for", "sku.capacity", _SETS),
        Column("created_at", Kind.TIME, "when the scale set was created", "properties.timeCreated", _SETS),
        Column(
            "instances_read",
            Kind.WORD,
            "whether the instances were read; none where they are virtual machines of their own",
            "",
            (*_SETS, (Source.SCALE_SET_INSTANCES,)),
            words=("yes", "no", "none"),
        ),
        Column("read_at", Kind.TIME, "when the scale set was read", "", _SETS),
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

INSTALLED_BY = ("instance_view", "guest_agent", "heartbeats", "arc")
"""Who can tell an installed version: the extension's or the handler's instance view, heartbeats, Arc's own property."""

EXTENSIONS = Frame(
    "extensions",
    "an extension on a machine, or in a scale set's model",
    ("machine_id", "id"),
    (
        Column("id", Kind.TEXT, "resource id as Azure gave it", "id", _EXTENSION),
        Column("machine_id", Kind.TEXT, "id of the machine or scale set whose answer held the row", "id", _EXTENSION),
        Column(
            "on",
            Kind.WORD,
            "where it stands: on a machine, or in a scale set's model",
            "",
            _EXTENSION,
            words=("machine", "model"),
        ),
        Column("publisher", Kind.TEXT, "publisher", "properties.publisher", _EXTENSION),
        Column("type", Kind.TEXT, "type", "properties.type", _EXTENSION),
        Column("name", Kind.TEXT, "resource name: free text", "name", _EXTENSION),
        Column(
            "auto_upgrade",
            Kind.WORD,
            "automatic upgrade by the platform",
            "properties.enableAutomaticUpgrade",
            _EXTENSION,
            words=("enabled", "disabled", "unset"),
        ),
        Column(
            "model_auto_upgrade",
            Kind.WORD,
            "the same setting in the scale set's model; none where no model holds the extension",
            "virtualMachineProfile.extensionProfile.extensions[].properties.enableAutomaticUpgrade",
            (*_EXTENSION, *_SETS),
            words=("enabled", "disabled", "unset", "none"),
            derived=True,
        ),
        Column(
            "auto_upgrade_minor",
            Kind.FLAG,
            "whether an install or a redeploy takes the newest minor version",
            "properties.autoUpgradeMinorVersion",
            _EXTENSION,
        ),
        Column(
            "requested_version",
            Kind.VERSION,
            "the version that was asked for; it does not move with upgrades",
            "properties.typeHandlerVersion",
            _EXTENSION,
        ),
        Column(
            "installed_version",
            Kind.VERSION,
            "the version that the machine runs, or ran when it last ran",
            "Heartbeat.Version, properties.typeHandlerVersion on Arc, instanceView.extensions[].typeHandlerVersion",
            _VERSION,
            _HEARD,
            beside=("agent_state", "last_known_version", "other_version"),
            told_by="installed_version_source",
            told_at="installed_version_at",
        ),
        Column(
            "installed_version_source",
            Kind.WORD,
            "who told the installed version",
            "",
            _VERSION,
            _HEARD,
            words=INSTALLED_BY,
        ),
        Column("installed_version_at", Kind.TIME, "when the installed version was reported", "", _VERSION, _HEARD),
        Column(
            "last_known_version",
            Kind.VERSION,
            "the version that an Arc-enabled server last told, where it is too long ago to count as installed",
            "properties.typeHandlerVersion on Arc",
            ((Source.ARC_EXTENSIONS,),),
            told_at="last_known_at",
        ),
        Column("last_known_at", Kind.TIME, "when the server last told it", "", ((Source.ARC_EXTENSIONS,),)),
        Column(
            "other_version",
            Kind.VERSION,
            "what another source tells of the installed version, where it tells something else",
            "",
            _VERSION,
            _HEARD,
            told_by="other_version_source",
            told_at="other_version_at",
        ),
        Column(
            "other_version_source", Kind.WORD, "who told the other version", "", _VERSION, _HEARD, words=INSTALLED_BY
        ),
        Column("other_version_at", Kind.TIME, "when the other version was reported", "", _VERSION, _HEARD),
        Column("provisioning_state", Kind.TEXT, "state of the resource", "properties.provisioningState", _EXTENSION),
        Column(
            "instance_status",
            Kind.TEXT,
            "status that the extension reports",
            "properties.instanceView.extensions[].statuses[].code",
            _VIEW,
        ),
        Column("created_at", Kind.TIME, "when the extension was made", "", _LOG),
        Column(
            "latest_version",
            Kind.VERSION,
            "the highest version on offer in the region, of the installed major, not "
            "withdrawn; missing where the region offers no usable one",
            "",
            (*_VERSION, *_OFFER),
            derived=True,
            inputs=("installed_version",),
        ),
        Column(
            "newer_major",
            Kind.VERSION,
            "the highest version of a higher major on offer, or none",
            "",
            (*_VERSION, *_OFFER),
            derived=True,
        ),
        Column(
            "releases_behind",
            Kind.NUMBER,
            "distinct major.minor newer than the installed one, of the same major, not withdrawn",
            "",
            (*_VERSION, *_OFFER),
            derived=True,
            inputs=("installed_version", "latest_version"),
            beside=("last_known_version", "other_version"),
        ),
        Column(
            "releases_overdue",
            Kind.NUMBER,
            "those of them on offer for longer than a roll-out may take",
            "",
            (*_VERSION, *_OFFER),
            derived=True,
            inputs=("overdue_basis",),
        ),
        Column(
            "overdue_basis",
            Kind.WORD,
            "what the count of overdue releases rests on",
            "",
            (*_VERSION, *_OFFER),
            words=("none", "first_seen", "release_table", "estimated"),
            derived=True,
            inputs=("installed_version", "latest_version"),
        ),
        Column(
            "last_failure",
            Kind.WORD,
            "what became of the last failed create-or-update operation",
            "",
            (*_EXTENSION, *_LOG),
            _HEARD,
            words=("none", "superseded", "healed", "broken", "rolled_back", "retried", "unresolved"),
            derived=True,
            beside=(
                "last_failure_at",
                "last_failure_error",
                "provisioning_state",
                "instance_status",
                "installed_version",
                "last_heartbeat",
            ),
        ),
        Column("last_failure_at", Kind.TIME, "when the last failed operation ended", "", _LOG, derived=True),
        Column("last_failure_error", Kind.TEXT, "its error code and message, or none", "", _LOG, derived=True),
        Column(
            "unfinished_operation",
            Kind.WORD,
            "an operation of which no end was seen: recent within a day, else old",
            "",
            (*_EXTENSION, *_LOG),
            words=("none", "recent", "old"),
            derived=True,
        ),
    ),
)

VERSIONS = Frame(
    "versions",
    "a version that a region offers, by machine kind",
    ("machine_kind", "location", "publisher", "type", "version"),
    (
        Column("machine_kind", Kind.WORD, "for which kind of machine", "", _OFFER, words=("vm", "arc")),
        Column("location", Kind.TEXT, "region, without blanks and in lower case", "location", _OFFER),
        Column("publisher", Kind.TEXT, "publisher", "", _OFFER),
        Column("type", Kind.TEXT, "type", "", _OFFER),
        Column("version", Kind.VERSION, "version", "name", _OFFER),
        Column("withdrawn", Kind.WORD, "whether the release table says not to use it", "", _OFFER, words=("yes", "no")),
        Column("published", Kind.TIME, "when it was published, from the release table", "", _OFFER, bounds=True),
        Column("first_seen", Kind.TIME, "when a night first saw it in the region", "", _OFFER),
    ),
)

OPERATIONS = Frame(
    "operations",
    "one create-or-update (or delete) operation on an extension, folded from its events",
    ("id",),
    (
        Column("id", Kind.TEXT, "correlation id, resource and time of the first event", "", _LOG),
        Column("subscription_id", Kind.TEXT, "subscription", "", _LOG),
        Column("machine_id", Kind.TEXT, "the machine", "resourceId", _LOG),
        Column("extension_id", Kind.TEXT, "the extension", "resourceId", _LOG),
        Column(
            "action",
            Kind.WORD,
            "what was done",
            "operationName.value",
            _LOG,
            words=("write", "delete", "start", "power_off", "deallocate", "upgrade", "scale_set_write"),
        ),
        Column("started", Kind.TIME, "time of its first event, where its beginning was seen", "eventTimestamp", _LOG),
        Column("ended", Kind.TIME, "time of its last event that ends it", "eventTimestamp", _LOG),
        Column(
            "outcome",
            Kind.WORD,
            "running where no end was seen",
            "status.value",
            _LOG,
            words=("succeeded", "failed", "running"),
        ),
        Column(
            "initiator",
            Kind.WORD,
            "who began it",
            "claims, caller",
            _LOG,
            words=("platform", "person", "policy", "deployment", "unknown"),
        ),
        Column("caller", Kind.TEXT, "caller as logged, or unknown", "caller", _LOG),
        Column("error_code", Kind.TEXT, "error code", "subStatus.value, properties.statusMessage", _LOG),
        Column("error_message", Kind.TEXT, "error message", "properties.statusMessage", _LOG),
        Column("sub_status", Kind.TEXT, "last HTTP status as the log writes it", "subStatus.value", _LOG),
    ),
)

HEARTBEATS = Frame(
    "heartbeats",
    "a stay: a version reported without interruption by another",
    ("machine_id", "workspace", "version", "from"),
    (
        Column("machine_id", Kind.TEXT, "the machine", "_ResourceId", _BEATS),
        Column("version", Kind.VERSION, "the version it reported", "Version", _BEATS),
        Column("from", Kind.TIME, "first heartbeat of the stay", "TimeGenerated", _BEATS),
        Column("to", Kind.TIME, "last heartbeat of the stay", "TimeGenerated", _BEATS),
        Column("workspace", Kind.TEXT, "the workspace", "", _BEATS),
    ),
)

FRAMES: dict[str, Frame] = {
    frame.name: frame
    for frame in (
        *(READINGS, SUBSCRIPTIONS, RESOURCE_GROUPS, MACHINES, SCALE_SETS, EXTENSIONS, VERSIONS, OPERATIONS, HEARTBEATS),
    )
}

JUDGED = ("extensions", "machines")
"""The frames that a rule may ask for."""


def machine_column_in_extensions(name: str) -> str:
    """The name under which an extension rule sees its machine's column ``name``: prefixed where both have one."""
    return f"machine_{name}" if EXTENSIONS.column(name) is not None else name


def _widened() -> Frame:
    borrowed = []
    for column in MACHINES:
        if column.name in ("id", "read_at"):
            continue
        fields = {slot: getattr(column, slot) for slot in Column.__slots__}
        words = (*column.words, "scale_set") if column.name == "kind" else column.words
        borrowed.append(Column(**{**fields, "name": machine_column_in_extensions(column.name), "words": words}))
    return Frame(EXTENSIONS.name, EXTENSIONS.row, EXTENSIONS.key, (*EXTENSIONS.columns, *borrowed))


VIEWS: dict[str, Frame] = {"extensions": _widened(), "machines": MACHINES}
"""What a rule sees: an extension rule sees the columns of its machine too, or of its scale set."""


def rule_column(frame: str, name: str) -> Column | None:
    """The declared column that a rule over ``frame`` means by ``name``; ``tags.NAME`` is text. None: no such column."""
    view = VIEWS[frame]
    if name.startswith("tags.") and len(name) > len("tags."):
        tags = view.column("tags")
        return None if tags is None else Column(name, Kind.TEXT, f"tag {name[5:]!r}", tags.property, tags.rests_on)
    return view.column(name)
