"""Adds the columns that carry the field's knowledge, so that rules stay short.

A derived column is missing unless complete readings cover what it counts or searches; one whose inputs are missing is
missing: never a default.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from auditor.frames.build import Frames
from auditor.frames.cells import region
from auditor.frames.coverage import Coverage
from auditor.frames.extensions import with_failures, with_heartbeat_versions, with_lag, with_machines
from auditor.frames.failures import Stay
from auditor.frames.machines import with_machine_columns
from auditor.frames.offers import Offers, Place, ReleaseTable
from auditor.model.memory import Memory
from auditor.model.reading import Source
from auditor.model.rule import ReleaseRow
from auditor.model.version import Version


@dataclass(frozen=True)
class Context:
    """What deriving needs besides the frames: the release table, what earlier nights saw, and the clock.

    ``rollout`` is by kind of machine: how long an automatic roll-out may take.
    """

    releases: tuple[ReleaseRow, ...]
    memory: Memory
    rollout: Mapping[str, timedelta]
    as_of: datetime


def derive(frames: Frames, context: Context) -> Frames:
    """The frames with their derived columns; ``extensions`` becomes the view that rules see, with machine columns."""
    coverage = Coverage.of(frames["readings"])
    table = ReleaseTable.of(context.releases)
    # Where one workspace was not read, what the others say may be overtaken by what it would say.
    stays = _stays(frames["heartbeats"]) if coverage.covers_all(Source.HEARTBEATS) else {}
    versions = _with_knowledge(frames["versions"], table, context.memory)
    machines = with_machine_columns(frames, coverage, stays, context.as_of)
    offers = Offers(_offered(versions), table, context.memory, context.as_of)
    extensions = with_heartbeat_versions(frames["extensions"], machines, stays, context.as_of)
    extensions = with_lag(with_machines(extensions, machines), offers, coverage, context.rollout)
    extensions = with_failures(extensions, frames["operations"], coverage, stays, context.as_of)
    return {**frames, "versions": versions, "machines": machines, "extensions": extensions}


def _stays(heartbeats: pd.DataFrame) -> dict[str, list[Stay]]:
    """Stays by machine id in lower case, in order of time; what several workspaces heard of one stay is one stay."""
    heard: dict[str, list[Stay]] = defaultdict(list)
    rows = heartbeats[["machine_id", "version", "from", "to"]].sort_values(["from", "to", "version"])
    for machine, version, since, until in rows.itertuples(index=False):
        stay = Stay(version, since.to_pydatetime(), until.to_pydatetime())
        stays = heard[machine.lower()]
        if stays and stays[-1].version == stay.version:
            before = stays.pop()
            stay = Stay(version, before.since, max(before.until, stay.until))
        stays.append(stay)
    return heard


def _with_knowledge(versions: pd.DataFrame, table: ReleaseTable, memory: Memory) -> pd.DataFrame:
    """What the release table and earlier nights know of each version on offer."""
    known = versions.copy()
    withdrawn, low, high, first = [], [], [], []
    for location, publisher, kind, text in _offer_rows(versions):
        version = Version.read(text)
        agent = (publisher.lower(), kind.lower())
        withdrawn.append(None if version is None else "yes" if table.is_withdrawn(agent, version) else "no")
        bounds = (None, None) if version is None else table.published(agent, version)
        low.append(bounds[0])
        high.append(bounds[1])
        first.append(memory.first_seen.get((location, *agent, text.lower())))
    known["withdrawn"] = pd.Series(withdrawn, dtype="str")
    for name, values in (("published.low", low), ("published.high", high), ("first_seen", first)):
        known[name] = pd.Series(values, dtype="datetime64[us, UTC]")
    return known


def _offer_rows(versions: pd.DataFrame) -> Iterator[tuple[str, str, str, str]]:
    columns = (versions[name] for name in ("publisher", "type", "version"))
    return zip(versions["location"].map(region), *columns, strict=True)


def _offered(versions: pd.DataFrame) -> dict[Place, tuple[Version, ...]]:
    """The versions that each place offers, in order; names that are no versions are passed over."""
    offered: dict[Place, set[Version]] = defaultdict(set)
    for location, publisher, kind, text in _offer_rows(versions):
        version = Version.read(text)
        if version is not None:
            offered[location, publisher.lower(), kind.lower()].add(version)
    return {place: tuple(sorted(found)) for place, found in offered.items()}
