"""Puts together what bulk answers and single answers tell of the same machines: the single ones are fresher."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from auditor.collect.interface import told_one_by_one
from auditor.collect.sources.arc_extensions import reported_at
from auditor.model.parcel import Survey
from auditor.model.reading import Harvest, Reading, Row, Source

_LISTS = {Source.EXTENSIONS: Source.VIRTUAL_MACHINES, Source.ARC_EXTENSIONS: Source.ARC_MACHINES}
"""Which list says on how many machines the extensions of a subscription can be."""


def merged(machines: Sequence[Row], bulk: Harvest, views: Harvest) -> Harvest:
    """Every listed machine, with ``extensions_read``, its extensions, and all readings.

    A machine that answered by itself is told by its own answer, flag and all: Resource Graph may be hours behind.
    """
    whole = {(each.source, each.scope.lower()) for each in bulk.readings if each.complete}
    told = {_key(row): row for row in views.rows.get("machines", []) if row["extensions_read"] == "yes"}
    harvest = Harvest(readings=[*bulk.readings, *views.readings])
    for row in machines:
        covered = (_source(row), str(row["subscription_id"]).lower()) in whole
        harvest.add("machines", told.get(_key(row)) or {**row, "extensions_read": "yes" if covered else "no"})
    for row in _extensions(machines, bulk, views, told):
        harvest.add("extensions", row)
    return harvest


def extensions_by_machine(harvest: Harvest) -> Mapping[str, list[Row]]:
    """The harvest's extensions by machine id in lower case."""
    found: dict[str, list[Row]] = {}
    for row in harvest.rows.get("extensions", []):
        found.setdefault(str(row["machine_id"]).lower(), []).append(row)
    return found


def closed_one_by_one(harvest: Harvest, survey: Survey) -> Harvest:
    """A bulk answer that failed leaves no gap where every machine of a whole list answered by itself instead."""
    listed = {(each.source, each.scope.lower()) for each in survey.readings if each.complete}
    unread = {
        (_source(row), str(row["subscription_id"]).lower())
        for row in harvest.rows.get("machines", [])
        if row["extensions_read"] != "yes"
    }

    def closed(reading: Reading) -> Reading:
        where = reading.scope.lower()
        known = reading.source in _LISTS and (_LISTS[reading.source], where) in listed
        if reading.complete or not known or (reading.source, where) in unread:
            return reading
        return told_one_by_one(reading)

    return Harvest(harvest.rows, [closed(reading) for reading in harvest.readings])


def _key(row: Row) -> str:
    return str(row["id"]).lower()


def _source(machine: Row) -> Source:
    """Whose extensions a subscription is asked for in bulk to hear of the machine's."""
    return Source.ARC_EXTENSIONS if machine["kind"] == "arc" else Source.EXTENSIONS


def _extensions(machines: Iterable[Row], bulk: Harvest, views: Harvest, told: Collection[str]) -> Iterable[Row]:
    """Those of the bulk answers, but for machines that told all by themselves (``told``), and those of single answers.

    A bulk answer may know extensions of machines that came to be after the list was read: they are not audited tonight.
    """
    listed = {_key(row): row for row in machines}
    single = views.rows.get("extensions", [])
    fresher = {_place(row) for row in single}
    found: dict[tuple[str, str], Row] = {}  # an answer that moved between its pages shows a row twice
    for row in bulk.rows.get("extensions", []):
        machine = listed.get(str(row["machine_id"]).lower())
        if machine is not None and _key(machine) not in told and _place(row) not in fresher:
            found[_place(row)] = _settled(row, machine)
    return [*found.values(), *single]


def _place(extension: Row) -> tuple[str, str]:
    return str(extension["machine_id"]).lower(), _key(extension)


def _settled(extension: Row, machine: Row) -> Row:
    """The row, with its machine's id as listed; on Arc the server's status says how old a version is."""
    extension["machine_id"] = machine["id"]
    if machine["kind"] == "arc" and extension.get("installed_version") is not None:
        extension["installed_version_at"] = reported_at(machine, extension.get("read_at"))
    return extension
