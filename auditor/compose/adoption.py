"""Adoption: in each region, how many agents run its latest version, and how many are how far behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from auditor.compose.counted import Agents
from auditor.compose.tables import Rows, cell, table
from auditor.compose.wording import Wording
from auditor.model.table import CellKind, Table

REGIONS = 12
"""So many regions have a row of their own, those with the most agents; the rest share one: a chart must be readable."""
BEHIND = ("up_to_date", "behind_1", "behind_2", "behind_more", "behind_unknown")


def adoption(agents: Mapping[Agents, int], wording: Wording) -> Table:
    """The agents on machines by region and by releases behind the latest that the region offers."""

    def rows() -> Rows:
        found: dict[str, Counter[str]] = {}
        for told, count in agents.items():
            found.setdefault(told.region, Counter())[_class(told.behind)] += count
        ordered = sorted(found, key=lambda region: (-found[region].total(), region))
        named = {region: found[region] for region in ordered[:REGIONS]}
        rest = sum((found[region] for region in ordered[REGIONS:]), Counter[str]())
        others = {wording.say("texts", "other_regions"): rest} if rest else {}
        for region, counts in {**named, **others}.items():
            yield (region or wording.say("texts", "unknown"), *(counts[name] for name in BEHIND))

    columns = (cell("region", width=26), *(cell(name, CellKind.NUMBER, 14) for name in BEHIND))
    return table(wording, "adoption", columns, rows)


def _class(behind: int | None) -> str:
    """A number that is not known is not none."""
    return "behind_unknown" if behind is None else BEHIND[min(behind, 3)]
