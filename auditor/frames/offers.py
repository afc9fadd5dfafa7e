"""What a region offers, and how far an installed version is behind it.

A release is a distinct (major, minor). The latest is the highest version on offer that is not withdrawn, of the
installed major: majors are never upgraded automatically.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from auditor.frames.cells import lower, region
from auditor.frames.releases import ReleaseTable, on_offer_by
from auditor.model.memory import Memory
from auditor.model.version import Release, Version
from auditor.model.wanted import Product

Place = tuple[str, str, str, str]
"""(machine kind, location, publisher, type), in lower case; Arc has a list of its own."""

EVERYWHERE_AFTER = timedelta(days=14)
"""A release reaches all regions within a fortnight
(https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-manage)."""
MONTH = timedelta(days=30)


def places(kinds: pd.Series[Any], rows: pd.DataFrame) -> Iterator[Place]:
    """The place of each row: ``kinds`` are vm or arc; regions are compared without blanks."""
    told = (kinds, region(rows["location"]), lower(rows["publisher"]), lower(rows["type"]))
    return zip(*(column.tolist() for column in told), strict=True)


def product_of(place: Place) -> Product:
    """What is offered there."""
    return (place[0], *place[2:])


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
        product = product_of(place)
        usable = [version for version in self.versions.get(place, ()) if not self.table.is_withdrawn(product, version)]
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
        month = self.table.month(product_of(place), hotfixes[0].release)
        if month is not None:
            return self.as_of - on_offer_by(month, EVERYWHERE_AFTER) > rollout, "release_table"
        return newer >= max(1, rollout // MONTH), "estimated"


def _weakest(bases: list[str]) -> str:
    return next((basis for basis in ("estimated", "release_table", "first_seen") if basis in bases), "none")
