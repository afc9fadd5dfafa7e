"""The release table ends, and of agents that are newer it tells little: one line of the coverage, not one a machine."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from auditor.compose.counted import Agents
from auditor.model.agent import is_monitor_agent
from auditor.model.rule import ReleaseRow, RuleBook
from auditor.model.version import Release, Version

STALE = timedelta(days=60)
"""Releases come about every month: a table that ended longer ago lacks at least one."""
_RESTS_ON_IT = "version_age"


@dataclass(frozen=True, slots=True)
class TableEnd:
    """``month``: the last one of the table (the earlier, where its types end at different times), ``days`` ago.

    ``newer`` of the ``known`` agents, whose version is known, run a release that is newer than the table.
    """

    month: date
    days: int
    newer: int
    known: int


def stale_end(rulebook: RuleBook, agents: Counter[Agents], today: date) -> TableEnd | None:
    """The end of a table that is older than 60 days; None where it is younger, or no enabled rule asks for an age."""
    ends = _ends(rulebook.releases)
    if not ends or not any(rule.enabled and _RESTS_ON_IT in rule.columns() for rule in rulebook.rules):
        return None
    month = min(last for last, _newest in ends.values())
    past = today - month.replace(day=calendar.monthrange(month.year, month.month)[1])
    if past <= STALE:
        return None
    known = [(each, count) for each, count in agents.items() if Version.read(each.installed) is not None]
    newer = sum(count for each, count in known if _is_newer(each, ends))
    return TableEnd(month, past.days, newer, sum(count for _each, count in known))


def _ends(rows: Iterable[ReleaseRow]) -> Mapping[str, tuple[date, Release]]:
    """The last month and the newest release of each of the agent's types, in lower case."""
    ends: dict[str, tuple[date, Release]] = {}
    for row in rows:
        if row.month is not None and is_monitor_agent(row.publisher, row.type):
            read = (Version.read(text.removesuffix(".x")) for text in row.versions)
            newest = max((version.release for version in read if version), default=(0, 0))
            month, release = ends.get(row.type.lower(), (row.month, newest))
            ends[row.type.lower()] = max(month, row.month), max(release, newest)
    return ends


def _is_newer(agents: Agents, ends: Mapping[str, tuple[date, Release]]) -> bool:
    version, end = Version.read(agents.installed), ends.get(agents.type.lower())
    return version is not None and end is not None and version.release > end[1]
