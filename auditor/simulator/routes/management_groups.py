"""What stands below a management group (documented, not recorded)."""

from __future__ import annotations

from typing import Any

from auditor.simulator.bodies import errors
from auditor.simulator.bodies.containers import descendant_body
from auditor.simulator.estate import Estate
from auditor.simulator.exchange import Answer, Call, Route, pattern
from auditor.simulator.listing import listed
from auditor.simulator.permissions import inherits

Body = dict[str, Any]

_ACTION = "Microsoft.Management/managementGroups/descendants/read"


def _descendants(call: Call) -> Answer:
    """The groups and subscriptions below, at any depth; a group that is unknown is answered as one not allowed.

    A role that is assigned on a group is inherited by what stands below: it is read off the subscriptions there.
    """
    wanted = call.parts["group"].lower()
    rows, known = _below(call.estate, wanted)
    if not known:
        scope = f"/providers/Microsoft.Management/managementGroups/{call.parts['group']}"
        refused = errors.refused(call.estate.identity_id, _ACTION, scope)
        return Answer(refused, 403, {"x-ms-failure-cause": "gateway"})
    return listed(call, rows, call.pages.descendants, lambda row: row, always_linked=True)


def _below(estate: Estate, wanted: str) -> tuple[list[Body], bool]:
    """The rows, groups before subscriptions, and whether the group is known and may be read."""
    groups: dict[str, Body] = {}
    subscriptions, known = [], False
    for each in estate.subscriptions():
        chain = [identifier for identifier, _ in each.management_groups]
        depth = next((depth for depth, name in enumerate(chain) if name.lower() == wanted), None)
        if depth is None:
            continue
        known |= inherits(each, _ACTION)
        for number, (name, display) in enumerate(each.management_groups[:depth]):
            groups.setdefault(name.lower(), descendant_body("group", name, display, chain[number + 1]))
        subscriptions.append(descendant_body("subscription", each.id, each.name, chain[0]))
    return [*groups.values(), *subscriptions], known


_PATH = "/providers/Microsoft.Management/managementGroups/{group}/descendants"

ROUTES = (Route("descendants", "GET", pattern(_PATH), _descendants),)
