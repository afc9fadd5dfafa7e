"""Who told of a row, and when: the readings that lie over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd

from auditor.compose.rows import Coded, Rows, View, python
from auditor.model.dataset import Column, Kind
from auditor.model.reading import Service, Source
from auditor.model.scopes import LIES_OVER, Cut, Subject

TELLERS: Mapping[str, tuple[Source, ...]] = {
    "instance_view": (Source.INSTANCE_VIEW, Source.SCALE_SET_INSTANCES),
    "guest_agent": (Source.INSTANCE_VIEW, Source.SCALE_SET_INSTANCES),
    "heartbeats": (Source.HEARTBEATS,),
    "activity_log": (Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG),
    "resource_graph": (Source.VIRTUAL_MACHINES,),
    "arc": (Source.ARC_EXTENSIONS, Source.ARC_MACHINES),
}
"""The words by which a row says who told a value of it, and the sources that can be meant."""


_BESIDE: Mapping[Subject | None, Source] = {
    Subject.SCALE_SET: Source.SCALE_SET_INSTANCES,
    Subject.UNIFORM: Source.SCALE_SETS,
    Subject.VM: Source.SCALE_SETS,
}
"""The source whose readings lie over a subject too, and tell of what stands beside it: not of it, where others do."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A reading as evidence needs it, like no other. ``gap`` holds reason and remedy where it is not complete."""

    source: Source
    read_at: datetime
    by: str
    gap: tuple[str, str] | None

    @property
    def in_bulk(self) -> bool:
        return self.by == Service.RESOURCE_GRAPH

    @property
    def word(self) -> str:
        """Who told: rows of the Resource Graph are older than they look, so that is said first."""
        return str(Service.RESOURCE_GRAPH) if self.in_bulk else str(self.source)


@dataclass(frozen=True)
class Answers:
    """A shard's readings by source and scope in lower case."""

    readings: Mapping[tuple[str, str], Answer]

    @classmethod
    def of(cls, readings: pd.DataFrame) -> Answers:
        """Where a scope was asked twice, the answer that stands first counts."""
        names = ("source", "scope", "complete", "reason", "close", "by")
        texts = (python(readings[name], Kind.TEXT) for name in names)
        found: dict[tuple[str, str], Answer] = {}
        for source, scope, complete, reason, close, by, read_at in zip(
            *texts, python(readings["read_at"], Kind.TIME), strict=True
        ):
            gap = None if complete == "yes" else (reason or "", close or "")
            found.setdefault((source, scope), Answer(Source(source), read_at, by, gap))
        return cls(found)

    def over(self, source: Source, rows: Rows) -> list[Answer | None]:
        """The reading of ``source`` that lies over each row."""
        return self.latest((source,), rows)

    def latest(self, sources: Sequence[Source], rows: Rows) -> list[Answer | None]:
        """For each row the latest reading of any of ``sources`` that lies over it."""
        return self.latest_in(sources, rows.view).at(rows.positions)

    def latest_in(self, sources: Sequence[Source], view: View) -> Coded:
        """The same for every row of a view; what is alike is looked up once."""
        return view.once(tuple(sources), lambda: self._told(sources, view))

    def _told(self, sources: Sequence[Source], view: View) -> Coded:
        cuts = [cut for cut in Cut if any(cut in self._cuts[source] for source in sources)]
        scopes = [self._of_readings(view.scopes(cut)) for cut in cuts]

        def told(rows: Rows) -> list[Answer | None]:
            each = zip(*(column.at(rows.positions) for column in scopes), strict=True) if scopes else [()] * len(rows)
            return [
                self._latest(sources, subject, dict(zip(cuts, found, strict=True)))
                for subject, found in zip(rows.subjects, each, strict=True)
            ]

        return view.combined([view.subjects, *scopes], told)

    def _of_readings(self, scopes: Coded) -> Coded:
        """The scopes that anything was asked of; all others are one."""
        known = [scope if scope in self._scopes else None for scope in scopes.values]
        places = {scope: place for place, scope in enumerate(dict.fromkeys(known))}
        return Coded(np.array([places[scope] for scope in known], dtype=np.int32)[scopes.codes], list(places))

    def asked(self, sources: Iterable[Source], rows: Rows, at: int) -> bool:
        """Whether any of ``sources`` that speak of the row at all was asked for it; none of them: nothing is amiss."""
        subject = rows.subjects[at]
        speak = [each for each in sources if each not in LIES_OVER or subject in (None, *LIES_OVER[each][0])]
        cuts = {each: {cut: rows.scopes(cut)[at] for cut in self._cuts[each]} for each in speak}
        return not speak or any(self._over(each, subject, cuts[each]) for each in speak)

    def failed(self, sources: Iterable[Source], rows: Rows, at: int) -> Answer | None:
        """The first reading over the row that is not complete; a machine may report to any workspace."""
        subject = rows.subjects[at]
        for source in sources:
            scopes = {cut: rows.scopes(cut)[at] for cut in self._cuts[source]}
            told = self._beats if source is Source.HEARTBEATS else (self._over(source, subject, scopes),)
            found = next((answer for answer in told if answer and answer.gap), None)
            if found:
                return found
        return None

    def _latest(
        self, sources: Sequence[Source], subject: Subject | None, scopes: Mapping[Cut, str | None]
    ) -> Answer | None:
        """Of those read at one time the last named: the needs of columns name bulk answers first."""
        told = [(source, self._over(source, subject, scopes)) for source in reversed(sources)]
        own = [answer for source, answer in told if answer and source is not _BESIDE.get(subject)]
        beside = (answer for _source, answer in told if answer)
        return max(own, key=lambda answer: answer.read_at) if own else next(beside, None)

    def _over(self, source: Source, subject: Subject | None, scopes: Mapping[Cut, str | None]) -> Answer | None:
        """The most specific reading of one source; of heartbeats the latest."""
        if source is Source.HEARTBEATS:
            return max(self._beats, key=lambda answer: answer.read_at, default=None)
        subjects, _cuts = LIES_OVER.get(source, (frozenset(), ()))
        if subject is not None and subject not in subjects:
            return None
        found = (self.readings.get((source, scopes[cut] or "")) for cut in self._cuts[source])
        return next((answer for answer in found if answer), None)

    @cached_property
    def _scopes(self) -> frozenset[str]:
        return frozenset(scope for _source, scope in self.readings)

    @cached_property
    def _beats(self) -> tuple[Answer, ...]:
        return tuple(answer for answer in self.readings.values() if answer.source is Source.HEARTBEATS)

    @cached_property
    def _one_by_one(self) -> frozenset[Source]:
        """The sources of which resources were asked by themselves."""
        return frozenset(answer.source for (_source, scope), answer in self.readings.items() if scope.startswith("/"))

    @cached_property
    def _cuts(self) -> dict[Source, tuple[Cut, ...]]:
        """How the scopes of each source are cut tonight, the most specific first."""
        told = {source: LIES_OVER.get(source, (frozenset(), ()))[1] for source in Source}
        return {
            source: tuple(cut for cut in cuts if cut is not Cut.MACHINE or source in self._one_by_one)
            for source, cuts in told.items()
        }


def speakers(column: Column) -> tuple[Source, ...]:
    """The sources that tell a column: those of its last need, the others being what it was worked out with."""
    return column.rests_on[-1] if column.rests_on else ()


def sources_of(columns: Iterable[Column]) -> tuple[Source, ...]:
    """Every source that the columns rest on or are helped by, those of many machines last."""
    named = [
        source
        for column in columns
        for source in (*(each for need in column.rests_on for each in need), *column.helped_by)
    ]
    return tuple(sorted(dict.fromkeys(named), key=lambda source: source is Source.HEARTBEATS))
