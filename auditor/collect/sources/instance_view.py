"""One machine with its extensions and what it says of itself: one GET with ``$expand=instanceView``.

Three versions are easily confused: ``resources[].properties.typeHandlerVersion`` is what was asked for;
``instanceView.extensions[].typeHandlerVersion`` is what the machine runs (or ran when it last ran).
https://learn.microsoft.com/rest/api/compute/virtual-machines/get
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from auditor.collect import faults, values
from auditor.collect.faults import Fault
from auditor.collect.interface import ended, gap
from auditor.collect.session import COMPUTE_API, Session
from auditor.collect.sources.virtual_machines import AVAILABILITY, machine_row
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.INSTANCE_VIEW
_PROVISIONING = "provisioningstate/"
_NOT_KEPT = frozenset({"identity_kind", "follows_model"})
"""What is not known where the later answer leaves it open, whatever the list said before."""


def read_machine(session: Session, machine: Row) -> Harvest:
    """The virtual machine's row, completed, and a row for each of its extensions.

    Where the machine does not answer, its row says that its extensions were not read.
    """
    return read_by_itself(session, machine, lambda answer: machine_row(answer, str(machine["subscription_id"])))


def read_by_itself(session: Session, machine: Row, told_of: Callable[[dict[str, Any]], Row | None]) -> Harvest:
    """One GET of a virtual machine or of a uniform scale set's instance; ``told_of`` reads the machine's own row."""
    identifier = str(machine["id"])
    harvest = Harvest()
    try:
        answer = _ask(session, identifier)
    except Fault as fault:
        harvest.add("machines", {**machine, "extensions_read": "no"})
        harvest.readings.append(gap(session, SOURCE, identifier, fault))
        return harvest
    reading = ended(session, SOURCE, identifier, 1, view_fault(answer))
    answered = told_of(answer) or {}
    told = {key: value for key, value in answered.items() if value is not None or key in _NOT_KEPT}
    row = {**machine, **told, **_identity(machine), **state(answer)}
    row |= {"extensions_read": "yes", "read_at": reading.read_at}
    rows = {"machines": [row], "extensions": extension_rows(answer, row, reading.read_at)}
    return Harvest({frame: found for frame, found in rows.items() if found}, [reading])


def _ask(session: Session, identifier: str) -> dict[str, Any]:
    """The machine's answer, with properties, and with objects for extensions if it has any. Raises Fault."""
    parameters = {"$expand": "instanceView", "api-version": COMPUTE_API}
    return checked(session.get(SOURCE, identifier, parameters))


def checked(answer: object) -> dict[str, Any]:
    """``answer`` if it is a machine with properties, and objects for extensions if it has any; raises Fault."""
    if not isinstance(answer, dict) or not isinstance(answer.get("properties"), dict):
        raise faults.told_instead(SOURCE, answer, "a machine without properties")
    resources = [] if answer.get("resources") is None else answer["resources"]
    if not isinstance(resources, list) or not all(isinstance(resource, dict) for resource in resources):
        raise faults.unreadable(SOURCE, "a machine whose extensions are no objects")
    return answer


def view_fault(answer: dict[str, Any]) -> Fault | None:
    """The fault of a machine that was answered without its instance view."""
    if isinstance(answer["properties"].get("instanceView"), dict):
        return None
    close = "Nothing to change if the machine was just made or has just failed: the next night asks again."
    return faults.partial(SOURCE, "no instance view, so what the machine runs is not known", close)


def _identity(machine: Row) -> Row:
    """What the list said and a later answer may not change: the id under which everything is joined."""
    return {key: machine[key] for key in ("id", "subscription_id", "name", "resource_group") if machine.get(key)}


def state(answer: dict[str, Any]) -> Row:
    """Power state and guest agent, from the instance view; its statuses come in no fixed order."""
    view = answer["properties"].get("instanceView")
    if not isinstance(view, dict):
        return {}
    power = _code(view.get("statuses"), "powerstate/")
    agent = next(values.entries(values.mapping(view.get("vmAgent")).get("statuses")), {})
    return {
        "power_state": power,
        "availability": AVAILABILITY.get((power or "").lower().partition("/")[0]),
        "provisioned_at": _provisioned_at(view.get("statuses")),
        "agent_state": values.text(agent.get("displayStatus")),
        "agent_at": values.time(agent.get("time")),
    }


def _provisioned_at(statuses: object) -> datetime | None:
    """The time of the provisioning status: that of the last operation on the machine itself, a deallocation too."""
    told = (entry for entry in values.entries(statuses) if str(entry.get("code")).lower().startswith("provisioning"))
    return next((moment for moment in (values.time(entry.get("time")) for entry in told) if moment), None)


def _code(statuses: object, prefix: str) -> str | None:
    """What follows ``prefix`` in the first status code that begins with it; further parts (``failed/1``) stay."""
    return next(_codes(values.entries(statuses), prefix), None)


def _codes(statuses: Iterable[dict[str, Any]], prefix: str) -> Iterator[str]:
    codes = (values.text(status.get("code")) or "" for status in statuses)
    return (code[len(prefix) :] for code in codes if code.lower().startswith(prefix))


def _status(instance: dict[str, Any], handler: dict[str, Any]) -> str | None:
    """What the extension's provisioning statuses say, which may be several; and what its handler says otherwise.

    A handler that is not ready runs no extension, whatever that one said last. One that is says no more than it does.
    """
    own = list(_codes(values.entries(instance.get("statuses")), _PROVISIONING))
    handlers = _codes((values.mapping(handler.get("status")),), _PROVISIONING)
    told = [*own, *(code for code in handlers if not own or not code.lower().startswith("succeeded"))]
    return ", ".join(dict.fromkeys(told)) or None


def extension_rows(answer: dict[str, Any], machine: Row, read_at: object) -> list[Row]:
    """One row for each extension resource of the answer, joined with what the instance view says of it.

    Extensions that only the instance view knows (the resource is gone, the agent still reports it) are rows too,
    with settings that are not known.
    """
    view = values.mapping(answer["properties"].get("instanceView"))
    reported = {_name(entry).lower(): entry for entry in values.entries(view.get("extensions"))}
    handlers = {
        (values.text(entry.get("type")) or "").lower(): entry
        for entry in values.entries(values.mapping(view.get("vmAgent")).get("extensionHandlers"))
    }
    told_at = _reported_at(machine, read_at)
    settings = [settings_row(each, machine) for each in values.entries(answer.get("resources")) if _is_extension(each)]
    rows = [
        {**row, **_installed(reported.get(str(row["name"]).lower(), {}), handlers, row, told_at)} for row in settings
    ]
    known = {str(row["name"]).lower() for row in settings}
    rows.extend(
        _orphan(entry, machine, handlers, told_at) for name, entry in reported.items() if name and name not in known
    )
    return rows


def _is_extension(resource: dict[str, Any]) -> bool:
    """A resource below a machine that does not name another type."""
    return (values.text(resource.get("type")) or "/extensions").lower().endswith("/extensions")


def _name(entry: dict[str, Any]) -> str:
    """The name of an extension in an instance view; the last part of its type where it has none."""
    return values.text(entry.get("name")) or (values.text(entry.get("type")) or "").rpartition(".")[2]


def settings_row(resource: dict[str, Any], machine: Row) -> Row:
    """What the resource says; its settings are not kept, they may hold secrets."""
    properties = values.mapping(resource.get("properties"))
    name = values.text(resource.get("name"))
    identifier = values.text(resource.get("id")) or f"{machine['id']}/extensions/{name or '(unnamed)'}"
    has_properties = isinstance(resource.get("properties"), dict)
    minor = properties.get("autoUpgradeMinorVersion")
    return {
        "id": identifier,
        "machine_id": machine["id"],
        "on": "machine",
        "publisher": values.text(properties.get("publisher")),
        "type": values.text(properties.get("type")),
        "name": name or identifier.rsplit("/", 1)[-1],
        "auto_upgrade": auto_upgrade(properties) if has_properties else None,
        "auto_upgrade_minor": minor if isinstance(minor, bool) else None,
        "requested_version": values.text(properties.get("typeHandlerVersion")),
        "provisioning_state": values.text(properties.get("provisioningState")),
    }


def auto_upgrade(properties: dict[str, Any]) -> str | None:
    """Absent and null are a state of their own: what a read returns for a default is not documented."""
    match properties.get("enableAutomaticUpgrade"):
        case True:
            return "enabled"
        case False:
            return "disabled"
        case None:
            return "unset"
        case _:
            return None


def _installed(instance: dict[str, Any], handlers: dict[str, Any], row: Row, told_at: object) -> Row:
    """The version that the machine reports: by the extension, else by the guest agent's handler of the same type.

    An extension of another type under the same name is one that was there before: it tells nothing of this one.
    """
    kind = f"{row['publisher']}.{row['type']}".lower()
    if (values.text(instance.get("type")) or kind).lower() != kind:
        instance = {}
    handler = values.mapping(handlers.get(kind))
    version = values.text(instance.get("typeHandlerVersion"))
    source = "instance_view" if version else None
    if version is None:
        version = values.text(handler.get("typeHandlerVersion"))
        source = "guest_agent" if version else None
    return {
        "installed_version": version,
        "installed_version_source": source,
        "installed_version_at": told_at if version else None,
        "instance_status": _status(instance, handler),
    }


def _orphan(entry: dict[str, Any], machine: Row, handlers: dict[str, Any], told_at: object) -> Row:
    publisher, _, kind = (values.text(entry.get("type")) or "").rpartition(".")
    row = settings_row({"name": _name(entry)}, machine)
    row |= {"publisher": publisher or None, "type": kind or None}
    return {**row, **_installed(entry, handlers, row, told_at)}


def _reported_at(machine: Row, read_at: object) -> object:
    """When the machine said what the view shows: a ready guest agent tells; a running machine, now; else not known."""
    if str(machine.get("agent_state")).lower() == "ready" and machine.get("agent_at"):
        return machine["agent_at"]
    return read_at if machine.get("availability") == "running" and machine.get("agent_state") is None else None
