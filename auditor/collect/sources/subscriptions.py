"""The subscriptions that the identity can see, held against those that are asked for and expected.

A subscription that refuses is simply absent from many answers; the gap comes from this comparison.
https://learn.microsoft.com/rest/api/resources/subscriptions/list
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from auditor.collect import faults, values
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.interface import answered, ended, gap
from auditor.collect.session import Session
from auditor.model.reading import Harvest, Row, Source
from auditor.model.settings import Scope

_API = "2022-12-01"
LIST = "tenant"
"""Scope of the reading of the list itself."""
_NONE_IN_SCOPE = Fault(
    FaultKind.MISSING,
    "The identity can see no subscription in scope",
    "Give it the role Reader on the subscriptions to be audited (or their management group), or correct scope.",
    200,
)
"""An empty list is most likely an identity without any role: an audit of nothing must not look like a clean one."""
_UNREADABLE_STATES = {"disabled", "deleted"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the list says: rows of the frame ``subscriptions``, and the fault that cut the list short, if any."""

    rows: tuple[Row, ...]
    fault: Fault | None


def survey_subscriptions(session: Session, scope: Scope) -> Harvest:
    """Rows: the subscriptions in scope. Readings: one for the list, one for each subscription in scope or expected."""
    seen = _list(session)
    harvest = Harvest()
    by_id = {str(row["id"]).lower(): row for row in seen.rows}
    excluded = _ids(scope.exclude_subscriptions)
    # An expected subscription outside the scope is looked for, and not audited.
    absent = [each for each in _ids(scope.expected_subscriptions) if each not in by_id]
    asked = dict.fromkeys([*(_ids(scope.subscriptions) or by_id), *absent])
    wanted = [subscription_id for subscription_id in asked if subscription_id not in excluded]
    fault = seen.fault or (None if wanted else _NONE_IN_SCOPE)
    harvest.readings.append(ended(session, Source.SUBSCRIPTIONS, LIST, len(seen.rows), fault))
    for subscription_id in wanted:
        _judge(session, harvest, subscription_id, by_id.get(subscription_id), seen.fault)
    return harvest


def _ids(written: Iterable[object]) -> list[str]:
    return [str(each).lower() for each in written]


def _list(session: Session) -> Seen:
    rows: list[Row] = []
    nameless = 0
    try:
        for page in session.pages(session.subscriptions, Source.SUBSCRIPTIONS, "/subscriptions", {"api-version": _API}):
            found = [row for row in map(_row, page) if row is not None]
            rows.extend(found)
            nameless += len(page) - len(found)
    except Fault as fault:
        return Seen(tuple(rows), fault)
    cut = faults.partial(Source.SUBSCRIPTIONS, f"subscriptions without an id: {nameless}") if nameless else None
    return Seen(tuple(rows), cut)


def _row(entry: dict[str, Any]) -> Row | None:
    identifier = values.text(entry.get("subscriptionId"))
    if identifier is None:
        return None
    return {
        "id": identifier,
        "name": values.text(entry.get("displayName")),
        "tenant": values.text(entry.get("tenantId")),
        "state": values.text(entry.get("state")),
    }


def _judge(session: Session, harvest: Harvest, subscription_id: str, row: Row | None, cut: Fault | None) -> None:
    """One subscription: there and readable, there and disabled, or not there at all."""
    if row is None:
        fault = cut or Fault(
            FaultKind.MISSING,
            "The subscription is asked for or expected, and the identity cannot see it",
            f"Give the identity the role Reader on /subscriptions/{subscription_id}, or correct the id in scope.",
        )
        harvest.readings.append(gap(session, Source.SUBSCRIPTIONS, subscription_id, fault))
        return
    harvest.add("subscriptions", row)
    state = str(row.get("state") or "").lower()
    if state in _UNREADABLE_STATES:
        fault = Fault(
            FaultKind.REFUSED,
            f"The subscription is {state}: its machines were not read",
            "Enable the subscription again, or exclude it (scope.exclude_subscriptions).",
            200,
        )
        harvest.readings.append(gap(session, Source.SUBSCRIPTIONS, subscription_id, fault))
    else:
        harvest.readings.append(answered(session, Source.SUBSCRIPTIONS, subscription_id, 1))
