"""Scale sets, and the extensions of their models, as the compute provider answers for them."""

from __future__ import annotations

from typing import Any

from auditor.simulator.bodies.machine import Place
from auditor.simulator.bodies.scale_set import scale_set_body, scale_set_extension
from auditor.simulator.exchange import Answer, Call, Refused, Route, absent, pattern
from auditor.simulator.forms import scale_set_id
from auditor.simulator.lag import present
from auditor.simulator.listing import listed, name_of_group
from auditor.simulator.parts import ExtensionSpec, Lag
from auditor.simulator.specs import ScaleSetSpec

Body = dict[str, Any]

_ALL = "/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachineScaleSets"
_OF_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets"
ONE_SCALE_SET = _OF_GROUP + "/{scale_set}"


def find_scale_set(call: Call) -> ScaleSetSpec:
    """The scale set that the path names. Raises Refused with the 404 where it is not there."""
    group, name = call.parts["group"], call.parts["scale_set"]
    found = call.estate.find_scale_set(call.parts["subscription"], group, name)
    if found is None or found.in_graph is Lag.DELETED:
        raise Refused(absent(f"Microsoft.Compute/virtualMachineScaleSets/{name}", group))
    return found


def _list(call: Call) -> Answer:
    place, group = _place(call), name_of_group(call)

    def row(scale_set: ScaleSetSpec) -> Body | None:
        left_out = scale_set.in_graph is Lag.DELETED or group not in (None, scale_set.resource_group.lower())
        return None if left_out else scale_set_body(scale_set, place)

    return listed(call, call.estate.scale_sets(place.subscription_id), call.pages.scale_sets, row)


def _get(call: Call) -> Answer:
    found = find_scale_set(call)
    return Answer(scale_set_body(found, _place(call)))


def _extensions(call: Call) -> Answer:
    found = find_scale_set(call)
    return Answer({"value": [_extension_body(call, found, each) for each in present(found.extensions)]})


def _extension(call: Call) -> Answer:
    found = find_scale_set(call)
    wanted = call.parts["extension"].lower()
    for each in present(found.extensions):
        if each.name.lower() == wanted:
            return Answer(_extension_body(call, found, each))
    name = f"Microsoft.Compute/virtualMachineScaleSets/{found.name}/extensions/{call.parts['extension']}"
    return absent(name, call.parts["group"])


def _extension_body(call: Call, scale_set: ScaleSetSpec, extension: ExtensionSpec) -> Body:
    owner = scale_set_id(call.parts["subscription"], scale_set.resource_group, scale_set.name)
    return scale_set_extension(extension, owner)


def _place(call: Call) -> Place:
    return Place(call.parts["subscription"], call.estate.now)


_READ = "Microsoft.Compute/virtualMachineScaleSets/read"
_READ_EXTENSION = "Microsoft.Compute/virtualMachineScaleSets/extensions/read"
_LIST = ("HighCostGetVMScaleSetSubscriptionMaximum",)
_ONE = ("GetVMScaleSetSubscriptionMaximum", "GetVMScaleSetResource")

ROUTES = (
    Route("scale_sets", "GET", pattern(_ALL), _list, _READ, collection=True, quota=_LIST),
    Route("scale_sets_of_group", "GET", pattern(_OF_GROUP), _list, _READ, collection=True, quota=_LIST),
    Route("scale_set", "GET", pattern(ONE_SCALE_SET), _get, _READ, quota=_ONE),
    Route(
        "scale_set_extensions",
        "GET",
        pattern(ONE_SCALE_SET + "/extensions"),
        _extensions,
        _READ_EXTENSION,
        collection=True,
        quota=_ONE,
    ),
    Route(
        "scale_set_extension",
        "GET",
        pattern(ONE_SCALE_SET + "/extensions/{extension}"),
        _extension,
        _READ_EXTENSION,
        quota=_ONE,
    ),
)
