"""The first screen and the tables of numbers: headline, cards, by rule, by subscription, versions, operations."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from auditor.compose.coverage import Coverage
from auditor.compose.ledger import Ledger
from auditor.compose.tables import Rows, cell, table
from auditor.compose.wording import Wording, plain
from auditor.model.agent import is_monitor_agent
from auditor.model.dataset import Kind
from auditor.model.report import Card
from auditor.model.rule import Rule
from auditor.model.table import CellKind, Table
from auditor.model.verdict import Status
from auditor.model.version import Version

_TONES = {
    Status.FAIL: "bad",
    Status.UNANSWERED: "warn",
    Status.PENDING: "calm",
    Status.EXEMPT: "calm",
    Status.NOT_APPLICABLE: "calm",
    Status.PASS: "good",
}


@dataclass(frozen=True)
class Headline:
    sentence: str
    tone: str
    summary: str


@dataclass(frozen=True)
class Summary:
    """The night in numbers."""

    ledger: Ledger
    coverage: Coverage
    rules: Sequence[Rule]
    not_run: Collection[str]
    wording: Wording

    @cached_property
    def by_status(self) -> Mapping[Status, int]:
        totals: Counter[Status] = Counter()
        for (_rule, status), count in self.ledger.counts.items():
            totals[status] += count
        return totals

    @cached_property
    def failing_machines(self) -> Mapping[str, int]:
        """How many machines fail at least one rule, by subscription id in lower case."""
        failing: dict[str, int] = defaultdict(int)
        for load in self.ledger.shards:
            frames = load()
            verdicts = frames["verdicts"]
            ids = set(verdicts[verdicts["status"].eq(Status.FAIL)]["machine_id"])
            machines = frames["machines"]
            for subscription in machines[machines["id"].isin(ids)]["subscription_id"]:
                failing[str(subscription).lower()] += 1
        return failing

    def headline(self) -> Headline:
        say = self.wording.say
        if self.coverage.nothing_collected:
            return Headline(say("headlines", "nothing"), "bad", say("summaries", "nothing"))
        if self.ledger.machines == 0:
            tone = "warn" if self.coverage.open_gaps else "good"
            return Headline(say("headlines", "empty"), tone, say("summaries", "empty", read=self.coverage.read))
        parts = ", ".join(
            say("summaries", "part", count=count, word=say("statuses", status).lower())
            for status in Status
            if (count := self.by_status.get(status, 0))
        )
        counts = {
            "verdicts": sum(self.by_status.values()),
            "machines": self.ledger.machines,
            "read": self.coverage.read,
            "parts": parts,
        }
        return Headline(*self._verdict(), summary=say("summaries", "counts", **counts))

    def _verdict(self) -> tuple[str, str]:
        failing = sum(self.failing_machines.values())
        if failing:
            return self.wording.say("headlines", "bad", failing=failing, judged=self.ledger.machines), "bad"
        if not self.by_status:
            return self.wording.say("headlines", "unread"), "warn"
        unseen = self.by_status.get(Status.UNANSWERED) or self.coverage.gaps or self.not_run
        if unseen:
            return self.wording.say("headlines", "warn"), "warn"
        settled = set(self.by_status) <= {Status.PASS, Status.NOT_APPLICABLE}
        return self.wording.say("headlines", "good" if settled else "nothing_fails"), "good"

    def cards(self) -> tuple[Card, ...]:
        return tuple(
            Card(
                str(status),
                self.wording.say("statuses", status),
                count,
                self.wording.say("cards", status),
                _TONES[status] if count else "calm",
            )
            for status in Status
            for count in [self.by_status.get(status, 0)]
        )

    def tables(self) -> Mapping[str, Table]:
        return {
            "by_rule": self._by_rule(),
            "by_subscription": self._by_subscription(),
            "by_version": self._by_version(),
            "operations": self._operations(),
        }

    def _by_rule(self) -> Table:
        def rows() -> Rows:
            for rule in self.rules:
                counts = [self.ledger.counts.get((rule.id, status), 0) for status in Status]
                yield (rule.id, self.wording.text_of(rule.title), str(rule.severity), *counts)

        headings = (cell("rule"), cell("title", CellKind.LONG, 40), cell("severity", CellKind.SEVERITY))
        base = table(self.wording, "by_rule", headings, rows)
        statuses = tuple(
            type(base.columns[0])(str(status), self.wording.say("statuses", status), CellKind.NUMBER, 12)
            for status in Status
        )
        return Table(base.name, base.title, (*base.columns, *statuses), rows, base.note, base.empty)

    def _by_subscription(self) -> Table:
        def rows() -> Rows:
            for subscription, count in sorted(self.coverage.machines.items()):
                if subscription != "all":
                    name = self.ledger.subscription_name(subscription)
                    failing = self.failing_machines.get(subscription, 0)
                    yield (name, subscription, count["listed"], failing, count["unread"], count["without_agent"])

        columns = (
            cell("subscription", width=28),
            cell("subscription_id", width=38),
            cell("machines", CellKind.NUMBER),
            cell("failing", CellKind.NUMBER),
            cell("unread", CellKind.NUMBER),
            cell("without_agent", CellKind.NUMBER),
        )
        return table(self.wording, "by_subscription", columns, rows)

    def _by_version(self) -> Table:
        def rows() -> Rows:
            for (region, kind, installed), (count, latest, behind) in sorted(self._versions.items(), key=_by_place):
                shown = installed or self.wording.say("texts", "unknown")
                yield (region, kind, shown, latest, behind, count)

        columns = (
            cell("region"),
            cell("type", width=28),
            cell("version"),
            cell("latest"),
            cell("behind", CellKind.NUMBER),
            cell("machines", CellKind.NUMBER),
        )
        return table(self.wording, "by_version", columns, rows)

    @cached_property
    def _versions(self) -> dict[tuple[str, str, str], tuple[int, str | None, int | None]]:
        """How many agents of each region and type run each version, with the latest there and the releases behind."""
        found: dict[tuple[str, str, str], tuple[int, str | None, int | None]] = {}
        names = ("location", "publisher", "type", "installed_version", "latest_version", "releases_behind")
        for view in self.ledger.frames("extensions"):
            for row in zip(*(view[name] for name in names), strict=True):
                location, publisher, kind, installed, latest, behind = (_known(value) for value in row)
                if is_monitor_agent(publisher, kind):
                    key = (str(location or ""), str(kind), str(installed or ""))
                    count = found.get(key, (0, None, None))[0] + 1
                    found[key] = (count, latest, None if behind is None else int(behind))
        return found

    def _operations(self) -> Table:
        def rows() -> Rows:
            for load in self.ledger.shards:
                yield from self._operations_of(load())

        columns = (
            cell("ended", CellKind.TIME, 16),
            cell("outcome", width=10),
            cell("where", CellKind.LONG, 24),
            cell("error", CellKind.LONG, 72),
            cell("by", CellKind.LONG, 24),
            cell("became", width=16),
        )
        return table(self.wording, "operations", columns, rows)

    def _operations_of(self, frames: Mapping[str, pd.DataFrame]) -> Rows:
        """Failed and unfinished ones; those that match no extension that was read are told too.

        The last cell says what the audit holds the extension's last failure to be.
        """
        operations, extensions = frames["operations"], frames["extensions"]
        became = dict(zip(extensions["id"].str.lower(), extensions["last_failure"], strict=True))
        wanted = operations[operations["action"].eq("write") & operations["outcome"].ne("succeeded")]
        ordered = wanted.sort_values(["subscription_id", "started", "id"], ascending=[True, False, True])
        for row in ordered.to_dict("records"):
            extension = str(row["extension_id"])
            error = ": ".join(part for part in (_known(row["error_code"]), _known(row["error_message"])) if part)
            yield (
                plain(row["ended"], Kind.TIME) or plain(row["started"], Kind.TIME),
                self.wording.say("outcomes", row["outcome"]),
                f"{str(row['machine_id']).rsplit('/', 1)[-1]}\n{extension.rsplit('/', 1)[-1]}",
                error or None,
                f"{row['initiator']}\n{row['caller']}" if row["caller"] != row["initiator"] else row["caller"],
                self._became(extension.lower(), became),
            )

    def _became(self, extension: str, became: Mapping[str, Any]) -> str:
        if extension not in became:
            return self.wording.say("texts", "no_such_extension")
        return str(_known(became[extension]) or self.wording.say("texts", "unknown"))


def _known(value: Any) -> Any:
    return None if pd.isna(value) else value


def _by_place(entry: tuple[tuple[str, str, str], tuple[int, str | None, int | None]]) -> tuple[Any, ...]:
    """Region, type, then the newest version first; versions sort as versions."""
    (region, kind, installed), _told = entry
    version = Version.read(installed)
    return region, kind, tuple(-part for part in version.parts) if version else (1,), installed
