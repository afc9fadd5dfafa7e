"""The monitor agent's releases by month, and which of them a region has.

The months up to 2025-10 are Microsoft's published ones; the simulator lets them go on at the same pace.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_PUBLISHED = """\
2022-01|1.1.5.1|1.15.2.0
2022-05|1.5.0.0|1.21.0
2022-08|1.8.0|1.22.2
2022-10|1.10.0.0|1.24.2
2023-01|1.12.0|1.25.1
2023-02|1.13.1|1.25.2
2023-05|1.16.0.0|1.26.2 1.26.3 1.26.4 1.26.5
2023-06|1.17.0|1.27.4
2023-10|1.21.0|1.28.11
2023-12|1.22.0|1.29.4
2024-01|1.23.0|1.29.5 1.29.6
2024-02|1.24.0|1.30.3 1.30.2
2024-03|1.25.0|1.31.0
2024-04|1.26.0|1.31.1
2024-05|1.27.0|
2024-06|1.28.2|
2024-08|1.29.0|1.32.6
2024-09||1.33.1
2024-10|1.30.0|
2024-11|1.31.0|
2025-01|1.32.0|1.33.4
2025-03|1.34.0|1.34.5
2025-05|1.35.1|1.35.1 1.35.4 1.35.5 1.35.6 1.35.7
2025-06|1.36.0|1.35.8 1.35.9
2025-08|1.37.0|1.36.1
2025-09|1.38.1|1.37.0
2025-10|1.39.0|1.38.0 1.38.1
"""
_NEXT = {"Windows": 40, "Linux": 39}
"""The minor numbers of 2025-11, the first month that is not in the table."""

_DAY_OF_MONTH = 14
_REGION_LAGS = {
    "eastus": 2, "westeurope": 5, "southeastasia": 9, "japaneast": 16, "japanwest": 44,
    "eastus2": 2, "westus2": 3, "centralus": 4, "northeurope": 5, "uksouth": 7, "germanywestcentral": 10,
    "australiaeast": 12, "koreacentral": 14, "brazilsouth": 20, "centralindia": 11,
}  # fmt: skip
"""Days from the release until the region has it."""
_OLDEST_LISTED = {"japanwest": timedelta(days=900), "southeastasia": timedelta(days=1100)}

LOCATIONS = tuple(_REGION_LAGS)
COMMON_LOCATIONS = ("eastus", "westeurope", "southeastasia", "japaneast", "japaneast", "japaneast", "japanwest")
"""Where a small estate stands: as often as each is named."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A version and when the region got it."""

    version: str
    since: datetime

    @property
    def number(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split("."))


@lru_cache(maxsize=256)
def offered(location: str, os: str, now: datetime) -> tuple[Offered, ...]:
    """What the region offers for ``Windows`` or ``Linux`` at ``now``, oldest number first."""
    lag, oldest = timedelta(days=_REGION_LAGS[location]), now - _OLDEST_LISTED.get(location, timedelta(days=9000))
    found = [
        Offered(version, released + lag)
        for released, versions in _releases(os, now)
        for version in versions
        if oldest < released and released + lag <= now
    ]
    return tuple(sorted(found, key=lambda each: each.number))


@lru_cache(maxsize=256)
def releases(location: str, os: str, now: datetime) -> tuple[Offered, ...]:
    """The same with one version, the highest, for each major.minor."""
    by_release = {each.number[:2]: each for each in offered(location, os, now)}
    return tuple(by_release.values())


def notes(os: str, now: datetime) -> list[tuple[str, list[str]]]:
    """What a page of release notes would tell since the months that are published: month and versions."""
    last = _PUBLISHED.splitlines()[-1].partition("|")[0]
    told = ((f"{day:%Y-%m}", versions) for day, versions in _releases(os, now) if versions)
    return [(month, versions) for month, versions in told if month > last]


def _releases(os: str, now: datetime) -> list[tuple[datetime, list[str]]]:
    """Day of release and its versions, up to a month ago."""
    found = []
    for line in _PUBLISHED.splitlines():
        month, windows, linux = line.split("|")
        found.append((_day(*map(int, month.split("-"))), (windows if os == "Windows" else linux).split()))
    year, month_number, minor = 2025, 11, _NEXT[os]
    while (day := _day(year, month_number)) <= now - timedelta(days=30):
        hotfixed = os == "Linux" and not minor % 4
        found.append((day, [f"1.{minor}.0", f"1.{minor}.1"] if hotfixed else [f"1.{minor}.0"]))
        year, month_number, minor = year + month_number // 12, month_number % 12 + 1, minor + 1
    return found


def _day(year: int, month: int) -> datetime:
    return datetime(year, month, _DAY_OF_MONTH, tzinfo=UTC)
