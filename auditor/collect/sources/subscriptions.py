"""The subscriptions that the identity can see, held against those that are asked for and expected.

A subscription that refuses is simply absent from many answers; the gap comes from this comparison.
https://learn.microsoft.com/rest/api/resources/subscriptions/list
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from azure.core.exceptions import AzureError

from auditor.collect import faults
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.interface import answered, gap
from auditor.collect.session import Session
from auditor.model.reading import Harvest, Row, Source
from auditor.model.settings import Scope

LIST = "tenant"
"""Scope of the reading of the list itself."""
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
    if seen.fault is None:
        harvest.readings.append(answered(session, Source.SUBSCRIPTIONS, LIST, len(seen.rows)))
    else:
        harvest.readings.append(gap(session, Source.SUBSCRIPTIONS, LIST, seen.fault, len(seen.rows)))
    by_id = {str(row["id"]).lower(): row for row in seen.rows}
    excluded = _ids(scope.exclude_subscriptions)
    wanted = _ids(scope.subscriptions) or list(by_id)
    for subscription_id in dict.fromkeys([*wanted, *_ids(scope.expected_subscriptions)]):
        if subscription_id not in excluded:
            _judge(session, harvest, subscription_id, by_id.get(subscription_id), seen.fault)
    return harvest


def _ids(values: Iterable[object]) -> list[str]:
    return [str(value).lower() for value in values]


def _list(session: Session) -> Seen:
    rows: list[Row] = []
    try:
        for page in session.subscriptions.subscriptions.list().by_page():
            rows.extend(
                {
                    "id": entry.subscription_id,
                    "name": entry.display_name,
                    "tenant": entry.tenant_id,
                    "state": None if entry.state is None else str(getattr(entry.state, "value", entry.state)),
                }
                for entry in page
                if entry.subscription_id
            )
    except AzureError as error:
        return Seen(tuple(rows), faults.from_exception(Source.SUBSCRIPTIONS, error))
    return Seen(tuple(rows), None)


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
