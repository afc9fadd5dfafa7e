"""Data collection rules, and the associations of machines and scale sets with them.

Not recorded: the lists are those of Microsoft's examples, whose last page has a ``nextLink`` of null. That the
associations of a machine that is not there are a 404 of the gateway is an assumption.
"""

from __future__ import annotations

from typing import Any

from auditor.simulator.bodies.data_collection import association_body, rule_body
from auditor.simulator.exchange import Answer, Call, Route, absent, pattern
from auditor.simulator.forms import arc_machine_id, machine_id, scale_set_id
from auditor.simulator.lag import present
from auditor.simulator.listing import listed
from auditor.simulator.parts import AssociationSpec
from auditor.simulator.routes.arc_machines import ONE_ARC_MACHINE, find_arc_machine
from auditor.simulator.routes.scale_sets import ONE_SCALE_SET, find_scale_set
from auditor.simulator.routes.virtual_machines import ONE_MACHINE, find_machine


def _rules(call: Call) -> Answer:
    subscription, estate = call.parts["subscription"], call.estate
    rules = estate.data_collection_rules(subscription)
    return listed(call, rules, call.pages.rules, lambda rule: rule_body(rule, subscription, estate), always_linked=True)


def _rule(call: Call) -> Answer:
    subscription, group, name = call.parts["subscription"], call.parts["group"], call.parts["rule"]
    for each in call.estate.data_collection_rules(subscription):
        if (each.name.lower(), each.resource_group.lower()) == (name.lower(), group.lower()):
            return Answer(rule_body(each, subscription, call.estate))
    return absent(f"Microsoft.Insights/dataCollectionRules/{name}", group)


def _of_machine(call: Call) -> Answer:
    found = find_machine(call)
    holder = machine_id(call.parts["subscription"], found.resource_group, found.name)
    return _associations(call, holder, found.associations)


def _of_scale_set(call: Call) -> Answer:
    found = find_scale_set(call)
    holder = scale_set_id(call.parts["subscription"], found.resource_group, found.name)
    return _associations(call, holder, found.associations)


def _of_arc_machine(call: Call) -> Answer:
    found = find_arc_machine(call)
    holder = arc_machine_id(call.parts["subscription"], found.resource_group, found.name)
    return _associations(call, holder, found.associations)


def _associations(call: Call, holder: str, associations: tuple[AssociationSpec, ...]) -> Answer:
    subscription, now = call.parts["subscription"], call.estate.now

    def row(association: AssociationSpec) -> dict[str, Any]:
        return association_body(association, holder, subscription, now)

    return listed(call, tuple(present(associations)), call.pages.rules, row, always_linked=True)


_RULES = "/providers/Microsoft.Insights/dataCollectionRules"
_ASSOCIATIONS = "/providers/Microsoft.Insights/dataCollectionRuleAssociations"
_READ_RULE = "Microsoft.Insights/dataCollectionRules/read"
_READ = "Microsoft.Insights/dataCollectionRuleAssociations/read"
_ONE_RULE = "/subscriptions/{subscription}/resourceGroups/{group}" + _RULES + "/{rule}"

ROUTES = (
    *(
        Route("data_collection_rule_associations", "GET", pattern(of + _ASSOCIATIONS), handle, _READ, collection=True)
        for of, handle in (
            (ONE_MACHINE, _of_machine),
            (ONE_SCALE_SET, _of_scale_set),
            (ONE_ARC_MACHINE, _of_arc_machine),
        )
    ),
    Route(
        "data_collection_rules",
        "GET",
        pattern("/subscriptions/{subscription}" + _RULES),
        _rules,
        _READ_RULE,
        collection=True,
    ),
    Route("data_collection_rule", "GET", pattern(_ONE_RULE), _rule, _READ_RULE),
)
