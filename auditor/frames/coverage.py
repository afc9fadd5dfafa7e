"""Which scopes were completely read: what decides between "there is nothing" and "not known"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from auditor.frames.cells import Mask, among, lower, moment, region
from auditor.model.reading import Service, Source
from auditor.model.scopes import LIES_OVER, Cut, Subject

EXTENSIONS = (Source.EXTENSIONS, Source.ARC_EXTENSIONS, Source.SCALE_SET_INSTANCES, Source.INSTANCE_VIEW)
"""Any of them tells all extensions of a machine: its subscription's, its scale set's instances', or its own answer."""
LOGS = (Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG)
"""The log of a machine's operations, by its kind."""
OFFERS = (Source.EXTENSION_VERSIONS, Source.ARC_EXTENSION_VERSIONS)
"""The versions that a region offers, by the machine's kind."""


@dataclass(frozen=True)
class Subjects:
    """The rows of a frame as readings lie over them: what each is about, and how scopes cut them.

    ``rows`` are of machines, of scale sets, or of extensions with the columns of their machine or scale set. The same
    as :func:`auditor.model.scopes.scopes_of`, for all rows at once; a row of unknown kind is nobody's.
    """

    rows: pd.DataFrame

    @cached_property
    def about(self) -> pd.Series[Any]:
        """A :class:`Subject` for each row, missing where the kind is."""
        if "kind" not in self.rows:
            return pd.Series(str(Subject.SCALE_SET), index=self.rows.index, dtype="str")
        flexible = self.rows["follows_model"].eq("none")
        about = self.rows["kind"].mask(
            self.rows["kind"].eq("scale_set_instance"), pd.Series(np.where(flexible, Subject.VM, Subject.UNIFORM))
        )
        return about.mask(self.rows["on"].eq("model"), str(Subject.SCALE_SET)) if "on" in self.rows else about

    def scope(self, cut: Cut) -> pd.Series[Any]:
        """The scope of each row in lower case, missing where there is none."""
        return self._scopes[cut]

    @cached_property
    def _scopes(self) -> Mapping[Cut, pd.Series[Any]]:
        itself = lower(self.rows["machine_id" if "machine_id" in self.rows else "id"])
        scale_set = itself
        if "scale_set_id" in self.rows:
            scale_set = lower(self.rows["scale_set_id"]).mask(self.about.eq(Subject.SCALE_SET), itself)
        return {
            Cut.TENANT: pd.Series(str(Cut.TENANT), index=self.rows.index, dtype="str"),
            Cut.SUBSCRIPTION: lower(self.rows["subscription_id"]),
            Cut.MACHINE: itself,
            Cut.SCALE_SET: scale_set,
        }

    @cached_property
    def offers(self) -> pd.Series[Any]:
        """The scope of what the region offers of publisher and type; missing where the row is no extension."""
        if "publisher" not in self.rows:
            return pd.Series(None, index=self.rows.index, dtype="str")
        return region(self.rows["location"]) + "/" + lower(self.rows["publisher"]) + "/" + lower(self.rows["type"])


@dataclass(frozen=True)
class Coverage:
    """Complete and incomplete scopes (lower case) by source; ``windows``: the start of each log's window by scope."""

    complete: Mapping[Source, frozenset[str]]
    incomplete: Mapping[Source, frozenset[str]]
    by_graph: frozenset[str]
    windows: Mapping[str, datetime]
    heard_since: datetime | None = None
    """The start of the heartbeats' window, the shortest where they differ."""

    @classmethod
    def of(cls, readings: pd.DataFrame) -> Coverage:
        by_source = {Source(str(source)): told for source, told in readings.groupby("source")}
        partly = {source: frozenset(told["scope"][told["complete"].eq("no")]) for source, told in by_source.items()}
        whole = {source: frozenset(told["scope"]) - partly[source] for source, told in by_source.items()}
        listed = readings[readings["source"].eq(Source.VIRTUAL_MACHINES) & readings["by"].eq(Service.RESOURCE_GRAPH)]
        logs = readings[readings["source"].eq(Source.ACTIVITY_LOG) & readings["window_start"].notna()]
        windows = dict(zip(logs["scope"], pd.DatetimeIndex(logs["window_start"]).to_pydatetime(), strict=True))
        beats = readings["window_start"][readings["source"].eq(Source.HEARTBEATS)].max()
        return cls(whole, partly, frozenset(listed["scope"]), windows, moment(beats))

    def covers(self, source: Source, scope: str) -> bool:
        """Whether ``scope`` was asked for and completely answered."""
        return scope.lower() in self.complete.get(source, ())

    def covers_all(self, source: Source) -> bool:
        """Whether the source was asked at all, and every answer was complete."""
        return bool(self.complete.get(source)) and not self.incomplete.get(source)

    def over(self, sources: Iterable[Source], subjects: Subjects) -> Mask:
        """For each row whether a complete reading of any of ``sources`` lies over it, be it of that row alone."""
        return _lying_over(self.complete, sources, subjects)

    def asked(self, sources: Iterable[Source], subjects: Subjects) -> Mask:
        """The same of any reading, complete or not."""
        asked = tuple(sources)
        return _lying_over(self.complete, asked, subjects) | _lying_over(self.incomplete, asked, subjects)


def _lying_over(readings: Mapping[Source, frozenset[str]], sources: Iterable[Source], subjects: Subjects) -> Mask:
    covered = np.zeros(len(subjects.rows), dtype=bool)
    for source in sources:
        speaks_of, cuts = LIES_OVER[source]
        told = readings.get(source, ())
        for cut in cuts if told else ():
            scopes = subjects.offers if cut is Cut.OFFER else subjects.scope(cut)
            covered |= among(subjects.about, speaks_of) & among(scopes, told)
    return covered
