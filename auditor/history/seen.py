"""What tonight shows of failures: those it found, its verdicts on those that were open, and why others have none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd

from auditor.model.memory import Failure, OpenFailure
from auditor.model.reading import Reading, Row, Source
from auditor.model.rule import Rule
from auditor.model.scopes import Subject, scopes_of, subject_of
from auditor.model.verdict import Status

Frames = Mapping[str, pd.DataFrame]

FAILED_OPERATIONS = "last_failure"
"""The column of rules whose failures are operations: they leave with evidence only, however long ago they were."""
_OF_ROWS = ("subscription_id", "scale_set_id", "kind", "follows_model")
_OF_VERDICTS = ["rule_id", "status", "reason_code", "resource_id", "machine_id", "row"]
_LISTS: Mapping[Subject, Source] = {
    Subject.VM: Source.VIRTUAL_MACHINES,
    Subject.UNIFORM: Source.SCALE_SETS,
    Subject.SCALE_SET: Source.SCALE_SETS,
    Subject.ARC: Source.ARC_MACHINES,
}
"""The list that shows a subject, or what it belongs to."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Tonight's verdict on what failed before; ``forgotten``: it passes because no operation is seen any more."""

    status: Status
    reason_code: str
    forgotten: bool


@dataclass
class Seen:
    """One pass over tonight's shards. ``rules`` are those that were asked tonight, ``were_open`` what failed before."""

    rules: Mapping[str, Rule]
    were_open: Mapping[Failure, OpenFailure]
    failing: dict[Failure, Row] = field(default_factory=dict)
    verdicts: dict[Failure, Verdict] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    """Machines and scale sets, in lower case, whose extensions were all read."""
    listed: set[str] = field(default_factory=set)
    """Those that tonight's lists show."""
    extensions: set[str] = field(default_factory=set)
    instances_read: dict[str, bool] = field(default_factory=dict)
    """By scale set, whether its instances were all read."""
    complete: set[tuple[Source, str]] = field(default_factory=set)
    incomplete: set[tuple[Source, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        failures = self.were_open.values()
        self._resources = {each.resource_id.lower() for each in failures}
        self._owners = {each.machine_id.lower() for each in failures} | {
            each.scale_set_id.lower() for each in failures if each.scale_set_id
        }

    def add(self, frames: Frames) -> None:
        """Look at one shard."""
        self.add_readings(frames["readings"])
        self._add_verdicts(frames)
        self._add_estate(frames)

    def add_survey(self, readings: Iterable[Reading]) -> None:
        """The readings that span shards: where nothing could be listed there is no shard that holds them."""
        for each in readings:
            (self.complete if each.complete else self.incomplete).add((each.source, each.scope.lower()))

    def add_readings(self, readings: pd.DataFrame) -> None:
        for complete, told in (("yes", self.complete), ("no", self.incomplete)):
            rows = readings[readings["complete"].eq(complete)]
            told.update(zip(map(Source, rows["source"].tolist()), rows["scope"].tolist(), strict=True))

    def shows_gone(self, failure: OpenFailure) -> bool:
        """Whether complete lists of tonight no longer have what the failure was on."""
        machine, resource = failure.machine_id.lower(), failure.resource_id.lower()
        if machine in self.listed:
            return resource != machine and machine in self.read and resource not in self.extensions
        return self._lists_are_complete(failure)

    def shows(self, failure: OpenFailure) -> bool:
        """Whether what the failure was on is still there."""
        resource = failure.resource_id.lower()
        return resource in self.extensions or resource in self.listed

    def is_pending(self, failure: Failure) -> bool:
        """Whether tonight has seen that it goes on, and that what would mend it is on its way."""
        return failure in self.verdicts and self.verdicts[failure].status is Status.PENDING

    def _lists_are_complete(self, failure: OpenFailure) -> bool:
        row: Row = {
            "kind": failure.kind,
            "on": failure.on,
            "follows_model": failure.follows_model,
            "subscription_id": failure.subscription_id,
        }
        subject = subject_of(row)
        if subject is None or not any(map(self._complete, self._scopes(_LISTS[subject], row))):
            return False
        scale_set = (failure.scale_set_id or "").lower()
        return subject is not Subject.UNIFORM or self.instances_read.get(scale_set, scale_set not in self.listed)

    @staticmethod
    def _scopes(source: Source, row: Row) -> list[tuple[Source, str]]:
        return [(source, scope) for scope in scopes_of(source, row)]

    def _complete(self, reading: tuple[Source, str]) -> bool:
        return reading in self.complete and reading not in self.incomplete

    def _add_verdicts(self, frames: Frames) -> None:
        verdicts = frames["verdicts"]
        resources = verdicts["resource_id"].str.lower()
        were_open = np.fromiter((each in self._resources for each in resources.tolist()), dtype=bool)
        wanted = verdicts["status"].eq(Status.FAIL) | were_open
        chosen = verdicts[_OF_VERDICTS][wanted].assign(key=resources[wanted])
        for rule_id, rows in chosen.groupby("rule_id", sort=False):
            rule = self.rules.get(str(rule_id))
            if rule is not None:
                self._add_of_rule(rule, rows, frames[rule.frame])

    def _add_of_rule(self, rule: Rule, rows: pd.DataFrame, view: pd.DataFrame) -> None:
        columns = [rows[name].tolist() for name in ("key", "status", "reason_code", "resource_id", "machine_id", "row")]
        by_operation = FAILED_OPERATIONS in rule.columns()
        last = view[FAILED_OPERATIONS].tolist() if by_operation else []
        about = _about(rule, view, rows)
        for key, word, code, resource, machine, row in zip(*columns, strict=True):
            failure, status = (rule.id, key), Status(word)
            if status is Status.FAIL:
                told = {"resource_id": resource, "machine_id": machine, "reason_code": code}
                self.failing[failure] = {**told, "severity": str(rule.severity), **about[row]}
            elif failure in self.were_open:
                forgotten = by_operation and row >= 0 and status is Status.PASS and last[row] == "none"
                self.verdicts[failure] = Verdict(status, code, forgotten)

    def _add_estate(self, frames: Frames) -> None:
        """Only of what was open: an estate is large, and open failures are few."""
        machines, scale_sets = frames["machines"], frames["scale_sets"]
        ids, sets, extensions = (frame["id"].str.lower() for frame in (machines, scale_sets, frames["extensions"]))
        self.listed |= self._owners.intersection(ids.tolist()) | self._owners.intersection(sets.tolist())
        self.read |= self._owners.intersection(ids[machines["extensions_read"].eq("yes")].tolist())
        self.read |= self._owners.intersection(sets.tolist())  # a list of scale sets holds their whole models
        self.instances_read.update(zip(sets.tolist(), scale_sets["instances_read"].eq("yes").tolist(), strict=True))
        self.extensions |= self._resources.intersection(extensions.tolist())


def _about(rule: Rule, view: pd.DataFrame, rows: pd.DataFrame) -> Mapping[int, Row]:
    """What is kept of a failure's machine, by the row's position in the view."""
    positions = [row for row, word in zip(rows["row"].tolist(), rows["status"].tolist(), strict=True) if word == "fail"]
    extension = rule.frame == "extensions"
    chosen = view[[*_OF_ROWS, *(("machine_name", "on") if extension else ("name",))]].iloc[positions]
    columns = {name: chosen[name] for name in _OF_ROWS}
    columns["machine_name"] = chosen["machine_name" if extension else "name"]
    columns["on"] = chosen["on"] if extension else pd.Series(None, index=chosen.index, dtype="str")
    values = zip(*map(_values, columns.values()), strict=True)
    return {at: dict(zip(columns, row, strict=True)) for at, row in zip(positions, values, strict=True)}


def _values(column: pd.Series[Any]) -> list[object]:
    """As Python's values; what is alike is kept once."""
    cells: list[Any] = column.to_numpy(object, na_value=cast("Any", None)).tolist()
    alike = {each: each for each in cells}
    return [alike[each] for each in cells]
