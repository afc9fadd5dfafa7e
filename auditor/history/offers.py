"""Since when each region has been seen to offer a version: every night keeps all of it, and needs no earlier one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from auditor.history.seen import Frames
from auditor.model.memory import Offer
from auditor.model.reading import Source, version_scope

Place = tuple[str, str, str, str]
"""(machine kind, location, publisher, type), in lower case."""
_KINDS = {Source.EXTENSION_VERSIONS: "vm", Source.ARC_EXTENSION_VERSIONS: "arc"}
COLUMNS = ("machine_kind", "location", "publisher", "type", "version", "first_seen", "last_unseen", "last_read")


@dataclass(frozen=True)
class Offers:
    """``read``: when each place was last read completely. ``seen``: all versions that it ever showed.

    A version is told with when it was first seen and the reading before that; (None, None) where it was there at the
    first reading of all.
    """

    read: Mapping[Place, datetime] = field(default_factory=dict)
    seen: Mapping[Offer, tuple[datetime | None, datetime | None]] = field(default_factory=dict)

    @property
    def first_seen(self) -> dict[Offer, datetime]:
        return {offer: first for offer, (first, _unseen) in self.seen.items() if first}

    @property
    def last_unseen(self) -> dict[Offer, datetime]:
        return {offer: unseen for offer, (_first, unseen) in self.seen.items() if unseen}

    def after(self, shards: Iterable[Frames], as_of: datetime) -> Offers:
        """With what was read tonight; a place that was not read completely stays as it was.

        A version that a region has withdrawn for a while does not come back as a new one.
        """
        read, seen = dict(self.read), dict(self.seen)
        for place, versions in _read_tonight(shards).items():
            before = self.read.get(place)
            for version in versions:
                seen.setdefault((*place, version), (as_of, before) if before else (None, None))
            read[place] = as_of
        return Offers(read, seen)

    def as_frame(self) -> pd.DataFrame:
        """One row for each version; a place that offers none has one without."""
        rows: list[tuple[object, ...]] = [
            (*offer, *told, self.read[offer[:4]]) for offer, told in sorted(self.seen.items(), key=lambda e: e[0])
        ]
        empty = sorted(self.read.keys() - {offer[:4] for offer in self.seen})
        rows += [(*place, None, None, None, self.read[place]) for place in empty]
        types = dict.fromkeys(COLUMNS[5:], "datetime64[us, UTC]") | dict.fromkeys(COLUMNS[:5], "str")
        return pd.DataFrame(rows, columns=list(COLUMNS)).astype(types)


def offers_in(rows: Iterable[tuple[Any, ...]]) -> Offers:
    """Of the rows of :meth:`Offers.as_frame`."""
    read: dict[Place, datetime] = {}
    seen: dict[Offer, tuple[datetime | None, datetime | None]] = {}
    for kind, location, publisher, name, version, first, unseen, last_read in rows:
        place = (kind, location, publisher, name)
        read[place] = last_read
        if version is not None:
            seen[(*place, version)] = (first, unseen)
    return Offers(read, seen)


def _read_tonight(shards: Iterable[Frames]) -> dict[Place, set[str]]:
    """The versions of each place that was completely read, which may be none."""
    complete: dict[tuple[str, str], bool] = {}
    offered: dict[Place, set[str]] = defaultdict(set)
    for frames in shards:
        readings = frames["readings"][frames["readings"]["source"].isin([str(each) for each in _KINDS])]
        told = zip(*(readings[name].tolist() for name in ("source", "scope", "complete")), strict=True)
        for source, scope, word in told:
            key = _KINDS[Source(source)], scope
            complete[key] = complete.get(key, True) and word == "yes"
        versions = frames["versions"]
        names = ("machine_kind", "location", "publisher", "type", "version")
        for kind, location, *rest in zip(*(versions[name].str.lower().tolist() for name in names), strict=True):
            offered[kind, "".join(location.split()), rest[0], rest[1]].add(rest[2])
    found = {(place[0], version_scope(*place[1:])): place for place in offered}
    return {
        place: offered.get(place, set())
        for (kind, scope), whole in complete.items()
        if whole and (place := found.get((kind, scope)) or _place(kind, scope))
    }


def _place(kind: str, scope: str) -> Place:
    location, publisher, name = scope.split("/", 2)
    return kind, location, publisher, name
