"""Operations that failed or have no end, with what became of the extensions that they were on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd

from auditor.compose.counted import Place, Unsettled
from auditor.compose.operations import WITHOUT_EXTENSION, Operation, ids_by_any_name, records
from auditor.compose.rows import python
from auditor.model.dataset import Kind

CREATE_OR_UPDATE = ("write", "upgrade")
"""Actions that are counted: a write of a scale set is told only where it failed on an extension."""

Frames = Mapping[str, pd.DataFrame]


def unsettled(frames: Frames) -> Iterator[Unsettled]:
    """One shard's operations that failed or have no end, by subscription, the latest first."""
    operations, extensions = frames["operations"], frames["extensions"]
    wanted = operations["action"].isin([*CREATE_OR_UPDATE, "scale_set_write"]) & operations["outcome"].ne("succeeded")
    by = ["subscription_id", "started", "id"]
    found = records(operations[wanted].sort_values(by, ascending=[True, False, True], key=_comparable))
    machines = {str(each["machine_id"]).lower() for each in found}
    places = dict(places_of(frames, machines))
    words = dict(zip(extensions["id"].str.lower(), python(extensions["last_failure"], Kind.TEXT), strict=True))
    by_extension = {logged: words[own] for logged, own in ids_by_any_name(extensions).items()}
    by_machine = _by_machine(extensions, machines)
    for each in found:
        machine = str(each["machine_id"]).lower()
        yield Unsettled(each, places.get(machine), _became(each, by_extension, by_machine.get(machine, ())))


def _comparable(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.str.lower() if column.name == "subscription_id" else column


def _became(
    operation: Operation, by_extension: Mapping[str, str | None], on_machine: tuple[str | None, ...]
) -> tuple[str | None, ...]:
    """What the audit holds the failures to be that the operation may have left; empty where it matches no extension."""
    if operation["action"] in WITHOUT_EXTENSION:
        return on_machine
    extension = str(operation["extension_id"]).lower()
    return (by_extension[extension],) if extension in by_extension else ()


def _by_machine(extensions: pd.DataFrame, machines: Collection[str]) -> dict[str, tuple[str | None, ...]]:
    """What became of the last failures of a machine's extensions, each word once."""
    ids = extensions["machine_id"].str.lower()
    wanted = ids.isin(machines)
    found: dict[str, dict[str | None, None]] = {}
    for machine, word in zip(ids[wanted], python(extensions["last_failure"][wanted], Kind.TEXT), strict=True):
        found.setdefault(machine, {})[word] = None
    return {machine: tuple(words) for machine, words in found.items()}


def places_of(frames: Frames, ids: Collection[str]) -> Iterator[tuple[str, Place]]:
    """Name, kind and subscription of the machines and scale sets among ``ids`` (lower case)."""
    for name in ("machines", "scale_sets"):
        frame = frames[name]
        wanted = frame[frame["id"].str.lower().isin(ids)]
        kinds = wanted["kind"] if name == "machines" else ["scale_set"] * len(wanted)
        for each, label, kind, subscription in zip(
            wanted["id"], wanted["name"], kinds, wanted["subscription_id"], strict=True
        ):
            yield each.lower(), Place(label, kind, subscription)
