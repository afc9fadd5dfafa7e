"""What is derived for extensions: their machine's columns, how far they are behind, what became of failures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from auditor.frames.build import DTYPES
from auditor.frames.cells import lower, moment, present, records
from auditor.frames.coverage import Coverage
from auditor.frames.failures import Operation, Outcome, Scene, Stay, judge_failures
from auditor.frames.offers import Lag, Offers
from auditor.model.agent import is_monitor_agent
from auditor.model.dataset import EXTENSIONS, MACHINES, machine_column_in_extensions
from auditor.model.reading import Source

FRESH = timedelta(days=1)
"""A heartbeat this young tells what a running machine runs."""


def with_heartbeat_versions(
    extensions: pd.DataFrame, machines: pd.DataFrame, stays: Mapping[str, list[Stay]], as_of: datetime
) -> pd.DataFrame:
    """Where a running machine does not show its agent's version, a fresh heartbeat does; never with two agents."""
    filled = extensions.copy()
    alone = dict(zip(lower(machines["id"]), machines["monitor_agents"].eq(1).fillna(False), strict=True))
    runs = dict(zip(lower(machines["id"]), machines["availability"].eq("running"), strict=True))
    for at in filled.index[filled["installed_version"].isna()]:
        key = str(filled.at[at, "machine_id"]).lower()
        found = stays.get(key, [])
        agent = is_monitor_agent(filled.at[at, "publisher"], filled.at[at, "type"])
        if agent and alone.get(key) and runs.get(key) and found and as_of - found[-1].until < FRESH:
            filled.at[at, "installed_version"] = found[-1].version
            filled.at[at, "installed_version_source"] = "heartbeats"
            filled.at[at, "installed_version_at"] = pd.Timestamp(found[-1].until)
    return filled


def with_machines(extensions: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    """Extensions with their machine's columns beside them."""
    borrowed = {
        stored: machine_column_in_extensions(stored)
        for column in MACHINES
        for stored in column.stored()
        if column.name not in ("id", "read_at")
    }
    beside = machines[list(borrowed)].rename(columns=borrowed).assign(_key=lower(machines["id"]))
    beside["read_at"] = machines["read_at"]
    joined = extensions.assign(_key=lower(extensions["machine_id"])).merge(beside, on="_key", how="left")
    return joined.drop(columns="_key")


def with_lag(view: pd.DataFrame, offers: Offers, coverage: Coverage, rollout: Mapping[str, timedelta]) -> pd.DataFrame:
    """How far each installed version is behind its region, where the region's list was completely read."""

    def lag(location: Any, publisher: Any, kind: Any, installed: Any, machine_kind: Any) -> Lag | None:
        if any(pd.isna(value) for value in (location, publisher, kind, installed)):
            return None
        place = ("".join(str(location).split()).lower(), str(publisher).lower(), str(kind).lower())
        if not coverage.covers(Source.EXTENSION_VERSIONS, "/".join(place)):
            return None
        return offers.lag(place, str(installed), rollout["arc" if machine_kind == "arc" else "vm"])

    columns = (view[name] for name in ("location", "publisher", "type", "installed_version", "kind"))
    lags = [lag(*row) for row in zip(*columns, strict=True)]
    derived: dict[str, list[Any]] = {
        "latest_version": [each and each.latest for each in lags],
        "newer_major": [each and each.newer_major for each in lags],
        "releases_behind": [None if each is None else each.behind for each in lags],
        "releases_overdue": [None if each is None else each.overdue for each in lags],
        "overdue_basis": [each and each.basis for each in lags],
    }
    return _assigned(view, derived)


def with_failures(
    view: pd.DataFrame,
    operations: pd.DataFrame,
    coverage: Coverage,
    stays: Mapping[str, list[Stay]],
    as_of: datetime,
) -> pd.DataFrame:
    by_extension = _operations(operations)
    beats_complete = coverage.covers_all(Source.HEARTBEATS)
    quiet = Outcome("none", None, "none", "none")
    outcomes: list[Outcome | None] = []
    for row in records(view):
        found = by_extension.get(str(row["id"]).lower())
        if not coverage.covers(Source.ACTIVITY_LOG, str(row["subscription_id"])):
            outcomes.append(None)
        elif found is None:
            outcomes.append(quiet)
        else:
            outcomes.append(judge_failures(_scene(row, found, stays, beats_complete, as_of)))
    return _assigned(
        view,
        {
            "last_failure": [each and each.word for each in outcomes],
            "last_failure_at": [each and each.at for each in outcomes],
            "last_failure_error": [each and each.error for each in outcomes],
            "unfinished_operation": [each and each.unfinished for each in outcomes],
        },
    )


def _operations(operations: pd.DataFrame) -> dict[str, list[Operation]]:
    """Writes and deletes by extension id in lower case."""
    found: dict[str, list[Operation]] = defaultdict(list)
    about = operations[operations["action"].isin(["write", "delete"]) & operations["extension_id"].notna()]
    for row in records(about):
        error = ": ".join(text for text in (present(row["error_code"]), present(row["error_message"])) if text)
        codes = tuple(code for code in (present(row["error_code"]), present(row["sub_status"])) if code)
        found[str(row["extension_id"]).lower()].append(
            Operation(
                row["action"],
                moment(row["started"]),
                moment(row["ended"]),
                row["outcome"],
                row["initiator"],
                codes,
                error or "none",
            )
        )
    return found


def _scene(
    row: Mapping[str, Any],
    operations: list[Operation],
    stays: Mapping[str, list[Stay]],
    beats_complete: bool,
    as_of: datetime,
) -> Scene:
    agent = is_monitor_agent(row["publisher"], row["type"]) and present(row["monitor_agents"]) == 1
    return Scene(
        operations=tuple(operations),
        installed=present(row["installed_version"]),
        installed_at=moment(row["installed_version_at"]),
        latest=present(row["latest_version"]),
        provisioning=present(row["provisioning_state"]),
        read_at=moment(row["read_at"]),
        created_at=moment(row["created_at"]),
        running=row["availability"] == "running",
        stays=tuple(stays.get(str(row["machine_id"]).lower(), ())) if agent else (),
        beats_complete=beats_complete,
        as_of=as_of,
    )


def _assigned(view: pd.DataFrame, derived: Mapping[str, list[Any]]) -> pd.DataFrame:
    """The view with derived columns in their declared types."""
    types = {column.name: DTYPES[column.kind] for column in EXTENSIONS}
    return view.assign(**{name: pd.Series(values, dtype=types[name]) for name, values in derived.items()})
