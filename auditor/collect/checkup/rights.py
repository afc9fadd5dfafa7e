"""Which of the rights that tonight takes are missing in a subscription: one question for each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from auditor.collect import faults
from auditor.collect.faults import Fault, FaultKind
from auditor.collect.interface import gap
from auditor.collect.session import Session
from auditor.collect.sources.permissions import WITNESSED, allowed, read_permissions, refused_by_lists
from auditor.model.reading import Harvest, Service, Source
from auditor.model.rights import RIGHTS, Place

Entries = Sequence[dict[str, Any]]
"""What the identity may do, role by role."""
NOTHING = "The identity may read nothing in the whole of the subscription"
_DENIED = (401, 403)
_ITSELF = Service.RESOURCE_MANAGER
_BY = {Source.EXTENSIONS: Service.RESOURCE_GRAPH}
"""Resource Manager tells a virtual machine's extensions with the machine, and asks for no right to them."""


def missing_rights(session: Session, subscription_id: str, asked: Collection[Source]) -> Harvest:
    """A gap for each of the sources ``asked`` whose actions the identity has not in the whole subscription; one alone
    where it has none. Where nobody tells, the first pages of the lists do, as far as there are lists."""
    try:
        entries = read_permissions(session, subscription_id)
    except Fault as fault:
        refused = refused_by_lists(session, subscription_id, fault)
        nothing = set(refused) == set(WITNESSED) and all(each.status in _DENIED for each in refused.values())
    else:
        taken = [source for source in asked if RIGHTS[source].place is Place.SUBSCRIPTION]
        refused = _refusals(entries, taken, f"/subscriptions/{subscription_id}")
        nothing = len(refused) == len(taken)
    if nothing:
        return Harvest(readings=[gap(session, Source.SUBSCRIPTIONS, subscription_id, _no_role(subscription_id))])
    told = [gap(session, each, subscription_id, refused[each], by=_BY.get(each, _ITSELF)) for each in refused]
    return Harvest(readings=[each for each in told if each.source in asked])


def _refusals(entries: Entries, taken: Iterable[Source], scope: str) -> dict[Source, Fault]:
    lacking = {source: _lacking(entries, source) for source in taken}
    return {source: _refused(source, actions, scope) for source, actions in lacking.items() if actions}


def _lacking(entries: Entries, source: Source) -> list[str]:
    """The actions that no role brings. Microsoft does not say which of a role's two lists lets a data action pass."""
    right = RIGHTS[source]
    by_action = [each for each in right.actions if not allowed(entries, each)]
    by_data = (each for each in right.data_actions if not (allowed(entries, each) or allowed(entries, each, data=True)))
    return [*by_action, *by_data]


def _refused(source: Source, actions: list[str], scope: str) -> Fault:
    fault = faults.refused(source, f"the identity may not perform {' and '.join(actions)}", scope=scope)
    fault.close = faults.grant(actions, RIGHTS[source].role, scope)
    return fault


def _no_role(subscription_id: str) -> Fault:
    scope = f"/subscriptions/{subscription_id}"
    close = f"Assign the role Reader on {scope}, or the one that auditor doctor --role prints."
    return Fault(FaultKind.REFUSED, NOTHING, close, 403)
