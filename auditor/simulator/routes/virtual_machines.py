"""Virtual machines and their extensions, as the compute provider answers for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditor.simulator.bodies.extension import extension_resource, extension_view
from auditor.simulator.bodies.machine import Place, full_machine, listed_machine, machine_status
from auditor.simulator.bodies.view import instance_view
from auditor.simulator.estate import MadeWhenAsked
from auditor.simulator.exchange import Answer, Call, Refused, Route, absent, pattern
from auditor.simulator.lag import present
from auditor.simulator.listing import listed, name_of_group
from auditor.simulator.parts import ExtensionSpec, Lag
from auditor.simulator.specs import MachineSpec

Body = dict[str, Any]

_MACHINES = "/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachines"
_OF_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines"
ONE_MACHINE = _OF_GROUP + "/{machine}"
_LIST = ("HighCostGetSubscriptionMaximum",)
_ONE = ("LowCostGetSubscriptionMaximum", "LowCostGetResource")


def _list(call: Call) -> Answer:
    """A page of the subscription's machines, or of one group's."""
    subscription, estate = call.parts["subscription"], call.estate
    write = machine_status if call.query.get("statusonly", "").lower() == "true" else listed_machine
    everything = MadeWhenAsked(estate.size(subscription), lambda index: estate.machine(subscription, index))
    return listed(call, everything, call.pages.virtual_machines, lambda machine: _row(call, machine, write))


def _row(call: Call, machine: MachineSpec, write: Callable[[MachineSpec, Place], Body]) -> Body | None:
    place, group = _place(call), name_of_group(call)
    identifier = place.id_of(machine).lower()
    gone = machine.in_graph is Lag.DELETED or identifier in call.gone
    if gone or group not in (None, machine.resource_group.lower()):
        return None
    if machine.vanishes:
        call.gone.add(identifier)
    return write(machine, place)


def _place(call: Call) -> Place:
    return Place(call.parts["subscription"], call.estate.now)


def find_machine(call: Call) -> MachineSpec:
    """The machine that the path names. Raises Refused with the 404 where it is not there."""
    subscription, group, name = call.parts["subscription"], call.parts["group"], call.parts["machine"]
    machine = call.estate.find(subscription, group, name)
    if machine is None or machine.in_graph is Lag.DELETED or _place(call).id_of(machine).lower() in call.gone:
        raise Refused(absent(f"Microsoft.Compute/virtualMachines/{name}", group))
    return machine


def _with_view(call: Call) -> bool:
    return call.query.get("expand", "").lower() == "instanceview"


def _get(call: Call) -> Answer:
    machine = find_machine(call)
    return Answer(full_machine(machine, _place(call), with_view=_with_view(call)))


def _view(call: Call) -> Answer:
    machine = find_machine(call)
    body = full_machine(machine, _place(call), with_view=True)
    return Answer(body["properties"].get("instanceView") or instance_view(machine, call.estate.now))


def _resource(extension: ExtensionSpec, machine: MachineSpec, call: Call) -> Body:
    view = extension_view(extension, machine) if _with_view(call) else None
    return extension_resource(extension, _place(call).id_of(machine), machine.location, view)


def _extensions(call: Call) -> Answer:
    machine = find_machine(call)
    return Answer({"value": [_resource(each, machine, call) for each in present(machine.extensions)]})


def _extension(call: Call) -> Answer:
    machine = find_machine(call)
    wanted = call.parts["extension"].lower()
    found = next((each for each in present(machine.extensions) if each.name.lower() == wanted), None)
    if found is not None:
        return Answer(_resource(found, machine, call))
    name = f"Microsoft.Compute/virtualMachines/{machine.name}/extensions/{call.parts['extension']}"
    return absent(name, call.parts["group"])


_READ = "Microsoft.Compute/virtualMachines/read"
_READ_EXTENSION = "Microsoft.Compute/virtualMachines/extensions/read"

ROUTES = (
    Route("virtual_machine", "GET", pattern(ONE_MACHINE), _get, _READ, quota=_ONE),
    Route("virtual_machines", "GET", pattern(_MACHINES), _list, _READ, collection=True, quota=_LIST),
    Route("virtual_machines_of_group", "GET", pattern(_OF_GROUP), _list, _READ, collection=True, quota=_LIST),
    Route(
        "instance_view",
        "GET",
        pattern(ONE_MACHINE + "/instanceView"),
        _view,
        "Microsoft.Compute/virtualMachines/instanceView/read",
        quota=_ONE,
    ),
    Route(
        "extensions",
        "GET",
        pattern(ONE_MACHINE + "/extensions"),
        _extensions,
        _READ_EXTENSION,
        collection=True,
        quota=_ONE,
    ),
    Route(
        "extension", "GET", pattern(ONE_MACHINE + "/extensions/{extension}"), _extension, _READ_EXTENSION, quota=_ONE
    ),
)
