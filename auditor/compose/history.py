"""What has become of the failures of earlier nights, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from auditor.compose.tables import Rows, cell, table
from auditor.compose.wording import Wording, iso
from auditor.model.memory import Failure
from auditor.model.past import Past, Standing
from auditor.model.report import CHANGES, Changed, Night
from auditor.model.table import CellKind, Table
from auditor.model.verdict import Status


@dataclass(frozen=True)
class History:
    """``earlier`` are the nights that are remembered, ``passed_over`` a sentence for each that is not trusted."""

    past: Past
    earlier: tuple[Night, ...]
    passed_over: tuple[str, ...]
    wording: Wording

    @cached_property
    def changed(self) -> Changed | None:
        """None without an earlier night to compare with."""
        if self.past.since is None:
            return None
        told = self.past.counts
        counts = {change: told[change] for change in CHANGES}
        return Changed(self.past.since, counts, self._sentence(counts), len(self.past.carried))

    def _sentence(self, counts: Mapping[str, int]) -> str:
        parts = self.wording.listed(self._counted(change, count) for change, count in counts.items() if count)
        since = self.wording.moment(self.past.since) if self.past.since else ""
        carried = len(self.past.carried)
        told = self.wording.say("history", "sentence" if parts else "nothing_changed", since=since, parts=parts)
        if carried and not parts:  # none was seen tonight: whether one has changed nobody knows
            return self._counted("carried", carried)
        return self.wording.prose((told, self._counted("carried", carried) if carried else ""))

    def _counted(self, key: str, count: int) -> str:
        return self.wording.say("history", key, count=count)

    def nights(self, tonight: Night) -> tuple[Night, ...]:
        """Oldest first, tonight the last; none where no earlier one is remembered.

        Earlier nights of some subscriptions are left out: among the others they would look like an improvement.
        """
        whole = [each for each in self.earlier if not each.narrow]
        return (*whole, tonight) if whole else ()

    def of(self, failure: Failure, status: Status) -> tuple[Standing | None, str | None]:
        """What is known of a verdict from earlier nights, and a sentence on it."""
        standing = self.past.standings.get(failure)
        if standing is None:
            return None, None
        since = self.wording.moment(standing.first_seen)
        return standing, self.wording.say("history", _key(standing, status), count=standing.nights, since=since)

    def for_run(self) -> dict[str, object]:
        """The key ``changes`` of run.json."""
        changed = self.changed
        if changed is None:
            return {"since": None, "counts": {}, "unanswered": 0, "passed_over": list(self.passed_over)}
        return {
            "since": iso(changed.since),
            "counts": dict(changed.counts),
            "unanswered": changed.unanswered,
            "passed_over": list(self.passed_over),
        }

    def sentences(self) -> Sequence[str]:
        """For the summary: what changed, and which nights were not trusted."""
        return [*([self.changed.sentence] if self.changed else []), *self.passed_over]

    def departed(self) -> Table:
        """Failures that are open no more. Their rows stand apart from the findings: those are tonight's verdicts."""

        def rows() -> Rows:
            for each in self.past.departed:
                failure = each.failure
                yield (
                    self.wording.say("words", each.change),
                    failure.rule_id,
                    failure.severity,
                    failure.machine_name,
                    failure.first_seen,
                    failure.last_seen,
                    failure.nights,
                    failure.reason or failure.reason_code,
                    failure.resource_id,
                )

        columns = (
            cell("change", width=18),
            cell("rule", width=10),
            cell("severity", CellKind.SEVERITY, 10),
            cell("machine", width=20),
            cell("first_seen", CellKind.TIME),
            cell("last_seen", CellKind.TIME),
            cell("nights", CellKind.NUMBER, 8),
            cell("last_reason", CellKind.LONG, 60),
            cell("resource_id", CellKind.LONG, 60),
        )
        return table(self.wording, "departed", columns, rows)


def _key(standing: Standing, status: Status) -> str:
    """The sentence of one finding."""
    if standing.change == "new":
        return "finding_new"
    if status is Status.FAIL:
        return "finding_fail"
    return f"finding_{standing.change or status}"
