"""What the stages hand over as a whole: the survey, a shard's scope, a shard's result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from auditor.model.reading import Reading, Row, Source, Traffic


@dataclass(frozen=True)
class Survey:
    """What spans the estate and is read once.

    ``rows`` by frame: subscriptions, machines (as the lists tell them), versions, heartbeats. ``readable`` are the ids
    of the subscriptions to audit, as Azure gave them, sorted.
    """

    rows: Mapping[str, list[Row]]
    readings: tuple[Reading, ...]
    readable: tuple[str, ...]

    def machines_of(self, subscription_id: str) -> list[Row]:
        return self._machines.get(subscription_id, [])

    @cached_property
    def _machines(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.rows.get("machines", []):
            found.setdefault(str(row["subscription_id"]), []).append(row)
        return found


@dataclass(frozen=True, slots=True)
class ShardScope:
    """A batch of subscriptions that are audited together. ``name`` names its folder."""

    name: str
    subscriptions: tuple[str, ...]


@dataclass(frozen=True)
class ShardResult:
    """One shard's folder: Parquet frames with verdicts and readings, and a manifest with their hashes."""

    folder: Path
    machines: int
    traffic: Mapping[Source, Traffic] = field(default_factory=dict)
