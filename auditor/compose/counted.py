"""What is counted over all shards: things that are alike in all that the report asks about, with their number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from auditor.model.reading import Row, Source


class Machines(NamedTuple):
    """Machines that are alike in all that the report counts by. ``subscription`` is an id in lower case."""

    subscription: str
    kind: str
    availability: str | None
    managed_by: str | None
    unread: bool
    without_agent: bool
    failing: bool


class Agents(NamedTuple):
    """Agents that run one version in one region, with the latest there and the releases behind."""

    region: str
    type: str
    installed: str
    latest: str | None
    behind: int | None


class ScaleSets(NamedTuple):
    """Scale sets that are alike in what the report counts by."""

    subscription: str
    managed_by: str | None
    instances_read: str | None


class Place(NamedTuple):
    """Where a machine or a scale set is, by the names that people know."""

    name: str
    kind: str
    subscription: str


class Unsettled(NamedTuple):
    """An operation that failed or has no end; ``became`` are the words of the failures that it may have left."""

    operation: Mapping[str, Any]
    place: Place | None
    became: tuple[str | None, ...]


class Covered(NamedTuple):
    """How a source answered for machines of a kind: answered, unanswered (not wholly), not_asked."""

    kind: str
    source: Source
    state: str


@dataclass
class Summed:
    """How a source answered: questions, complete answers, rows, the first and the last time."""

    asked: int = 0
    complete: int = 0
    rows: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, row: Row, read_at: datetime) -> None:
        self.asked += 1
        self.complete += row["complete"] == "yes"
        self.rows += int(str(row["rows"] or 0))
        self.first = min(self.first or read_at, read_at)
        self.last = max(self.last or read_at, read_at)
