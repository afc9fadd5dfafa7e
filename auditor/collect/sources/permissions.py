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
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.session import ARC_API, COMPUTE_API, Session
from auditor.model.reading import Harvest, Reading, Row, Source
from auditor.model.rights import RIGHTS

_API = "2022-04-01"
_PERMISSIONS = "Microsoft.Authorization/permissions/read"
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
_LISTS = {
    Source.VIRTUAL_MACHINES: ("Microsoft.Compute/virtualMachines", COMPUTE_API),
    Source.SCALE_SETS: ("Microsoft.Compute/virtualMachineScaleSets", COMPUTE_API),
    Source.ARC_MACHINES: ("Microsoft.HybridCompute/machines", ARC_API),
}
"""The lists that Resource Manager refuses as a whole or not at all, and their API versions."""
_HIDDEN = "The Resource Graph hides what the identity may not read, and what that is was not told"
Refused = Mapping[tuple[str, str], Row]
"""Rows of ``refusals`` by source and subscription (its id in lower case)."""


def read_refusals(session: Session, subscription_id: str) -> Harvest:
    """A row of ``refusals`` for each subject that the identity may not read in the whole subscription.

    A row: subscription_id, source, status, reason, close. Where nobody tells what the identity may do, the first pages
    of the lists tell it; of what has no list that is refused as a whole nothing can be known.
    """
    try:
        entries = read_permissions(session, subscription_id)
    except Fault as fault:
        refused = refused_by_lists(session, subscription_id, fault)
    else:
        scope = f"/subscriptions/{subscription_id}"
        refused = {
            source: faults.refused(
                source, f"the identity may not perform {action} in the whole subscription", scope=scope
            )
            for source in WITNESSED
            for action in RIGHTS[source].actions
            if not allowed(entries, action)
        }
    rows = [_refusal(subscription_id, source, fault) for source, fault in refused.items()]
    return Harvest({"refusals": rows} if rows else {})


def read_permissions(session: Session, subscription_id: str) -> list[dict[str, Any]]:
    """What the identity may do on the subscription itself: an entry for each of its roles. Raises Fault."""
    url = f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/permissions"
    pages = session.pages(Source.SUBSCRIPTIONS, url, {"api-version": _API})
    try:
        return [entry for page in pages for entry in page]
    except Fault as fault:
        if fault.kind is FaultKind.REFUSED:
            fault.close = faults.grant((_PERMISSIONS,), "Reader", f"/subscriptions/{subscription_id}")
        raise


def allowed(entries: Iterable[dict[str, Any]], action: str, *, data: bool = False) -> bool:
    """Whether an entry's actions match ``action`` and its own notActions do not; ``*`` stands for any characters.

    With ``data`` its data actions.
    """
    named, without = ("dataActions", "notDataActions") if data else ("actions", "notActions")
    return any(_matches(entry.get(named), action) and not _matches(entry.get(without), action) for entry in entries)


def by_subject(refusals: Iterable[Row]) -> Refused:
    """Rows of ``refusals`` by source and subscription."""
    return {(str(row["source"]), str(row["subscription_id"]).lower()): row for row in refusals}


def without_refused(reading: Reading, refused: Refused) -> Reading:
    """``reading`` as a gap where the identity may not read all of it; its rows stay."""
    row = refused.get((str(reading.source), reading.scope.lower()))
    if row is None or not reading.complete:
        return reading
    return replace(reading, complete=False, **{key: row[key] for key in ("status", "reason", "close")})  # type: ignore[arg-type]  # a row holds objects


def refused_by_lists(session: Session, subscription_id: str, untold: Fault) -> dict[Source, Fault]:
    """The faults of the lists' first pages; ``untold`` says why nobody tells what the identity may do."""
    hidden = Fault(untold.kind, f"{_HIDDEN}: {untold.reason}", untold.close, untold.status)
    refused = dict.fromkeys(WITNESSED, hidden)
    for source, (kind, api) in _LISTS.items():
        url = f"/subscriptions/{subscription_id}/providers/{kind}"
        try:
            next(iter(session.pages(source, url, {"api-version": api})))
            del refused[source]
        except Fault as fault:
            refused[source] = fault
    return refused


def _refusal(subscription_id: str, source: Source, fault: Fault) -> Row:
    told = {"status": fault.status, "reason": fault.reason, "close": fault.close}
    return {"subscription_id": subscription_id, "source": source, **told}


def _matches(patterns: object, action: str) -> bool:
    written = [values.text(each) for each in patterns] if isinstance(patterns, list) else []
    # Square brackets mean nothing in an action, and a set of characters in a pattern of Python's.
    known = (each.lower().replace("[", "[[]") for each in written if each)
    return any(fnmatchcase(action.lower(), each) for each in known)
