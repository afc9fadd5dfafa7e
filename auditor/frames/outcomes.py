"""What became of each extension's failed operations: the scenes that :mod:`auditor.frames.failures` judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from auditor.frames.cells import among, moment, present, records
from auditor.frames.coverage import LOGS, Coverage, Subjects
from auditor.frames.failures import NO_OPERATION, Operation, Outcome, Scene, judge_failures
from auditor.frames.health import FAILED, word_of
from auditor.frames.operations import operations_by_row
from auditor.frames.stays import Stays
from auditor.model.agent import is_monitor_agent
from auditor.model.reading import Source
from auditor.model.scopes import Cut, subject_of

BULK_LAG = timedelta(hours=1)
"""Resource Graph's rows are minutes old, seldom more, and do not say how old they are."""
_TOLD_OF_FAILURES = (
    *("machine_id", "on", "kind", "follows_model", "publisher", "type", "monitor_agents", "created_at"),
    *("machine_created_at", "availability", "installed_version", "installed_version_at", "installed_version_source"),
    *("latest_version", "provisioning_state", "instance_status", "read_at"),
)
"""What a failure is judged by, beside operations and heartbeats."""
_NOTHING_SHOWN = ("retried", "unresolved")
"""What a failure is called where no version shows what became of it."""


def with_failures(
    view: pd.DataFrame, operations: pd.DataFrame, subjects: Subjects, coverage: Coverage, stays: Stays, as_of: datetime
) -> pd.DataFrame:
    """What became of failed operations, where the log was completely read that holds them."""
    about, logged = operations_by_row(view, operations), coverage.over(LOGS, subjects)
    known = view.assign(read_at=_as_of(view, subjects, coverage))
    rows = records(known.iloc[list(about)][list(_TOLD_OF_FAILURES)])
    outcomes = {at: _outcome(row, about[at], stays, as_of) for at, row in zip(about, rows, strict=True)}
    told = [outcomes.get(at, NO_OPERATION) if known else None for at, known in enumerate(logged.tolist())]
    return view.assign(
        last_failure=_text([None if each is None else each.word for each in told]),
        last_failure_at=pd.Series([None if each is None else each.at for each in told], dtype="datetime64[us, UTC]"),
        last_failure_error=_text([None if each is None else each.error for each in told]),
        unfinished_operation=_text([None if each is None else each.unfinished for each in told]),
    )


def _as_of(view: pd.DataFrame, subjects: Subjects, coverage: Coverage) -> pd.Series[Any]:
    """Since when what was read surely holds: a bulk answer may be of the time before an operation that just began."""
    itself = coverage.over((Source.INSTANCE_VIEW, Source.SCALE_SET_INSTANCES), subjects)
    itself |= among(subjects.scope(Cut.MACHINE), coverage.complete.get(Source.ARC_EXTENSIONS, ()))
    return view["read_at"].where(itself, view["read_at"] - BULK_LAG)


def _text(values: list[str | None]) -> pd.Series[Any]:
    return pd.Series(values, dtype="str")


def _outcome(row: Mapping[str, Any], operations: list[Operation], stays: Stays, as_of: datetime) -> Outcome:
    """Not known where heartbeats that may be the machine's own could tell that the failure has healed."""
    told = judge_failures(_scene(row, operations, stays, as_of))
    hidden = told.word in _NOTHING_SHOWN and str(row["machine_id"]).lower() in stays.doubtful
    return replace(told, word=None) if hidden else told


def _scene(row: Mapping[str, Any], operations: list[Operation], stays: Stays, as_of: datetime) -> Scene:
    agent = is_monitor_agent(row["publisher"], row["type"]) and present(row["monitor_agents"]) == 1
    made = (moment(row["created_at"]), moment(row["machine_created_at"]))
    return Scene(
        operations=tuple(operations),
        installed=present(row["installed_version"]),
        installed_at=moment(row["installed_version_at"]),
        installed_works=_works(row),
        latest=present(row["latest_version"]),
        provisioning=present(row["provisioning_state"]),
        read_at=moment(row["read_at"]),
        made_at=max(filter(None, made), default=None),
        running=row["availability"] == "running",
        stays=stays.of_machine(row["machine_id"]) if agent else (),
        as_of=as_of,
        of=subject_of(row),
    )


def _works(row: Mapping[str, Any]) -> bool:
    """Whether the version that is shown has been installed, not only tried: a heartbeat told it, or Azure says so."""
    if row["installed_version_source"] == Source.HEARTBEATS:
        return True
    states = (present(row["provisioning_state"]), present(row["instance_status"]))
    return FAILED not in {word_of(state) for state in states if state}
