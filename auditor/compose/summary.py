"""The first screen and the tables of numbers: headline, cards, by rule, by subscription, versions, operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

from auditor.compose.adoption import adoption
from auditor.compose.counted import Agents, Unsettled
from auditor.compose.coverage import READ, Coverage
from auditor.compose.ledger import Ledger
from auditor.compose.operations import begun_by, error_of
from auditor.compose.tables import Rows, cell, counted, table
from auditor.compose.wording import Wording
from auditor.model.parcel import Confirmation
from auditor.model.report import Card
from auditor.model.rule import ALWAYS, Rule
from auditor.model.table import CellKind, Table
from auditor.model.verdict import Status
from auditor.model.version import Version
from auditor.resources import rules_folder

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
    not_run: Mapping[str, str]
    wording: Wording
    confirmed: Confirmation

    @cached_property
    def by_status(self) -> Mapping[Status, int]:
        totals: Counter[Status] = Counter()
        for (_rule, status), count in self.ledger.tally.counts.items():
            totals[status] += count
        return totals

    @cached_property
    def machines(self) -> int:
        return self.coverage.kinds.total()

    def headline(self) -> Headline:
        say = self.wording.say
        if self.coverage.nothing_collected:
            return Headline(say("headlines", "nothing"), "bad", say("summaries", "nothing"))
        if self.machines == 0 and not self.by_status:
            tone = "warn" if self.coverage.open_gaps else "good"
            return Headline(say("headlines", "empty"), tone, say("summaries", "empty", read=self.coverage.read))
        parts = self.wording.listed(
            say("summaries", "part", count=count, word=say("statuses", status).lower())
            for status in Status
            if (count := self.by_status.get(status, 0))
        )
        counts = {
            "verdicts": sum(self.by_status.values()),
            "machines": self._kinds(),
            "read": self._read(),
            "parts": parts,
        }
        summary = [
            say("summaries", "counts", **counts),
            *self._speechless(),
            *self.not_run.values(),
            *self._confirmed(),
            *self.coverage.accepted_lines(),
        ]
        return Headline(*self._verdict(), summary=self.wording.prose(summary))

    def _read(self) -> str:
        """``3``, or ``3 of 4`` where some of the subscriptions in scope could not be listed."""
        read, all_of_them = self.coverage.read, len(self.coverage.states)
        if read == all_of_them:
            return self.wording.number(read)
        return self.wording.say("summaries", "of", part=read, whole=all_of_them)

    def _speechless(self) -> Sequence[str]:
        """Rules that were run and speak of no row: mostly a wrong value in ``applies_to`` or ``only``.

        A shipped rule as it ships is right: there is no such machine, or none was listed, and that is told elsewhere.
        """
        judged = {rule for rule, _status in self.ledger.tally.counts} | {*self.not_run}
        shipped = {file.stem for file in rules_folder().glob("*.yaml")}
        open_to_doubt = (rule for rule in self.rules if rule.id not in shipped or rule.only != ALWAYS)
        silent = [rule.id for rule in open_to_doubt if rule.id not in judged]
        return [self.wording.say("summaries", "speechless", rules=self.wording.listed(silent))] if silent else ()

    def _kinds(self) -> str:
        """``3 virtual machines, 2 Arc-enabled servers``."""
        kinds = ((kind, self.coverage.kinds[kind]) for kind in ("vm", "scale_set_instance", "arc"))
        told = [self.wording.say("summaries", kind, count=count) for kind, count in kinds if count]
        return self.wording.listed(told) or self.wording.say("summaries", "no_machine")

    def _confirmed(self) -> Sequence[str]:
        """What reading again from Resource Manager itself changed; nothing where nothing was doubtful."""
        told, say = self.confirmed, self.wording.say
        if not told.machines:
            return ()
        silent = [say("summaries", "silent", count=told.silent)] if told.silent else []
        left = [say("summaries", "left", count=told.left)] if told.left else []
        return [say("summaries", "confirmed", **asdict(told)), *silent, *left]

    def _verdict(self) -> tuple[str, str]:
        if self.coverage.failing:
            numbers = {"failing": self.coverage.failing, "judged": self.machines}
            everything, wholly = len(self.coverage.states), self.coverage.listed_wholly
            told = {**numbers, "unlisted": everything - wholly, "all": everything}
            partly = "bad_of_listed" if wholly == self.coverage.read else "bad_of_partly_listed"
            return self.wording.say("headlines", "bad" if wholly == everything else partly, **told), "bad"
        if self.by_status.get(Status.FAIL):
            return self.wording.say("headlines", "models"), "bad"
        if not self.by_status:
            return self.wording.say("headlines", "unread"), "warn"
        unseen = self.by_status.get(Status.UNANSWERED) or self.coverage.gaps
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
            "adoption": adoption(self.ledger.tally.agents, self.wording),
            "operations": self._operations(),
        }

    def _by_rule(self) -> Table:
        def rows() -> Rows:
            for rule in self.rules:
                counts = [self.ledger.tally.counts.get((rule.id, status), 0) for status in Status]
                yield (rule.id, self.wording.text_of(rule.title), str(rule.severity), *counts)

        headings = (cell("rule"), cell("title", CellKind.LONG, 40), cell("severity", CellKind.SEVERITY))
        base = table(self.wording, "by_rule", headings, rows)
        return Table(base.name, base.title, (*base.columns, *counted(self.wording)), rows, base.note, base.empty)

    def _by_subscription(self) -> Table:
        def rows() -> Rows:
            for subscription, state in self.coverage.states.items():
                count = self.coverage.machines.get(subscription, Counter[str]())
                numbers = [
                    count[name] if state in READ else None
                    for name in ("listed", "failing", "unread", "without_agent", "scale_sets")
                ]
                read = self.wording.say("subscription_reads", state)
                yield (self.ledger.subscription_name(subscription), subscription, read, *numbers)

        columns = (
            cell("subscription", width=28),
            cell("subscription_id", width=38),
            cell("read"),
            *(cell(key, CellKind.NUMBER) for key in ("machines", "failing", "unread", "without_agent", "scale_sets")),
        )
        return table(self.wording, "by_subscription", columns, rows)

    def _by_version(self) -> Table:
        def rows() -> Rows:
            for agents, count in sorted(self.ledger.tally.agents.items(), key=lambda entry: _by_place(entry[0])):
                installed = agents.installed or self.wording.say("texts", "unknown")
                yield (agents.region, agents.type, installed, agents.latest, agents.behind, count)

        columns = (
            cell("region"),
            cell("type", width=28),
            cell("version", CellKind.VERSION),
            cell("latest", CellKind.VERSION),
            cell("behind", CellKind.NUMBER),
            cell("machines", CellKind.NUMBER),
        )
        return table(self.wording, "by_version", columns, rows)

    def _operations(self) -> Table:
        def rows() -> Rows:
            return map(self._operation, self.ledger.tally.latest_first())

        columns = (
            cell("ended", CellKind.TIME, 16),
            cell("outcome", width=12),
            cell("where", CellKind.LONG, 30),
            cell("error", CellKind.LONG, 72),
            cell("by", CellKind.LONG, 18),
            cell("became", CellKind.LONG, 12),
        )
        told = table(self.wording, "operations", columns, rows)
        return told if self.ledger.tally.log_read else replace(told, empty=self.wording.table("operations", "unread"))

    def _operation(self, unsettled: Unsettled) -> tuple[object, ...]:
        """The last cell says what the audit holds the extension's last failure to be, if it knows the extension."""
        say, operation = self.wording.say, unsettled.operation
        became = [say("failures", word) if word else say("texts", "unknown") for word in unsettled.became]
        return (
            operation["ended"] or operation["started"],
            say("outcomes", operation["outcome"]),
            "\n".join(self._where(unsettled)),
            error_of(operation) or None,
            begun_by(operation, self.wording),
            self.wording.listed(became) or say("texts", "no_such_extension"),
        )

    def _where(self, unsettled: Unsettled) -> Sequence[str]:
        """The machine and its kind, the extension or what was done instead, the subscription."""
        operation, place, say = unsettled.operation, unsettled.place, self.wording.say
        extension = operation["extension_id"]
        what = extension.rsplit("/", 1)[-1] if extension else say("actions", operation["action"])
        subscription = self.coverage.places.subscription(str(operation["subscription_id"]))
        if place is None:
            return (operation["machine_id"].rsplit("/", 1)[-1], what, subscription)
        named = say("texts", "beside", name=place.name, beside=say("kinds", place.kind))
        return (named, what, subscription)


def _by_place(agents: Agents) -> tuple[object, ...]:
    """Region, type, then the newest version first; versions sort as versions."""
    version = Version.read(agents.installed)
    newest_first = tuple(-part for part in version.parts) if version else (1,)
    return agents.region, agents.type, newest_first, agents.installed, agents.latest or "", agents.behind or 0
