"""Writes, for whoever operates the estate: extensions, and the update of scale sets' instances.

Asynchronous as recorded: the answer comes before the work is done, with the address of the operation, which is over
when it is first asked for. The PATCH of a machine's extension and Arc's upgrade are documented, not recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import orjson

from auditor.simulator.bodies import errors
from auditor.simulator.bodies.extension import extension_resource
from auditor.simulator.bodies.instance import instance_extension
from auditor.simulator.bodies.scale_set import scale_set_extension
from auditor.simulator.changes import with_model
from auditor.simulator.exchange import Answer, Call, Refused, Route, absent, pattern
from auditor.simulator.forms import arc_machine_id, compute_time, instance_id, machine_id, scale_set_id, utc_time
from auditor.simulator.lag import present
from auditor.simulator.parts import ArcExtensionSpec, ExtensionSpec
from auditor.simulator.routes.arc_machines import ONE_ARC_MACHINE, find_arc_machine
from auditor.simulator.routes.instances import find_instance
from auditor.simulator.routes.scale_sets import ONE_SCALE_SET, find_scale_set
from auditor.simulator.routes.virtual_machines import ONE_MACHINE, find_machine
from auditor.simulator.specs import MachineSpec, ScaleSetSpec

Body = dict[str, Any]
Spec = TypeVar("Spec", ExtensionSpec, ArcExtensionSpec)

_FIELDS = {
    "publisher": "publisher",
    "type": "type",
    "autoUpgradeMinorVersion": "auto_upgrade_minor",
    "enableAutomaticUpgrade": "auto_upgrade",
    "settings": "settings",
}


def _asked(call: Call) -> Body:
    """What was sent. Raises Refused where it is no object."""
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        body = None
    if isinstance(body, dict):
        return body
    message = "The request content was invalid and could not be deserialized."
    raise Refused(Answer(errors.resource_manager("InvalidRequestContent", message), 400))


def _patched(extension: Spec, properties: Mapping[str, Any], version: str) -> Spec:
    """The extension with what was sent; all else stays. ``version`` is the field that holds the one asked for."""
    fields = _FIELDS | {"typeHandlerVersion": version}
    return replace(extension, **{fields[key]: value for key, value in properties.items() if key in fields})


def _made_anew(call: Call, name: str, body: Body, location: str, before: ExtensionSpec | None) -> ExtensionSpec:
    """Only what was sent; what it installs is the newest that it may take."""
    told = body.get("properties", {})
    anew = ExtensionSpec(name, told["publisher"], told["type"], auto_upgrade_minor=None, tags=body.get("tags"))
    anew = _patched(anew, told, "requested")
    return replace(anew, installed=_newest(call, anew, location) or (before.installed if before else None))


def _newest(call: Call, extension: ExtensionSpec, location: str) -> str | None:
    """Of the asked for major, or of the asked for minor where the newest is not wanted."""
    offered = call.estate.offers(location).get((extension.publisher, extension.type), ())
    parts = extension.requested.split(".")[: 1 if extension.auto_upgrade_minor else 2]
    fitting = [each for each in offered if each.split(".")[: len(parts)] == parts]
    return max(fitting, key=lambda each: [int(part) for part in each.split(".")], default=None)


def _patch_on_machine(call: Call) -> Answer:
    machine, body = _running_machine(call), _asked(call)
    found = _named(call, machine.extensions)
    if found is None:
        return absent(_path_of(call, "virtualMachines", machine.name), call.parts["group"])
    patched = _patched(found, body.get("properties", {}), "requested")
    patched = replace(patched, tags=body["tags"]) if "tags" in body else patched
    owner = machine_id(call.parts["subscription"], machine.resource_group, machine.name)
    call.changes.put(owner, patched)
    shown = extension_resource(replace(patched, provisioning_state="Updating"), owner, machine.location)
    return _accepted(call, machine.location, shown, 200)


def _put_on_machine(call: Call) -> Answer:
    machine, body = _running_machine(call), _asked(call)
    if "location" not in body:
        message = "The location property is required for this definition."
        return Answer(errors.resource_manager("LocationRequired", message), 400)
    before = _named(call, machine.extensions)
    name = before.name if before else call.parts["extension"]
    anew = _made_anew(call, name, body, machine.location, before)
    owner = machine_id(call.parts["subscription"], machine.resource_group, machine.name)
    call.changes.put(owner, anew)
    state = "Updating" if before else "Creating"
    shown = extension_resource(replace(anew, provisioning_state=state), owner, machine.location)
    return _accepted(call, machine.location, shown, 200 if before else 201)


def _running_machine(call: Call) -> MachineSpec:
    """Raises Refused."""
    machine = find_machine(call)
    if machine.power == "running":
        return machine
    message = "Cannot modify extensions in the VM when the VM is not running."
    raise Refused(Answer(errors.resource_manager("OperationNotAllowed", message), 409))


def _patch_model(call: Call) -> Answer:
    """The model; with the upgrade mode Manual the instances stay behind it. The answer repeats what was sent."""
    scale_set, body = find_scale_set(call), _asked(call)
    found = _named(call, scale_set.extensions)
    if found is None:
        return absent(_path_of(call, "virtualMachineScaleSets", scale_set.name), call.parts["group"])
    owner = scale_set_id(call.parts["subscription"], scale_set.resource_group, scale_set.name)
    call.changes.put(owner, _patched(found, body.get("properties", {}), "requested"))
    for instance in present(call.estate.instances(call.parts["subscription"], scale_set)):
        if scale_set.upgrade_mode == "Manual":
            call.changes.apply_model(instance_id(owner, instance.instance_id), latest=False)
        else:
            _update(call, scale_set, instance.instance_id)
    shown = scale_set_extension(found, owner)
    shown["properties"] = {"provisioningState": "Succeeded", **body.get("properties", {})}
    return _accepted(call, scale_set.location, shown, 201)


def _patch_on_instance(call: Call) -> Answer:
    (scale_set, instance), body = find_instance(call), _asked(call)
    extension = _named(call, instance.extensions)
    if extension is None:
        return absent(_path_of(call, "virtualMachineScaleSets", scale_set.name), call.parts["group"])
    owner = instance_id(
        scale_set_id(call.parts["subscription"], scale_set.resource_group, scale_set.name), instance.instance_id
    )
    patched = _patched(extension, body.get("properties", {}), "requested")
    call.changes.put(owner, patched)
    shown = instance_extension(replace(patched, provisioning_state="Updating"), scale_set, owner)
    return _accepted(call, scale_set.location, shown, 200)


def _manual_upgrade(call: Call) -> Answer:
    """The named instances, or all of them for ``*``, to the latest model."""
    scale_set, body = find_scale_set(call), _asked(call)
    there = [each.instance_id for each in present(call.estate.instances(call.parts["subscription"], scale_set))]
    wanted = there if body.get("instanceIds") == ["*"] else body.get("instanceIds", [])
    if strangers := [each for each in wanted if each not in there]:
        message = f"The provided instanceId {strangers[0]} is not an active Virtual Machine Scale Set VM instanceId."
        return Answer(errors.resource_manager("InvalidParameter", message, target="instanceIds"), 400)
    for each in wanted:
        _update(call, scale_set, each)
    return _accepted(call, scale_set.location, b"", 202, with_location=True)


def _update(call: Call, scale_set: ScaleSetSpec, number: str) -> None:
    subscription = call.parts["subscription"]
    model = call.estate.find_scale_set(subscription, scale_set.resource_group, scale_set.name) or scale_set
    owner = instance_id(scale_set_id(subscription, scale_set.resource_group, scale_set.name), number)
    instances = {each.instance_id: each for each in present(call.estate.instances(subscription, scale_set))}
    for extension in with_model(instances[number].extensions, model.extensions):
        call.changes.put(owner, extension)
    call.changes.apply_model(owner, latest=True)


def _patch_on_arc(call: Call) -> Answer:
    server, body = find_arc_machine(call), _asked(call)
    found = _named(call, server.extensions)
    if found is None:
        return absent(_path_of(call, "machines", server.name, "Microsoft.HybridCompute"), call.parts["group"])
    owner = arc_machine_id(call.parts["subscription"], server.resource_group, server.name)
    call.changes.put_on_arc(owner, _patched(found, body.get("properties", {}), "version"))
    return _accepted_by_arc(call, server.location)


def _upgrade_on_arc(call: Call) -> Answer:
    """The extensions that ``extensionTargets`` names by publisher and type; nothing but their versions changes."""
    server, body = find_arc_machine(call), _asked(call)
    targets = {name.lower(): told["targetVersion"] for name, told in body.get("extensionTargets", {}).items()}
    owner = arc_machine_id(call.parts["subscription"], server.resource_group, server.name)
    for each in present(server.extensions):
        version = targets.get(f"{each.publisher}.{each.type}".lower())
        if version is not None:
            call.changes.put_on_arc(owner, replace(each, version=version, installed=version))
    return _accepted_by_arc(call, server.location)


def _named(call: Call, extensions: tuple[Spec, ...]) -> Spec | None:
    wanted = call.parts["extension"].lower()
    return next((each for each in present(extensions) if each.name.lower() == wanted), None)


def _path_of(call: Call, kind: str, name: str, provider: str = "Microsoft.Compute") -> str:
    return f"{provider}/{kind}/{name}/extensions/{call.parts['extension']}"


def _accepted(call: Call, location: str, body: Body | bytes, status: int, *, with_location: bool = False) -> Answer:
    """As the compute provider accepts (recorded)."""
    place = f"{call.url}/subscriptions/{call.parts['subscription']}/providers/Microsoft.Compute/locations/{location}"
    address, version = f"{place}/operations/{call.changes.begin()}", call.query["api-version"]
    headers = {"Azure-AsyncOperation": f"{address}?api-version={version}", "Azure-AsyncNotification": "Enabled"}
    if with_location:
        headers["Location"] = f"{address}?monitor=true&api-version={version}"
    return Answer(body, status, headers)


def _accepted_by_arc(call: Call, location: str) -> Answer:
    """Without a body (recorded with 2020-08-02)."""
    place = f"{call.url}/subscriptions/{call.parts['subscription']}/providers/Microsoft.HybridCompute"
    operation, version = call.changes.begin(), call.query["api-version"]
    headers = {
        "Azure-AsyncOperation": f"{place}/locations/{location}/operationstatus/{operation}?api-version={version}",
        "Location": f"{place}/locations/{location}/operationresults/{operation}?api-version={version}",
    }
    return Answer(b"", 202, headers)


def _operation(call: Call) -> Answer:
    operation = call.parts["operation"]
    if not call.changes.knows(operation):
        return Answer(errors.resource_manager("NotFound", f"The operation {operation} was not found."), 404)
    if call.query.get("monitor", "").lower() == "true":
        return Answer(b"", 200)
    at = compute_time(call.now)
    return Answer({"startTime": at, "endTime": at, "status": "Succeeded", "name": operation})


def _arc_operation(call: Call) -> Answer:
    operation = call.parts["operation"]
    if not call.changes.knows(operation):
        return Answer(errors.resource_manager("NotFound", f"The operation {operation} was not found."), 404)
    return Answer({"name": operation, "status": "Succeeded", "startTime": utc_time(call.now)})


_COMPUTE = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
_ARC = "/subscriptions/{subscription}/providers/Microsoft.HybridCompute/locations/{location}"
_EXTENSION = "/extensions/{extension}"
_SETS = "Microsoft.Compute/virtualMachineScaleSets"
_INSTANCE = ONE_SCALE_SET + "/virtualMachines/{instance}"

ROUTES = (
    Route("patch_extension", "PATCH", pattern(ONE_MACHINE + _EXTENSION), _patch_on_machine,
          "Microsoft.Compute/virtualMachines/extensions/write"),
    Route("put_extension", "PUT", pattern(ONE_MACHINE + _EXTENSION), _put_on_machine,
          "Microsoft.Compute/virtualMachines/extensions/write"),
    Route("patch_scale_set_extension", "PATCH", pattern(ONE_SCALE_SET + _EXTENSION), _patch_model,
          f"{_SETS}/extensions/write"),
    Route("patch_instance_extension", "PATCH", pattern(_INSTANCE + _EXTENSION), _patch_on_instance,
          f"{_SETS}/virtualMachines/extensions/write"),
    Route("manual_upgrade", "POST", pattern(ONE_SCALE_SET + "/manualupgrade"), _manual_upgrade,
          f"{_SETS}/manualUpgrade/action"),
    Route("patch_arc_extension", "PATCH", pattern(ONE_ARC_MACHINE + _EXTENSION), _patch_on_arc,
          "Microsoft.HybridCompute/machines/extensions/write"),
    Route("upgrade_arc_extensions", "POST", pattern(ONE_ARC_MACHINE + "/upgradeExtensions"), _upgrade_on_arc,
          "Microsoft.HybridCompute/machines/upgradeExtensions/action"),
    Route("operation", "GET", pattern(_COMPUTE + "/operations/{operation}"), _operation),
    Route("arc_operation", "GET", pattern(_ARC + "/operationstatus/{operation}"), _arc_operation),
    Route("arc_operation_result", "GET", pattern(_ARC + "/operationresults/{operation}"), _arc_operation),
)  # fmt: skip
