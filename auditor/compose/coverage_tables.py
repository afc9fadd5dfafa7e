"""The tables of the coverage in numbers: the denominator first, then what is missing of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auditor.compose.counted import Covered
from auditor.compose.coverage import READ, STATES, Coverage
from auditor.compose.table_end import TableEnd
from auditor.compose.tables import Rows, cell, table
from auditor.model.dataset import MACHINES
from auditor.model.reading import Source
from auditor.model.settings import AcceptedGap
from auditor.model.table import CellKind, Table

_KINDS = next(column.words for column in MACHINES if column.name == "kind")
_AVAILABILITY = next(column.words for column in MACHINES if column.name == "availability")


@dataclass(frozen=True)
class CoverageTables:
    """What was seen, and what was not, for page and workbook.

    ``stale`` is the end of a release table that is old; ``not_run`` has a sentence for each rule that was not run.
    """

    coverage: Coverage
    stale: TableEnd | None = None
    not_run: Sequence[str] = ()

    def tables(self) -> Mapping[str, Table]:
        return {
            "kinds": self._kinds(),
            "coverage": self._by_source(),
            "states": self._states(),
            "outside": self._outside(),
            "gaps": self._gaps(),
            "accepted_gaps": self._accepted_gaps(),
            "subscriptions": self._subscriptions(),
            "readings": self._readings(),
        }

    def _say(self, section: str, key: str) -> str:
        return self.coverage.wording.say(section, key)

    def _kinds(self) -> Table:
        """Machines by kind: how many there are, how they are, and how many stand outside the rules."""

        def rows() -> Rows:
            found: dict[str, Counter[str]] = {kind: Counter() for kind in _KINDS}
            for alike, count in self.coverage.ledger.tally.machines.items():
                counter = found[alike.kind]
                counter["machines"] += count
                counter[alike.availability or "unknown"] += count
                counter["managed"] += count * (alike.managed_by not in (None, "none"))
                counter["unread"] += count * alike.unread
                counter["without_agent"] += count * alike.without_agent
            for kind, counter in found.items():
                yield (self._say("kinds", kind), *(counter[column.key] for column in columns[1:]))
            yield self._scale_sets()

        numbers = ("machines", *_AVAILABILITY, "unknown", "managed", "unread", "without_agent")
        columns = (cell("kind", width=26), *(cell(name, CellKind.NUMBER) for name in numbers))
        return table(self.coverage.wording, "kinds", columns, rows)

    def _scale_sets(self) -> tuple[object, ...]:
        """Scale sets are no machines, but their models are judged: how many, and of how many nothing more was read."""
        found: Counter[str] = Counter()
        for alike, count in self.coverage.ledger.tally.scale_sets.items():
            found["machines"] += count
            found["managed"] += count * (alike.managed_by not in (None, "none"))
            found["unread"] += count * (alike.instances_read not in ("yes", "none"))
        empty = [None] * (len(_AVAILABILITY) + 1)
        return (self._say("kinds", "scale_sets"), found["machines"], *empty, found["managed"], found["unread"], None)

    def _by_source(self) -> Table:
        def rows() -> Rows:
            found = self.coverage.ledger.tally.covered
            for kind in _KINDS:
                for source in Source:
                    counts = [found[Covered(kind, source, word)] for word in ("answered", "unanswered", "not_asked")]
                    if sum(counts):
                        yield (self._say("kinds", kind), self._say("sources", source), sum(counts), *counts)

        columns = (
            cell("kind", width=26),
            cell("source", width=28),
            *(cell(name, CellKind.NUMBER) for name in ("machines", "answered", "unanswered", "not_asked")),
        )
        return table(self.coverage.wording, "coverage", columns, rows)

    def _outside(self) -> Table:
        """What the verdicts do not, or not wholly, speak of: how much of how much."""

        def rows() -> Rows:
            tally = self.coverage.ledger.tally
            found, of = Counter[str](), Counter[str]()
            for machines, count in tally.machines.items():
                found["managed"] += count * (machines.managed_by not in (None, "none"))
                found["expired"] += count * (machines.availability == "expired")
                of["managed"] += count
                of["expired"] += count * (machines.kind == "arc")
            for scale_sets, count in tally.scale_sets.items():
                found["instances_not_read"] += count * (scale_sets.instances_read not in ("yes", "none"))
                of["instances_not_read"] += count
            for each in tally.unsettled:
                found["orphaned"] += each.operation["outcome"] == "failed" and not each.became
                found["without_end"] += each.operation["outcome"] == "running"
            of["orphaned"], of["without_end"] = tally.operations["failed"], tally.operations.total()
            of_operations = ("orphaned", "without_end") if tally.log_read else ()
            for key in ("managed", "expired", "instances_not_read", *of_operations):
                yield (self._say("outside", key), found[key], of[key])
            if self.stale:
                told = {"month": self.coverage.wording.month(self.stale.month), "count": self.stale.days}
                yield (self.coverage.wording.say("outside", "stale", **told), self.stale.newer, self.stale.known)
            yield from ((sentence, None, None) for sentence in self.not_run)

        columns = (cell("what", CellKind.LONG, 48), cell("number", CellKind.NUMBER), cell("of", CellKind.NUMBER))
        return table(self.coverage.wording, "outside", columns, rows)

    def _states(self) -> Table:
        def rows() -> Rows:
            coverage, names = self.coverage, self.coverage.places
            told = {name: coverage.subscriptions[name] for name in ("expected", "seen")}
            told |= {state: [each for each, found in coverage.states.items() if found == state] for state in STATES}
            for state, ids in told.items():
                yield (self._say("subscription_reads", state), len(ids), names.some(ids) or None)

        columns = (
            cell("subscriptions", width=34),
            cell("number", CellKind.NUMBER),
            cell("among_them", width=20),
        )
        return table(self.coverage.wording, "states", columns, rows)

    def _subscriptions(self) -> Table:
        def rows() -> Rows:
            for subscription, state in self.coverage.states.items():
                row = self.coverage.ledger.subscriptions.get(subscription, {})
                count = self.coverage.machines.get(subscription, Counter[str]())
                listed = state in READ
                numbers = [
                    count[name] if listed else None for name in ("listed", "scale_sets", "unread", "without_agent")
                ]
                yield (*self._named(subscription), row.get("state"), self._say("subscription_reads", state), *numbers)

        columns = (
            cell("subscription", width=28),
            cell("subscription_id", width=38),
            cell("management_group", width=28),
            cell("delegated", width=10),
            cell("state"),
            cell("read"),
            *(cell(name, CellKind.NUMBER) for name in ("listed", "scale_sets", "unread", "without_agent")),
        )
        return table(self.coverage.wording, "subscriptions", columns, rows)

    def _named(self, subscription: str) -> tuple[object, ...]:
        """Name, id, management groups, and whether another tenant delegated it."""
        row = self.coverage.ledger.subscriptions.get(subscription, {})
        group = row.get("management_group")
        delegated = self._say("values", "yes") if row.get("delegated") == "yes" else None
        name = self.coverage.ledger.subscription_name(subscription)
        return name, subscription, None if group == "none" else group, delegated

    def _gaps(self) -> Table:
        def rows() -> Rows:
            for gap in self.coverage.gaps:
                entry = gap.accepted
                accepted = entry and self._accepted_by(entry)
                source, scope = self._say("sources", gap.source), self.coverage.places.lines(gap.scope)
                reason, close = map(self.coverage.wording.said, (gap.reason, gap.close))
                yield (source, scope, gap.status, reason, close, accepted)

        columns = (
            cell("source", width=22),
            cell("scope", CellKind.LONG, 48),
            cell("status", CellKind.NUMBER, 8),
            cell("reason", CellKind.LONG, 60),
            cell("close", CellKind.LONG, 60),
            cell("accepted", CellKind.LONG, 30),
        )
        return table(self.coverage.wording, "gaps", columns, rows)

    def _accepted_by(self, entry: AcceptedGap) -> str:
        wording = self.coverage.wording
        told = {"owner": entry.owner, "until": wording.day(entry.until), "reason": entry.reason}
        return wording.say("texts", "accepted_by", **told)

    def _accepted_gaps(self) -> Table:
        """What somebody answers for, tonight's use of it, and whether it still stands."""

        def rows() -> Rows:
            for entry, count, standing in self.coverage.accepted_gaps():
                source = self._say("texts", "any") if entry.source == "any" else self._say("sources", entry.source)
                scope = self.coverage.places.lines(entry.scope.lower())
                yield (scope, source, entry.owner, entry.reason, entry.until, count, self._say("standing", standing))

        columns = (
            cell("scope", CellKind.LONG, 48),
            cell("source", width=22),
            cell("owner", width=24),
            cell("reason", CellKind.LONG, 48),
            cell("until", CellKind.DATE),
            cell("accepts", CellKind.NUMBER),
            cell("standing", CellKind.LONG, 36),
        )
        return table(self.coverage.wording, "accepted_gaps", columns, rows)

    def _readings(self) -> Table:
        def rows() -> Rows:
            for source, told in self.coverage.ledger.tally.by_source():
                yield (self._say("sources", source), told.asked, told.complete, told.rows, told.first, told.last)

        columns = (
            cell("source", width=28),
            cell("questions", CellKind.NUMBER),
            cell("complete", CellKind.NUMBER),
            cell("rows", CellKind.NUMBER),
            cell("from", CellKind.TIME, 20),
            cell("to", CellKind.TIME, 20),
        )
        return table(self.coverage.wording, "readings", columns, rows)
