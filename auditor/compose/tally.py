"""What is counted over all shards, each of which is looked at once; of readings the sums and the gaps are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from auditor.compose.answers import Answers
from auditor.compose.counted import Agents, Covered, Machines, Place, ScaleSets, Summed, Unsettled
from auditor.compose.covering import covered
from auditor.compose.rows import python
from auditor.compose.unsettled import CREATE_OR_UPDATE, places_of, unsettled
from auditor.model.agent import is_monitor_agent
from auditor.model.dataset import READINGS, Kind
from auditor.model.reading import GONE, Reading, Row, Source
from auditor.model.verdict import Status

OF_SUBSCRIPTION = (Source.SUBSCRIPTIONS, Source.VIRTUAL_MACHINES, Source.SCALE_SETS, Source.ARC_MACHINES)
"""The sources whose readings tell how far a subscription was read: itself, and the lists of what it holds."""

Frames = Mapping[str, pd.DataFrame]


@dataclass
class Tally:
    """``survey`` are the readings that span shards: they stand in each of them and count once."""

    survey: tuple[Reading, ...]
    verdicts_of_shard: list[frozenset[tuple[str, Status]]] = field(default_factory=list)
    counts: Counter[tuple[str, Status]] = field(default_factory=Counter)
    named: Counter[tuple[int, Status]] = field(default_factory=Counter)
    """Verdicts by the exemption (its position in the rule book) that names them."""
    perhaps: Counter[int] = field(default_factory=Counter)
    """Verdicts by the exemption of which it is not known whether it names them."""
    excused: Counter[tuple[int, ...]] = field(default_factory=Counter)
    """Exempt verdicts by all exemptions that name them, in their order."""
    machines: Counter[Machines] = field(default_factory=Counter)
    scale_sets: Counter[ScaleSets] = field(default_factory=Counter)
    agents: Counter[Agents] = field(default_factory=Counter)
    covered: Counter[Covered] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    unsettled: list[Unsettled] = field(default_factory=list)
    readings: dict[Source, Summed] = field(default_factory=dict)
    gaps: list[Row] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    of_subscription: dict[tuple[Source, str], Row] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    """By id in lower case, of those that a gap names."""

    def __post_init__(self) -> None:
        self._spanning: set[tuple[str, str]] = set()
        self._read(reading.as_row() for reading in self.survey)
        self._spanning = {(str(reading.source), reading.scope.lower()) for reading in self.survey}

    @property
    def log_read(self) -> bool:
        """Whether an activity log was asked for at all: where none was, no operation proves nothing."""
        return bool({Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG} & self.readings.keys())

    @property
    def oldest(self) -> datetime | None:
        """The time of the oldest answer; None where there is none."""
        return min((told.first for told in self.readings.values() if told.first), default=None)

    def latest_first(self) -> list[Unsettled]:
        """Operations that failed or have no end, of all subscriptions together."""
        return sorted(
            self.unsettled, key=lambda each: each.operation["ended"] or each.operation["started"], reverse=True
        )

    def by_source(self) -> Iterator[tuple[Source, Summed]]:
        """How each source that was asked answered, in the order in which sources are declared."""
        return ((source, self.readings[source]) for source in Source if source in self.readings)

    def add(self, frames: Frames, answers: Answers) -> None:
        """Count one shard. Every frame of the data set and ``verdicts`` must be there."""
        self._judged(frames["verdicts"])
        self._read(_rows_of(frames["readings"]))
        self._counted(frames)
        self.covered.update(covered(frames, answers))
        operations = frames["operations"]
        self.operations.update(operations["outcome"][operations["action"].isin(CREATE_OR_UPDATE)].tolist())
        self.unsettled.extend(unsettled(frames))
        self._name(frames)

    # --- verdicts ---

    def _judged(self, verdicts: pd.DataFrame) -> None:
        names = zip(python(verdicts["rule_id"], Kind.TEXT), python(verdicts["status"], Kind.TEXT), strict=True)
        counts = Counter({(rule, Status(status)): count for (rule, status), count in Counter(names).items()})
        self.verdicts_of_shard.append(frozenset(counts))
        self.counts += counts
        self._exempted(verdicts)

    def _exempted(self, verdicts: pd.DataFrame) -> None:
        """Many verdicts and few exemptions: what is alike is taken apart once."""
        columns = (python(verdicts[name], Kind.TEXT) for name in ("status", "named_by", "perhaps_by"))
        for (word, named_by, perhaps_by), count in Counter(zip(*columns, strict=True)).items():
            status, names = Status(word), _positions(named_by)
            for each in names:
                self.named[each, status] += count
            for each in _positions(perhaps_by):
                self.perhaps[each] += count
            if status is Status.EXEMPT:
                self.excused[names] += count

    # --- readings ---

    def _read(self, rows: Iterable[Row]) -> None:
        seen = self._spanning.copy()
        for row in rows:
            key = (str(row["source"]), str(row["scope"]))
            if key not in seen:
                seen.add(key)
                self._add_reading(Source(key[0]), key[1], row)

    def _add_reading(self, source: Source, scope: str, row: Row) -> None:
        read_at = row["read_at"]
        assert isinstance(read_at, datetime), "a reading has its time"  # noqa: S101 - declared so
        self.readings.setdefault(source, Summed()).add(row, read_at)
        if row["complete"] == "no":
            self.gaps.append(row)
        if row["reason"] == GONE:
            self.gone.add(scope)
        if source in OF_SUBSCRIPTION:
            self.of_subscription[source, scope] = row

    # --- machines ---

    def _counted(self, frames: Frames) -> None:
        machines, verdicts = frames["machines"], frames["verdicts"]
        failing = set(verdicts["machine_id"][verdicts["status"].eq(Status.FAIL)])
        names = ("subscription_id", "kind", "availability", "managed_by", "extensions_read", "monitor_agents", "id")
        columns = (python(machines[name], Kind.TEXT) for name in names)
        self.machines.update(
            Machines(subscription.lower(), kind, availability, managed, read != "yes", agents == 0, each in failing)
            for subscription, kind, availability, managed, read, agents, each in zip(*columns, strict=True)
        )
        scale_sets = (
            python(frames["scale_sets"][name], Kind.TEXT)
            for name in ("subscription_id", "managed_by", "instances_read")
        )
        self.scale_sets.update(
            ScaleSets(subscription.lower(), *rest) for subscription, *rest in zip(*scale_sets, strict=True)
        )
        self._count_agents(frames["extensions"])

    def _count_agents(self, view: pd.DataFrame) -> None:
        names = ("on", "publisher", "location", "type", "installed_version", "latest_version", "releases_behind")
        columns = (python(view[name], Kind.TEXT) for name in names)
        for told, count in Counter(zip(*columns, strict=True)).items():
            on, publisher, region, kind, installed, latest, behind = told
            if on == "machine" and is_monitor_agent(publisher, kind):
                self.agents[Agents(region or "", kind, installed or "", latest, behind)] += count

    # --- names ---

    def _name(self, frames: Frames) -> None:
        """Only what is told by name somewhere: a night has few gaps."""
        scopes = {str(gap["scope"]) for gap in self.gaps} | self.gone
        self.places |= dict(places_of(frames, scopes))


def _positions(told: str | None) -> tuple[int, ...]:
    return tuple(map(int, told.split(","))) if told else ()


def _rows_of(readings: pd.DataFrame) -> Iterator[Row]:
    columns = {column.name: python(readings[column.name], column.kind) for column in READINGS}
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
