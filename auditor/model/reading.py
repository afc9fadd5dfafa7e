"""A reading: one answer that was asked for, empty ones too. A gap is a reading that is not complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

GONE = "gone during the run"
"""Reason of a complete reading of a machine that was listed, answered 404, and is no longer listed: it was deleted."""

Row = dict[str, object]
"""A row of a frame by column name; a key that is absent or None means "not known"."""


class Source(StrEnum):
    """What can be asked, by subject, and what one answer (the reading's scope) covers; who answered is its ``by``."""

    SUBSCRIPTIONS = "subscriptions"
    """The subscriptions that the identity can see. Scope: a subscription id, or ``tenant`` for the list itself."""
    MANAGEMENT_GROUPS = "management_groups"
    """The subscriptions below a management group. Scope: the group's id."""
    RESOURCE_GROUPS = "resource_groups"
    """A subscription's resource groups, and who manages them. Scope: a subscription id."""
    VIRTUAL_MACHINES = "virtual_machines"
    """A subscription's list of virtual machines. Scope: a subscription id."""
    SCALE_SETS = "scale_sets"
    """A subscription's scale sets with their models. Scope: a subscription id."""
    SCALE_SET_INSTANCES = "scale_set_instances"
    """The instances of a uniform scale set, with extensions and instance views. Scope: the scale set's id."""
    ARC_MACHINES = "arc_machines"
    """A subscription's Arc-enabled servers. Scope: a subscription id."""
    EXTENSIONS = "extensions"
    """The extensions on a subscription's virtual machines, in bulk. Scope: a subscription id."""
    ARC_EXTENSIONS = "arc_extensions"
    """The extensions on Arc-enabled servers. Scope: a subscription id, or the id of a server read by itself."""
    INSTANCE_VIEW = "instance_view"
    """One machine with its extensions and its instance view. Scope: the machine's id."""
    EXTENSION_VERSIONS = "extension_versions"
    """The versions that a region offers to virtual machines. Scope: ``location/publisher/type``."""
    ARC_EXTENSION_VERSIONS = "arc_extension_versions"
    """The versions that a region offers to Arc-enabled servers. Scope: ``location/publisher/type``."""
    ACTIVITY_LOG = "activity_log"
    """Operations of Microsoft.Compute in a subscription within a window. Scope: a subscription id."""
    ARC_ACTIVITY_LOG = "arc_activity_log"
    """Operations of Microsoft.HybridCompute in a subscription within a window. Scope: a subscription id."""
    DATA_COLLECTION_RULES = "data_collection_rules"
    """A subscription's data collection rules, and where they send to. Scope: a subscription id."""
    DATA_COLLECTION_RULE_ASSOCIATIONS = "data_collection_rule_associations"
    """Which rules are associated with machines and scale sets. Scope: a subscription id, or the id of one of them."""
    HEARTBEATS = "heartbeats"
    """Agent versions reported to a workspace within a window. Scope: a workspace id."""


class Service(StrEnum):
    """Who answered. Resource Graph rows are minutes to hours old; the others tell what is."""

    RESOURCE_MANAGER = "resource_manager"
    RESOURCE_GRAPH = "resource_graph"
    LOG_ANALYTICS = "log_analytics"


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one question.

    ``complete`` says that the answer covers the whole scope and window; then "nothing there" is knowledge. Where it
    does not, ``reason`` says what happened and ``close`` which permission or setting would close the gap.
    ``status`` is the last HTTP status, None where no answer came. Times are aware UTC. ``by`` is who answered, or was
    asked last.
    """

    source: Source
    scope: str
    complete: bool
    rows: int
    read_at: datetime
    window_start: datetime | None = None
    window_end: datetime | None = None
    status: int | None = None
    reason: str | None = None
    close: str | None = None
    by: Service = Service.RESOURCE_MANAGER

    def as_row(self) -> Row:
        """The reading as a row of the frame ``readings``."""
        return {
            "source": str(self.source),
            "scope": self.scope.lower(),
            "complete": "yes" if self.complete else "no",
            "rows": self.rows,
            "read_at": self.read_at,
            "window_start": self.window_start,
            "window_end": self.window_end,
            "status": self.status,
            "reason": self.reason,
            "close": self.close,
            "by": str(self.by),
        }


@dataclass(slots=True)
class Harvest:
    """What a source brought home: rows by frame name, and the readings that say how far they can be trusted."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)

    def add(self, frame: str, row: Row) -> None:
        self.rows.setdefault(frame, []).append(row)

    def join(self, other: Harvest) -> None:
        """Take in all that ``other`` holds."""
        for frame, rows in other.rows.items():
            self.rows.setdefault(frame, []).extend(rows)
        self.readings.extend(other.readings)


@dataclass(frozen=True, slots=True)
class Traffic:
    """How often a source was asked: requests sent, of those retried and throttled (429), and bytes received."""

    sent: int = 0
    retried: int = 0
    throttled: int = 0
    bytes: int = 0

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(
            self.sent + other.sent,
            self.retried + other.retried,
            self.throttled + other.throttled,
            self.bytes + other.bytes,
        )


Requests = Mapping[Source, Traffic]
"""What was asked of Azure, by source."""


def version_scope(location: str, publisher: str, kind: str) -> str:
    """The scope of a reading of a region's versions: region without blanks, publisher and type, in lower case."""
    return f"{''.join(location.split())}/{publisher}/{kind}".lower()
