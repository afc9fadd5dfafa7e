"""The frames and their columns, declared once.

A declaration validates the frame, documents it, tells which readings a column rests on, and is what rules are checked
against. A missing value always means "not known"; what was read and is not there has a word of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.reading import Source


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


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``property`` is the Azure property it comes from; ``rests_on`` the sources whose readings cover it.

    ``helped_by`` are optional sources: where one is configured the column knows more. ``bounds`` columns are stored as
    two, ``NAME.low`` and ``NAME.high``: the truth lies between them, and a missing end is open. ``inputs`` are the
    columns without which a derived one is missing, ``beside`` those that explain it: a finding shows both.
    ``told_by`` and ``told_at`` name the columns that say, row by row, which source told this one and when.
    """

    name: str
    kind: Kind
    meaning: str
    property: str = ""
    rests_on: tuple[Source, ...] = ()
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


_LIST = (Source.VIRTUAL_MACHINES,)
_VIEW = (Source.INSTANCE_VIEW,)
_LOG = (Source.ACTIVITY_LOG,)
_OFFER = (Source.EXTENSION_VERSIONS,)
_BEATS = (Source.HEARTBEATS,)

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
    ),
)

SUBSCRIPTIONS = Frame(
    "subscriptions",
    "one subscription in scope",
    ("id",),
    (
        Column("id", Kind.TEXT, "subscription id", "subscriptionId", (Source.SUBSCRIPTIONS,)),
        Column("name", Kind.TEXT, "display name", "displayName", (Source.SUBSCRIPTIONS,)),
        Column("tenant", Kind.TEXT, "tenant id", "tenantId", (Source.SUBSCRIPTIONS,)),
        Column("state", Kind.TEXT, "Enabled, Warned, PastDue, Disabled or Deleted", "state", (Source.SUBSCRIPTIONS,)),
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
        Column("subscription_name", Kind.TEXT, "subscription's display name", "displayName", (Source.SUBSCRIPTIONS,)),
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
            "properties.instanceView.statuses[].code",
            _VIEW,
            words=("running", "stopped", "disconnected", "expired"),
        ),
        Column(
            "power_state", Kind.TEXT, "power state as Azure writes it", "properties.instanceView.statuses[].code", _VIEW
        ),
        Column("created_at", Kind.TIME, "when the machine was created", "properties.timeCreated", _LIST),
        Column("tags", Kind.TAGS, "tags", "tags", _LIST),
        Column(
            "scale_set_id",
            Kind.TEXT,
            "the scale set it belongs to, or none",
            "properties.virtualMachineScaleSet.id",
            _LIST,
        ),
        Column("identity_kind", Kind.TEXT, "kinds of managed identity, or none", "identity.type", _LIST),
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
            "extensions_read", Kind.WORD, "whether the machine's extensions were read", "", _VIEW, words=("yes", "no")
        ),
        Column("read_at", Kind.TIME, "when the machine itself was read", "", _VIEW),
        Column(
            "last_ran",
            Kind.TIME,
            "when the machine last ran",
            "",
            (*_VIEW, *_LOG),
            _BEATS,
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
            (*_VIEW, *_LOG),
            _BEATS,
            words=("instance_view", "activity_log", "heartbeats"),
            derived=True,
        ),
        Column(
            "days_stopped",
            Kind.DURATION,
            "for how long the machine has not run; zero while it runs",
            "",
            (*_VIEW, *_LOG),
            _BEATS,
            bounds=True,
            derived=True,
            inputs=("last_ran", "power_state"),
            told_by="last_ran_source",
        ),
        Column("monitor_agents", Kind.NUMBER, "how many Azure Monitor Agents the machine has", "", _VIEW, derived=True),
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
        Column("id", Kind.TEXT, "resource id", "id"),
        Column("name", Kind.TEXT, "name", "name"),
    ),
)

EXTENSIONS = Frame(
    "extensions",
    "an extension on a machine, or in a scale set's model",
    ("machine_id", "id"),
    (
        Column("id", Kind.TEXT, "resource id as Azure gave it", "resources[].id", _VIEW),
        Column("machine_id", Kind.TEXT, "id of the machine whose answer held the row", "id", _VIEW),
        Column("on", Kind.WORD, "where it stands", "", _VIEW, words=("machine", "model")),
        Column("publisher", Kind.TEXT, "publisher", "resources[].properties.publisher", _VIEW),
        Column("type", Kind.TEXT, "type", "resources[].properties.type", _VIEW),
        Column("name", Kind.TEXT, "resource name: free text", "resources[].name", _VIEW),
        Column(
            "auto_upgrade",
            Kind.WORD,
            "automatic upgrade by the platform",
            "resources[].properties.enableAutomaticUpgrade",
            _VIEW,
            words=("enabled", "disabled", "unset"),
        ),
        Column(
            "model_auto_upgrade",
            Kind.WORD,
            "the same setting in the scale set's model; none on a machine of its own",
            "virtualMachineProfile.extensionProfile.extensions[].properties.enableAutomaticUpgrade",
            _VIEW,
            words=("enabled", "disabled", "unset", "none"),
        ),
        Column(
            "auto_upgrade_minor",
            Kind.FLAG,
            "whether an install or a redeploy takes the newest minor version",
            "resources[].properties.autoUpgradeMinorVersion",
            _VIEW,
        ),
        Column(
            "requested_version",
            Kind.VERSION,
            "the version that was asked for; it does not move with upgrades",
            "resources[].properties.typeHandlerVersion",
            _VIEW,
        ),
        Column(
            "installed_version",
            Kind.VERSION,
            "the version that the machine runs, or ran when it last ran",
            "properties.instanceView.extensions[].typeHandlerVersion",
            _VIEW,
            _BEATS,
            beside=("agent_state",),
            told_by="installed_version_source",
            told_at="installed_version_at",
        ),
        Column(
            "installed_version_source",
            Kind.WORD,
            "who told the installed version",
            "",
            _VIEW,
            _BEATS,
            words=("instance_view", "guest_agent", "heartbeats"),
        ),
        Column("installed_version_at", Kind.TIME, "when the installed version was reported", "", _VIEW, _BEATS),
        Column(
            "provisioning_state", Kind.TEXT, "state of the resource", "resources[].properties.provisioningState", _VIEW
        ),
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
            (*_VIEW, *_OFFER),
            derived=True,
            inputs=("installed_version",),
        ),
        Column(
            "newer_major",
            Kind.VERSION,
            "the highest version of a higher major on offer, or none",
            "",
            (*_VIEW, *_OFFER),
            derived=True,
        ),
        Column(
            "releases_behind",
            Kind.NUMBER,
            "distinct major.minor newer than the installed one, of the same major, not withdrawn",
            "",
            (*_VIEW, *_OFFER),
            derived=True,
            inputs=("installed_version", "latest_version"),
        ),
        Column(
            "releases_overdue",
            Kind.NUMBER,
            "those of them on offer for longer than a roll-out may take",
            "",
            (*_VIEW, *_OFFER),
            derived=True,
            inputs=("overdue_basis",),
        ),
        Column(
            "overdue_basis",
            Kind.WORD,
            "what the count of overdue releases rests on",
            "",
            (*_VIEW, *_OFFER),
            words=("none", "first_seen", "release_table", "estimated"),
            derived=True,
            inputs=("installed_version", "latest_version"),
        ),
        Column(
            "last_failure",
            Kind.WORD,
            "what became of the last failed create-or-update operation",
            "",
            (*_VIEW, *_LOG),
            _BEATS,
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
            (*_VIEW, *_LOG),
            words=("none", "recent", "old"),
            derived=True,
        ),
    ),
)

VERSIONS = Frame(
    "versions",
    "a version that a region offers, by machine kind",
    ("location", "publisher", "type", "version"),
    (
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
            words=("write", "delete", "start", "power_off", "deallocate"),
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
    for frame in (READINGS, SUBSCRIPTIONS, MACHINES, SCALE_SETS, EXTENSIONS, VERSIONS, OPERATIONS, HEARTBEATS)
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
        borrowed.append(Column(**{**fields, "name": machine_column_in_extensions(column.name)}))
    return Frame(EXTENSIONS.name, EXTENSIONS.row, EXTENSIONS.key, (*EXTENSIONS.columns, *borrowed))


VIEWS: dict[str, Frame] = {"extensions": _widened(), "machines": MACHINES}
"""What a rule sees: an extension rule sees its machine's columns too."""


def rule_column(frame: str, name: str) -> Column | None:
    """The declared column that a rule over ``frame`` means by ``name``; ``tags.NAME`` is text. None: no such column."""
    view = VIEWS[frame]
    if name.startswith("tags.") and len(name) > len("tags."):
        tags = view.column("tags")
        return None if tags is None else Column(name, Kind.TEXT, f"tag {name[5:]!r}", tags.property, tags.rests_on)
    return view.column(name)
