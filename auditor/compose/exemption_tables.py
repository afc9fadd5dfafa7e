"""The tables of the exemptions, and the sentence that counts those that somebody should look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from auditor.compose.exempting import Exempting, Standing
from auditor.compose.places import Places
from auditor.compose.tables import Rows, cell, table
from auditor.compose.wording import Wording
from auditor.model.report import EXEMPTION_LISTS
from auditor.model.table import CellKind, Table


@dataclass(frozen=True)
class ExemptionTables:
    """What somebody has accepted, for page and workbook."""

    exempting: Exempting

    @property
    def _wording(self) -> Wording:
        return self.exempting.coverage.wording

    @property
    def _places(self) -> Places:
        return self.exempting.coverage.places

    def sentence(self) -> str:
        """How many somebody should look at, by list; empty where there are none."""
        say = self._wording.say
        counts = ((name, len(self.exempting.listed(name))) for name in EXEMPTION_LISTS)
        parts = [say("exempting", f"count_{name}", count=count) for name, count in counts if count]
        return say("exempting", "sentence", parts=self._wording.listed(parts)) if parts else ""

    def tables(self) -> Mapping[str, Table]:
        """All exemptions, and each of the lists."""
        lists = {f"exemptions_{name}": self.exempting.listed(name) for name in EXEMPTION_LISTS}
        return {
            name: self._table(name, told) for name, told in {"exemptions": self.exempting.standings, **lists}.items()
        }

    def _table(self, name: str, standings: Sequence[Standing]) -> Table:
        def rows() -> Rows:
            return map(self._row, standings)

        columns = (
            cell("rule", width=10),
            cell("resource", CellKind.LONG, 34),
            cell("standing", CellKind.LONG, 34),
            cell("owner", width=12),
            cell("reason", CellKind.LONG, 24),
            cell("ticket", width=12),
            cell("expires", CellKind.DATE, 14),
            cell("matches", CellKind.NUMBER, 10),
        )
        return table(self._wording, name, columns, rows)

    def _row(self, standing: Standing) -> tuple[object, ...]:
        entry = standing.exemption
        selected = entry.resource is None
        what = self._wording.condition(entry.selector) if selected else self._places.lines(str(entry.resource))
        who = (entry.owner, entry.reason, entry.ticket, entry.expires)
        return (entry.rule, what, self._told(standing), *who, standing.found.excuses)

    def _told(self, standing: Standing) -> str:
        where = self._places.some(standing.found.unread)
        told = [self._wording.say("exempting", standing.outcome, **{**asdict(standing.found), "unread": where})]
        today = self.exempting.coverage.today
        if standing.exemption.expires_soon(today):
            left = (standing.exemption.expires - today).days
            key = {0: "ends_today", 1: "ends_tomorrow"}.get(left, "ends")
            told.append(self._wording.say("exempting", key, count=left))
        return self._wording.prose(told)
