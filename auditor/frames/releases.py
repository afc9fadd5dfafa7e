"""The published release table: which version was released when, and which are not to be used.

https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-extension-versions
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from auditor.model.rule import ReleaseRow
from auditor.model.version import Release, Version
from auditor.model.wanted import Product


@dataclass(frozen=True)
class ReleaseTable:
    """The table by product: what is fine on virtual machines may not be on Arc.

    ``months``: the first month in which anything of a release was published; ``exact``: the month of each version that
    is named in full, and of each release all of whose hotfixes are (``1.37.x``); ``withdrawn``: versions and releases
    in the same way. ``known`` are the products of which the table says anything at all.
    """

    months: Mapping[Product, Mapping[Release, date]]
    exact: Mapping[Product, Mapping[Version | Release, date]]
    withdrawn: Mapping[Product, frozenset[Version | Release]]
    known: frozenset[Product]

    @classmethod
    def of(cls, rows: Iterable[ReleaseRow]) -> ReleaseTable:
        months: dict[Product, dict[Release, date]] = defaultdict(dict)
        exact: dict[Product, dict[Version | Release, date]] = defaultdict(dict)
        withdrawn: dict[Product, set[Version | Release]] = defaultdict(set)
        known: set[Product] = set()
        for row, product in ((each, product) for each in rows for product in _products(each)):
            known.add(product)
            for named, release in _named(row):
                if row.withdrawn:
                    withdrawn[product].add(named)
                if row.month is not None:
                    months[product][release] = min(row.month, months[product].get(release, row.month))
                    exact[product][named] = min(row.month, exact[product].get(named, row.month))
        return cls(months, exact, {each: frozenset(named) for each, named in withdrawn.items()}, frozenset(known))

    def is_withdrawn(self, product: Product, version: Version) -> bool:
        return not {version, version.release}.isdisjoint(self.withdrawn.get(product, ()))

    def month(self, product: Product, release: Release) -> date | None:
        return self.months.get(product, {}).get(release)

    def published(self, product: Product, version: Version) -> tuple[datetime | None, datetime | None]:
        """Bounds of the time of publication.

        A version that the table does not name is not older than its release; one of a release newer than the table is
        not older than the table's end.
        """
        named = self.exact.get(product, {})
        month = named.get(version, named.get(version.release))
        if month is not None:
            return _midnight(month), _end_of(month)
        known = self.months.get(product, {})
        if version.release in known:
            return _midnight(known[version.release]), None
        if known and version.release > max(known):
            return _end_of(max(known.values())), None
        return None, None


def on_offer_by(month: date, everywhere_after: timedelta) -> datetime:
    """When the last region has a release of ``month``."""
    return _midnight(month) + everywhere_after


def _products(row: ReleaseRow) -> Iterator[Product]:
    return ((kind, row.publisher.lower(), row.type.lower()) for kind in row.kinds)


def _named(row: ReleaseRow) -> Iterator[tuple[Version | Release, Release]]:
    """What a row names, with its release: a version in full, with ``1.37.x`` (any hotfix) the release itself."""
    for text in row.versions:
        version = Version.read(text.removesuffix(".x"))
        if version is not None:
            yield (version.release if text.endswith(".x") else version), version.release


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _end_of(month: date) -> datetime:
    days = calendar.monthrange(month.year, month.month)[1]
    return _midnight(month.replace(day=1)) + timedelta(days=days)
