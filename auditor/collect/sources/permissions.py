"""A witness for completeness: whether the identity may read a subscription as a whole.

The Resource Graph silently leaves out what the identity may not read: a subscription, all but one resource group, or a
type. One question to Resource Manager tells which actions it may perform on the subscription itself.
https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource-group
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from auditor.collect import faults, values
from auditor.collect.faults import ROLES, Fault, FaultKind
from auditor.collect.session import COMPUTE_API, Session
from auditor.model.reading import Harvest, Reading, Row, Source

_API = "2022-04-01"
WITNESSED = (
    Source.RESOURCE_GROUPS,
    Source.VIRTUAL_MACHINES,
    Source.SCALE_SETS,
    Source.ARC_MACHINES,
    Source.EXTENSIONS,
    Source.ARC_EXTENSIONS,
    Source.DATA_COLLECTION_RULES,
    Source.DATA_COLLECTION_RULE_ASSOCIATIONS,
)
"""The subjects of which the Resource Graph may tell less than there is."""
Refused = Mapping[tuple[str, str], Row]
"""Rows of ``refusals`` by source and subscription (its id in lower case)."""


def read_refusals(session: Session, subscription_id: str) -> Harvest:
    """A row of ``refusals`` for each subject that the identity may not read in the whole subscription.

    A row: subscription_id, source, status, reason, close. Where nobody tells what the identity may do, the first page
    of the list of virtual machines stands for all: it is refused as a whole or not at all.
    """
    try:
        entries = [entry for page in _pages(session, subscription_id) for entry in page]
    except Fault:
        refused = _by_list(session, subscription_id)
    else:
        refused = {
            source: faults.refused(
                source,
                f"the identity may not perform {ROLES[source][0]} in the whole subscription",
                scope=f"/subscriptions/{subscription_id}",
            )
            for source in WITNESSED
            if not allowed(entries, ROLES[source][0])
        }
    rows = [_refusal(subscription_id, source, fault) for source, fault in refused.items()]
    return Harvest({"refusals": rows} if rows else {})


def allowed(entries: Iterable[dict[str, Any]], action: str) -> bool:
    """Whether an entry's actions match ``action`` and its own notActions do not; ``*`` stands for any characters."""
    return any(
        _matches(entry.get("actions"), action) and not _matches(entry.get("notActions"), action) for entry in entries
    )


def by_subject(refusals: Iterable[Row]) -> Refused:
    """Rows of ``refusals`` by source and subscription."""
    return {(str(row["source"]), str(row["subscription_id"]).lower()): row for row in refusals}


def without_refused(reading: Reading, refused: Refused) -> Reading:
    """``reading`` as a gap where the identity may not read all of it; its rows stay."""
    row = refused.get((str(reading.source), reading.scope.lower()))
    if row is None or not reading.complete:
        return reading
    return replace(reading, complete=False, **{key: row[key] for key in ("status", "reason", "close")})  # type: ignore[arg-type]  # a row holds objects


def _pages(session: Session, subscription_id: str) -> Iterable[list[dict[str, Any]]]:
    url = f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/permissions"
    return session.pages(Source.SUBSCRIPTIONS, url, {"api-version": _API})


def _by_list(session: Session, subscription_id: str) -> dict[Source, Fault]:
    url = f"/subscriptions/{subscription_id}/providers/Microsoft.Compute/virtualMachines"
    try:
        next(iter(session.pages(Source.VIRTUAL_MACHINES, url, {"api-version": COMPUTE_API})))
    except Fault as fault:
        if fault.kind is not FaultKind.REFUSED:
            return dict.fromkeys(WITNESSED, fault)
        what, scope = "it refused a list of the whole subscription", f"/subscriptions/{subscription_id}"
        return {source: faults.refused(source, what, scope=scope) for source in WITNESSED}
    return {}


def _refusal(subscription_id: str, source: Source, fault: Fault) -> Row:
    told = {"status": fault.status, "reason": fault.reason, "close": fault.close}
    return {"subscription_id": subscription_id, "source": source, **told}


def _matches(patterns: object, action: str) -> bool:
    written = [values.text(each) for each in patterns] if isinstance(patterns, list) else []
    # Square brackets mean nothing in an action, and a set of characters in a pattern of Python's.
    known = (each.lower().replace("[", "[[]") for each in written if each)
    return any(fnmatchcase(action.lower(), each) for each in known)
