"""Puts the report together: every part settled, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial

from auditor.compose.coverage import Coverage
from auditor.compose.coverage_tables import CoverageTables
from auditor.compose.desk import Bench
from auditor.compose.exempting import Exempting
from auditor.compose.exemption_tables import ExemptionTables
from auditor.compose.finding_columns import finding_columns
from auditor.compose.findings import verdicts_of
from auditor.compose.history import History
from auditor.compose.ledger import Ledger
from auditor.compose.letter import Correspondent
from auditor.compose.machine_table import MachineTable
from auditor.compose.notes import note_of
from auditor.compose.operation_list import operation_list
from auditor.compose.rule_table import rule_table
from auditor.compose.run_file import run_file
from auditor.compose.summary import Summary
from auditor.compose.table_end import TableEnd, stale_end
from auditor.compose.tables import Rows, cell, table
from auditor.compose.unseen_tables import UnseenTables
from auditor.compose.wording import Wording
from auditor.errors import ExitCode
from auditor.model.files import FILES, WITH_ALL
from auditor.model.posted import NOTHING_POSTED, Posted
from auditor.model.report import LEFT_TO_PARQUET, Banner, Group, Night, Report, RuleNote, listed_whole
from auditor.model.rule import Rule
from auditor.model.run import Order, RunFacts
from auditor.model.settings import Settings
from auditor.model.table import CellKind, Table
from auditor.model.verdict import Severity, Status

PAGE_ROWS = 400
"""Findings that the page shows without scripts, shared out among rules and verdicts: some 2 MB. With scripts it shows
all that its budget allows; the workbook and findings.json have them all."""
_ON_PAGE = (Status.FAIL, Status.UNANSWERED, Status.PENDING, Status.EXEMPT)

_GROUNDS = frozenset({"configuration", "releases", "standing", "exemptions"})
"""What is judged by besides rules, as :class:`auditor.model.grounds.Grounds` marks it."""


@dataclass(frozen=True)
class Composer:
    """All that a report is made from."""

    ledger: Ledger
    order: Order
    facts: RunFacts

    @property
    def settings(self) -> Settings:
        return self.order.settings

    @cached_property
    def wording(self) -> Wording:
        return Wording(self.settings.report.language, self.settings.report.time_zone)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.order.rulebook.rules if rule.enabled)

    @cached_property
    def coverage(self) -> Coverage:
        return Coverage(self.ledger, self.settings.scope, self.wording, self.order.as_of.date())

    @cached_property
    def exemptions(self) -> ExemptionTables:
        entries, facts = self.order.rulebook.exemptions, self.facts
        return ExemptionTables(Exempting(entries, self.rules, facts.not_run, facts.reach, self.coverage))

    @cached_property
    def summary(self) -> Summary:
        return Summary(self.ledger, self.coverage, self.rules, self.not_run, self.wording, self.facts.confirmed)

    @cached_property
    def not_run(self) -> Mapping[str, str]:
        """For each rule that nothing configured can answer a sentence: it is no gap, for nobody was asked."""
        say, label, listed = self.wording.say, self.wording.label, self.wording.listed
        return {
            rule: say("texts", "not_run", rule=rule, columns=listed(map(label, columns)))
            for rule, columns in self.facts.not_run.items()
        }

    @cached_property
    def history(self) -> History:
        return History(self.facts.past, self.facts.nights, self.facts.passed_over, self.wording)

    @cached_property
    def tonight(self) -> Night:
        """Tonight as later nights will see it."""
        complete = not self.coverage.open_gaps and not self.coverage.nothing_collected
        counts = dict(self.facts.past.counts) if self.facts.past.since else {}
        told = (self.order.as_of, self.order.run_id, dict(self.summary.by_status), complete, counts)
        return Night(*told, narrow=self.order.narrowed)

    @cached_property
    def bench(self) -> Bench:
        return Bench(self.order.rulebook, self.wording, self.facts.portal, self.history)

    @property
    def left(self) -> frozenset[Status]:
        """The verdicts that findings.json and the workbook leave to verdicts.parquet."""
        return frozenset() if listed_whole(self._total) else LEFT_TO_PARQUET

    @property
    def left_out(self) -> int:
        """How many those are."""
        return sum(self.summary.by_status.get(status, 0) for status in self.left)

    @property
    def _total(self) -> int:
        return self.ledger.tally.counts.total()

    def report(self) -> Report:
        headline = self.summary.headline()
        say = self.wording.say
        report = Report(
            title=self.settings.report.title or say("texts", "report_title"),
            subtitle=self._scope(),
            language=self.wording.language,
            words=self.wording.words,
            headline=headline.sentence,
            tone=headline.tone,
            summary=self.wording.prose((headline.summary, self.exemptions.sentence(), *self.history.sentences())),
            banner=self._banner(),
            cards=self.summary.cards(),
            groups=self._groups(),
            rules=self._notes,
            tables=self._tables(),
            verdicts=partial(verdicts_of, self.ledger, self.bench, self.left),
            findings_total=self._total,
            left_out=self._left_out(),
            status_words={status: say("statuses", status) for status in Status},
            severity_words={severity: say("severities", severity) for severity in Severity},
            time_zone=self.wording.zone,
            as_of=self.order.as_of,
            run=self.run(),
            exemptions_to_see=self.exemptions.sentence(),
            finding_columns=finding_columns(self.wording),
            changed=self.history.changed,
            nights=self.history.nights(self.tonight),
            page_budget=self.settings.report.page_budget,
        )
        letter = Correspondent(report, self.order, self.coverage, self.wording).letter()
        return replace(report, letter=letter)

    def _left_out(self) -> str:
        """Where the verdicts are that lists leave out: only a file that is written is named."""
        if not self.left_out:
            return ""
        written = [FILES[key] for key in WITH_ALL if key in self.order.formats]
        told = {"count": self.left_out, "files": self.wording.listed(written)}
        return self.wording.say("texts", "left_to_tables" if written else "left_unwritten", **told)

    def _scope(self) -> str:
        """What was to be audited, as the configuration says it."""
        scope, say = self.settings.scope, self.wording.say
        named = [("some_subscriptions", len(scope.subscriptions)), ("below_groups", len(scope.management_groups))]
        told = [say("texts", key, count=count) for key, count in named if count]
        whole = self.wording.listed(told) or say("texts", "all_subscriptions")
        excluded = len(scope.exclude_subscriptions)
        return say("texts", "excluded", scope=whole, count=excluded) if excluded else whole

    def _banner(self) -> Banner | None:
        """What the reader must know first; None where every question was answered or its gap is accepted."""
        lines = list(self.coverage.banner_lines())
        if not lines:
            return None
        count = len(self.coverage.open_gaps)
        return Banner(self.wording.say("banner", "sentence", count=count), tuple(lines))

    def _groups(self) -> tuple[Group, ...]:
        """In the order of the findings."""
        wanted = [(status, rule) for status in _ON_PAGE for rule in sorted(self.rules, key=_by_severity)]
        counts = self.ledger.tally.counts
        totals = {(rule.id, status): total for status, rule in wanted if (total := counts.get((rule.id, status), 0))}
        shown = shares(totals, PAGE_ROWS)
        rules = {rule.id: rule for rule in self.rules}
        return tuple(
            self._group(rules[rule], status, total, shown[rule, status]) for (rule, status), total in totals.items()
        )

    def _group(self, rule: Rule, status: Status, total: int, shown: int) -> Group:
        rest = total - shown
        return Group(
            rule_id=rule.id,
            status=status,
            status_word=self.wording.say("statuses", status),
            severity=rule.severity,
            title=self.wording.text_of(rule.title),
            why=self.wording.text_of(rule.why),
            total=total,
            shown=shown,
            left_out=self.wording.say("texts", "left_out", count=rest) if rest else "",
        )

    @cached_property
    def _notes(self) -> tuple[RuleNote, ...]:
        return tuple(self._note(rule) for rule in self.rules)

    def _note(self, rule: Rule) -> RuleNote:
        counts = {status: self.ledger.tally.counts.get((rule.id, status), 0) for status in Status}
        return note_of(rule, self.wording, counts)

    def _tables(self) -> Mapping[str, Table]:
        return {
            **self.summary.tables(),
            **CoverageTables(self.coverage, self._stale_end(), tuple(self.not_run.values())).tables(),
            **UnseenTables(self.coverage).tables(),
            **self.exemptions.tables(),
            "failed_operations": operation_list(self.coverage),
            "machines": MachineTable(self.ledger, self.wording, self.facts.portal).table(),
            "rules": rule_table(self._notes, self.wording),
            "departed": self.history.departed(),
            "about": self._about(),
        }

    def _stale_end(self) -> TableEnd | None:
        return stale_end(self.order.rulebook, self.ledger.tally.agents, self.order.as_of.date())

    def _about(self) -> Table:
        facts = self.facts

        def rows() -> Rows:
            say = self.wording.say
            yield (say("about", "tool"), facts.tool)
            yield from self._again()
            yield (say("about", "run_id"), self.order.run_id)
            yield (say("about", "as_of"), self.wording.moment(self.order.as_of))
            yield from self._starts()
            oldest = self.ledger.tally.oldest
            yield (say("about", "data_age"), self.wording.moment(oldest) if oldest else say("about", "none"))
            yield (say("about", "identity"), facts.identity.get("object_id") or say("texts", "unknown"))
            yield (say("about", "cloud"), str(self.settings.azure.cloud))
            yield (say("about", "scope"), self._scope())
            yield (say("about", "look_back"), self.wording.span(self.settings.sources.lookback))
            workspaces = self.wording.listed(self.settings.sources.heartbeats.workspaces)
            yield (say("about", "heartbeats"), workspaces or say("about", "none"))
            yield (say("about", "requests"), sum(each.sent for each in facts.traffic.values()))
            yield (say("about", "confirmed"), say("texts", "confirmed", **asdict(facts.confirmed)))
            number, seconds = self.wording.number, facts.watch.seconds
            stages = (f"{say('stages', name)} {number(took)}" for name, took in seconds.items())
            yield (say("about", "seconds"), self.wording.listed(stages))
            yield from (
                (say("about", "rules_hash", file=file), digest)
                for file, digest in {**self.order.hashes, **facts.hashes}.items()
            )

        return table(self.wording, "about", (cell("fact", width=34), cell("value", CellKind.LONG, 72)), rows)

    def _starts(self) -> Rows:
        """Of a night that did not come to its end at once."""
        starts, say = self.facts.watch.starts, self.wording.say
        if len(starts) > 1:
            told = {"count": len(starts), "first": self.wording.moment(starts[0])}
            yield (say("about", "starts"), say("texts", "starts", **told))

    def _again(self) -> Rows:
        """Of a report made from a snapshot: who collected it, and what it is judged by now that it was not then."""
        again, say = self.facts.again, self.wording.say
        if again is None:
            return
        yield (say("about", "collected_by"), again.tool)
        for what in ("changed", "added", "removed"):
            names = [say("about", name) if name in _GROUNDS else name for name in getattr(again.changes, what)]
            yield (say("about", f"rules_{what}"), self.wording.listed(names) or say("about", "none"))

    @cached_property
    def exit_code(self) -> ExitCode:
        """What the night ends with before anything is delivered, the first that holds."""
        if self.coverage.nothing_collected:
            return ExitCode.NOTHING_COLLECTED
        fail_on = self.order.fail_on
        grave = [rule.id for rule in self.rules if fail_on and rule.severity.rank <= fail_on.rank]
        if any(self.ledger.tally.counts.get((rule, Status.FAIL), 0) for rule in grave):
            return ExitCode.FINDINGS
        return ExitCode.INCOMPLETE if self.coverage.open_gaps else ExitCode.DELIVERED

    def run(self, posted: Posted = NOTHING_POSTED) -> dict[str, object]:
        """run.json as of now: the seconds are those of the stages that have ended, ``posted`` what was delivered."""
        code, changes = self.ends_with(posted), self.history.for_run()
        return run_file(
            self.order, self.facts, self.coverage, self.rules, self.left_out, changes, code, posted.receipts
        )

    def ends_with(self, posted: Posted) -> ExitCode:
        """What the night ends with after delivering, the first that holds."""
        held = {self.exit_code} | ({ExitCode.NOT_DELIVERED} if posted.problems else set())
        return next(code for code in ExitCode if code in held)


def _by_severity(rule: Rule) -> tuple[int, str]:
    return rule.severity.rank, rule.id


def shares(totals: Mapping[tuple[str, Status], int], most: int) -> Mapping[tuple[str, Status], int]:
    """How many of each are shown: together at most ``most``, the small ones wholly, the others alike."""
    left, shown = most, {}
    for place, key in enumerate(sorted(totals, key=lambda key: totals[key])):
        shown[key] = min(totals[key], left // (len(totals) - place))
        left -= shown[key]
    return shown
