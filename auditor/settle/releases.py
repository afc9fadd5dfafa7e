"""The release table: the shipped one and the rows that a configuration adds -> ReleaseRows."""

from __future__ import annotations

from auditor.model.rule import ReleaseRow
from auditor.model.settings import ReleaseEntry
from auditor.settle.checked import check, entries
from auditor.settle.complaints import Complaints
from auditor.settle.located import Document


def read_releases(document: Document, complaints: Complaints) -> tuple[ReleaseRow, ...]:
    """The rows of a release table's file; mistakes go to ``complaints``."""
    positions = entries(document, complaints, of="releases", begins="type")
    found = (check(ReleaseEntry, document, complaints, (position,)) for position in positions)
    return tuple(as_row(entry) for entry in found if entry is not None)


def as_row(entry: ReleaseEntry) -> ReleaseRow:
    """A written row as a letter."""
    told = (entry.publisher, entry.type, entry.month, entry.versions, entry.withdrawn, entry.note)
    return ReleaseRow(*told, kinds=entry.kinds)
