"""What is asked of a shard, to be read aloud: in bulk, of a subscription, of a scale set, of one thing by itself."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from auditor.collect.interface import ResourceSource
from auditor.collect.sources.activity_log import read_arc_operations, read_operations
from auditor.collect.sources.arc_extensions import list_extensions, read_server
from auditor.collect.sources.extensions import read_extensions
from auditor.collect.sources.instance_view import read_machine
from auditor.collect.sources.scale_set_instances import read_instance, read_instances
from auditor.collect.sources.scale_set_model import read_model
from auditor.model.reading import Row


class Sort(StrEnum):
    """What can be asked by itself."""

    VIRTUAL_MACHINE = "virtual_machine"
    """An instance of a flexible scale set is one too."""
    INSTANCE = "instance"
    """Of a uniform scale set."""
    SERVER = "server"
    SCALE_SET = "scale_set"


BY_ITSELF: Mapping[Sort, ResourceSource] = {
    Sort.VIRTUAL_MACHINE: read_machine,
    Sort.SERVER: list_extensions,
}
"""Of a listed machine: what the list does not tell."""

AGAIN: Mapping[Sort, ResourceSource] = {
    Sort.VIRTUAL_MACHINE: read_machine,
    Sort.INSTANCE: read_instance,
    Sort.SERVER: read_server,
    Sort.SCALE_SET: read_model,
}
"""Of anything: the whole of it, as it is now."""


def sort_of(row: Row) -> Sort:
    """Of a row of ``machines`` or ``scale_sets``; only an instance of a uniform scale set follows a model."""
    match row.get("kind"):
        case "vm":
            return Sort.VIRTUAL_MACHINE
        case "arc":
            return Sort.SERVER
        case "scale_set_instance":
            return Sort.VIRTUAL_MACHINE if row.get("follows_model") == "none" else Sort.INSTANCE
        case _:
            return Sort.SCALE_SET


def is_uniform(scale_set: Row) -> bool:
    """Whether its instances follow its model and stand in its list; those of a flexible set are virtual machines."""
    return scale_set.get("orchestration_mode") != "flexible"


__all__ = [
    "AGAIN",
    "BY_ITSELF",
    "Sort",
    "is_uniform",
    "read_arc_operations",
    "read_extensions",
    "read_instances",
    "read_operations",
    "sort_of",
]
