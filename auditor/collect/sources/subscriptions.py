"""The subscriptions that the identity can see, held against those that are asked for and expected.

A subscription that refuses is simply absent from many answers; the gap comes from this comparison.
https://learn.microsoft.com/rest/api/resources/subscriptions/list
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.collect import faults, graph, queries, values
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.interface import answered, ended, gap
from auditor.collect.session import Session
from auditor.collect.sources.management_groups import read_descendants
from auditor.model.reading import Harvest, Row, Source
from auditor.model.scopes import Cut
from auditor.model.settings import Scope

SOURCE = Source.SUBSCRIPTIONS
_API = "2022-12-01"
_READ = "Microsoft.Resources/subscriptions/read"
LIST = str(Cut.TENANT)
"""Scope of the reading of the list itself."""
_NONE_IN_SCOPE = Fault(
    FaultKind.MISSING,
    "The identity can see no subscription in scope",
    f"{faults.grant((_READ,), 'Reader').rstrip('.')} on the subscriptions to be audited (or their management group), "
    "or correct scope.",
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
    """Rows: the subscriptions in scope. Readings: one for the list, one for each management group that is named, one
    for each subscription in scope or expected."""
    seen = _list(session)
    harvest = Harvest()
    by_id = {str(row["id"]).lower(): row for row in seen.rows}
    wanted = _wanted(session, scope, by_id, harvest)
    fault = seen.fault or (None if wanted else _NONE_IN_SCOPE)
    harvest.readings.insert(0, ended(session, SOURCE, LIST, len(seen.rows), fault))
    for subscription_id in wanted:
        _judge(session, harvest, subscription_id, by_id.get(subscription_id), seen.fault)
    return harvest


def readable(harvest: Harvest) -> tuple[str, ...]:
    """The subscriptions in scope that are there and not disabled, as Azure wrote their ids, sorted."""
    answered = {each.scope.lower() for each in harvest.readings if each.source is SOURCE and each.complete}
    ids = (str(row["id"]) for row in harvest.rows.get("subscriptions", []))
    return tuple(sorted(each for each in ids if each.lower() in answered))


def find_groups_above(session: Session, subscriptions: Sequence[str]) -> Harvest:
    """Rows of ``groups_above``, one for each subscription that the Resource Graph shows: subscription_id,
    management_group. Who reads what of a subscription tells nothing of its groups: there is no reading."""
    told = graph.ask(session, SOURCE, queries.SUBSCRIPTIONS, subscriptions, _groups_above)
    return Harvest({"groups_above": [row for rows in told.rows.values() for row in rows]})


def _wanted(session: Session, scope: Scope, seen: Collection[str], harvest: Harvest) -> list[str]:
    """The ids in lower case of what is to be audited, or must at least be there."""
    named = _ids(scope.subscriptions)
    for group in scope.management_groups:
        below, reading = read_descendants(session, group)
        named += below
        harvest.readings.append(reading)
    everything = not scope.subscriptions and not scope.management_groups
    # An expected subscription outside the scope is looked for, and not audited.
    absent = [each for each in _ids(scope.expected_subscriptions) if each not in seen]
    excluded = set(_ids(scope.exclude_subscriptions))
    return [each for each in dict.fromkeys([*(seen if everything else named), *absent]) if each not in excluded]


def _ids(written: Iterable[object]) -> list[str]:
    return [str(each).lower() for each in written]


def _list(session: Session) -> Seen:
    rows: list[Row] = []
    nameless = 0
    home = session.cloud.identity()["tenant_id"]
    try:
        for page in session.pages(SOURCE, "/subscriptions", {"api-version": _API}):
            found = [row for row in (_row(entry, home) for entry in page) if row is not None]
            rows.extend(found)
            nameless += len(page) - len(found)
    except Fault as fault:
        return Seen(tuple(rows), fault)
    cut = faults.partial(SOURCE, f"subscriptions without an id: {nameless}") if nameless else None
    return Seen(tuple(rows), cut)


def _row(entry: dict[str, Any], home: str | None) -> Row | None:
    identifier = values.text(entry.get("subscriptionId"))
    if identifier is None:
        return None
    return {
        "id": identifier,
        "subscription_id": identifier,
        "name": values.text(entry.get("displayName")),
        "tenant": values.text(entry.get("tenantId")),
        "state": values.text(entry.get("state")),
        "delegated": _delegated(entry, home),
    }


def _delegated(entry: dict[str, Any], home: str | None) -> str | None:
    """Whether the subscription is another tenant's than the identity's own (``home``).

    Where the token does not tell its tenant, a subscription that other tenants manage counts as delegated to us.
    """
    tenant = values.text(entry.get("tenantId"))
    if home is None:
        return "yes" if entry.get("managedByTenants") else "no"
    return None if tenant is None else "no" if tenant.lower() == home.lower() else "yes"


def _groups_above(entry: dict[str, Any], subscription_id: str) -> Row:
    chain = values.mapping(entry.get("properties")).get("managementGroupAncestorsChain")
    names = [values.text(each.get("displayName")) or values.text(each.get("name")) for each in values.entries(chain)]
    told = " < ".join(name for name in names if name) or "none"
    return {"subscription_id": subscription_id, "management_group": told if isinstance(chain, list) else None}


def _judge(session: Session, harvest: Harvest, subscription_id: str, row: Row | None, cut: Fault | None) -> None:
    """One subscription: there and readable, there and disabled, or not there at all."""
    if row is None:
        fault = cut or Fault(
            FaultKind.MISSING,
            "The subscription is asked for or expected, and the identity cannot see it",
            f"{faults.grant((_READ,), 'Reader', f'/subscriptions/{subscription_id}').rstrip('.')}, "
            "or correct the id in scope.",
        )
        harvest.readings.append(gap(session, SOURCE, subscription_id, fault))
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
        harvest.readings.append(gap(session, SOURCE, subscription_id, fault))
    else:
        harvest.readings.append(answered(session, SOURCE, subscription_id, 1))
