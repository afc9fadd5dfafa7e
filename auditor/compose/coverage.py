"""What was seen and what was not: subscriptions, gaps, machines without an agent, readings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd

from auditor.compose.ledger import Ledger
from auditor.compose.tables import Rows, cell, table
from auditor.compose.wording import Wording, plain
from auditor.model.dataset import Kind
from auditor.model.reading import GONE, Source
from auditor.model.settings import AcceptedGap, Scope
from auditor.model.table import CellKind, Table

_REFUSED = (401, 403)


@dataclass(frozen=True)
class Gap:
    """A question that was not fully answered; ``accepted`` is the entry of the configuration that accepts it."""

    source: Source
    scope: str
    status: int | None
    reason: str
    close: str
    rows: int
    accepted: AcceptedGap | None


@dataclass(frozen=True)
class Coverage:
    """The night's coverage, counted once."""

    ledger: Ledger
    scope: Scope
    wording: Wording
    today: date

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Every reading that is not complete, by source and scope."""
        readings = self.ledger.readings
        rows = readings[readings["complete"].eq("no")].to_dict("records")
        found = [self._gap({str(key): value for key, value in row.items()}) for row in rows]
        return tuple(sorted(found, key=lambda gap: (list(Source).index(gap.source), gap.scope)))

    def _gap(self, row: Mapping[str, Any]) -> Gap:
        source, scope = Source(row["source"]), str(row["scope"])
        return Gap(
            source,
            scope,
            plain(row["status"], Kind.NUMBER),
            plain(row["reason"], Kind.TEXT) or "",
            plain(row["close"], Kind.TEXT) or "",
            int(row["rows"]),
            next((entry for entry in self.scope.accepted_gaps if self._accepts(entry, source, scope)), None),
        )

    def _accepts(self, entry: AcceptedGap, source: Source, scope: str) -> bool:
        """An accepted subscription accepts what lies in it."""
        wanted = entry.scope.lower()
        within = scope == wanted or scope.startswith((f"/subscriptions/{wanted}/", f"{wanted}/"))
        return within and entry.source in ("any", str(source)) and self.today <= entry.until

    @property
    def open_gaps(self) -> tuple[Gap, ...]:
        return tuple(gap for gap in self.gaps if gap.accepted is None)

    @cached_property
    def subscriptions(self) -> Mapping[str, list[str]]:
        """Ids for run.json: expected, seen, refused, disabled, missing."""
        by_state = self._states
        asked = [*self.scope.subscriptions, *self.scope.expected_subscriptions]
        return {
            "expected": sorted(dict.fromkeys(asked)),
            "seen": sorted(self._listed),
            "refused": sorted(each for each, state in by_state.items() if state == "refused"),
            "disabled": sorted(each for each, state in by_state.items() if state == "disabled"),
            "missing": sorted(each for each, state in by_state.items() if state == "missing"),
        }

    @cached_property
    def _listed(self) -> dict[str, Mapping[str, object]]:
        """Rows of the subscriptions that the identity can see and that are in scope, by id in lower case."""
        judged = {scope for source, scope in self._complete if source == Source.SUBSCRIPTIONS}
        return {
            str(row["id"]).lower(): row for row in self.ledger.subscription_rows if str(row["id"]).lower() in judged
        }

    @cached_property
    def _complete(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        rows = self.ledger.readings.to_dict("records")
        return {(row["source"], row["scope"]): {str(key): value for key, value in row.items()} for row in rows}

    @cached_property
    def _states(self) -> dict[str, str]:
        """For each subscription in scope how far it was read: yes, partly, unread, refused, disabled, missing."""
        scopes = [scope for source, scope in self._complete if source == Source.SUBSCRIPTIONS and scope != "tenant"]
        return {scope: self._state(scope) for scope in scopes}

    def _state(self, subscription: str) -> str:
        if subscription not in self._listed:
            return "missing"
        if self._complete[str(Source.SUBSCRIPTIONS), subscription]["complete"] == "no":
            return "disabled"
        machines = self._complete.get((str(Source.VIRTUAL_MACHINES), subscription))
        if machines is not None and machines["complete"] == "no":
            if machines["rows"]:
                return "partly"
            return "refused" if plain(machines["status"], Kind.NUMBER) in _REFUSED else "unread"
        inside = (gap.scope == subscription or f"/{subscription}/" in gap.scope for gap in self.gaps)
        return "partly" if any(inside) else "yes"

    @property
    def read(self) -> int:
        """Subscriptions whose machines were listed, wholly or in part."""
        return sum(1 for state in self._states.values() if state in ("yes", "partly"))

    @property
    def nothing_collected(self) -> bool:
        """No subscription's machines could be listed, not even a part of them."""
        return self.read == 0

    @cached_property
    def machines(self) -> Mapping[str, Counter[str]]:
        """Machines by subscription (lower case): listed, unread, without_agent, and by kind for ``all``."""
        found: dict[str, Counter[str]] = {"all": Counter()}
        for machines in self.ledger.frames("machines"):
            columns = (machines[name] for name in ("subscription_id", "kind", "extensions_read", "monitor_agents"))
            for subscription, kind, read, agents in zip(*columns, strict=True):
                count = found.setdefault(str(subscription).lower(), Counter())
                count["listed"] += 1
                count["unread"] += read != "yes"
                count["without_agent"] += not pd.isna(agents) and int(agents) == 0
                found["all"][str(kind)] += 1
        return found

    # --- tables ---

    def tables(self) -> Mapping[str, Table]:
        return {
            "subscriptions": self._subscriptions_table(),
            "gaps": self._gaps_table(),
            "unseen": self._unseen_table(),
            "readings": self._readings_table(),
        }

    def _subscriptions_table(self) -> Table:
        def rows() -> Rows:
            for subscription, state in sorted(self._states.items()):
                row = self._listed.get(subscription, {})
                count = self.machines.get(subscription, Counter())
                listed = state in ("yes", "partly")
                yield (
                    self.ledger.subscription_name(subscription),
                    subscription,
                    row.get("state"),
                    self.wording.say("subscription_reads", state),
                    count["listed"] if listed else None,
                    count["unread"] if listed else None,
                    count["without_agent"] if listed else None,
                )

        columns = (
            cell("subscription", width=28),
            cell("subscription_id", width=38),
            cell("state"),
            cell("read"),
            cell("listed", CellKind.NUMBER),
            cell("unread", CellKind.NUMBER),
            cell("without_agent", CellKind.NUMBER),
        )
        return table(self.wording, "subscriptions", columns, rows)

    def _gaps_table(self) -> Table:
        def rows() -> Rows:
            for gap in self.gaps:
                accepted = (
                    gap.accepted and f"{gap.accepted.owner}, {gap.accepted.until.isoformat()}: {gap.accepted.reason}"
                )
                source = self.wording.say("sources", gap.source)
                yield (source, gap.scope, gap.status, gap.reason, gap.close, accepted)

        columns = (
            cell("source", width=18),
            cell("scope", CellKind.LONG, 48),
            cell("status", CellKind.NUMBER, 8),
            cell("reason", CellKind.LONG, 60),
            cell("close", CellKind.LONG, 60),
            cell("accepted", CellKind.LONG, 30),
        )
        return table(self.wording, "gaps", columns, rows)

    def _unseen_table(self) -> Table:
        def rows() -> Rows:
            yield from self._machines_of_concern()
            readings = self.ledger.readings
            for scope in sorted(readings[readings["reason"].eq(GONE)]["scope"]):
                subscription = scope.split("/")[2]
                name = self.ledger.subscription_name(subscription) or subscription
                yield (self.wording.say("unseen", "gone"), scope.rsplit("/", 1)[-1], name, None, None)
            for gap in self.gaps:
                if gap.source in (Source.SUBSCRIPTIONS, Source.VIRTUAL_MACHINES):
                    name = self.ledger.subscription_name(gap.scope)
                    yield (self.wording.say("unseen", "not_seen"), None, name or gap.scope, None, gap.reason)

        columns = (
            cell("what", width=34),
            cell("machine", width=28),
            cell("subscription", width=28),
            cell("region"),
            cell("reason", CellKind.LONG, 60),
        )
        return table(self.wording, "unseen", columns, rows)

    def _machines_of_concern(self) -> Rows:
        reasons = {gap.scope: gap.reason for gap in self.gaps if gap.source is Source.INSTANCE_VIEW}
        for word in ("extensions_not_read", "without_agent"):
            for machines in self.ledger.frames("machines"):
                unread = machines["extensions_read"].ne("yes")
                wanted = (
                    unread
                    if word == "extensions_not_read"
                    else ~unread & machines["monitor_agents"].eq(0).fillna(False)
                )
                for row in machines[wanted].sort_values("id").to_dict("records"):
                    yield (
                        self.wording.say("unseen", word),
                        row["name"],
                        plain(row["subscription_name"], Kind.TEXT) or row["subscription_id"],
                        plain(row["location"], Kind.TEXT),
                        reasons.get(str(row["id"]).lower()),
                    )

    def _readings_table(self) -> Table:
        def rows() -> Rows:
            for source, group in self.ledger.readings.groupby("source", sort=False):
                times = group["read_at"]
                yield (
                    self.wording.say("sources", str(source)),
                    len(group),
                    int(group["complete"].eq("yes").sum()),
                    int(group["rows"].sum()),
                    times.min().to_pydatetime(),
                    times.max().to_pydatetime(),
                )

        columns = (
            cell("source", width=18),
            cell("questions", CellKind.NUMBER),
            cell("complete", CellKind.NUMBER),
            cell("rows", CellKind.NUMBER),
            cell("from", CellKind.TIME, 20),
            cell("to", CellKind.TIME, 20),
        )
        return table(self.wording, "readings", columns, rows)

    # --- run.json ---

    def gaps_for_run(self) -> list[dict[str, object]]:
        return [
            {
                "source": str(gap.source),
                "scope": gap.scope,
                "status": gap.status,
                "reason": gap.reason,
                "close": gap.close,
                "accepted": gap.accepted is not None,
            }
            for gap in self.gaps
        ]

    def banner_lines(self) -> Iterable[str]:
        """One line a gap; gaps of one source with one reason are one line, however many machines they are."""
        alike: dict[tuple[Source, str, str], list[Gap]] = {}
        for gap in self.open_gaps:
            alike.setdefault((gap.source, gap.reason, gap.close), []).append(gap)
        for (source, reason, close), gaps in alike.items():
            what = self.wording.say("sources", source)
            if len(gaps) == 1:
                name = self.ledger.subscription_name(gaps[0].scope)
                scope = (
                    f"{name} ({gaps[0].scope})"
                    if name
                    else gaps[0].scope.rsplit("/", 1)[-1]
                    if source is Source.INSTANCE_VIEW
                    else gaps[0].scope
                )
                yield self.wording.say("banner", "line", what=f"{what} {scope}", reason=reason.rstrip("."), close=close)
            else:
                yield self.wording.say(
                    "banner", "group", what=what, count=len(gaps), reason=reason.rstrip("."), close=close
                )
