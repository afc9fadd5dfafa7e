"""The extensions of one Arc-enabled server, and the server itself.

On Arc the extension's own ``typeHandlerVersion`` is what runs, and no version that was asked for is told; extensions
are opted into automatic upgrade by default, so that an absent flag is not known.
https://learn.microsoft.com/rest/api/hybridcompute/machine-extensions/list
"""

from __future__ import annotations

from typing import Any

from auditor.collect import faults, values
from auditor.collect.faults import Fault
from auditor.collect.interface import ended
from auditor.collect.session import ARC_API, Session
from auditor.collect.sources.arc_machines import arc_machine_row
from auditor.collect.sources.instance_view import auto_upgrade
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.ARC_EXTENSIONS


def read_server(session: Session, machine: Row) -> Harvest:
    """The server's row as it is now, and its extensions; the reading's scope is the server's id."""
    identifier = str(machine["id"])
    try:
        answer = session.get(SOURCE, identifier, {"api-version": ARC_API})
        if not isinstance(answer, dict) or not isinstance(answer.get("properties"), dict):
            raise faults.told_instead(SOURCE, answer, "a server without properties")
    except Fault as fault:
        return _gathered(session, machine, [], fault)
    told = arc_machine_row(answer, str(machine["subscription_id"])) or {}
    return list_extensions(session, {**machine, **told, "id": machine["id"], "read_at": session.clock()})


def list_extensions(session: Session, machine: Row) -> Harvest:
    """The server's extensions, and its row with ``extensions_read``; a page that fails leaves what was read."""
    found: dict[str, Row] = {}
    fault: Fault | None = None
    url = f"{machine['id']}/extensions"
    try:
        for page in session.pages(SOURCE, url, {"api-version": ARC_API}):
            rows = [arc_extension_row(entry, machine, session.clock()) for entry in page]
            found |= {str(row["id"]).lower(): row for row in rows}
    except Fault as caught:
        fault = caught
    return _gathered(session, machine, list(found.values()), fault)


def _gathered(session: Session, machine: Row, extensions: list[Row], fault: Fault | None) -> Harvest:
    harvest = Harvest({"machines": [{**machine, "extensions_read": "yes" if fault is None else "no"}]})
    if extensions:
        harvest.rows["extensions"] = extensions
    harvest.readings.append(ended(session, SOURCE, str(machine["id"]), len(extensions), fault))
    return harvest


def arc_extension_row(entry: dict[str, Any], machine: Row, read_at: object) -> Row:
    """One row of the frame ``extensions``; its settings are not kept, they may hold secrets.

    ``entry`` as Resource Manager answers it; ``machine`` is the row of the server whose answer held it.
    """
    properties = values.mapping(entry.get("properties"))
    view = values.mapping(properties.get("instanceView"))
    name = values.text(entry.get("name"))
    identifier = values.text(entry.get("id")) or f"{machine['id']}/extensions/{name or '(unnamed)'}"
    version = values.text(view.get("typeHandlerVersion")) or values.text(properties.get("typeHandlerVersion"))
    minor = properties.get("autoUpgradeMinorVersion")
    flag = auto_upgrade(properties)
    return {
        "id": identifier,
        "machine_id": machine["id"],
        "on": "machine",
        "publisher": values.text(properties.get("publisher")),
        "type": values.text(properties.get("type")),
        "name": name or identifier.rsplit("/", 1)[-1],
        "auto_upgrade": None if flag == "unset" else flag,
        "auto_upgrade_minor": minor if isinstance(minor, bool) else None,
        "installed_version": version,
        "installed_version_source": "arc" if version else None,
        "installed_version_at": reported_at(machine, read_at) if version else None,
        "provisioning_state": values.text(properties.get("provisioningState")),
        "instance_status": values.text(values.mapping(view.get("status")).get("code")),
    }


def reported_at(machine: Row, read_at: object) -> object:
    """When the server told it: now while it is connected, else when it last was; not known where no status is told."""
    status = str(machine.get("power_state") or "").lower()
    return read_at if status == "connected" else machine.get("status_changed_at")
