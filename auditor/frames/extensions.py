"""What is derived for extensions: their machine's columns, how far they are behind, what became of failures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from auditor.frames.build import DTYPES
from auditor.frames.cells import lower, moment, present, records, region
from auditor.frames.coverage import Coverage
from auditor.frames.failures import NO_OPERATION, Operation, Outcome, Scene, Stay, judge_failures
from auditor.frames.offers import Lag, Offers
from auditor.model.agent import is_monitor_agent
from auditor.model.dataset import EXTENSIONS, machine_column_in_extensions
from auditor.model.reading import Source

FRESH = timedelta(days=1)
"""A version that was told so lately is what a running machine runs."""


def with_heartbeat_versions(
    extensions: pd.DataFrame, machines: pd.DataFrame, stays: Mapping[str, list[Stay]], as_of: datetime
) -> pd.DataFrame:
    """Where a running machine does not show freshly what its agent's version is, a fresh heartbeat does.

    A stopped one that shows nothing runs, when it runs again, what its last heartbeat told. Never with two agents:
    nobody could say which of them sent it.
    """
    asked = machines[machines["monitor_agents"].eq(1).fillna(False).astype(bool)]
    state = dict(zip(lower(asked["id"]), asked["availability"], strict=True))
    fresh = extensions["installed_version"].notna() & (as_of - extensions["installed_version_at"] <= FRESH)
    missing = extensions["installed_version"].isna()
    filled = extensions.copy()
    columns = (lower(extensions["machine_id"]), extensions["publisher"], extensions["type"], fresh)
    for at, (machine, publisher, kind, is_fresh) in enumerate(zip(*columns, strict=True)):
        heard = stays.get(machine)
        if is_fresh or not heard or not is_monitor_agent(publisher, kind):
            continue
        shows_nothing = missing.iat[at]
        heard_now = state.get(machine) == "running" and as_of - heard[-1].until <= FRESH
        if heard_now or (state.get(machine) == "stopped" and shows_nothing):
            filled.at[at, "installed_version"] = heard[-1].version
            filled.at[at, "installed_version_source"] = str(Source.HEARTBEATS)
            filled.at[at, "installed_version_at"] = pd.Timestamp(heard[-1].until)
    return filled


def with_machines(extensions: pd.DataFrame, machines: pd.DataFrame) -> pd.DataFrame:
    """Extensions with their machine's columns beside them, and with the time at which the machine was read."""
    beside = machines.drop(columns="id").rename(columns=machine_column_in_extensions).assign(_key=lower(machines["id"]))
    joined = extensions.assign(_key=lower(extensions["machine_id"])).merge(beside, on="_key", how="left")
    return joined.drop(columns="_key")


def with_lag(view: pd.DataFrame, offers: Offers, coverage: Coverage, rollout: Mapping[str, timedelta]) -> pd.DataFrame:
    """How far each installed version is behind its region, where the region's list was completely read."""

    def lag(location: Any, publisher: Any, kind: Any, installed: Any, machine_kind: Any) -> Lag | None:
        if any(pd.isna(value) for value in (location, publisher, kind, installed)):
            return None
        place = (region(location), publisher.lower(), kind.lower())
        if not coverage.covers(Source.EXTENSION_VERSIONS, "/".join(place)):
            return None
        return offers.lag(place, str(installed), rollout["arc" if machine_kind == "arc" else "vm"])

    columns = (view[name] for name in ("location", "publisher", "type", "installed_version", "kind"))
    lags = [lag(*row) for row in zip(*columns, strict=True)]
    derived: dict[str, list[Any]] = {
        "latest_version": [each and each.latest for each in lags],
        "newer_major": [each and each.newer_major for each in lags],
        "releases_behind": [each and each.behind for each in lags],
        "releases_overdue": [each and each.overdue for each in lags],
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
    """What became of failed operations, where the subscription's activity log was completely read."""
    by_extension = _operations(operations)
    keys = lower(view["id"])
    touched = keys.isin(by_extension.keys())
    rows = dict(zip(keys[touched], records(view.loc[touched, list(_TOLD_OF_FAILURES)]), strict=True))

    def outcome(extension: str, subscription: Any) -> Outcome | None:
        if pd.isna(subscription) or not coverage.covers(Source.ACTIVITY_LOG, subscription):
            return None
        if extension not in rows:
            return NO_OPERATION
        return judge_failures(_scene(rows[extension], by_extension[extension], stays, as_of))

    outcomes = [outcome(*row) for row in zip(keys, view["subscription_id"], strict=True)]
    return _assigned(
        view,
        {
            "last_failure": [each and each.word for each in outcomes],
            "last_failure_at": [each and each.at for each in outcomes],
            "last_failure_error": [each and each.error for each in outcomes],
            "unfinished_operation": [each and each.unfinished for each in outcomes],
        },
    )


_TOLD_OF_FAILURES = (
    *("machine_id", "publisher", "type", "monitor_agents", "created_at", "machine_created_at", "availability"),
    *("installed_version", "installed_version_at", "installed_version_source", "latest_version"),
    *("provisioning_state", "instance_status", "read_at"),
)
"""What a failure is judged by, beside operations and heartbeats."""


def _operations(operations: pd.DataFrame) -> dict[str, list[Operation]]:
    """Writes and deletes by extension id in lower case."""
    found: dict[str, list[Operation]] = defaultdict(list)
    about = operations[operations["action"].isin(["write", "delete"]) & operations["extension_id"].notna()]
    for row in records(about):
        code, message, status = (present(row[name]) for name in ("error_code", "error_message", "sub_status"))
        found[row["extension_id"].lower()].append(
            Operation(
                action=row["action"],
                started=moment(row["started"]),
                ended=moment(row["ended"]),
                outcome=row["outcome"],
                initiator=row["initiator"],
                codes=tuple(filter(None, (code, status))),
                error=": ".join(filter(None, (code, message))) or "none",
            )
        )
    return found


def _scene(
    row: Mapping[str, Any], operations: list[Operation], stays: Mapping[str, list[Stay]], as_of: datetime
) -> Scene:
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
        stays=tuple(stays.get(row["machine_id"].lower(), ())) if agent else (),
        as_of=as_of,
    )


def _works(row: Mapping[str, Any]) -> bool:
    """Whether the version that is shown has been installed, not only tried: a heartbeat told it, or Azure says so."""
    if row["installed_version_source"] == Source.HEARTBEATS:
        return True
    states = (present(row["provisioning_state"]), present(row["instance_status"]))
    return not any((state or "").lower().startswith("failed") for state in states)


def _assigned(view: pd.DataFrame, derived: Mapping[str, list[Any]]) -> pd.DataFrame:
    """The view with derived columns in their declared types."""
    types = {column.name: DTYPES[column.kind] for column in EXTENSIONS}
    return view.assign(**{name: pd.Series(values, dtype=types[name]) for name, values in derived.items()})
