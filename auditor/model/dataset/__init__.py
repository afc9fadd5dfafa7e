"""The frames and their columns, declared once.

A declaration validates the frame, documents it, tells which readings a column rests on, and is what rules are checked
against. A missing value always means "not known"; what was read and is not there has a word of its own.
"""

from __future__ import annotations

from auditor.model.dataset.column import Column, Frame, Kind, Need
from auditor.model.dataset.estate import RESOURCE_GROUPS, SCALE_SETS, SUBSCRIPTIONS
from auditor.model.dataset.extensions import EXTENSIONS
from auditor.model.dataset.machines import MACHINES
from auditor.model.dataset.told import (
    ASSOCIATIONS,
    DATA_COLLECTION_RULES,
    HEARTBEATS,
    OPERATIONS,
    READINGS,
    VERSIONS,
)

__all__ = [
    "EXTENSIONS",
    "FRAMES",
    "JUDGED",
    "MACHINES",
    "OPERATIONS",
    "READINGS",
    "VIEWS",
    "Column",
    "Frame",
    "Kind",
    "Need",
    "machine_column_in_extensions",
    "rule_column",
]

FRAMES: dict[str, Frame] = {
    frame.name: frame
    for frame in (
        *(READINGS, SUBSCRIPTIONS, RESOURCE_GROUPS, MACHINES, SCALE_SETS, EXTENSIONS, VERSIONS, OPERATIONS, HEARTBEATS),
        *(DATA_COLLECTION_RULES, ASSOCIATIONS),
    )
}

JUDGED = ("extensions", "machines")
"""The frames that a rule may ask for."""


def machine_column_in_extensions(name: str) -> str:
    """The name under which an extension rule sees its machine's column ``name``: prefixed where both have one."""
    return f"machine_{name}" if EXTENSIONS.column(name) is not None else name


def _widened() -> Frame:
    borrowed = []
    for column in MACHINES:
        if column.name in ("id", "read_at"):
            continue
        fields = {slot: getattr(column, slot) for slot in Column.__slots__}
        words = (*column.words, "scale_set") if column.name == "kind" else column.words
        borrowed.append(Column(**{**fields, "name": machine_column_in_extensions(column.name), "words": words}))
    return Frame(EXTENSIONS.name, EXTENSIONS.row, EXTENSIONS.key, (*EXTENSIONS.columns, *borrowed))


VIEWS: dict[str, Frame] = {"extensions": _widened(), "machines": MACHINES}
"""What a rule sees: an extension rule sees the columns of its machine too, or of its scale set."""


def rule_column(frame: str, name: str) -> Column | None:
    """The declared column that a rule over ``frame`` means by ``name``; ``tags.NAME`` is text. None: no such column."""
    view = VIEWS[frame]
    if name.startswith("tags.") and len(name) > len("tags."):
        tags = view.column("tags")
        return None if tags is None else Column(name, Kind.TEXT, f"tag {name[5:]!r}", tags.property, tags.rests_on)
    return view.column(name)
