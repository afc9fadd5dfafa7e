"""Arc-enabled servers, their extensions, and the versions on offer, as the HybridCompute provider answers for them."""

from __future__ import annotations

from typing import Any

from auditor.simulator.bodies.arc import arc_extension_body, arc_machine_body
from auditor.simulator.bodies.machine import Place
from auditor.simulator.exchange import Answer, Call, Refused, Route, absent, pattern
from auditor.simulator.forms import arc_machine_id
from auditor.simulator.lag import present
from auditor.simulator.listing import listed, name_of_group
from auditor.simulator.parts import Lag
from auditor.simulator.specs import ArcMachineSpec

Body = dict[str, Any]


def _list(call: Call) -> Answer:
    """A page of the subscription's servers, or of one group's."""
    place, group = _place(call), name_of_group(call)

    def row(machine: ArcMachineSpec) -> Body | None:
        if _is_gone(call, machine) or group not in (None, machine.resource_group.lower()):
            return None
        if machine.vanishes:
            call.gone.add(_id_of(call, machine))
        return arc_machine_body(machine, place)

    return listed(call, call.estate.arc_machines(place.subscription_id), call.pages.arc_machines, row)


def find_arc_machine(call: Call) -> ArcMachineSpec:
    """The server that the path names. Raises Refused with the 404 where it is not there."""
    group, name = call.parts["group"], call.parts["machine"]
    found = call.estate.find_arc_machine(call.parts["subscription"], group, name)
    if found is None or _is_gone(call, found):
        raise Refused(absent(f"Microsoft.HybridCompute/machines/{name}", group))
    return found


def _get(call: Call) -> Answer:
    found = find_arc_machine(call)
    return Answer(arc_machine_body(found, _place(call)))


def _extensions(call: Call) -> Answer:
    found = find_arc_machine(call)
    return Answer({"value": [arc_extension_body(each, found, _place(call)) for each in present(found.extensions)]})


def _extension(call: Call) -> Answer:
    found = find_arc_machine(call)
    wanted = call.parts["extension"]
    for each in present(found.extensions):
        if each.name.lower() == wanted.lower():
            return Answer(arc_extension_body(each, found, _place(call)))
    return absent(f"Microsoft.HybridCompute/machines/{found.name}/extensions/{wanted}", call.parts["group"])


def _versions(call: Call) -> Answer:
    """The versions, newest first, with the names in lower case; none of a publisher or type that is not there."""
    publisher, kind = call.parts["publisher"].lower(), call.parts["type"].lower()
    offered = call.estate.arc_offers(call.parts["location"])
    versions = next((found for key, found in offered.items() if _lower(key) == (publisher, kind)), ())
    names = {"extensionType": kind, "publisher": publisher}
    newest_first = sorted(versions, key=_number, reverse=True)
    return Answer({"value": [{"properties": {"version": each} | names} for each in newest_first]})


def _lower(key: tuple[str, str]) -> tuple[str, str]:
    return key[0].lower(), key[1].lower()


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _is_gone(call: Call, machine: ArcMachineSpec) -> bool:
    return machine.in_graph is Lag.DELETED or _id_of(call, machine) in call.gone


def _id_of(call: Call, machine: ArcMachineSpec) -> str:
    return arc_machine_id(call.parts["subscription"], machine.resource_group, machine.name).lower()


def _place(call: Call) -> Place:
    return Place(call.parts["subscription"], call.estate.now)


_PROVIDER = "/providers/Microsoft.HybridCompute"
_ALL = "/subscriptions/{subscription}" + _PROVIDER + "/machines"
_OF_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}" + _PROVIDER + "/machines"
ONE_ARC_MACHINE = _OF_GROUP + "/{machine}"
_TYPES = "/locations/{location}/publishers/{publisher}/extensionTypes/{type}/versions"
_READ = "Microsoft.HybridCompute/machines/read"
_READ_EXTENSION = "Microsoft.HybridCompute/machines/extensions/read"
_READ_VERSIONS = "Microsoft.HybridCompute/locations/publishers/extensionTypes/versions/read"

ROUTES = (
    Route("arc_machines", "GET", pattern(_ALL), _list, _READ, collection=True),
    Route("arc_machines_of_group", "GET", pattern(_OF_GROUP), _list, _READ, collection=True),
    Route("arc_machine", "GET", pattern(ONE_ARC_MACHINE), _get, _READ),
    Route(
        "arc_extensions", "GET", pattern(ONE_ARC_MACHINE + "/extensions"), _extensions, _READ_EXTENSION, collection=True
    ),
    Route("arc_extension", "GET", pattern(ONE_ARC_MACHINE + "/extensions/{extension}"), _extension, _READ_EXTENSION),
    Route(
        "arc_extension_versions",
        "GET",
        pattern("/subscriptions/{subscription}" + _PROVIDER + _TYPES),
        _versions,
        _READ_VERSIONS,
        collection=True,
    ),
)
