"""What the release table and earlier nights know of installed versions: how old they are, and which not to use.

Microsoft supports the versions of the last year, counted from their automatic release. The table tells the month of a
publication; automatic upgrades begin about 30 days after it.
https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-extension-versions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

import pandas as pd

from auditor.frames.coverage import Subjects
from auditor.frames.offers import EVERYWHERE_AFTER, Place, places, product_of
from auditor.frames.releases import ReleaseTable
from auditor.model.memory import Memory
from auditor.model.scopes import Subject
from auditor.model.version import Version

AUTOMATIC_AFTER = timedelta(days=30)
"""From the publication of a version to the beginning of its automatic upgrades, at the longest."""


@dataclass(frozen=True, slots=True)
class Age:
    """Bounds of the time since the automatic release, and what they rest on; an end that is None is open.

    ``withdrawn`` is yes or no, None where the table does not list the product.
    """

    withdrawn: str | None = None
    low: timedelta | None = None
    high: timedelta | None = None
    basis: str | None = None


_UNKNOWN: Final = Age()


@dataclass(frozen=True)
class Ages:
    """Tells the age of versions at ``as_of``."""

    table: ReleaseTable
    memory: Memory
    as_of: datetime

    def of(self, place: Place, text: str) -> Age:
        """Of the version ``text`` that a machine runs there."""
        version, product = Version.read(text), product_of(place)
        if version is None:
            return Age()
        withdrawn = self.table.is_withdrawn(product, version)
        word = ("yes" if withdrawn else "no") if product in self.table.known else None
        low, high = self.table.published(product, version)
        basis = "release_table" if low else None
        if high is None and (place, version) in self._seen:
            came, unseen = self._seen[place, version]
            # A region has a version a fortnight after others: it may be older than the night that missed it here.
            low = max(filter(None, (low, unseen and unseen - EVERYWHERE_AFTER)), default=None)
            high, basis = came, "first_seen"
        begun = high + AUTOMATIC_AFTER if high else None
        return Age(word, self._since(begun), self._since(low), basis)

    def _since(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else max(self.as_of - moment, timedelta())

    @cached_property
    def _seen(self) -> Mapping[tuple[Place, Version], tuple[datetime, datetime | None]]:
        """When a region was first seen to offer a version, and the night before, however the version is spelled."""
        return {
            (offer[:4], version): (came, self.memory.last_unseen.get(offer))
            for offer, came in self.memory.first_seen.items()
            if (version := Version.read(offer[4])) is not None
        }


def with_ages(view: pd.DataFrame, ages: Ages, subjects: Subjects) -> pd.DataFrame:
    """The extensions with the age of their installed versions, and whether these are withdrawn."""
    told = list(_ages(view, ages, subjects))
    return view.assign(
        **{
            "version_withdrawn": pd.Series([each.withdrawn for each in told], dtype="str"),
            "version_age.low": pd.Series([each.low for each in told], dtype="timedelta64[us]"),
            "version_age.high": pd.Series([each.high for each in told], dtype="timedelta64[us]"),
            "age_basis": pd.Series([each.basis for each in told], dtype="str"),
        }
    )


def _ages(view: pd.DataFrame, ages: Ages, subjects: Subjects) -> Iterator[Age]:
    """One for each row; of an unknown kind of machine nothing is known."""
    kinds = subjects.about.map({each: "arc" if each is Subject.ARC else "vm" for each in Subject})
    seen: dict[tuple[Any, ...], Age] = {}
    for place, installed in zip(places(kinds, view), view["installed_version"].tolist(), strict=True):
        kind, _region, publisher, name = place
        if any(map(pd.isna, (installed, kind, publisher, name))):
            yield _UNKNOWN
            continue
        if (place, installed) not in seen:
            seen[place, installed] = ages.of(place, installed)
        yield seen[place, installed]
