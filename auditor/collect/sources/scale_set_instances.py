"""The instances of a uniform scale set: one list with ``$expand=instanceView`` brings machines, flags and versions.

Parenthood comes from the answer that held the row: an inlined extension's id was recorded as
``.../virtualMachines/vmss000007_0/extensions/...``, which is not under the scale set. Instances of a flexible scale set
are virtual machines of their own. https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-set-vms/list
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from auditor.collect import faults, values
from auditor.collect.faults import Fault
from auditor.collect.interface import ended, gap
from auditor.collect.session import COMPUTE_API, Session
from auditor.collect.sources.instance_view import checked, extension_rows, read_by_itself, state, view_fault
from auditor.collect.sources.virtual_machines import machine_row
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.SCALE_SET_INSTANCES


@dataclass(slots=True)
class _Instance:
    """An instance as a list told it; ``fault`` where it did not tell the whole."""

    machine: Row
    extensions: list[Row] = field(default_factory=list)
    fault: Fault | None = None


def read_instances(session: Session, scale_set: Row) -> Harvest:
    """Rows of the instances and of their extensions, and the scale set's row with ``instances_read``.

    A list that breaks off leaves what was read before. An instance without its instance view leaves the list complete,
    and a gap of its own.
    """
    scope = str(scale_set["id"])
    found: dict[str, _Instance] = {}  # a list that moves while it is read shows an instance on two pages
    fault: Fault | None = None
    nameless = 0
    parameters = {"$expand": "instanceView", "api-version": COMPUTE_API}
    try:
        for page in session.pages(SOURCE, f"{scope}/virtualMachines", parameters):
            told = [_instance(session, entry, scale_set) for entry in page]
            found |= {str(each.machine["id"]).lower(): each for each in told if each is not None}
            nameless += told.count(None)
    except Fault as caught:
        fault = caught
    if fault is None and nameless:
        fault = faults.partial(SOURCE, f"instances without an id: {nameless}")
    harvest = _gathered(session, list(found.values()))
    harvest.add("scale_sets", {**scale_set, "instances_read": "yes" if fault is None else "no"})
    harvest.readings.insert(0, ended(session, SOURCE, scope, len(found), fault))
    return harvest


def read_instance(session: Session, machine: Row) -> Harvest:
    """One instance by itself; ``machine`` is its row as it was listed."""
    known = {key: machine.get(key) for key in ("subscription_id", "identity_kind")}
    origin = {"id": machine.get("scale_set_id"), **known}
    return read_by_itself(session, machine, lambda answer: _machine(answer, origin))


def _gathered(session: Session, instances: list[_Instance]) -> Harvest:
    harvest = Harvest()
    for each in instances:
        harvest.add("machines", each.machine)
        for row in each.extensions:
            harvest.add("extensions", row)
        if each.fault is not None:
            harvest.readings.append(gap(session, Source.INSTANCE_VIEW, str(each.machine["id"]), each.fault))
    return harvest


def _instance(session: Session, entry: dict[str, Any], scale_set: Row) -> _Instance | None:
    """None where the entry has no id."""
    machine = _machine(entry, scale_set)
    if machine is None:
        return None
    read_at = session.clock()
    try:
        answer = checked(entry)
    except Fault as fault:
        return _Instance({**machine, "extensions_read": "no", "read_at": read_at}, fault=fault)
    machine |= {**state(answer), "extensions_read": "yes", "read_at": read_at}
    return _Instance(machine, extension_rows(answer, machine, read_at), view_fault(answer))


def _machine(entry: dict[str, Any], scale_set: Row) -> Row | None:
    """What an entry says of the instance; what it leaves out of place and system, the scale set tells."""
    row = machine_row(entry, str(scale_set["subscription_id"]))
    if row is None:
        return None
    inherited = {key: scale_set[key] for key in ("location", "os", "resource_group") if scale_set.get(key)}
    own = {key: value for key, value in row.items() if value is not None}
    latest = values.mapping(entry.get("properties")).get("latestModelApplied")
    return {
        **row,
        **inherited,
        **{key: own[key] for key in ("location", "os") if key in own},
        "identity_kind": _identity_kind(row, scale_set),
        "kind": "scale_set_instance",
        "scale_set_id": scale_set["id"],
        "follows_model": {True: "yes", False: "no"}.get(latest) if isinstance(latest, bool) else None,
    }


def _identity_kind(row: Row, scale_set: Row) -> object:
    """Instances share the identity of their scale set, and were recorded with it.

    One that shows none while the set has one may lack it (a change of the model has not reached it) or not: not known.
    """
    kind = row["identity_kind"]
    return kind if kind != "none" or scale_set.get("identity_kind") == "none" else None
