"""The machines to know by name: unread, without an agent, disconnected, behind their model, set aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd

from auditor.compose.coverage import Coverage, Gap, subscription_of
from auditor.compose.rows import python
from auditor.compose.tables import Rows, cell, table
from auditor.compose.tally import OF_SUBSCRIPTION
from auditor.model.dataset import Kind
from auditor.model.table import CellKind, Table


class Seen(NamedTuple):
    """A machine or a scale set as these tables tell of it."""

    id: str
    name: str
    kind: str
    subscription_id: str
    resource_group: str | None
    location: str | None
    managed_by: str | None
    status_changed_at: datetime | None


_CONCERNS = {
    "instances_not_read": "scale_sets",
    **dict.fromkeys(("extensions_not_read", "without_agent", "disconnected", "no_state", "behind_model"), "machines"),
}
"""Why something is told of, in that order, and the frame in which it stands."""


@dataclass(frozen=True)
class UnseenTables:
    """They name machines one by one: their rows are read out of the shards each time they are told."""

    coverage: Coverage

    def tables(self) -> Mapping[str, Table]:
        return {"unseen": self._unseen(), "set_aside": self._set_aside()}

    def _say(self, key: str, **values: object) -> str:
        return self.coverage.wording.say("unseen", key, **values)

    def _unseen(self) -> Table:
        def rows() -> Rows:
            yield from self._of_concern()
            yield from self._gone()
            yield from self._not_listed()

        columns = (
            cell("what", width=34),
            cell("machine", width=28),
            cell("kind", width=22),
            cell("subscription", width=28),
            cell("region"),
            cell("reason", CellKind.LONG, 60),
        )
        return table(self.coverage.wording, "unseen", columns, rows)

    def _of_concern(self) -> Rows:
        """Word by word; the shards are gone through once for all of them."""
        reasons = {gap.scope: self.coverage.wording.said(gap.reason) for gap in self.coverage.gaps}
        found: dict[str, list[Seen]] = {word: [] for word in _CONCERNS}
        for shard in self.coverage.ledger.shards():
            for word, frame in _CONCERNS.items():
                rows = shard.frames[frame]
                found[word].extend(_seen(rows[_concerned(rows, word)], frame))
        for word, seen in ((word, each) for word, several in found.items() for each in several):
            why = reasons.get(seen.id.lower()) or self._since(seen, word)
            yield (self._say(word), *self._place(seen), seen.location, why)

    def _since(self, seen: Seen, word: str) -> str | None:
        if word != "disconnected" or seen.status_changed_at is None:
            return None
        return self.coverage.wording.say("texts", "since", moment=self.coverage.wording.moment(seen.status_changed_at))

    def _gone(self) -> Rows:
        """Machines that were deleted while the night went on."""
        for scope in sorted(self.coverage.ledger.tally.gone):
            subscription = self.coverage.places.subscription(subscription_of(scope))
            yield (self._say("gone"), scope.rsplit("/", 1)[-1], None, subscription, None, None)

    def _not_listed(self) -> Rows:
        """Subscriptions of which nobody knows what they hold."""
        lists: dict[str, list[Gap]] = {}
        for gap in self.coverage.gaps:
            if gap.source in OF_SUBSCRIPTION:
                lists.setdefault(gap.scope, []).append(gap)
        wording = self.coverage.wording
        for scope, gaps in lists.items():
            what = wording.listed(wording.say("sources", gap.source) for gap in gaps)
            where, why = self.coverage.places.label(scope), wording.said(gaps[0].reason)
            yield (self._say("not_seen"), None, what, where, None, why)

    def _set_aside(self) -> Table:
        """Machines and scale sets that a service manages, and servers that are gone for good."""

        def rows() -> Rows:
            for frame in ("machines", "scale_sets"):
                for shard in self.coverage.ledger.shards():
                    yield from self._aside(shard.frames[frame], frame)

        columns = (
            cell("why", width=34),
            cell("machine", width=28),
            cell("kind", width=22),
            cell("subscription", width=28),
            cell("region"),
            cell("resource_group", width=28),
        )
        return table(self.coverage.wording, "set_aside", columns, rows)

    def _aside(self, machines: pd.DataFrame, frame: str) -> Rows:
        outside = machines["managed_by"].notna() & machines["managed_by"].ne("none")
        if frame == "machines":
            outside |= machines["availability"].eq("expired")
        for seen in _seen(machines[outside], frame):
            managed = seen.managed_by not in (None, "none")
            why = self._say("managed", manager=seen.managed_by) if managed else self._say("expired")
            yield (why, *self._place(seen), seen.location, seen.resource_group)

    def _place(self, seen: Seen) -> tuple[object, ...]:
        kind = self.coverage.wording.say("kinds", seen.kind)
        return seen.name, kind, self.coverage.places.subscription(seen.subscription_id)


def _concerned(rows: pd.DataFrame, word: str) -> pd.Series[Any]:
    match word:
        case "instances_not_read":
            return ~rows["instances_read"].isin(["yes", "none"])
        case "extensions_not_read":
            return rows["extensions_read"].ne("yes")
        case "disconnected":
            return rows["availability"].eq("disconnected")
        case "no_state":  # of an unread machine that goes without saying: it has a row already
            return rows["availability"].isna() & rows["extensions_read"].eq("yes")
        case "behind_model":
            return rows["follows_model"].eq("no")
        case _:
            return rows["extensions_read"].eq("yes") & rows["monitor_agents"].eq(0).fillna(False)


def _seen(rows: pd.DataFrame, frame: str) -> Iterator[Seen]:
    """In the order of their ids. ``frame`` says what the rows are; scale sets have no column that says it."""
    ordered = rows.sort_values("id", key=lambda ids: ids.str.lower())
    told = ordered if frame == "machines" else ordered.assign(kind="scale_set", status_changed_at=None)
    times = {"status_changed_at": Kind.TIME}
    cells = (python(told[name], times.get(name, Kind.TEXT)) for name in Seen._fields)
    return map(Seen._make, zip(*cells, strict=True))
