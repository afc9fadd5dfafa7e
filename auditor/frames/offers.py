"""What a region offers, and how far an installed version is behind it.

A release is a distinct (major, minor). The latest is the highest version on offer that is not withdrawn, of the
installed major: majors are never upgraded automatically.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from auditor.model.memory import Memory
from auditor.model.rule import ReleaseRow
from auditor.model.version import Release, Version

Place = tuple[str, str, str]
"""(location, publisher, type), in lower case."""

EVERYWHERE_AFTER = timedelta(days=14)
"""A release reaches all regions within a fortnight
(https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-manage)."""
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind; ``basis`` says what the count of overdue releases rests on."""

    latest: str
    newer_major: str
    behind: int
    overdue: int
    basis: str


@dataclass(frozen=True)
class ReleaseTable:
    """The published table, by (publisher, type) in lower case."""

    months: Mapping[tuple[str, str], Mapping[Release, date]]
    withdrawn: Mapping[tuple[str, str], frozenset[Version]]
    last_month: Mapping[tuple[str, str], date]

    @classmethod
    def of(cls, rows: Iterable[ReleaseRow]) -> ReleaseTable:
        months: dict[tuple[str, str], dict[Release, date]] = defaultdict(dict)
        withdrawn: dict[tuple[str, str], set[Version]] = defaultdict(set)
        for row in rows:
            agent = (row.publisher.lower(), row.type.lower())
            if row.withdrawn:
                withdrawn[agent].update(version for version in map(Version.read, row.versions) if version)
            if row.month is not None:
                for release in filter(None, map(_release, row.versions)):
                    months[agent][release] = min(row.month, months[agent].get(release, row.month))
        return cls(
            months,
            {agent: frozenset(versions) for agent, versions in withdrawn.items()},
            {agent: max(found.values()) for agent, found in months.items() if found},
        )

    def is_withdrawn(self, agent: tuple[str, str], version: Version) -> bool:
        return version in self.withdrawn.get(agent, frozenset())

    def month(self, agent: tuple[str, str], release: Release) -> date | None:
        return self.months.get(agent, {}).get(release)

    def published(self, agent: tuple[str, str], version: Version) -> tuple[datetime | None, datetime | None]:
        """Bounds of the time of publication; a release newer than the table is younger than the table's end."""
        month = self.month(agent, version.release)
        if month is not None:
            return _midnight(month), _end_of(month)
        known = self.months.get(agent, {})
        if known and version.release > max(known):
            return _end_of(self.last_month[agent]), None
        return None, None


def _release(text: str) -> Release | None:
    """The release of ``1.35.1``, of ``1.37.x`` (any hotfix) and of ``1.36``."""
    version = Version.read(text.removesuffix(".x"))
    return version.release if version else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _end_of(month: date) -> datetime:
    days = calendar.monthrange(month.year, month.month)[1]
    return _midnight(month.replace(day=1)) + timedelta(days=days)


@dataclass(frozen=True)
class Offers:
    """All that the regions offer, with what is known of each version."""

    versions: Mapping[Place, tuple[Version, ...]]
    table: ReleaseTable
    memory: Memory
    as_of: datetime
    _seen: dict[tuple[Place, str, timedelta], Lag | None] = field(default_factory=dict)

    def lag(self, place: Place, installed: str, rollout: timedelta) -> Lag | None:
        """How far ``installed`` is behind what ``place`` offers; None where that cannot be told."""
        key = (place, installed, rollout)
        if key not in self._seen:
            version = Version.read(installed)
            self._seen[key] = self._lag(place, version, rollout) if version else None
        return self._seen[key]

    def _lag(self, place: Place, installed: Version, rollout: timedelta) -> Lag | None:
        usable = [
            version for version in self.versions.get(place, ()) if not self.table.is_withdrawn(place[1:], version)
        ]
        same_major = [version for version in usable if version.major == installed.major]
        if not same_major:
            return None
        newer_majors = [version for version in usable if version.major > installed.major]
        newer = sorted({version.release for version in same_major if version.release > installed.release})
        judged = [self._overdue(place, release, newer, rollout) for release in newer]
        return Lag(
            latest=str(max(same_major)),
            newer_major=str(max(newer_majors)) if newer_majors else "none",
            behind=len(newer),
            overdue=sum(overdue for overdue, _basis in judged),
            basis=_weakest([basis for _overdue, basis in judged]),
        )

    def _overdue(self, place: Place, release: Release, newer: list[Release], rollout: timedelta) -> tuple[bool, str]:
        """Whether ``release`` has been on offer for longer than a roll-out may take, and how that is known."""
        location, publisher, kind = place
        first = [
            seen
            for version in self.versions.get(place, ())
            if version.release == release
            and (seen := self.memory.first_seen.get((location, publisher, kind, str(version).lower()))) is not None
        ]
        if first:
            return self.as_of - min(first) > rollout, "first_seen"
        month = self.table.month((publisher, kind), release)
        if month is not None:
            return self.as_of - (_midnight(month) + EVERYWHERE_AFTER) > rollout, "release_table"
        later = sum(1 for other in newer if other > release)
        return later >= rollout // MONTH, "estimated"


def _weakest(bases: list[str]) -> str:
    return next((basis for basis in ("estimated", "release_table", "first_seen") if basis in bases), "none")
