"""What to look at again before it is told: the bulk answers that a verdict rests on may be minutes to hours old.

Read again are machines, and scale sets for their models, with a failure that last night's memory does not hold, with an
operation in the last hours, or with several agents, which are mostly rows of yesterday. What Resource Manager itself
told tonight is in no doubt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import pandas as pd

from auditor.model.dataset import Need, rule_column
from auditor.model.memory import Memory
from auditor.model.reading import Service, Source
from auditor.model.resource_id import subject_in
from auditor.model.rule import RuleBook, comparisons_of
from auditor.model.scopes import Subject, scopes_of, subject_of
from auditor.model.verdict import EXTENSIONS_NOT_READ, Severity, Status

LATELY = timedelta(hours=6)
"""Resource Graph rows are minutes to hours old, and the activity log's events come late."""

_LIVE: Mapping[Subject, tuple[Source, ...]] = {
    Subject.VM: (Source.INSTANCE_VIEW,),
    Subject.UNIFORM: (Source.SCALE_SET_INSTANCES, Source.INSTANCE_VIEW),
    Subject.ARC: (Source.ARC_EXTENSIONS,),
    Subject.SCALE_SET: (Source.SCALE_SETS,),
}
"""The readings that hold what is judged, but for associations, where Resource Manager itself answered them."""
_ASSOCIATIONS = Source.DATA_COLLECTION_RULE_ASSOCIATIONS
_LISTS: Mapping[Subject, tuple[Source, ...]] = {
    Subject.VM: (Source.VIRTUAL_MACHINES,),
    Subject.ARC: (Source.ARC_MACHINES,),
}
"""What does not stand in such a list from Resource Manager itself was deleted, and is not too young to be known."""

_MAY_BE_YOUNGER = (Subject.VM, Subject.ARC)
"""What Resource Graph lists, and may not list yet."""
_UNLISTED = "unlisted"
_OF_ROWS = {
    "machines": ["id", "kind", "subscription_id", "scale_set_id", "follows_model"],
    "scale_sets": ["id", "subscription_id", "orchestration_mode"],
}


class Why(StrEnum):
    """Why something is read again; the first that holds."""

    NEW_FAILURE = "new_failure"
    SEVERAL_AGENTS = "several_agents"
    RECENT_OPERATION = "recent_operation"


@dataclass(frozen=True, order=True, slots=True)
class Doubt:
    """A machine or scale set to read again. ``gravity``: the rank of the gravest rule that fails anew, below all
    severities where none does; ``id`` is in lower case."""

    gravity: int
    id: str
    why: Why


def doubtful(frames: Mapping[str, pd.DataFrame], rulebook: RuleBook, memory: Memory, as_of: datetime) -> list[Doubt]:
    """What to read again, the gravest first, then by id; each once. ``frames`` hold the verdicts too.

    Virtual machines and Arc-enabled servers that nothing but the activity log has told are among them: Resource Graph
    may not know them yet. What a standing reason leaves out is not: no reading would change that.
    """
    found: dict[str, Doubt] = {}
    for doubt in (*_failing(frames["verdicts"], rulebook, memory), *_several(frames), *_touched(frames, as_of)):
        found.setdefault(doubt.id, doubt)
    settled, bound = _excused(frames["verdicts"], rulebook), _by_associations(frames["verdicts"], rulebook)
    rows, live = _rows(frames, found.keys() - settled), _live_readings(frames["readings"])
    return sorted(found[each] for each, row in rows.items() if not _is_live(row, live, each in bound))


def changed(before: pd.DataFrame, after: pd.DataFrame) -> int:
    """How many verdicts came out otherwise: another status or reason, one that is gone, one that is new.

    Those on what did not answer are not among them: nothing was found otherwise.
    """
    silent = did_not_answer(before, after)
    one, other = (_outcomes(each[~each["machine_id"].str.lower().isin(silent)]) for each in (before, after))
    return sum(one.get(key) != other.get(key) for key in one.keys() | other.keys())


def did_not_answer(before: pd.DataFrame, after: pd.DataFrame) -> set[str]:
    """Ids, in lower case, of what was known before and could not be read again."""
    known, unread = (
        set(each["machine_id"][each["reason_code"].eq(EXTENSIONS_NOT_READ)].str.lower()) for each in (before, after)
    )
    return unread - known


def _outcomes(verdicts: pd.DataFrame) -> dict[tuple[str, ...], tuple[str, ...]]:
    ids = (verdicts[name].str.lower().tolist() for name in ("resource_id", "machine_id"))
    outcomes = zip(verdicts["status"].tolist(), verdicts["reason_code"].tolist(), strict=True)
    return dict(zip(zip(verdicts["rule_id"].tolist(), *ids, strict=True), outcomes, strict=True))


def _failing(verdicts: pd.DataFrame, rulebook: RuleBook, memory: Memory) -> list[Doubt]:
    """Machines with a failure that nobody remembers, the gravest of each first."""
    ranks = {rule.id: rule.severity.rank for rule in rulebook.rules}
    known = memory.failing or frozenset()
    failing = verdicts[verdicts["status"].eq(Status.FAIL)]
    columns = (failing[name].str.lower().tolist() for name in ("resource_id", "machine_id"))
    fresh = (
        (ranks[rule], machine)
        for rule, resource, machine in zip(failing["rule_id"].tolist(), *columns, strict=True)
        if (rule, resource) not in known
    )
    return [Doubt(rank, machine, Why.NEW_FAILURE) for rank, machine in sorted(set(fresh))]


def _several(frames: Mapping[str, pd.DataFrame]) -> Iterator[Doubt]:
    machines = frames["machines"]
    several = machines["id"][machines["monitor_agents"].gt(1).fillna(False).astype(bool)]
    return (Doubt(len(Severity), machine, Why.SEVERAL_AGENTS) for machine in several.str.lower())


def _touched(frames: Mapping[str, pd.DataFrame], as_of: datetime) -> Iterator[Doubt]:
    operations, since = frames["operations"], pd.Timestamp(as_of - LATELY)
    lately = operations["started"].ge(since) | operations["ended"].ge(since)
    touched = operations["machine_id"][lately].dropna().str.lower().unique()
    return (Doubt(len(Severity), each, Why.RECENT_OPERATION) for each in touched)


def _excused(verdicts: pd.DataFrame, rulebook: RuleBook) -> set[str]:
    """Machines and scale sets of which a standing reason is known to hold."""
    excused = verdicts["status"].eq(Status.NOT_APPLICABLE) & verdicts["clause"].lt(len(rulebook.standing))
    return set(verdicts["machine_id"][excused].str.lower())


def _by_associations(verdicts: pd.DataFrame, rulebook: RuleBook) -> set[str]:
    """Machines that fail a rule which expects an association with a data collection rule: no other answer holds it."""
    looking = [
        rule.id
        for rule in rulebook.rules
        if any(
            _ASSOCIATIONS in need for test in comparisons_of(rule.expect) for need in _needs(rule.frame, test.column)
        )
    ]
    failing = verdicts["status"].eq(Status.FAIL) & verdicts["rule_id"].isin(looking)
    return set(verdicts["machine_id"][failing].str.lower())


def _needs(frame: str, name: str) -> tuple[Need, ...]:
    column = rule_column(frame, name)
    return column.rests_on if column else ()


def _rows(frames: Mapping[str, pd.DataFrame], ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """What is known of each of ``ids``, as far as it can be read again."""
    rows: dict[str, dict[str, Any]] = {}
    operations = frames["operations"]
    machines = operations["machine_id"].str.lower()
    touched = operations.assign(machine_id=machines)[machines.isin(ids)].drop_duplicates("machine_id")
    for each, subscription in zip(touched["machine_id"].tolist(), touched["subscription_id"].tolist(), strict=True):
        subject = subject_in(each)
        if subject in _MAY_BE_YOUNGER:
            rows[each] = {"id": each, "kind": str(subject), "subscription_id": subscription, _UNLISTED: True}
    for name, columns in _OF_ROWS.items():
        frame = frames[name]
        wanted = frame.loc[[each in ids for each in frame["id"].str.lower().tolist()], columns]
        rows |= {row["id"].lower(): row for row in wanted.to_dict("records")}
    return rows


def _live_readings(readings: pd.DataFrame) -> set[tuple[str, str]]:
    """Source and scope of what Resource Manager itself has told tonight, completely."""
    live = readings[readings["by"].eq(Service.RESOURCE_MANAGER) & readings["complete"].eq("yes")]
    return set(zip(live["source"].tolist(), live["scope"].tolist(), strict=True))


def _is_live(row: Mapping[str, Any], live: Collection[tuple[str, str]], with_associations: bool) -> bool:
    subject = subject_of(row)
    if subject is None:
        return False
    sources = (*_LIVE[subject], *(_LISTS[subject] if _UNLISTED in row else ()))
    needs = (sources, (_ASSOCIATIONS,)) if with_associations else (sources,)
    return all(any((source, scope) in live for source in need for scope in scopes_of(source, row)) for need in needs)
