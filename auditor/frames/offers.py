"""What a region offers, and how far an installed version is behind it.

A release is a distinct (major, minor). The latest is the highest version on offer that is not withdrawn, of the
installed major: majors are never upgraded automatically.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pandas as pd

from auditor.frames.cells import lower, region
from auditor.model.memory import Memory
from auditor.model.rule import ReleaseRow
from auditor.model.version import Release, Version

Agent = tuple[str, str]
"""(publisher, type), in lower case."""
Place = tuple[str, str, str, str]
"""(machine kind, location, publisher, type), in lower case; Arc has a list of its own."""

EVERYWHERE_AFTER = timedelta(days=14)
"""A release reaches all regions within a fortnight
(https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-manage)."""
MONTH = timedelta(days=30)


def places(kinds: pd.Series[Any], rows: pd.DataFrame) -> Iterator[Place]:
    """The place of each row: ``kinds`` are vm or arc; regions are compared without blanks."""
    return zip(kinds, region(rows["location"]), lower(rows["publisher"]), lower(rows["type"]), strict=True)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind; ``basis`` says what the count of overdue releases rests on.

    All but ``newer_major`` is None where the place offers no usable version of the installed major.
    """

    newer_major: str
    latest: str | None = None
    behind: int | None = None
    overdue: int | None = None
    basis: str | None = None


@dataclass(frozen=True)
class ReleaseTable:
    """The published table, by (publisher, type) in lower case.

    ``months``: the first month in which anything of a release was published; ``exact``: the month of each version that
    is named in full; ``withdrawn``: versions, and releases all of whose hotfixes are (``1.37.x``).
    """

    months: Mapping[Agent, Mapping[Release, date]]
    exact: Mapping[Agent, Mapping[Version, date]]
    withdrawn: Mapping[Agent, frozenset[Version | Release]]

    @classmethod
    def of(cls, rows: Iterable[ReleaseRow]) -> ReleaseTable:
        months: dict[Agent, dict[Release, date]] = defaultdict(dict)
        exact: dict[Agent, dict[Version, date]] = defaultdict(dict)
        withdrawn: dict[Agent, set[Version | Release]] = defaultdict(set)
        for row in rows:
            agent = (row.publisher.lower(), row.type.lower())
            for version, release in _named(row):
                if row.withdrawn:
                    withdrawn[agent].add(version or release)
                if row.month is not None:
                    months[agent][release] = min(row.month, months[agent].get(release, row.month))
                    if version is not None:
                        exact[agent][version] = min(row.month, exact[agent].get(version, row.month))
        return cls(months, exact, {agent: frozenset(named) for agent, named in withdrawn.items()})

    def is_withdrawn(self, agent: Agent, version: Version) -> bool:
        return not {version, version.release}.isdisjoint(self.withdrawn.get(agent, ()))

    def month(self, agent: Agent, release: Release) -> date | None:
        return self.months.get(agent, {}).get(release)

    def published(self, agent: Agent, version: Version) -> tuple[datetime | None, datetime | None]:
        """Bounds of the time of publication.

        A version that the table does not name is not older than its release; one of a release newer than the table is
        not older than the table's end.
        """
        exact = self.exact.get(agent, {}).get(version)
        if exact is not None:
            return _midnight(exact), _end_of(exact)
        known = self.months.get(agent, {})
        if version.release in known:
            return _midnight(known[version.release]), None
        if known and version.release > max(known):
            return _end_of(max(known.values())), None
        return None, None


def _named(row: ReleaseRow) -> Iterator[tuple[Version | None, Release]]:
    """What a row of the table names: ``1.35.1`` with its release, with ``1.37.x`` (any hotfix) a release alone."""
    for text in row.versions:
        version = Version.read(text.removesuffix(".x"))
        if version is not None:
            yield (None if text.endswith(".x") else version), version.release


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
            version for version in self.versions.get(place, ()) if not self.table.is_withdrawn(place[2:], version)
        ]
        if not usable:
            return None
        newer_major = str(max(usable)) if max(usable).major > installed.major else "none"
        same_major = [version for version in usable if version.major == installed.major]
        if not same_major:
            return Lag(newer_major)
        hotfixes: dict[Release, list[Version]] = defaultdict(list)
        for version in sorted(version for version in same_major if version.release > installed.release):
            hotfixes[version.release].append(version)
        judged = [
            self._overdue(place, versions, len(hotfixes) - position, rollout)
            for position, versions in enumerate(hotfixes.values(), start=1)
        ]
        return Lag(
            newer_major=newer_major,
            latest=str(max(same_major)),
            behind=len(hotfixes),
            overdue=sum(overdue for overdue, _basis in judged),
            basis=_weakest([basis for _overdue, basis in judged]),
        )

    def _overdue(self, place: Place, hotfixes: list[Version], newer: int, rollout: timedelta) -> tuple[bool, str]:
        """Whether a release has been on offer for longer than a roll-out may take, and how that is known.

        ``hotfixes`` are its usable versions in order, ``newer`` counts the newer releases on offer. What earlier nights
        saw counts only where they saw its first hotfix arrive: one that was there before them makes the release older.
        """
        seen = [self.memory.first_seen.get((*place, str(version).lower())) for version in hotfixes]
        if seen[0] is not None:
            return self.as_of - min(filter(None, seen)) > rollout, "first_seen"
        month = self.table.month(place[2:], hotfixes[0].release)
        if month is not None:
            return self.as_of - (_midnight(month) + EVERYWHERE_AFTER) > rollout, "release_table"
        return newer >= max(1, rollout // MONTH), "estimated"


def _weakest(bases: list[str]) -> str:
    return next((basis for basis in ("estimated", "release_table", "first_seen") if basis in bases), "none")
